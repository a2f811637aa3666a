package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.impl.NoOpLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsClock;

import org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link ExtensionSettings}: what counts where properties and variables meet,
 * and what a bad property does to the start.
 */
@ExtendWith(OutputCaptureExtension.class)
class ExtensionSettingsTests {

	private final List<String> warnings = new ArrayList<>();

	private final Log log = new NoOpLog() {

		@Override
		public void warn(Object message) {
			ExtensionSettingsTests.this.warnings.add(String.valueOf(message));
		}

	};

	@Test
	void defaults() {
		assertThat(settings(Map.of())).isEqualTo(new ExtensionSettings(Duration.ofSeconds(300), Duration.ofSeconds(300),
				1000, Duration.ofSeconds(5), Duration.ofSeconds(5), 3, 2773));
	}

	@Test
	void variablesCountWhereNoPropertyIsSet() {
		assertThat(settings(variables())).isEqualTo(new ExtensionSettings(Duration.ofSeconds(10),
				Duration.ofSeconds(20), 30, Duration.ofMillis(40), Duration.ofMillis(50), 6, 7000));
	}

	@Test
	void propertiesWinAndMayExceedLimitsOfVariables() {
		Map<String, String> values = variables();
		values.replaceAll((name, value) -> "bad");
		values.put("secrets-extension.cache.enabled", "true");
		values.put("secrets-extension.cache.size", "5000");
		values.put("secrets-extension.max-connections", "60");
		values.put("secrets-extension.secrets-manager.ttl", "10m");
		values.put("secrets-extension.parameter-store.ttl", "3600");
		values.put("secrets-extension.deadline", "2s");
		values.remove("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT");
		assertThat(settings(values)).isEqualTo(new ExtensionSettings(Duration.ofMinutes(10), Duration.ofHours(1), 5000,
				Duration.ofSeconds(2), Duration.ofSeconds(2), 60, 2773));
		assertThat(this.warnings).as("a variable that a property stands for is not read").isEmpty();
	}

	@ParameterizedTest(name = "{0} {1} {2} {3} -> {4} {5}")
	@CsvSource({ "    ,     ,     ,     , PT5S,   PT5S", "    ,     ,     , 0   , PT5S,   PT5S",
			"    ,     ,     , 700 , PT0.7S, PT0.7S", "3s  ,     ,     , 700 , PT3S,   PT3S",
			"3s  , 1s  ,     , 700 , PT1S,   PT3S", "3s  ,     , 2s  , 700 , PT3S,   PT2S",
			"    , 1s  ,     , 700 , PT1S,   PT0.7S", "    ,     , 2s  ,     , PT5S,   PT2S",
			"0   ,     ,     , 700 , PT0S,   PT0S", "3s  , 0   ,     , 700 , PT0S,   PT3S",
			"0   , 1s  , 2s  , 0   , PT1S,   PT2S" })
	void deadlineOfServiceWinsOverDeadlineOverVariable(String common, String secrets, String parameters,
			String variable, Duration secretDeadline, Duration parameterDeadline) {
		Map<String, String> values = new LinkedHashMap<>();
		values.put("secrets-extension.deadline", common);
		values.put("secrets-extension.secrets-manager.deadline", secrets);
		values.put("secrets-extension.parameter-store.deadline", parameters);
		values.put("SECRETS_MANAGER_TIMEOUT_MILLIS", variable);
		values.put("SSM_PARAMETER_STORE_TIMEOUT_MILLIS", variable);
		values.values().removeIf((value) -> value == null);
		ExtensionSettings settings = settings(values);
		assertThat(settings.deadline(Kind.SECRET)).isEqualTo(secretDeadline);
		assertThat(settings.deadline(Kind.PARAMETER)).isEqualTo(parameterDeadline);
	}

	@ParameterizedTest(name = "enabled={0}/{1} size={2}/{3} -> {4}")
	@CsvSource({ ",,,, 1000", "false,,,, 0", ",false,,, 0", "true,false,,, 1000", "false,true,,, 0", ",,0,, 0",
			",,,0, 0", ",,7,0, 7", "true,,,0, 0", "true,false,7,, 7", "false,,7,, 0" })
	void sizeCountsWhereCacheIsEnabled(String enabled, String enabledVariable, String size, String sizeVariable,
			int expected) {
		Map<String, String> values = new LinkedHashMap<>();
		values.put("secrets-extension.cache.enabled", enabled);
		values.put("PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED", enabledVariable);
		values.put("secrets-extension.cache.size", size);
		values.put("PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE", sizeVariable);
		values.values().removeIf((value) -> value == null);
		assertThat(settings(values).size()).isEqualTo(expected);
	}

	@ParameterizedTest
	@CsvSource({ "SECRETS_MANAGER_TTL=0;SSM_PARAMETER_STORE_TTL=0;PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE=1000",
			"SECRETS_MANAGER_TTL=300;SSM_PARAMETER_STORE_TTL=300;PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE=0",
			"SECRETS_MANAGER_TTL=300;SSM_PARAMETER_STORE_TTL=300;PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED=FALSE" })
	void sizeIsIgnoredWithoutTtlsAndTtlsWithoutSize(String variables, CapturedOutput output) {
		TestApplication application = application();
		for (String variable : variables.split(";")) {
			application.variable(variable.split("=")[0], variable.split("=")[1]);
		}
		try (ConfigurableApplicationContext context = application.run()) {
			for (String name : List.of("p", "p", "q", "q")) {
				assertThat(context.getEnvironment().getProperty(name)).isEqualTo(FakeSecrets.CANARY);
			}
			ReferenceResolution resolution = context.getBean(ReferenceResolution.class);
			assertThat(resolution.statistics(Kind.SECRET).loads()).isEqualTo(2);
			assertThat(resolution.statistics(Kind.PARAMETER).loads()).isEqualTo(2);
		}
		assertThat(output).doesNotContain(" WARN ");
	}

	@Test
	void oneTtlOfZeroLeavesTheOtherAndTheSize() {
		try (ConfigurableApplicationContext context = application().variable("SECRETS_MANAGER_TTL", "0").run()) {
			for (String name : List.of("p", "p", "q", "q")) {
				assertThat(context.getEnvironment().getProperty(name)).isEqualTo(FakeSecrets.CANARY);
			}
			ReferenceResolution resolution = context.getBean(ReferenceResolution.class);
			assertThat(resolution.statistics(Kind.SECRET).loads()).isEqualTo(2);
			assertThat(resolution.statistics(Kind.PARAMETER).loads()).isOne();
		}
	}

	@Test
	void propertyBeyondVariablesLimitHasEffect() {
		ManualClock clock = new ManualClock(0);
		try (ConfigurableApplicationContext context = application()
			.customize((it) -> it.addBootstrapRegistryInitializer(
					(registry) -> registry.register(SecretsClock.class, InstanceSupplier.of(clock))))
			.variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
			.variable("SECRETS_MANAGER_TTL", "1")
			.property("secrets-extension.secrets-manager.ttl", "1h")
			.run()) {
			context.getEnvironment().getProperty("p");
			clock.advance(Duration.ofSeconds(3599));
			context.getEnvironment().getProperty("p");
			ReferenceResolution resolution = context.getBean(ReferenceResolution.class);
			assertThat(resolution.statistics(Kind.SECRET).loads()).isOne();
			clock.advance(Duration.ofSeconds(1));
			context.getEnvironment().getProperty("p");
			assertThat(resolution.statistics(Kind.SECRET).loads()).isEqualTo(2);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "secrets-manager.ttl=-1", "secrets-manager.ttl=-1s", "secrets-manager.ttl=5x",
			"secrets-manager.deadline=-1s", "secrets-manager.deadline=soon", "parameter-store.ttl=-1",
			"parameter-store.ttl=5x", "parameter-store.deadline=-1s", "parameter-store.deadline=soon", "deadline=-1s",
			"deadline=soon", "max-connections=0", "max-connections=-1", "max-connections=three", "cache.size=-1",
			"cache.size=many", "cache.enabled=perhaps", "cache.max-stale=-1s", "cache.stale-wait=-1s",
			"cache.max-bytes=0" })
	void badPropertyFailsStartAndIsNamed(String setting, CapturedOutput output) {
		String name = "secrets-extension." + setting.substring(0, setting.indexOf('='));
		String value = setting.substring(setting.indexOf('=') + 1);
		for (Class<?> source : new Class<?>[] { Settings.class, Reader.class, Bound.class }) {
			int start = output.toString().length();
			Throwable failure = catchThrowable(() -> application(source).property(name, value).run().close());
			assertThat(failure).as(source.getSimpleName()).isNotNull();
			assertThat(output.toString().substring(start)).contains("APPLICATION FAILED TO START")
				.contains("Failed to bind properties under 'secrets-extension")
				.containsPattern("'" + name + "'|Property: " + name + "\n")
				.doesNotContain(FakeSecrets.CANARY);
		}
	}

	private static Map<String, String> variables() {
		Map<String, String> variables = new LinkedHashMap<>();
		variables.put("PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED", "true");
		variables.put("SECRETS_MANAGER_TTL", "10");
		variables.put("SSM_PARAMETER_STORE_TTL", "20");
		variables.put("PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE", "30");
		variables.put("SECRETS_MANAGER_TIMEOUT_MILLIS", "40");
		variables.put("SSM_PARAMETER_STORE_TIMEOUT_MILLIS", "50");
		variables.put("PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS", "6");
		variables.put("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", "7000");
		return variables;
	}

	private ExtensionSettings settings(Map<String, String> values) {
		MockEnvironment environment = new MockEnvironment();
		values.forEach(environment::setProperty);
		SecretsExtensionProperties properties = new Binder(ConfigurationPropertySources.get(environment))
			.bindOrCreate("secrets-extension", SecretsExtensionProperties.class);
		return ExtensionSettings.of(properties, new ExtensionVariables(environment, new OnceLog(this.log)));
	}

	private static TestApplication application(Class<?>... sources) {
		Class<?>[] all = java.util.Arrays.copyOf(sources, sources.length + 1);
		all[sources.length] = TestApplication.Empty.class;
		return new TestApplication(all).property("secrets-extension.mode", "local")
			.property("secrets-extension.local.secrets[a]", FakeSecrets.CANARY)
			.property("secrets-extension.local.parameters[a]", FakeSecrets.CANARY)
			.property("p", "$<secret:a>")
			.property("q", "$<param:a>")
			.property("app.text", "$<secret:a>");
	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties(SecretsExtensionProperties.class)
	static class Settings {

	}

	static class Reader {

		Reader(@org.springframework.beans.factory.annotation.Value("${app.text}") String text) {
		}

	}

	@org.springframework.boot.context.properties.ConfigurationProperties("app")
	record App(String text) {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties(App.class)
	static class Bound {

	}

}
