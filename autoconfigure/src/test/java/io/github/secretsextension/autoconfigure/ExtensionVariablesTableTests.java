package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.aws.FaultServer;

import org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggerConfiguration;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * The table of the extension's nine variables: each absent, at its least and its largest
 * value, beyond, with garbage in it and in upper case, with what that does in a real
 * application, in the local and in the embedded mode.
 */
@ExtendWith(OutputCaptureExtension.class)
class ExtensionVariablesTableTests {

	private static final String LOGGER = "io.github.secretsextension";

	private static final String PREFIX = "PARAMETERS_SECRETS_EXTENSION_";

	private static final List<String> MODES = List.of("local", "embedded");

	private static final Pattern NAMES_VARIABLE = Pattern.compile(" WARN .*'[A-Z_]+'");

	private static final int VALUES = 1050;

	@TempDir
	private static Path folder;

	private static String file;

	private final ManualClock clock = new ManualClock(0);

	private final FaultServer server = new FaultServer();

	@AfterEach
	void reset() {
		this.server.close();
		LoggingSystem.get(getClass().getClassLoader()).setLogLevel(LOGGER, null);
	}

	@ParameterizedTest(name = "{0} {1}, {2}={3}: {4}, {6} warnings")
	@MethodSource("cells")
	void cell(String mode, String column, String variable, String value, String effect, Check check, int warnings,
			CapturedOutput output) throws Exception {
		TestApplication application = application(mode);
		if (!variable.endsWith("LOG_LEVEL")) {
			application.property("logging.level." + LOGGER, "debug");
		}
		if (value != null) {
			application.variable(variable, value);
		}
		try (ConfigurableApplicationContext context = application.run()) {
			check.accept(new Run(mode, context, this.clock, this.server, output));
		}
		assertThat(output.toString().lines().filter(NAMES_VARIABLE.asPredicate())).hasSize(warnings)
			.allMatch((line) -> line.contains("'" + variable + "'"));
		assertThat(output).doesNotContain(FakeSecrets.CANARY);
	}

	static Stream<Arguments> cells() {
		List<Arguments> cells = new ArrayList<>();
		for (String mode : MODES) {
			new Row(cells, mode, "SECRETS_MANAGER_TTL", keepsFor(Kind.SECRET, 300)).ttl(Kind.SECRET);
			new Row(cells, mode, "SSM_PARAMETER_STORE_TTL", keepsFor(Kind.PARAMETER, 300)).ttl(Kind.PARAMETER);
			new Row(cells, mode, PREFIX + "CACHE_SIZE", keeps(1000)).cell("min", "0", "keeps none", keepsNone(), 0)
				.cell("inside", "10", "keeps 10", keeps(10), 0)
				.defaultAt("max", "1000", 0)
				.defaultAt("beyond", "1001", 1)
				.garbage(shows("Cache: keeps 1000 values "), "5m", "-1", "", " ", "5M");
			new Row(cells, mode, PREFIX + "CACHE_ENABLED", keepsFor(Kind.SECRET, 300))
				.cell("min", "false", "keeps none", keepsNone(), 0)
				.defaultAt("max", "true", 0)
				.defaultAt("upper case", "TRUE", 0)
				.cell("upper case", "FALSE", "keeps none", keepsNone(), 0)
				.cell("blanks", " false ", "keeps none", keepsNone(), 0)
				.garbage("no", "0", "", " ", "NO");
			new Row(cells, mode, PREFIX + "HTTP_PORT", port(2773)).cell("min", "1", "port 1", port(1), 0)
				.cell("max", "65535", "port 65535", port(65535), 0)
				.defaultAt("beyond", "65536", 1)
				.defaultAt("beyond", "0", 1)
				.garbage("5m", "-1", "", " ", "5M");
			new Row(cells, mode, PREFIX + "LOG_LEVEL", level(null)).cell("min", "none", "OFF", level(LogLevel.OFF), 0)
				.cell("inside", "error", "ERROR", level(LogLevel.ERROR), 0)
				.cell("inside", "warn", "WARN", level(LogLevel.WARN), 0)
				.cell("inside", "info", "INFO", level(LogLevel.INFO), 0)
				.cell("max", "debug", "DEBUG", level(LogLevel.DEBUG), 0)
				.cell("upper case", "NONE", "OFF", level(LogLevel.OFF), 0)
				.cell("upper case", "DEBUG", "DEBUG", level(LogLevel.DEBUG), 0)
				.cell("blanks", " Warn ", "WARN", level(LogLevel.WARN), 0)
				.defaultAt("beyond", "trace", 1)
				.garbage("loud", "-1", "", " ", "LOUD");
			new Row(cells, mode, PREFIX + "MAX_CONNECTIONS", callsAtATime(3))
				.cell("min", "1", "1 at a time", callsAtATime(1), 0)
				.cell("max", "2147483647", "all at a time", callsAtATime(8), 0)
				.cell("beyond", "2147483648", "all at a time", callsAtATime(8), 1)
				.defaultAt("beyond", "0", 1)
				.garbage("5m", "-1", "", " ", "5M");
			new Row(cells, mode, "SECRETS_MANAGER_TIMEOUT_MILLIS", limit(Kind.SECRET, "5 s")).timeout(Kind.SECRET);
			new Row(cells, mode, "SSM_PARAMETER_STORE_TIMEOUT_MILLIS", limit(Kind.PARAMETER, "5 s"))
				.timeout(Kind.PARAMETER);
		}
		return cells.stream();
	}

	private static Check keepsFor(Kind kind, int seconds) {
		return (run) -> {
			run.read(kind, 1);
			run.clock.advance(Duration.ofSeconds(seconds - 1));
			run.read(kind, 1);
			assertThat(run.loads(kind)).isOne();
			run.clock.advance(Duration.ofSeconds(1));
			run.read(kind, 1);
			assertThat(run.loads(kind)).isEqualTo(2);
		};
	}

	private static Check keepsNone(Kind... kinds) {
		return (run) -> {
			for (Kind kind : (kinds.length > 0) ? kinds : Kind.values()) {
				run.read(kind, 1);
				run.read(kind, 1);
				assertThat(run.loads(kind)).isEqualTo(2);
			}
		};
	}

	private static Check keeps(int size) {
		return (run) -> {
			for (int i = 0; i < size; i++) {
				run.read(Kind.SECRET, i);
			}
			assertThat(run.evictions()).isZero();
			for (int i = size; i < size + 50; i++) {
				run.read(Kind.SECRET, i);
			}
			assertThat(run.evictions()).isEqualTo(50);
		};
	}

	private static Check shows(String text) {
		return (run) -> {
			run.read(Kind.SECRET, 1);
			assertThat(run.output.toString()).containsOnlyOnce(text);
		};
	}

	private static Check port(int port) {
		return (run) -> {
			run.read(Kind.SECRET, 1);
			assertThat(run.output.toString()
				.lines()
				.filter((line) -> line.contains(" DEBUG ") && line.contains("Cache: "))).singleElement()
				.asString()
				.endsWith("; port " + port);
		};
	}

	private static Check level(LogLevel level) {
		return (run) -> {
			run.read(Kind.SECRET, 1);
			LoggerConfiguration logger = LoggingSystem.get(ExtensionVariablesTableTests.class.getClassLoader())
				.getLoggerConfiguration(LOGGER);
			assertThat((logger != null) ? logger.getConfiguredLevel() : null).isEqualTo(level);
		};
	}

	private static Check limit(Kind kind, String limit) {
		String name = (kind == Kind.SECRET) ? "secret" : "parameter";
		return (run) -> {
			run.read(kind, 1);
			if (run.isEmbedded()) {
				assertThat(run.output).containsPattern("Cache: .* for a " + name + ": " + limit + "[,;]");
			}
		};
	}

	private static Check endsAfter(Kind kind, Duration limit) {
		return (run) -> {
			run.server.mode(FaultServer.Mode.HANG);
			if (run.isEmbedded()) {
				SecretsException failure = catchThrowableOfType(SecretsException.class, () -> run.read(kind, 1));
				assertThat(failure.getReason()).isEqualTo(Reason.TIMEOUT);
				assertThat(failure).hasMessageContaining("within " + limit.toMillis() + " ms");
			}
			else {
				run.read(kind, 1);
			}
		};
	}

	/**
	 * Lets eight readers of eight values wait, and looks how many calls are under way.
	 */
	private static Check callsAtATime(int expected) {
		return (run) -> {
			if (!run.isEmbedded()) {
				run.read(Kind.SECRET, 1);
				return;
			}
			run.server.mode(FaultServer.Mode.HANG);
			Set<Thread> before = callers();
			List<Thread> readers = readers(run, 8);
			await(() -> run.server.calls().size() >= expected);
			await(() -> readers.stream().allMatch(ExtensionVariablesTableTests::isWaiting));
			Set<Thread> callers = callers();
			callers.removeAll(before);
			assertThat(callers).hasSize(expected);
			assertThat(run.server.calls()).hasSize(expected);
			run.context.close();
			for (Thread reader : readers) {
				reader.join(TimeUnit.SECONDS.toMillis(10));
			}
		};
	}

	private static List<Thread> readers(Run run, int count) {
		List<Thread> readers = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			int number = i;
			Thread reader = new Thread(
					() -> catchThrowableOfType(SecretsException.class, () -> run.read(Kind.SECRET, number)));
			reader.start();
			readers.add(reader);
		}
		return readers;
	}

	private static boolean isWaiting(Thread thread) {
		return thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING;
	}

	private static Set<Thread> callers() {
		Set<Thread> callers = new HashSet<>(Thread.getAllStackTraces().keySet());
		callers.removeIf((thread) -> !thread.getName().startsWith("secrets-extension-secret-"));
		return callers;
	}

	private static void await(BooleanSupplier condition) {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime()).isLessThan(deadline);
			Thread.onSpinWait();
		}
	}

	private TestApplication application(String mode) throws IOException {
		TestApplication application = new TestApplication(TestApplication.Empty.class)
			.customize((it) -> it.addBootstrapRegistryInitializer(
					(registry) -> registry.register(SecretsClock.class, InstanceSupplier.of(this.clock))))
			// An ordinary function refreshes nothing ahead, which would blur the counts.
			.variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
			.property("secrets-extension.mode", mode)
			.property("secrets-extension.prefetch", "off");
		return (mode.equals("local")) ? application.property("secrets-extension.local.location", localFile())
				: application.property("spring.cloud.aws.endpoint", this.server.endpoint().toString())
					.property("spring.cloud.aws.region.static", "eu-west-1")
					.property("spring.cloud.aws.credentials.access-key", "k")
					.property("spring.cloud.aws.credentials.secret-key", "s");
	}

	private static synchronized String localFile() throws IOException {
		if (file == null) {
			List<String> lines = new ArrayList<>(List.of("secrets:"));
			for (int i = 0; i < VALUES; i++) {
				lines.add("  v" + i + ": " + FakeSecrets.CANARY + i);
			}
			lines.add("parameters: {v1: " + FakeSecrets.CANARY + "p}");
			file = Files.write(folder.resolve("local.yml"), lines).toString();
		}
		return file;
	}

	/**
	 * What is seen of a running application.
	 */
	@FunctionalInterface
	interface Check {

		void accept(Run run) throws Exception;

	}

	/**
	 * A running application.
	 */
	record Run(String mode, ConfigurableApplicationContext context, ManualClock clock, FaultServer server,
			CapturedOutput output) {

		boolean isEmbedded() {
			return this.mode.equals("embedded");
		}

		void read(Kind kind, int number) {
			assertThat(this.context.getBean(SecretsProvider.class).text(kind.prefix() + "v" + number))
				.startsWith(FakeSecrets.CANARY);
		}

		long loads(Kind kind) {
			return this.context.getBean(ReferenceResolution.class).statistics(kind).loads();
		}

		long evictions() {
			return this.context.getBean(ReferenceResolution.class).statistics(Kind.SECRET).evictions();
		}

	}

	/**
	 * One variable's row in one mode.
	 */
	private record Row(List<Arguments> cells, String mode, String variable, Check byDefault) {

		Row {
			cells.add(Arguments.of(mode, "absent", variable, null, "default", byDefault, 0));
		}

		Row cell(String column, String value, String effect, Check check, int warnings) {
			this.cells.add(Arguments.of(this.mode, column, this.variable, value, effect, check, warnings));
			return this;
		}

		Row defaultAt(String column, String value, int warnings) {
			return cell(column, value, "default", this.byDefault, warnings);
		}

		void garbage(String... values) {
			garbage(this.byDefault, values);
		}

		void garbage(Check check, String... values) {
			for (String value : values) {
				cell((value.matches("[A-Z0-9]*[A-Z]")) ? "upper case" : "garbage", value, "default", check, 1);
			}
		}

		void ttl(Kind kind) {
			cell("min", "0", "keeps none", keepsNone(kind), 0)
				.cell("inside", " 60 ", "keeps for 60 s", keepsFor(kind, 60), 0)
				.defaultAt("max", "300", 0)
				.defaultAt("beyond", "301", 1)
				.garbage("5m", "-1", "", " ", "5M");
		}

		void timeout(Kind kind) {
			defaultAt("min", "0", 0)
				.cell("inside", "250", "ends after 250 ms", endsAfter(kind, Duration.ofMillis(250)), 0)
				.cell("max", "2147483647", "2147483647 ms", limit(kind, "2147483647 ms"), 0)
				.cell("beyond", "2147483648", "2147483647 ms", limit(kind, "2147483647 ms"), 1)
				.garbage("5m", "-1", "", " ", "5M");
		}

	}

}
