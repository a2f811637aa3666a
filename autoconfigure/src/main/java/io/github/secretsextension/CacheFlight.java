package io.github.secretsextension;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * A call under way, or one that ended: what the cache holds for a key.
 */
final class CacheFlight extends CompletableFuture<CacheEntry> {

	/** A second refresh within this time gets the first one's result. */
	private static final long REFRESH_INTERVAL = TimeUnit.SECONDS.toNanos(1);

	private final long startedNanos;

	private final long startedMillis;

	private final boolean refresh;

	private volatile CacheEntry previous;

	private CacheFlight(CacheEntry previous, long startedNanos, long startedMillis, boolean refresh) {
		this.previous = previous;
		this.startedNanos = startedNanos;
		this.startedMillis = startedMillis;
		this.refresh = refresh;
	}

	CacheFlight(CacheEntry previous, SecretsClock clock, boolean refresh) {
		this(previous, clock.nanoTime(), clock.currentTimeMillis(), refresh);
	}

	static CacheFlight landed(CacheEntry entry) {
		CacheFlight flight = new CacheFlight(CacheEntry.NONE, 0, 0, false);
		flight.complete(entry);
		return flight;
	}

	/**
	 * Returns what is known without the call, should it still be under way.
	 * @param flight the call, or {@code null} if there is none
	 * @return the entry
	 */
	static CacheEntry entry(@Nullable CompletableFuture<CacheEntry> flight) {
		if (flight == null) {
			return CacheEntry.NONE;
		}
		// In this order: a flight that lands forgets what was before it.
		CacheEntry previous = ((CacheFlight) flight).previous();
		return (flight.isDone()) ? flight.join() : previous;
	}

	/**
	 * Ends the call and forgets what was before it: a value that was replaced or is gone
	 * must not stay in memory.
	 */
	boolean land(CacheEntry entry) {
		boolean first = complete(entry);
		this.previous = CacheEntry.NONE;
		return first;
	}

	/**
	 * Returns what was known before the call, nothing once it ended.
	 */
	CacheEntry previous() {
		return this.previous;
	}

	long startedNanos() {
		return this.startedNanos;
	}

	boolean isShared(SecretsClock clock) {
		return this.refresh && (!isDone() || (!join().isInterrupted()
				&& clock.since(this.startedNanos, this.startedMillis, Long.MAX_VALUE) < REFRESH_INTERVAL));
	}

}
