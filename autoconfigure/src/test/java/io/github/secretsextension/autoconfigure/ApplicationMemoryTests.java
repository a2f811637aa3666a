package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.github.secretsextension.JavaProcess;
import io.github.secretsextension.aws.StoredAws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for an application in 64 MB, with more secrets than fit in: each as large as AWS
 * allows, and with one character that makes it take two bytes for each.
 */
class ApplicationMemoryTests {

	private static final int CONFIGURED = 50;

	private static final int OTHERS = 1000;

	private static final String LARGEST = "€" + "a".repeat(64 * 1024 - 3);

	private final StoredAws aws = new StoredAws(null);

	@AfterEach
	void close() {
		this.aws.close();
	}

	@Test
	void boundKeepsTheHeapFreeAndWhatIsConfigured() throws IOException {
		store();
		try (JavaProcess process = start()) {
			assertThat(ask(process, "properties " + CONFIGURED)).isEqualTo((long) CONFIGURED * LARGEST.length());
			assertThat(ask(process, "others " + OTHERS)).isEqualTo((long) OTHERS * LARGEST.length());
			assertThat(ask(process, "evictions")).isBetween(OTHERS / 2L, (long) OTHERS);
			assertThat(ask(process, "properties " + CONFIGURED)).isEqualTo((long) CONFIGURED * LARGEST.length());
			assertThat(IntStream.range(0, CONFIGURED)).allMatch((i) -> this.aws.given("configured/" + i) == 1);
		}
	}

	@Test
	void withoutTheBoundTheHeapIsTooSmall() throws IOException {
		store();
		try (JavaProcess process = start("--secrets-extension.cache.max-bytes=1GB")) {
			assertThatIllegalStateException().isThrownBy(() -> process.ask("others " + OTHERS))
				.withMessageContaining("OutOfMemoryError");
		}
	}

	private void store() {
		IntStream.range(0, CONFIGURED).forEach((i) -> this.aws.secret("configured/" + i, "1", LARGEST));
		IntStream.range(0, OTHERS).forEach((i) -> this.aws.secret("other/" + i, "1", LARGEST));
	}

	private JavaProcess start(String... arguments) throws IOException {
		Stream<String> properties = IntStream.range(0, CONFIGURED)
			.mapToObj((i) -> "--app.secret" + i + "=$<secret:configured/" + i + ">");
		return new JavaProcess(ApplicationMemoryProbe.class,
				List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"),
				Map.of("AWS_REGION", "eu-west-1", "AWS_ACCESS_KEY_ID", "k", "AWS_SECRET_ACCESS_KEY", "s",
						"AWS_ENDPOINT_URL", this.aws.endpoint().toString()),
				Stream.concat(properties, Stream.of(arguments)).toArray(String[]::new));
	}

	private static long ask(JavaProcess process, String question) {
		return Long.parseLong(process.ask(question));
	}

}
