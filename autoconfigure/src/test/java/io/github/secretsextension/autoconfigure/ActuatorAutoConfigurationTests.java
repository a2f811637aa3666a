package io.github.secretsextension.autoconfigure;

import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.actuate.SecretsCacheEndpoint;
import io.github.secretsextension.actuate.SecretsCacheEndpointWebExtension;
import io.github.secretsextension.actuate.SecretsCacheHealthIndicator;
import io.github.secretsextension.actuate.SecretsCacheView;
import io.github.secretsextension.actuate.SecretsCacheView.Setting;
import io.github.secretsextension.actuate.SecretsCallMetrics;
import io.github.secretsextension.actuate.SecretsCallObservations;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the auto-configuration of what operators see.
 */
@Timeout(60)
class ActuatorAutoConfigurationTests {

	private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations.of(
			SecretsExtensionAutoConfiguration.class, SecretsExtensionActuatorAutoConfiguration.class,
			ObservationAutoConfiguration.class, ConfigurationPropertiesAutoConfiguration.class);

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withInitializer(new SecretsExtensionInitializer())
		.withConfiguration(CONFIGURATIONS)
		.withPropertyValues("secrets-extension.mode=local", "secrets-extension.local.secrets[db]=CANARY-db");

	private final WebApplicationContextRunner webRunner = new WebApplicationContextRunner()
		.withInitializer(new SecretsExtensionInitializer())
		.withConfiguration(CONFIGURATIONS)
		.withPropertyValues("secrets-extension.mode=local");

	@Test
	void endpointIsNotExposedByDefault() {
		this.webRunner.run((context) -> assertThat(context).hasNotFailed()
			.doesNotHaveBean(SecretsCacheEndpoint.class)
			.doesNotHaveBean(SecretsCacheEndpointWebExtension.class)
			.hasSingleBean(SecretsCacheHealthIndicator.class)
			.hasSingleBean(SecretsCallMetrics.class)
			.hasSingleBean(SecretsCallObservations.class));
	}

	@Test
	void exposedEndpoint() {
		this.webRunner.withPropertyValues("management.endpoints.web.exposure.include=secretscache")
			.run((context) -> assertThat(context).hasSingleBean(SecretsCacheEndpoint.class)
				.hasSingleBean(SecretsCacheEndpointWebExtension.class));
	}

	@Test
	void endpointExposedOverJmxOnlyHasNoWebExtension() {
		this.runner
			.withPropertyValues("management.endpoints.jmx.exposure.include=secretscache", "spring.jmx.enabled=true")
			.run((context) -> assertThat(context).hasSingleBean(SecretsCacheEndpoint.class)
				.doesNotHaveBean(SecretsCacheEndpointWebExtension.class));
	}

	@Test
	void withoutAccessThereIsNoEndpoint() {
		this.webRunner
			.withPropertyValues("management.endpoints.web.exposure.include=*",
					"management.endpoint.secretscache.access=NONE")
			.run((context) -> assertThat(context).doesNotHaveBean(SecretsCacheEndpoint.class));
	}

	@Test
	void whileSwitchedOffThereIsNothing() {
		this.webRunner
			.withPropertyValues("management.endpoints.web.exposure.include=*", "secrets-extension.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(SecretsCacheEndpoint.class)
				.doesNotHaveBean(SecretsCacheHealthIndicator.class)
				.doesNotHaveBean(SecretsCallMetrics.class));
	}

	@Test
	void healthFollowsTheConventions() {
		this.runner.withPropertyValues("management.health.secretscache.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(SecretsCacheHealthIndicator.class));
		this.runner.withPropertyValues("management.health.defaults.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(SecretsCacheHealthIndicator.class));
		this.runner.run((context) -> assertThat(context).hasBean("secretsCacheHealthIndicator"));
	}

	@Test
	void withoutActuatorAndMicrometerNothingIsLoaded() {
		this.runner
			.withClassLoader(
					new FilteredClassLoader("org.springframework.boot.actuate", "org.springframework.boot.health",
							"org.springframework.boot.micrometer", "io.micrometer.core", "io.micrometer.observation"))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBeanDefinitionNames())
					.noneMatch((name) -> name.matches("(?i).*(endpoint|health|metrics|observation).*"));
			});
	}

	@Test
	void withoutHealthThereIsTheEndpoint() {
		this.webRunner.withClassLoader(new FilteredClassLoader("org.springframework.boot.health"))
			.withPropertyValues("management.endpoints.web.exposure.include=*")
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(SecretsCacheEndpoint.class)
				.doesNotHaveBean("secretsCacheHealthIndicator"));
	}

	@Test
	void settingsTellTheirOrigin() {
		try (ConfigurableApplicationContext context = application().property("secrets-extension.mode", "embedded")
			.property("secrets-extension.cache.size", "7")
			.property("secrets-extension.deadline", "1500ms")
			.property("secrets-extension.allow", "db, app/*")
			.property("secrets-extension.remote.token", "CANARY-token")
			.variable("SECRETS_MANAGER_TTL", "900")
			.variable("SSM_PARAMETER_STORE_TTL", "5m")
			.variable("PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE", "20")
			.variable("PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS", "9")
			.run()) {
			Map<String, Setting> settings = context.getBean(SecretsCacheView.class).settings();
			assertThat(settings.get("secrets-extension.cache.size").value()).isEqualTo(7);
			assertThat(settings.get("secrets-extension.cache.size").origin()).startsWith("property (")
				.contains("application.yml");
			assertThat(settings.get("secrets-extension.secrets-manager.deadline").value()).isEqualTo("1500ms");
			assertThat(settings.get("secrets-extension.secrets-manager.deadline").origin())
				.startsWith("property secrets-extension.deadline (");
			assertThat(settings).containsEntry("secrets-extension.secrets-manager.ttl",
					new Setting("300s", "environment variable SECRETS_MANAGER_TTL"));
			assertThat(settings).containsEntry("secrets-extension.parameter-store.ttl", new Setting("300s", "default"));
			assertThat(settings).containsEntry("secrets-extension.max-connections",
					new Setting(9, "environment variable PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS"));
			assertThat(settings).containsEntry("secrets-extension.cache.max-stale", new Setting("3600s", "default"));
			assertThat(settings.get("secrets-extension.allow").value()).isEqualTo("2 entries");
			assertThat(settings.toString()).doesNotContain("CANARY", "app/*");
		}
	}

	@Test
	void childContextShowsItsOwnCache() {
		try (ConfigurableApplicationContext parent = application().run();
				ConfigurableApplicationContext child = new SpringApplicationBuilder(Actuator.class).parent(parent)
					.web(WebApplicationType.NONE)
					.properties("secrets-extension.mode=local", "secrets-extension.local.secrets[db]=CANARY-db",
							"app.password=$<secret:db>")
					.run()) {
			assertThat(child.getEnvironment().getProperty("app.password")).isEqualTo("CANARY-db");
			assertThat(child.getBean(SecretsCacheView.class).mode().name()).isEqualTo("local");
			assertThat(parent.getBean(SecretsCacheView.class).mode().name()).isEqualTo("auto");
			assertThat(child.getBean(SecretsCacheView.class).sources().get(0).cache().get().entries()).hasSize(1);
		}
	}

	@Test
	void modeTellsWhy() {
		assertThat(reason(application())).isEqualTo("auto: nothing was read yet");
		assertThat(reason(application().property("app.password", "$<secret:db>")
			.property("spring.cloud.aws.region.static", "eu-west-1")
			.property("spring.cloud.aws.endpoint", "http://127.0.0.1:1")))
			.isEqualTo("auto: values are read in-process, because there is no token for an extension or agent");
		assertThat(reason(application().property("app.password", "$<secret:db>")
			.property("spring.cloud.aws.region.static", "eu-west-1")
			.property("spring.cloud.aws.endpoint", "http://127.0.0.1:1")
			.variable("AWS_TOKEN", "t")
			.variable("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", "1")))
			.startsWith("auto: values are read from the extension");
		assertThat(reason(
				application().property("secrets-extension.mode", "local").property("app.password", "$<secret:db>")))
			.isEqualTo("local: values are read from properties");
		assertThat(reason(application().property("app.password", "$<secret:db>")
			.property("spring.cloud.aws.credentials.profile.name", "p")
			.variable("AWS_TOKEN", "t"))).startsWith("auto: values are read in-process, because 'spring.cloud.aws.");
		assertThat(reason(new TestApplication(new FakeSecrets(), Actuator.class))).startsWith("custom: ");
	}

	private static TestApplication application() {
		return new TestApplication(Actuator.class);
	}

	private static String reason(TestApplication application) {
		try (ConfigurableApplicationContext context = application.run()) {
			try {
				context.getEnvironment().getProperty("app.password");
			}
			catch (RuntimeException ex) {
				// There is nobody to ask.
			}
			SecretsCacheView.Mode mode = context.getBean(SecretsCacheView.class).mode();
			return mode.name() + ": " + mode.reason();
		}
	}

	@Import({ SecretsExtensionAutoConfiguration.class, SecretsExtensionActuatorAutoConfiguration.class })
	static class Actuator extends TestApplication.Empty {

	}

}
