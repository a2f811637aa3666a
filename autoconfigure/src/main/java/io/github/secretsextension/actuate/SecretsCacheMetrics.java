package io.github.secretsextension.actuate;

import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.cache.CacheMeterBinder;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsCacheStatistics;

/**
 * The {@code cache.*} meters of the secrets cache, which read its counters. No tag names
 * a secret.
 */
public final class SecretsCacheMetrics implements MeterBinder {

	private final SecretsCacheManager cacheManager;

	private final String cacheManagerName;

	/**
	 * Creates a binder.
	 * @param cacheManager has the caches
	 * @param cacheManagerName the name for the tag {@code cache.manager}
	 */
	public SecretsCacheMetrics(SecretsCacheManager cacheManager, String cacheManagerName) {
		this.cacheManager = cacheManager;
		this.cacheManagerName = cacheManagerName;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		for (SecretsSpringCache cache : this.cacheManager.caches()) {
			// The tags that Spring Boot gives the meters of other caches.
			Tags tags = Tags.of("name", cache.getName(), "cache.manager", this.cacheManagerName);
			new OneCache(cache, tags).bindTo(registry);
		}
	}

	/**
	 * The meters of one kind.
	 */
	private static final class OneCache extends CacheMeterBinder<SecretsSpringCache> {

		private final SecretsSpringCache cache;

		private final SecretsCacheStatistics statistics;

		OneCache(SecretsSpringCache cache, Tags tags) {
			super(cache, cache.getName(), tags);
			this.cache = cache;
			this.statistics = cache.getNativeCache();
		}

		@Override
		protected Long size() {
			return (long) this.cache.size();
		}

		@Override
		protected long hitCount() {
			return this.statistics.hits();
		}

		@Override
		protected Long missCount() {
			return this.statistics.misses();
		}

		@Override
		protected @Nullable Long evictionCount() {
			return this.statistics.evictions();
		}

		@Override
		protected long putCount() {
			return this.statistics.loads();
		}

		@Override
		protected void bindImplementationSpecificMetrics(MeterRegistry registry) {
			FunctionCounter.builder("cache.gets.stale", this.statistics, SecretsCacheStatistics::staleHits)
				.tags(getTagsWithCacheName())
				.description("Hits that got a value past its TTL, because there was no newer one")
				.register(registry);
			load(registry, "success", SecretsCacheStatistics::loads);
			load(registry, "failure", SecretsCacheStatistics::failures);
			FunctionTimer
				.builder("cache.load.duration", this.statistics, (counted) -> counted.loads() + counted.failures(),
						(counted) -> counted.totalLoadTime().toNanos(), TimeUnit.NANOSECONDS)
				.tags(getTagsWithCacheName())
				.description("Time of upstream calls")
				.register(registry);
			TimeGauge
				.builder("cache.load.duration.max", this.statistics, TimeUnit.NANOSECONDS,
						(counted) -> counted.longestLoadTime().toNanos())
				.tags(getTagsWithCacheName())
				.description("Longest time of an upstream call")
				.register(registry);
		}

		private void load(MeterRegistry registry, String result, ToDoubleFunction<SecretsCacheStatistics> count) {
			// A registry holds the first of these weakly: it must be what stays.
			FunctionCounter.builder("cache.load", this.statistics, count)
				.tags(getTagsWithCacheName())
				.tag("result", result)
				.description("Upstream calls")
				.register(registry);
		}

	}

}
