package io.github.secretsextension.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.impl.NoOpLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretReference.Kind;

import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggerConfiguration;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ExtensionVariables}: each variable absent, at its limits, beyond them,
 * with something else in it, and in upper case.
 */
@ExtendWith(OutputCaptureExtension.class)
class ExtensionVariablesTests {

	private static final String LOGGER = "io.github.secretsextension";

	private final List<String> warnings = new ArrayList<>();

	private final Log log = new NoOpLog() {

		@Override
		public void warn(Object message) {
			ExtensionVariablesTests.this.warnings.add(String.valueOf(message));
		}

	};

	@AfterEach
	void resetLevel() {
		LoggingSystem.get(getClass().getClassLoader()).setLogLevel(LOGGER, null);
	}

	@ParameterizedTest(name = "{0}={1} -> {3}, warns: {4}")
	@MethodSource("rows")
	void hasEffect(String name, String value, Function<ExtensionVariables, Object> reader, Object effect,
			boolean warns) {
		assertThat(reader.apply(variables((value != null) ? Map.of(name, value) : Map.of()))).isEqualTo(effect);
		assertThat(this.warnings).hasSize((warns) ? 1 : 0).allMatch((warning) -> warning.contains("'" + name + "'"));
	}

	static Stream<Arguments> rows() {
		List<Arguments> rows = new ArrayList<>();
		ttl(rows, "SECRETS_MANAGER_TTL", (variables) -> variables.secretTtl().toSeconds());
		ttl(rows, "SSM_PARAMETER_STORE_TTL", (variables) -> variables.parameterTtl().toSeconds());
		timeout(rows, "SECRETS_MANAGER_TIMEOUT_MILLIS", (variables) -> variables.timeout(Kind.SECRET).toMillis());
		timeout(rows, "SSM_PARAMETER_STORE_TIMEOUT_MILLIS",
				(variables) -> variables.timeout(Kind.PARAMETER).toMillis());
		String size = "PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE";
		row(rows, size, null, ExtensionVariables::size, 1000, false);
		row(rows, size, "0", ExtensionVariables::size, 0, false);
		row(rows, size, "1000", ExtensionVariables::size, 1000, false);
		row(rows, size, "1001", ExtensionVariables::size, 1000, true);
		garbage(rows, size, ExtensionVariables::size, 1000);
		String connections = "PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS";
		row(rows, connections, null, ExtensionVariables::maxConnections, 3, false);
		row(rows, connections, "1", ExtensionVariables::maxConnections, 1, false);
		row(rows, connections, "500", ExtensionVariables::maxConnections, 500, false);
		row(rows, connections, "0", ExtensionVariables::maxConnections, 3, true);
		garbage(rows, connections, ExtensionVariables::maxConnections, 3);
		String enabled = "PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED";
		for (Object[] pair : new Object[][] { { null, true, false }, { "true", true, false }, { "TRUE", true, false },
				{ "false", false, false }, { "FALSE", false, false }, { "no", true, true }, { "", true, true },
				{ "0", true, true } }) {
			row(rows, enabled, (String) pair[0], ExtensionVariables::cacheEnabled, pair[1], (boolean) pair[2]);
		}
		String level = "PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL";
		for (Object[] pair : new Object[][] { { null, null, false }, { "debug", "DEBUG", false },
				{ "DEBUG", "DEBUG", false }, { "info", "INFO", false }, { "Warn", "WARN", false },
				{ "error", "ERROR", false }, { "none", "OFF", false }, { "NONE", "OFF", false }, { "loud", null, true },
				{ "", null, true } }) {
			row(rows, level, (String) pair[0], ExtensionVariables::logLevel, pair[1], (boolean) pair[2]);
		}
		return rows.stream();
	}

	private static void ttl(List<Arguments> rows, String name, Function<ExtensionVariables, Object> reader) {
		row(rows, name, null, reader, 300L, false);
		row(rows, name, "0", reader, 0L, false);
		row(rows, name, "300", reader, 300L, false);
		row(rows, name, "301", reader, 300L, true);
		garbage(rows, name, reader, 300L);
	}

	private static void timeout(List<Arguments> rows, String name, Function<ExtensionVariables, Object> reader) {
		row(rows, name, null, reader, 0L, false);
		row(rows, name, "0", reader, 0L, false);
		row(rows, name, "2147483647", reader, 2147483647L, false);
		garbage(rows, name, reader, 0L);
	}

	private static void garbage(List<Arguments> rows, String name, Function<ExtensionVariables, Object> reader,
			Object effect) {
		for (String value : List.of("5m", "-1", "", " ", "1.5", "0x10", "99999999999", "TRUE")) {
			row(rows, name, value, reader, effect, true);
		}
	}

	private static void row(List<Arguments> rows, String name, String value,
			Function<ExtensionVariables, Object> reader, Object effect, boolean warns) {
		rows.add(Arguments.of(name, value, reader, effect, warns));
	}

	@Test
	void misspeltNamesAreWarnedOf() {
		variables(Map.of("PARAMETERS_AND_SECRETS_EXTENSION_CACHE_SIZE", "1", "PARAMETERS_SECRETS_CACHE_SIZE", "1",
				"PARAMETERS_SECRETS_EXTENSION_CACHE_EXPIRATION", "1", "PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE", "1"))
			.warnOfMisspeltNames();
		assertThat(this.warnings).hasSize(3)
			.anyMatch((warning) -> warning.contains("'PARAMETERS_AND_SECRETS_EXTENSION_CACHE_SIZE'")
					&& warning.contains("'PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE'"))
			.anyMatch((warning) -> warning.contains("SECRETS_MANAGER_TTL"));
	}

	@Test
	void logLevelIsSetAndDebugShowsSettingsOnce(CapturedOutput output) {
		try (ConfigurableApplicationContext context = application("DEBUG").run()) {
			context.getEnvironment().getProperty("p");
			context.getEnvironment().getProperty("p");
			assertThat(level()).isEqualTo(LogLevel.DEBUG);
			assertThat(output.toString().split("Cache: ", -1)).hasSize(2);
			assertThat(output).doesNotContain(FakeSecrets.CANARY);
		}
	}

	@Test
	void logLevelNoneSilencesWarnings(CapturedOutput output) {
		try (ConfigurableApplicationContext context = application("none").variable("SECRETS_MANAGER_TTL", "5m").run()) {
			context.getEnvironment().getProperty("p");
			assertThat(level()).isEqualTo(LogLevel.OFF);
			assertThat(output).doesNotContain("SECRETS_MANAGER_TTL");
		}
	}

	@Test
	void applicationsOwnLogLevelWins() {
		try (ConfigurableApplicationContext context = application("none").property("logging.level." + LOGGER, "info")
			.run()) {
			assertThat(context.isActive()).isTrue();
			assertThat(level()).isEqualTo(LogLevel.INFO);
		}
	}

	private static LogLevel level() {
		LoggerConfiguration configuration = LoggingSystem.get(ExtensionVariablesTests.class.getClassLoader())
			.getLoggerConfiguration(LOGGER);
		return configuration.getConfiguredLevel();
	}

	private static TestApplication application(String level) {
		return new TestApplication(TestApplication.Empty.class)
			.variable("PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL", level)
			.property("secrets-extension.mode", "local")
			.property("secrets-extension.local.secrets[a]", FakeSecrets.CANARY)
			.property("p", "$<secret:a>");
	}

	private ExtensionVariables variables(Map<String, String> variables) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.replace(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, new SystemEnvironmentPropertySource(
					StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, Map.copyOf(variables)));
		return new ExtensionVariables(environment, this.log);
	}

}
