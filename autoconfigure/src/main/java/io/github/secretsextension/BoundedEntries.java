package io.github.secretsextension;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentMap;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a cache that keeps values, bounded by number and bytes. The only class
 * that uses Caffeine.
 */
final class BoundedEntries {

	private final SecretsCacheSettings settings;

	private BoundedEntries(SecretsCacheSettings settings) {
		this.settings = settings;
	}

	static ConcurrentMap<SecretReference, CompletableFuture<CacheEntry>> create(SecretsCacheSettings settings) {
		CacheWeigher weigher = new CacheWeigher(settings.size(), settings.maxBytes(), settings.pinned());
		return Caffeine.newBuilder()
			.weigher(weigher)
			.maximumWeight(weigher.bound())
			.executor(Runnable::run)
			.evictionListener(new BoundedEntries(settings)::onEviction)
			.<SecretReference, CacheEntry>buildAsync()
			.asMap();
	}

	private void onEviction(@Nullable SecretReference key, @Nullable CacheEntry entry, RemovalCause cause) {
		if (key != null && entry != null && entry.value() != null) {
			this.settings.of(key.kind()).statistics().evicted();
		}
	}

}
