package io.github.secretsextension;

import java.time.Duration;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counters of a {@link SecretsCache} for one kind of secret, which only grow. They
 * outlive the cache where another takes its place, as after a snapshot. Thread-safe.
 */
public final class SecretsCacheStatistics {

	private final LongAdder hits = new LongAdder();

	private final LongAdder staleHits = new LongAdder();

	private final LongAdder misses = new LongAdder();

	private final LongAdder loads = new LongAdder();

	private final LongAdder failures = new LongAdder();

	private final LongAdder evictions = new LongAdder();

	private final LongAdder loadNanos = new LongAdder();

	private final LongAccumulator longestLoadNanos = new LongAccumulator(Math::max, 0);

	/**
	 * Returns how many reads got a value without waiting for a call of their own or of
	 * another reader.
	 * @return hits, stale ones included
	 */
	public long hits() {
		return this.hits.sum();
	}

	/**
	 * Returns how many reads got a value that was past its TTL.
	 * @return stale hits
	 */
	public long staleHits() {
		return this.staleHits.sum();
	}

	/**
	 * Returns how many reads waited for a call, or got the memory of a failure.
	 * @return misses
	 */
	public long misses() {
		return this.misses.sum();
	}

	/**
	 * Returns how many upstream calls brought values; one call may bring several.
	 * @return successful calls
	 */
	public long loads() {
		return this.loads.sum();
	}

	/**
	 * Returns how many upstream calls failed.
	 * @return failed calls
	 */
	public long failures() {
		return this.failures.sum();
	}

	/**
	 * Returns how many values others pushed out.
	 * @return evictions
	 */
	public long evictions() {
		return this.evictions.sum();
	}

	/**
	 * Returns the time that upstream calls took, failed ones included.
	 * @return the sum over all calls
	 */
	public Duration totalLoadTime() {
		return Duration.ofNanos(this.loadNanos.sum());
	}

	/**
	 * Returns the time that the longest upstream call took.
	 * @return the longest time, zero before the first call
	 */
	public Duration longestLoadTime() {
		return Duration.ofNanos(this.longestLoadNanos.get());
	}

	void hit() {
		this.hits.increment();
	}

	void staleHit() {
		this.hits.increment();
		this.staleHits.increment();
	}

	void miss() {
		this.misses.increment();
	}

	void evicted() {
		this.evictions.increment();
	}

	void called(boolean success, long nanos) {
		((success) ? this.loads : this.failures).increment();
		this.loadNanos.add(nanos);
		this.longestLoadNanos.accumulate(nanos);
	}

}
