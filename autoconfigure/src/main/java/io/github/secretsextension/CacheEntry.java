package io.github.secretsextension;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsException.Reason;

/**
 * What the cache knows about one key: the last good value, the last failure since then,
 * and when each of them was. Immutable.
 *
 * @param value the value, or {@code null} if there is none that could be served
 * @param loadedNanos the monotonic time at which the call for the value began
 * @param loadedMillis the wall-clock time of the same moment
 * @param outdated whether the next read asks upstream whatever the value's age
 * @param stale whether it was told that the value is served past its TTL
 * @param failure why the latest attempt failed, or {@code null} if it did not
 * @param failures how many attempts failed one after the other
 * @param failedNanos the monotonic time of the latest failure
 * @param failedMillis the wall-clock time of the same moment
 * @param backOffNanos how long after the latest failure no attempt is made
 */
record CacheEntry(@Nullable SecretValue value, long loadedNanos, long loadedMillis, boolean outdated, boolean stale,
		@Nullable SecretsException failure, int failures, long failedNanos, long failedMillis, long backOffNanos) {

	/** No key has ever been read: nothing to serve, nothing that failed. */
	static final CacheEntry NONE = new CacheEntry(null, 0, 0, false, false, null, 0, 0, 0, 0);

	static CacheEntry loaded(SecretValue value, long nanos, long millis) {
		return new CacheEntry(value, nanos, millis, false, false, null, 0, 0, 0, 0);
	}

	CacheEntry failed(SecretsException failure, boolean keepsValue, boolean stale, long nanos, long millis,
			long backOffNanos) {
		return new CacheEntry((keepsValue) ? this.value : null, this.loadedNanos, this.loadedMillis, this.outdated,
				this.stale || stale, failure, this.failures + 1, nanos, millis, backOffNanos);
	}

	CacheEntry outdate() {
		return new CacheEntry(this.value, this.loadedNanos, this.loadedMillis, true, this.stale, null, 0, 0, 0, 0);
	}

	/**
	 * Returns whether the latest attempt ended with an interrupt of the caller that made
	 * it, which tells others nothing.
	 */
	boolean isInterrupted() {
		return this.failure != null && this.failure.getReason() == Reason.INTERRUPTED;
	}

	/**
	 * Returns the age of the value: the larger of the monotonic and the wall-clock one.
	 * Where the wall clock runs backwards the value has at least reached its TTL.
	 * @param clock the clocks
	 * @param ttlNanos the TTL
	 * @return nanoseconds
	 */
	long age(SecretsClock clock, long ttlNanos) {
		return clock.since(this.loadedNanos, this.loadedMillis, ttlNanos);
	}

	/**
	 * Returns the time since the latest failure. Where the wall clock runs backwards the
	 * failure is forgotten.
	 * @param clock the clocks
	 * @return nanoseconds
	 */
	long sinceFailure(SecretsClock clock) {
		return clock.since(this.failedNanos, this.failedMillis, Long.MAX_VALUE);
	}

}
