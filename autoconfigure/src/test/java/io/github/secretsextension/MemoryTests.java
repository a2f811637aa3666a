package io.github.secretsextension;

import java.io.IOException;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for the memory that a cache takes, in a JVM of 64 MB.
 */
class MemoryTests {

	private static final List<String> SMALL_HEAP = List.of("-Xmx64m");

	@Test
	void floodOfLargeSecretsNeitherFillsTheHeapNorPushesOutConfiguredOnes() throws IOException {
		try (JavaProcess process = new JavaProcess(MemoryProbe.class, SMALL_HEAP, Map.of())) {
			process.ask("configured");
			process.ask("flood");
			assertThat(Long.parseLong(process.ask("evictions"))).isBetween(800L, (long) MemoryProbe.FLOOD);
			assertThat(Integer.parseInt(process.ask("size"))).isGreaterThan(MemoryProbe.CONFIGURED);
			String misses = process.ask("misses");
			process.ask("configured");
			assertThat(process.ask("misses")).isEqualTo(misses);
			assertThat(process.log()).doesNotContain("OutOfMemoryError");
		}
	}

	@Test
	void withoutTheBoundTheHeapIsTooSmall() throws IOException {
		try (JavaProcess process = new JavaProcess(MemoryProbe.class, SMALL_HEAP, Map.of(),
				String.valueOf(Long.MAX_VALUE / 4))) {
			process.ask("configured");
			assertThatIllegalStateException().isThrownBy(() -> process.ask("flood"))
				.withMessageContaining("OutOfMemoryError");
		}
	}

}
