package io.github.secretsextension.autoconfigure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.aws.FaultServer;

import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for how {@link ExtensionVariables} are read. What they do is shown by
 * {@link ExtensionVariablesTableTests}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ExtensionVariablesTests {

	private static final String SIZE = "PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE";

	private static final Map<String, Function<ExtensionVariables, Object>> NUMBERS = Map.of("SECRETS_MANAGER_TTL",
			(variables) -> variables.ttl(Kind.SECRET).toSeconds(), "SSM_PARAMETER_STORE_TTL",
			(variables) -> variables.ttl(Kind.PARAMETER).toSeconds(), "SECRETS_MANAGER_TIMEOUT_MILLIS",
			(variables) -> variables.timeout(Kind.SECRET).toMillis(), "SSM_PARAMETER_STORE_TIMEOUT_MILLIS",
			(variables) -> variables.timeout(Kind.PARAMETER).toMillis(), SIZE, ExtensionVariables::size,
			"PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS", ExtensionVariables::maxConnections,
			"PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", ExtensionVariables::httpPort);

	private final List<String> warnings = new ArrayList<>();

	private final Log log = new NoOpLog() {

		@Override
		public void warn(Object message) {
			ExtensionVariablesTests.this.warnings.add(String.valueOf(message));
		}

	};

	@AfterEach
	void resetLevel() {
		LoggingSystem.get(getClass().getClassLoader()).setLogLevel("io.github.secretsextension", null);
	}

	@ParameterizedTest(name = "{0}={1}")
	@MethodSource("garbage")
	void garbageGivesDefaultAndOneWarning(String name, String value) {
		Function<ExtensionVariables, Object> reader = NUMBERS.get(name);
		Object byDefault = reader.apply(variables(Map.of()));
		assertThat(reader.apply(variables(Map.of(name, value)))).isEqualTo(byDefault);
		assertThat(this.warnings).singleElement().asString().contains("'" + name + "'", " " + byDefault + " is used");
	}

	static Stream<Arguments> garbage() {
		return NUMBERS.keySet()
			.stream()
			.flatMap((name) -> Stream
				.of("5m", "-1", "", " ", "\t", "1.5", "1e2", "0x10", "1,000", "1_000", "TRUE", "null", "-99999999999",
						"$<secret:" + FakeSecrets.CANARY + ">", "${" + FakeSecrets.CANARY + "}", "${" + name + "}")
				.map((value) -> Arguments.of(name, value)));
	}

	@ParameterizedTest
	@ValueSource(strings = { "10", " 10 ", "10\n", "+10", "0010" })
	void blanksAroundNumberAreDropped(String value) {
		NUMBERS.forEach(
				(name, reader) -> assertThat(reader.apply(variables(Map.of(name, value))).toString()).isEqualTo("10"));
		assertThat(this.warnings).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "SECRETS_MANAGER_TTL, 300", "SSM_PARAMETER_STORE_TTL, 300", SIZE + ", 1000",
			"SECRETS_MANAGER_TIMEOUT_MILLIS, 2147483647", "PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS, 2147483647" })
	void numberOfAnyLengthIsClamped(String name, String limit) {
		assertThat(NUMBERS.get(name).apply(variables(Map.of(name, "9".repeat(40)))).toString()).isEqualTo(limit);
		assertThat(this.warnings).singleElement()
			.asString()
			.contains("'" + name + "' exceeds the limit", " " + limit + " is used");
	}

	@Test
	void anySourceMaySetThemAndTheFirstOneCounts() {
		StandardEnvironment environment = environment(Map.of(SIZE, "1", "SECRETS_MANAGER_TTL", "2"));
		MutablePropertySources sources = environment.getPropertySources();
		sources.addFirst(new MapPropertySource("test", Map.of(SIZE, 10)));
		sources
			.addLast(new MapPropertySource("file", Map.of("SECRETS_MANAGER_TTL", "20", "SSM_PARAMETER_STORE_TTL", 30)));
		ExtensionVariables variables = new ExtensionVariables(environment, new OnceLog(this.log));
		assertThat(variables.size()).isEqualTo(10);
		assertThat(variables.ttl(Kind.SECRET)).hasSeconds(2);
		assertThat(variables.ttl(Kind.PARAMETER)).hasSeconds(30);
	}

	@ParameterizedTest
	@ValueSource(strings = { "variable", "property", "argument" })
	void applicationMaySetThem(String where, CapturedOutput output) {
		TestApplication application = application().property("logging.level.io.github.secretsextension", "debug");
		switch (where) {
			case "variable" -> application.variable(SIZE, "10");
			case "property" -> application.property(SIZE, "10");
			default -> application.argument(SIZE, "10");
		}
		assertThat(outputOf(application, output)).contains("Cache: keeps 10 values");
	}

	@ParameterizedTest
	@CsvSource({ "auto, $<secret:a>", "off, $<secret:a>", "auto, ${secret:a}", "auto, $<secret:b>", "auto, ${nope}",
			"off, ${nope}", "auto, ${SECRETS_MANAGER_TTL}" })
	void referenceInVariableIsNotResolved(String prefetch, String value, CapturedOutput output) {
		try (FaultServer server = new FaultServer()) {
			outputOf(new TestApplication(TestApplication.Empty.class).property("p", "$<secret:a>")
				.property("secrets-extension.prefetch", prefetch)
				.property("spring.cloud.aws.endpoint", server.endpoint().toString())
				.property("spring.cloud.aws.region.static", "eu-west-1")
				.property("spring.cloud.aws.credentials.access-key", "k")
				.property("spring.cloud.aws.credentials.secret-key", "s")
				.variable("SECRETS_MANAGER_TTL", value), output);
		}
		assertThat(output.toString()).containsOnlyOnce("'SECRETS_MANAGER_TTL'")
			.contains("'SECRETS_MANAGER_TTL' is not a whole number from 0 on: 300 is used")
			.doesNotContain(FakeSecrets.CANARY)
			.doesNotContain("\uE000");
	}

	@Test
	void eachWarningComesOnceThoughProviderIsMadeAgain(CapturedOutput output) {
		TestApplication application = application().variable("SECRETS_MANAGER_TTL", "5m")
			.variable("PARAMETERS_SECRETS_CACHE_SIZE", "1")
			.variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
			.property("logging.level.io.github.secretsextension", "debug")
			.customize((it) -> it.addInitializers((context) -> {
				// Read, so that there is a provider, which then goes: a setting comes
				// late.
				context.getEnvironment().getProperty("p");
				context.getEnvironment()
					.getPropertySources()
					.addFirst(new MapPropertySource("late", Map.of(SIZE, "7")));
			}));
		assertThat(outputOf(application, output)).containsOnlyOnce("'SECRETS_MANAGER_TTL'")
			.containsOnlyOnce("'PARAMETERS_SECRETS_CACHE_SIZE'")
			.containsOnlyOnce("from the deployment package")
			.containsOnlyOnce("Cache: keeps 1000 values")
			.containsOnlyOnce("Cache: keeps 7 values");
	}

	@Test
	void noWarningComesAgainAfterCheckpoint(CapturedOutput output) {
		try (ConfigurableApplicationContext context = application().variable("SECRETS_MANAGER_TTL", "5m")
			.property("logging.level.io.github.secretsextension", "debug")
			.run()) {
			context.getEnvironment().getProperty("p");
			context.stop();
			context.start();
			assertThat(context.getEnvironment().getProperty("p")).isEqualTo(FakeSecrets.CANARY);
		}
		assertThat(output.toString()).containsOnlyOnce("'SECRETS_MANAGER_TTL'").containsOnlyOnce("Cache: ");
	}

	@ParameterizedTest
	@CsvSource({ "PARAMETERS_AND_SECRETS_EXTENSION_CACHE_ENABLED, PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED",
			"PARAMETERS_AND_SECRETS_EXTENSION_CACHE_SIZE, PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE",
			"PARAMETERS_AND_SECRETS_EXTENSION_HTTP_PORT, PARAMETERS_SECRETS_EXTENSION_HTTP_PORT",
			"PARAMETERS_AND_SECRETS_EXTENSION_LOG_LEVEL, PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL",
			"PARAMETERS_AND_SECRETS_EXTENSION_MAX_CONNECTIONS, PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS",
			"PARAMETERS_SECRETS_CACHE_SIZE, PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE",
			"PARAMETERS_SECRETS_EXTENSION_MAX_CACHE_SIZE, PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE",
			"PARAMETERS_SECRETS_EXTENSION_CACHE_EXPIRATION, SECRETS_MANAGER_TTL",
			"PARAMETERS_SECRETS_EXTENSION_CACHE_EXPIRATION, SSM_PARAMETER_STORE_TTL",
			"PARAMETERS_SECRETS_EXTENSION_CACHE_TTL, SECRETS_MANAGER_TTL",
			"PARAMETERS_SECRETS_EXTENSION_TTL_SECONDS, SECRETS_MANAGER_TTL",
			"PARAMETERS_SECRETS_EXTENSION_TTL_SECS, SSM_PARAMETER_STORE_TTL",
			"PARAMETERS_SECRETS_EXTENSION_SECRETS_MANAGER_TTL, SECRETS_MANAGER_TTL",
			"PARAMETERS_SECRETS_EXTENSION_PARAMETER_STORE_TTL, SSM_PARAMETER_STORE_TTL" })
	void misspeltNameIsWarnedOfWithTheRightOne(String wrong, String right) {
		OnceLog log = new OnceLog(this.log);
		MisspeltVariables.warn(environment(Map.of(wrong, "1")), log);
		MisspeltVariables.warn(environment(Map.of(wrong, "1")), log);
		assertThat(this.warnings).singleElement().asString().contains("'" + wrong + "'", "'" + right + "'");
	}

	@Test
	void rightNamesAndNamesOfOthersAreNotWarnedOf() {
		Map<String, String> variables = new LinkedHashMap<>();
		NUMBERS.keySet().forEach((name) -> variables.put(name, "1"));
		variables.put("PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED", "true");
		variables.put("PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL", "info");
		variables.put("PARAMETERS_SECRETS_EXTENSION_ARN", "arn:aws:lambda:x");
		variables.put("PARAMETERS_AND_SECRETS_EXTENSION_VERSION", "11");
		MisspeltVariables.warn(environment(variables), new OnceLog(this.log));
		assertThat(this.warnings).isEmpty();
	}

	@Test
	void misspeltNameIsWarnedOfInApplication(CapturedOutput output) {
		TestApplication application = application().variable("PARAMETERS_AND_SECRETS_EXTENSION_CACHE_SIZE",
				FakeSecrets.CANARY);
		assertThat(outputOf(application, output).lines().filter((line) -> line.contains("PARAMETERS_AND_SECRETS")))
			.singleElement()
			.asString()
			.contains(" WARN ", "it is called '" + SIZE + "'");
		assertThat(output).doesNotContain(FakeSecrets.CANARY);
	}

	private static String outputOf(TestApplication application, CapturedOutput output) {
		try (ConfigurableApplicationContext context = application.run()) {
			assertThat(context.getEnvironment().getProperty("p")).startsWith(FakeSecrets.CANARY);
		}
		return output.toString();
	}

	private static TestApplication application() {
		return new TestApplication(TestApplication.Empty.class).property("secrets-extension.mode", "local")
			.property("secrets-extension.local.secrets[a]", FakeSecrets.CANARY)
			.property("p", "$<secret:a>");
	}

	private ExtensionVariables variables(Map<String, String> variables) {
		return new ExtensionVariables(environment(variables), new OnceLog(this.log));
	}

	private static StandardEnvironment environment(Map<String, String> variables) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.replace(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, new SystemEnvironmentPropertySource(
					StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, Map.copyOf(variables)));
		return environment;
	}

}
