package io.github.secretsextension.autoconfigure;

import org.apache.commons.logging.LogFactory;

import io.github.secretsextension.SecretsProvider;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Auto-configuration for the {@link SecretsProvider} bean of a context into which none
 * was promoted from the bootstrap phase.
 */
@AutoConfiguration
@ConditionalOnBooleanProperty(name = "secrets-extension.enabled", matchIfMissing = true)
@EnableConfigurationProperties(SecretsExtensionProperties.class)
public final class SecretsExtensionAutoConfiguration {

	@Bean
	@Lazy
	@ConditionalOnMissingBean
	SecretsProvider secretsProvider(ConfigurableEnvironment environment) {
		return new BootstrapSecretsProvider(environment, (type) -> null, LogFactory.getLog(SecretsProvider.class));
	}

}
