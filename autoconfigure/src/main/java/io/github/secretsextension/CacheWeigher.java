package io.github.secretsextension;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

import com.github.benmanes.caffeine.cache.Weigher;

/**
 * A weigher that bounds number and bytes at once: an entry weighs its bytes, but at least
 * its share of the bound. Pinned entries weigh nothing up to half of the bound.
 */
final class CacheWeigher implements Weigher<SecretReference, CacheEntry> {

	/** What an entry takes beside its value: keys, clocks, names. */
	private static final int OVERHEAD = 512;

	private final long bound;

	private final long least;

	private final Predicate<SecretReference> pinned;

	private final Map<SecretReference, Long> pinnedWeights = new HashMap<>();

	private long pinnedWeight;

	/**
	 * Creates a weigher.
	 * @param size the largest number of entries
	 * @param bytes the largest number of bytes
	 * @param pinned tells the keys that stay
	 */
	CacheWeigher(int size, long bytes, Predicate<SecretReference> pinned) {
		this.least = Math.max(1, bytes / size);
		// Not less than the size, or entries without weight would not fit.
		this.bound = Math.max(bytes, size);
		this.pinned = pinned;
	}

	long bound() {
		return this.bound;
	}

	@Override
	public int weigh(SecretReference key, CacheEntry entry) {
		SecretValue value = entry.value();
		long bytes = OVERHEAD + ((value != null) ? value.sizeInBytes() : 0);
		int weight = (int) Math.min(Integer.MAX_VALUE, Math.max(this.least, bytes));
		return (this.pinned.test(key) && pin(key, weight)) ? 0 : weight;
	}

	private synchronized boolean pin(SecretReference key, long weight) {
		Long old = this.pinnedWeights.remove(key);
		this.pinnedWeight -= (old != null) ? old : 0;
		if (this.pinnedWeight + weight > this.bound / 2) {
			return false;
		}
		this.pinnedWeights.put(key, weight);
		this.pinnedWeight += weight;
		return true;
	}

}
