package io.github.secretsextension.autoconfigure;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.aws.FaultServer;

import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggerConfiguration;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the extension's log level, and for what the levels show, in real
 * applications.
 */
@ExtendWith(OutputCaptureExtension.class)
class ExtensionLogLevelTests {

	private static final String LOGGER = "io.github.secretsextension";

	private static final String VARIABLE = "PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL";

	@AfterEach
	void resetLevels() {
		for (String logger : new String[] { LOGGER, "io.github", LOGGER + ".SecretsProvider" }) {
			loggingSystem().setLogLevel(logger, null);
		}
		loggingSystem().setLogLevel(null, LogLevel.INFO);
	}

	@Test
	void debugShowsSettingsOnce(CapturedOutput output) {
		run(application().variable(VARIABLE, "debug"));
		assertThat(output.toString().lines().filter((line) -> line.contains("Cache: "))).singleElement()
			.asString()
			.contains(" DEBUG ")
			.endsWith("Cache: keeps 1000 values and 16777216 bytes at most, secrets for 300 s, parameters for 300 s, "
					+ "and up to 3600 s longer while they cannot be read anew; port 2773");
		assertThat(output).doesNotContain(FakeSecrets.CANARY);
	}

	@Test
	void debugShowsSettingsThatCountOfEmbeddedMode(CapturedOutput output) {
		try (FaultServer server = new FaultServer()) {
			run(new TestApplication(TestApplication.Empty.class).property("p", "$<secret:a>")
				.property("spring.cloud.aws.endpoint", server.endpoint().toString())
				.property("spring.cloud.aws.region.static", "eu-west-1")
				.property("spring.cloud.aws.credentials.access-key", "k")
				.property("spring.cloud.aws.credentials.secret-key", "s")
				.property("secrets-extension.secrets-manager.ttl", "10m")
				.property("secrets-extension.parameter-store.deadline", "0")
				.property("secrets-extension.cache.max-bytes", "1KB")
				.property("secrets-extension.cache.max-stale", "1500ms")
				.variable("SECRETS_MANAGER_TTL", "5m")
				.variable("SSM_PARAMETER_STORE_TTL", "60")
				.variable("SECRETS_MANAGER_TIMEOUT_MILLIS", "1500")
				.variable("PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS", "2")
				.variable(VARIABLE, "DEBUG"));
		}
		assertThat(output.toString().lines().filter((line) -> line.contains("Cache: "))).singleElement()
			.asString()
			.endsWith("Cache: keeps 1000 values and 1024 bytes at most, secrets for 600 s, parameters for 60 s, "
					+ "and up to 1500 ms longer while they cannot be read anew; 2 calls at a time to each service, "
					+ "time limit for a secret: 1500 ms, for a parameter: none; port 2773");
		assertThat(output).doesNotContain(" WARN ").doesNotContain(FakeSecrets.CANARY);
	}

	@ParameterizedTest
	@CsvSource({ "PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED, false, keeps nothing;",
			"PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE, 0, keeps nothing;", "SECRETS_MANAGER_TTL, 0, secrets for 0 s" })
	void debugSaysWhatIsNotKept(String variable, String value, String expected, CapturedOutput output) {
		run(application().variable(VARIABLE, "debug").variable(variable, value));
		assertThat(output).contains(expected);
	}

	@Test
	void withoutVariableSettingsAreNotShown(CapturedOutput output) {
		run(application());
		assertThat(output).doesNotContain("Cache: ");
		assertThat(level(LOGGER)).isNull();
	}

	@Test
	void noneSilencesEvenWarnings(CapturedOutput output) {
		run(application().variable(VARIABLE, "none")
			.variable("SECRETS_MANAGER_TTL", "5m")
			.variable("PARAMETERS_SECRETS_CACHE_SIZE", "1")
			.variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1"));
		assertThat(output).doesNotContain("SECRETS_MANAGER_TTL")
			.doesNotContain("PARAMETERS_SECRETS_CACHE_SIZE")
			.doesNotContain("deployment package");
	}

	@Test
	void errorSilencesWarningsAndWarnDoesNot(CapturedOutput output) {
		run(application().variable(VARIABLE, "error").variable("SECRETS_MANAGER_TTL", "5m"));
		assertThat(output).doesNotContain("SECRETS_MANAGER_TTL");
		run(application().variable(VARIABLE, "warn").variable("SECRETS_MANAGER_TTL", "5m"));
		assertThat(output.toString()).containsOnlyOnce("SECRETS_MANAGER_TTL");
	}

	@ParameterizedTest
	@CsvSource({ "property, logging.level.io.github.secretsextension",
			"argument, logging.level.io.github.secretsextension",
			"variable, LOGGING_LEVEL_IO_GITHUB_SECRETSEXTENSION" })
	void levelOfApplicationForThisLoggerWins(String where, String name) {
		TestApplication application = application().variable(VARIABLE, "none");
		switch (where) {
			case "property" -> application.property(name, "warn");
			case "argument" -> application.argument(name, "warn");
			default -> application.variable(name, "warn");
		}
		run(application);
		assertThat(level(LOGGER)).isEqualTo(LogLevel.WARN);
	}

	@ParameterizedTest
	@CsvSource({ "logging.level.root", "logging.level.io.github", "logging.level.ours" })
	void moreGeneralLevelsAndGroupsDoNotWin(String name, CapturedOutput output) {
		run(application().property("logging.group.ours", LOGGER + ",demo")
			.property(name, "error")
			.variable(VARIABLE, "debug"));
		assertThat(level(LOGGER)).isEqualTo(LogLevel.DEBUG);
		assertThat(output.toString()).containsOnlyOnce("Cache: ");
	}

	@Test
	void levelForOneLoggerOfOursIsLeftAlone() {
		run(application().property("logging.level." + LOGGER + ".SecretsProvider", "error")
			.variable(VARIABLE, "debug"));
		assertThat(level(LOGGER)).isEqualTo(LogLevel.DEBUG);
		assertThat(level(LOGGER + ".SecretsProvider")).isEqualTo(LogLevel.ERROR);
	}

	@Test
	void groupCountsWithoutVariable() {
		run(application().property("logging.group.ours", LOGGER).property("logging.level.ours", "error"));
		assertThat(level(LOGGER)).isEqualTo(LogLevel.ERROR);
	}

	@Test
	void badLevelLeavesApplicationsLevelsAlone(CapturedOutput output) {
		run(application().property("logging.level.io.github", "warn").variable(VARIABLE, "loud"));
		assertThat(level(LOGGER)).isNull();
		assertThat(level("io.github")).isEqualTo(LogLevel.WARN);
		assertThat(output.toString())
			.containsOnlyOnce("'" + VARIABLE + "' is none of debug, info, warn, error and none");
	}

	private static void run(TestApplication application) {
		try (ConfigurableApplicationContext context = application.run()) {
			assertThat(context.getEnvironment().getProperty("p")).startsWith(FakeSecrets.CANARY);
			assertThat(context.getEnvironment().getProperty("p")).startsWith(FakeSecrets.CANARY);
		}
	}

	private static LogLevel level(String logger) {
		LoggerConfiguration configuration = loggingSystem().getLoggerConfiguration(logger);
		return (configuration != null) ? configuration.getConfiguredLevel() : null;
	}

	private static LoggingSystem loggingSystem() {
		return LoggingSystem.get(ExtensionLogLevelTests.class.getClassLoader());
	}

	private static TestApplication application() {
		return new TestApplication(TestApplication.Empty.class).property("secrets-extension.mode", "local")
			.property("secrets-extension.local.secrets[a]", FakeSecrets.CANARY)
			.property("p", "$<secret:a>");
	}

}
