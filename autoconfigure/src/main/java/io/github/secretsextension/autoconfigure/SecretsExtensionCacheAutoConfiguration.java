package io.github.secretsextension.autoconfigure;

import io.micrometer.core.instrument.binder.MeterBinder;

import io.github.secretsextension.actuate.SecretsCacheManager;
import io.github.secretsextension.actuate.SecretsCacheMetrics;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/**
 * Auto-configuration for the view of the cache that Spring's cache abstraction and
 * Micrometer know. Its cache manager is no default candidate: it neither becomes the
 * application's nor keeps Spring Boot from making one.
 */
@AutoConfiguration(after = SecretsExtensionAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "secrets-extension.enabled", matchIfMissing = true)
public final class SecretsExtensionCacheAutoConfiguration {

	static final String CACHE_MANAGER = "secretsExtensionCacheManager";

	@Bean(name = CACHE_MANAGER, defaultCandidate = false)
	@Lazy
	static SecretsCacheManager secretsExtensionCacheManager(ObjectProvider<ReferenceResolution> references) {
		ReferenceResolution resolution = references.getObject();
		return new SecretsCacheManager(resolution::statistics, resolution::cache);
	}

	/**
	 * Configuration of meters.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(MeterBinder.class)
	static class Metrics {

		@Bean
		@Lazy
		static SecretsCacheMetrics secretsExtensionCacheMetrics(
				@Qualifier(CACHE_MANAGER) SecretsCacheManager cacheManager) {
			return new SecretsCacheMetrics(cacheManager, CACHE_MANAGER);
		}

	}

}
