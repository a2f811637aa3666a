package io.github.secretsextension;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsCall.Outcome;
import io.github.secretsextension.SecretsException.Reason;

/**
 * Counters of a {@link SecretsCache} for one kind of secret, which only grow. They
 * outlive the cache where another takes its place, as after a snapshot. Thread-safe.
 */
public final class SecretsCacheStatistics {

	private final LongAdder hits = new LongAdder();

	private final LongAdder staleHits = new LongAdder();

	private final LongAdder misses = new LongAdder();

	private final LongAdder evictions = new LongAdder();

	private final Map<Outcome, Calls> calls = new EnumMap<>(Outcome.class);

	private final LongAccumulator longestLoadNanos = new LongAccumulator(Math::max, 0);

	private final LongAccumulator lastLoadMillis = new LongAccumulator(Math::max, Long.MIN_VALUE);

	private volatile @Nullable Supplier<SecretsCall> observer;

	/**
	 * Creates counters at zero.
	 */
	public SecretsCacheStatistics() {
		for (Outcome outcome : Outcome.values()) {
			this.calls.put(outcome, new Calls(new LongAdder(), new LongAdder()));
		}
	}

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
		return calls(Outcome.SUCCESS);
	}

	/**
	 * Returns how many upstream calls failed.
	 * @return failed calls
	 */
	public long failures() {
		return this.calls.values().stream().mapToLong((counted) -> counted.count().sum()).sum() - loads();
	}

	/**
	 * Returns how many upstream calls had one outcome.
	 * @param outcome the outcome
	 * @return such calls
	 */
	public long calls(Outcome outcome) {
		return counted(outcome).count().sum();
	}

	/**
	 * Returns the time that the upstream calls of one outcome took.
	 * @param outcome the outcome
	 * @return the sum over such calls
	 */
	public Duration callTime(Outcome outcome) {
		return Duration.ofNanos(counted(outcome).nanos().sum());
	}

	private Calls counted(Outcome outcome) {
		return Objects.requireNonNull(this.calls.get(outcome));
	}

	/**
	 * Returns when the latest successful upstream call ended.
	 * @return the moment, or {@code null} before the first
	 */
	public @Nullable Instant lastLoad() {
		long millis = this.lastLoadMillis.get();
		return (millis != Long.MIN_VALUE) ? Instant.ofEpochMilli(millis) : null;
	}

	/**
	 * Lets an observer watch each upstream call from now on.
	 * @param observer makes a watch for each call
	 */
	public void observe(Supplier<SecretsCall> observer) {
		this.observer = observer;
	}

	/**
	 * Returns the watch for a call that the current thread causes.
	 * @return the watch, or {@code null} if nobody watches
	 */
	@Nullable SecretsCall call() {
		Supplier<SecretsCall> observer = this.observer;
		return (observer != null) ? observer.get() : null;
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
		return Duration.ofNanos(this.calls.values().stream().mapToLong((counted) -> counted.nanos().sum()).sum());
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

	void called(@Nullable Reason failure, long nanos, long nowMillis) {
		Calls calls = counted(Outcome.of(failure));
		calls.count().increment();
		calls.nanos().add(nanos);
		this.longestLoadNanos.accumulate(nanos);
		if (failure == null) {
			this.lastLoadMillis.accumulate(nowMillis);
		}
	}

	/**
	 * The calls of one outcome.
	 */
	private record Calls(LongAdder count, LongAdder nanos) {

	}

}
