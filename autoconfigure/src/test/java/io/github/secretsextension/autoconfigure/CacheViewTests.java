package io.github.secretsextension.autoconfigure;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.Test;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsProvider;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.cache.actuate.endpoint.CachesEndpoint;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.cache.Cache;
import org.springframework.cache.CacheManager;
import org.springframework.cache.annotation.Cacheable;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for the view of the cache as a Spring {@code Cache}, and for its meters.
 */
class CacheViewTests {

	private static final String MANAGER = SecretsExtensionCacheAutoConfiguration.CACHE_MANAGER;

	private static final String SECRETS = "secrets-extension.secrets";

	private static final String PARAMETERS = "secrets-extension.parameters";

	@Test
	void cachesEndpointListsBothKindsAndNoValue() {
		run(Plain.class, (context) -> {
			context.getBean(SecretsProvider.class).text("secret:db");
			CachesEndpoint endpoint = context.getBean(CachesEndpoint.class);
			Map<String, CachesEndpoint.CacheManagerDescriptor> managers = endpoint.caches().getCacheManagers();
			assertThat(managers).containsOnlyKeys(MANAGER);
			assertThat(managers.get(MANAGER).getCaches()).containsOnlyKeys(SECRETS, PARAMETERS);
			assertThat(managers.get(MANAGER).getCaches().get(SECRETS).getTarget()).doesNotContain(FakeSecrets.CANARY);
		});
	}

	@Test
	void clearMakesTheNextReadAsk() {
		run(Plain.class, (context) -> {
			SecretsProvider secrets = context.getBean(SecretsProvider.class);
			Object first = secrets.get(SecretReference.secret("db"));
			assertThat(secrets.get(SecretReference.secret("db"))).isSameAs(first);
			assertThat(context.getBean(CachesEndpoint.class).clearCache(SECRETS, MANAGER)).isTrue();
			assertThat(secrets.get(SecretReference.secret("db"))).isNotSameAs(first);
		});
	}

	@Test
	void clearOfOneKindLeavesTheOther() {
		run(Plain.class, (context) -> {
			SecretsProvider secrets = context.getBean(SecretsProvider.class);
			Object first = secrets.get(SecretReference.secret("db"));
			cache(context, PARAMETERS).clear();
			assertThat(secrets.get(SecretReference.secret("db"))).isSameAs(first);
		});
	}

	@Test
	void evictMakesTheNextReadOfOneReferenceAsk() {
		run(Plain.class, (context) -> {
			SecretsProvider secrets = context.getBean(SecretsProvider.class);
			Object db = secrets.get(SecretReference.secret("db"));
			Object other = secrets.get(SecretReference.secret("other"));
			assertThat(cache(context, SECRETS).evictIfPresent("secret:db")).isTrue();
			assertThat(cache(context, SECRETS).evictIfPresent(SecretReference.secret("unknown"))).isFalse();
			assertThat(cache(context, PARAMETERS).evictIfPresent("secret:other")).isFalse();
			assertThat(secrets.get(SecretReference.secret("db"))).isNotSameAs(db);
			assertThat(secrets.get(SecretReference.secret("other"))).isSameAs(other);
		});
	}

	@Test
	void beforeTheFirstReadThereIsNothingToClear() {
		run(Plain.class, (context) -> {
			assertThat(cache(context, SECRETS).invalidate()).isFalse();
			assertThat(cache(context, SECRETS).evictIfPresent("secret:db")).isFalse();
		});
	}

	@Test
	void valuesCanNeitherBeHadNorPutIn() {
		run(Plain.class, (context) -> {
			Cache cache = cache(context, SECRETS);
			assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> cache.get("secret:db"));
			assertThatExceptionOfType(UnsupportedOperationException.class)
				.isThrownBy(() -> cache.get("secret:db", Object.class));
			assertThatExceptionOfType(UnsupportedOperationException.class)
				.isThrownBy(() -> cache.get("secret:db", () -> "x"));
			assertThatExceptionOfType(UnsupportedOperationException.class)
				.isThrownBy(() -> cache.put("secret:db", "x"));
		});
	}

	@Test
	void applicationsOwnCachesAreLeftAlone() {
		run(Caching.class, (context) -> {
			assertThat(context.getBeansOfType(CacheManager.class)).containsOnlyKeys("cacheManager", MANAGER);
			assertThat(context.getBean(CacheManager.class)).isSameAs(context.getBean("cacheManager"));
			Counted counted = context.getBean(Counted.class);
			assertThat(counted.next()).isEqualTo(counted.next());
			assertThat(context.getBean(CachesEndpoint.class).caches().getCacheManagers())
				.containsOnlyKeys("cacheManager", MANAGER);
		});
	}

	/**
	 * A registry holds weakly what it counts.
	 */
	@Test
	void metersCountOnAfterAGarbageCollection() {
		run(Plain.class, (context) -> {
			SecretsProvider secrets = context.getBean(SecretsProvider.class);
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			secrets.text("secret:db");
			System.gc();
			secrets.text("param:/app/url");
			secrets.refresh(SecretReference.secret("db"));
			assertThat(
					registry.get("cache.load").tag("cache", SECRETS).tag("result", "success").functionCounter().count())
				.isEqualTo(2);
		});
	}

	@Test
	void metersReadTheCounters() {
		run(Plain.class, (context) -> {
			SecretsProvider secrets = context.getBean(SecretsProvider.class);
			secrets.text("secret:db");
			secrets.text("secret:db");
			secrets.text("secret:db");
			secrets.text("param:/app/url");
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			assertThat(gets(registry, SECRETS, "hit")).isEqualTo(2);
			assertThat(gets(registry, SECRETS, "miss")).isEqualTo(1);
			assertThat(gets(registry, PARAMETERS, "miss")).isEqualTo(1);
			assertThat(registry.get("cache.size").tag("cache", SECRETS).gauge().value()).isEqualTo(1);
			assertThat(
					registry.get("cache.load").tag("cache", SECRETS).tag("result", "success").functionCounter().count())
				.isEqualTo(1);
			assertThat(registry.get("cache.load.duration").tag("cache", SECRETS).functionTimer().count()).isEqualTo(1);
			assertThat(registry.get("cache.load.duration")
				.tag("cache", SECRETS)
				.functionTimer()
				.totalTime(TimeUnit.NANOSECONDS)).isPositive();
			assertThat(registry.getMeters()).allSatisfy((meter) -> assertThat(meter.getId().getTags())
				.noneMatch((tag) -> tag.getValue().contains("db") || tag.getValue().contains(FakeSecrets.CANARY)));
		});
	}

	@Test
	void countersOutliveTheCache() {
		run(Plain.class, (context) -> {
			SecretsProvider secrets = context.getBean(SecretsProvider.class);
			secrets.text("secret:db");
			context.stop();
			context.start();
			secrets.text("secret:db");
			assertThat(gets(context.getBean(MeterRegistry.class), SECRETS, "miss")).isEqualTo(2);
		});
	}

	@Test
	void withoutMicrometerThereAreNoMeters() {
		new ApplicationContextRunner().withInitializer(new SecretsExtensionInitializer())
			.withClassLoader(new FilteredClassLoader("io.micrometer"))
			.withConfiguration(AutoConfigurations.of(SecretsExtensionAutoConfiguration.class,
					SecretsExtensionCacheAutoConfiguration.class))
			.run((context) -> {
				assertThat(context).hasNotFailed().hasBean(MANAGER);
				assertThat(context.getBeanDefinitionNames()).noneMatch((name) -> name.contains("CacheMetrics"));
			});
	}

	private static double gets(MeterRegistry registry, String cache, String result) {
		return registry.get("cache.gets").tag("cache", cache).tag("result", result).functionCounter().count();
	}

	private static Cache cache(ConfigurableApplicationContext context, String name) {
		return context.getBean(MANAGER, CacheManager.class).getCache(name);
	}

	private static void run(Class<?> source, Consumer<ConfigurableApplicationContext> test) {
		SpringApplication application = new SpringApplication(source);
		application.setWebApplicationType(WebApplicationType.NONE);
		try (ConfigurableApplicationContext context = application.run("--secrets-extension.mode=local",
				"--secrets-extension.local.secrets[db]=CANARY-db", "--secrets-extension.local.secrets[other]=CANARY-o",
				"--secrets-extension.local.parameters[/app/url]=CANARY-url",
				"--management.endpoints.jmx.exposure.include=*", "--spring.jmx.enabled=true",
				"--spring.main.banner-mode=off")) {
			test.accept(context);
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Plain {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableCaching
	static class Caching {

		@Bean
		Counted counted() {
			return new Counted();
		}

	}

	/**
	 * A bean with a cached method.
	 */
	static class Counted {

		private int count;

		@Cacheable("numbers")
		public int next() {
			return this.count++;
		}

	}

}
