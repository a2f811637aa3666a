package io.github.secretsextension.autoconfigure;

import io.github.secretsextension.SecretsProvider;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
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

	@Bean(destroyMethod = "")
	@Lazy
	@ConditionalOnMissingBean
	SecretsProvider secretsProvider(ObjectProvider<ReferenceResolution> references) {
		return references.getObject().provider();
	}

	/**
	 * Prepares a context that neither a SpringApplication nor the initializer prepared.
	 */
	@Bean
	static LateReferences secretsExtensionLateReferences(ConfigurableEnvironment environment) {
		return new LateReferences(environment);
	}

	@Bean
	static BeanFactoryPostProcessor secretsExtensionLateReferencesEnd() {
		return AnnotationTextEnd::run;
	}

}
