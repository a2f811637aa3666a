package io.github.secretsextension.actuate;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsCacheStatistics;

import org.springframework.cache.Cache;
import org.springframework.cache.CacheManager;

/**
 * A {@link CacheManager} with one read-only cache for each kind of secret. It is not
 * meant to become an application's own.
 */
public final class SecretsCacheManager implements CacheManager {

	private final Map<String, SecretsSpringCache> caches = new LinkedHashMap<>();

	/**
	 * Creates a cache manager.
	 * @param statistics the counters of each kind
	 * @param cache the cache, or {@code null} while there is none
	 */
	public SecretsCacheManager(Function<Kind, SecretsCacheStatistics> statistics,
			Supplier<@Nullable SecretsCache> cache) {
		for (Kind kind : Kind.values()) {
			String name = "secrets-extension." + kind + "s";
			this.caches.put(name, new SecretsSpringCache(name, kind, statistics.apply(kind), cache));
		}
	}

	@Override
	public @Nullable Cache getCache(String name) {
		return this.caches.get(name);
	}

	@Override
	public Collection<String> getCacheNames() {
		return this.caches.keySet();
	}

	Collection<SecretsSpringCache> caches() {
		return this.caches.values();
	}

}
