package io.github.secretsextension;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

/**
 * Tests for a process that is frozen, as Lambda freezes a sandbox between invocations:
 * its monotonic clock stands still while the wall clock runs.
 * <p>
 * A stopped process does not see that: its monotonic clock runs on. So a library in front
 * of libc stops it, for which the test needs {@code gcc}. Where there is none the test is
 * skipped, but fails when the environment variable {@code CI} is {@code true}.
 */
@EnabledOnOs(OS.LINUX)
class FreezeTests {

	private static final Duration FREEZE = FreezeProbe.TTL.plusSeconds(1);

	@TempDir
	private static Path folder;

	private static Path library;

	private final Path freeze = folder.resolve("freeze");

	@BeforeAll
	static void compile() throws IOException, InterruptedException, URISyntaxException {
		URL source = FreezeTests.class.getResource("/frozen-clock.c");
		library = folder.resolve("frozen-clock.so");
		ProcessBuilder gcc = new ProcessBuilder("gcc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o",
				library.toString(), new File(source.toURI()).getPath());
		Path log = folder.resolve("gcc.log");
		try {
			int status = gcc.redirectErrorStream(true).redirectOutput(log.toFile()).start().waitFor();
			assertThat(status).as(() -> text(log)).isZero();
		}
		catch (IOException ex) {
			if ("true".equals(System.getenv("CI"))) {
				throw ex;
			}
			abort("gcc cannot be started, install it: " + ex.getMessage());
		}
	}

	private static String text(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			return ex.toString();
		}
	}

	@Test
	void valueIsReadAnewAfterAFreezeLongerThanItsTtl() throws IOException {
		try (JavaProcess process = new JavaProcess(FreezeProbe.class, List.of(),
				Map.of("LD_PRELOAD", library.toString(), "FROZEN_CLOCK_FILE", this.freeze.toString()))) {
			assertThat(process.ask("read")).isEqualTo("CANARY-1 1");
			assertThat(process.ask("control")).isEqualTo("CANARY-1 1");
			Files.createFile(this.freeze);
			long monotonic = ask(process, "monotonic");
			awaitWall(process, ask(process, "wall") + FREEZE.toMillis());
			assertThat(ask(process, "monotonic")).isEqualTo(monotonic);
			Files.delete(this.freeze);
			assertThat(process.ask("read")).isEqualTo("CANARY-2 2");
			assertThat(process.ask("read")).isEqualTo("CANARY-2 2");
			assertThat(process.ask("control")).as("Caffeine by its own clock").isEqualTo("CANARY-1 1");
			assertThat(Duration.ofNanos(ask(process, "monotonic") - monotonic)).isPositive()
				.isLessThan(FreezeProbe.TTL);
		}
	}

	@Test
	void withoutAFreezeBothAreReadAnew() throws IOException {
		try (JavaProcess process = new JavaProcess(FreezeProbe.class, List.of(),
				Map.of("LD_PRELOAD", library.toString(), "FROZEN_CLOCK_FILE", this.freeze.toString()))) {
			assertThat(process.ask("read")).isEqualTo("CANARY-1 1");
			assertThat(process.ask("control")).isEqualTo("CANARY-1 1");
			awaitWall(process, ask(process, "wall") + FREEZE.toMillis());
			assertThat(process.ask("read")).isEqualTo("CANARY-2 2");
			assertThat(process.ask("control")).isEqualTo("CANARY-2 2");
		}
	}

	private static long ask(JavaProcess process, String question) {
		return Long.parseLong(process.ask(question));
	}

	private static void awaitWall(JavaProcess process, long millis) {
		await().atMost(Duration.ofSeconds(30)).until(() -> ask(process, "wall") >= millis);
	}

}
