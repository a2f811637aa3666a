package io.github.secretsextension.actuate;

import java.util.concurrent.Callable;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsCacheStatistics;

import org.springframework.cache.Cache;

/**
 * A view of one kind of cached secrets as a Spring {@link Cache}, for those who look at
 * caches and empty them. Evicting and clearing mean that the next read asks upstream;
 * values can neither be had here nor put in. Thread-safe.
 */
final class SecretsSpringCache implements Cache {

	private final String name;

	private final Kind kind;

	private final SecretsCacheStatistics statistics;

	private final Supplier<@Nullable SecretsCache> cache;

	SecretsSpringCache(String name, Kind kind, SecretsCacheStatistics statistics,
			Supplier<@Nullable SecretsCache> cache) {
		this.name = name;
		this.kind = kind;
		this.statistics = statistics;
		this.cache = cache;
	}

	@Override
	public String getName() {
		return this.name;
	}

	/**
	 * Returns the counters of the cache, since the cache itself would give out values.
	 */
	@Override
	public SecretsCacheStatistics getNativeCache() {
		return this.statistics;
	}

	/**
	 * Makes the next read of one reference ask upstream.
	 * @param key a {@link SecretReference}, or one as it is written; one of another kind
	 * has no effect
	 */
	@Override
	public void evict(Object key) {
		evictIfPresent(key);
	}

	@Override
	public boolean evictIfPresent(Object key) {
		SecretReference reference = (key instanceof SecretReference known) ? known
				: SecretReference.parse(String.valueOf(key));
		SecretsCache cache = this.cache.get();
		return cache != null && reference.kind() == this.kind && cache.outdate(reference);
	}

	/**
	 * Makes the next read of each reference ask upstream.
	 */
	@Override
	public void clear() {
		invalidate();
	}

	@Override
	public boolean invalidate() {
		SecretsCache cache = this.cache.get();
		return cache != null && cache.outdateAll(this.kind);
	}

	/**
	 * Returns how many values are kept.
	 */
	int size() {
		SecretsCache cache = this.cache.get();
		return (cache != null) ? cache.size(this.kind) : 0;
	}

	@Override
	public @Nullable ValueWrapper get(Object key) {
		throw unsupported();
	}

	@Override
	public <T> @Nullable T get(Object key, @Nullable Class<T> type) {
		throw unsupported();
	}

	@Override
	public <T> @Nullable T get(Object key, Callable<T> valueLoader) {
		throw unsupported();
	}

	@Override
	public void put(Object key, @Nullable Object value) {
		throw unsupported();
	}

	private static UnsupportedOperationException unsupported() {
		return new UnsupportedOperationException(
				"This cache shows no values and takes none: read with SecretsProvider.get(…) or text(…)");
	}

}
