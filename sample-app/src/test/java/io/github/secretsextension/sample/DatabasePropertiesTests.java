package io.github.secretsextension.sample;

import org.junit.jupiter.api.Test;

import io.github.secretsextension.SecretsException;
import io.github.secretsextension.autoconfigure.SecretsExtensionInitializer;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A few beans without an application: the runner starts no environment post-processors,
 * so the initializer does their work.
 */
class DatabasePropertiesTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withInitializer(new SecretsExtensionInitializer())
		.withUserConfiguration(Properties.class)
		.withPropertyValues("secrets-extension.mode=local", "app.database.url=jdbc:h2:mem:quotes",
				"app.database.username=$<secret:prod/db#username>", "app.database.password=$<secret:prod/db#password>");

	@Test
	void takesTheFieldsOfTheSecret() {
		this.runner
			.withPropertyValues(
					"secrets-extension.local.secrets[prod/db]={\"username\":\"app\",\"password\":\"test-only\"}")
			.run((context) -> assertThat(context.getBean(DatabaseProperties.class))
				.isEqualTo(new DatabaseProperties("jdbc:h2:mem:quotes", "app", "test-only")));
	}

	@Test
	void failsTheStartWhenTheSecretIsMissing() {
		this.runner.run((context) -> assertThat(context).getFailure()
			.rootCause()
			.isInstanceOf(SecretsException.class)
			.hasMessageContaining("secret:prod/db"));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties(DatabaseProperties.class)
	static class Properties {

	}

}
