package io.github.secretsextension.autoconfigure;

import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.observation.ObservationRegistry;

import io.github.secretsextension.actuate.SecretsCacheEndpoint;
import io.github.secretsextension.actuate.SecretsCacheEndpointWebExtension;
import io.github.secretsextension.actuate.SecretsCacheHealthIndicator;
import io.github.secretsextension.actuate.SecretsCacheView;
import io.github.secretsextension.actuate.SecretsCallMetrics;
import io.github.secretsextension.actuate.SecretsCallObservations;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Auto-configuration for what operators see: the actuator endpoint, meters, observations
 * and health. Each part is there only where its library is.
 */
@AutoConfiguration(after = SecretsExtensionAutoConfiguration.class,
		afterName = "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration")
@ConditionalOnBooleanProperty(name = "secrets-extension.enabled", matchIfMissing = true)
public final class SecretsExtensionActuatorAutoConfiguration {

	@Bean
	@Lazy
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	static SecretsCacheView secretsExtensionCacheView(ObjectProvider<ReferenceResolution> references,
			ConfigurableEnvironment environment) {
		return new ApplicationCacheView(references.getObject(), environment);
	}

	/**
	 * Configuration of the endpoint.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
	@EnableConfigurationProperties(SecretsCacheEndpointProperties.class)
	static class Endpoint {

		// Not on the class: conditions of a library that may be missing come second.
		@Bean
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		@ConditionalOnAvailableEndpoint(SecretsCacheEndpoint.class)
		static SecretsCacheEndpoint secretsCacheEndpoint(SecretsCacheView view,
				SecretsCacheEndpointProperties properties) {
			return new SecretsCacheEndpoint(view, properties.showIds());
		}

		@Bean
		@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
		@ConditionalOnBean(value = SecretsCacheEndpoint.class, search = SearchStrategy.CURRENT)
		@ConditionalOnAvailableEndpoint(exposure = EndpointExposure.WEB)
		static SecretsCacheEndpointWebExtension secretsCacheEndpointWebExtension(SecretsCacheEndpoint endpoint,
				SecretsCacheEndpointProperties properties) {
			return new SecretsCacheEndpointWebExtension(endpoint, properties.showIds(), properties.roles());
		}

	}

	/**
	 * Configuration of meters.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(MeterBinder.class)
	static class Metrics {

		@Bean
		@Lazy
		static SecretsCallMetrics secretsExtensionCallMetrics(SecretsCacheView view) {
			return new SecretsCallMetrics(view);
		}

	}

	/**
	 * Configuration of observations.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(ObservationRegistry.class)
	@ConditionalOnSingleCandidate(ObservationRegistry.class)
	static class Observations {

		@Bean
		@Lazy(false)
		static SecretsCallObservations secretsExtensionCallObservations(SecretsCacheView view,
				ObservationRegistry registry) {
			return new SecretsCallObservations(view, registry);
		}

	}

	/**
	 * Configuration of health.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class })
	static class Health {

		@Bean
		@ConditionalOnEnabledHealthIndicator("secretscache")
		@ConditionalOnMissingBean(name = "secretsCacheHealthIndicator", search = SearchStrategy.CURRENT)
		static SecretsCacheHealthIndicator secretsCacheHealthIndicator(SecretsCacheView view) {
			return new SecretsCacheHealthIndicator(view);
		}

	}

}
