package io.github.secretsextension;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsException.Reason;

/**
 * The rules by which a cached value is served, and a failure remembered, for one kind of
 * secret. Every method is a pure function.
 */
final class CacheRules {

	private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

	private static final int LONGEST_WAIT_WITHOUT_VALUE_SECONDS = 5;

	private static final int LONGEST_WAIT_WITH_VALUE_SECONDS = 128;

	private static final double MOST_JITTER = 0.2;

	private static final double FIRST_REFRESH = 0.8;

	private static final double REFRESH_SPREAD = 0.15;

	private final long ttl;

	private final long maxStale;

	/**
	 * Creates the rules.
	 * @param ttl how long a value is served without asking
	 * @param maxStale how much longer it is served while upstream fails
	 */
	CacheRules(Duration ttl, Duration maxStale) {
		this.ttl = TimeUnit.NANOSECONDS.convert(ttl);
		this.maxStale = TimeUnit.NANOSECONDS.convert(maxStale);
	}

	static CacheRules of(SecretsCacheSettings settings, Kind kind) {
		return new CacheRules((settings.isCaching(kind)) ? settings.of(kind).ttl() : Duration.ZERO,
				settings.maxStale());
	}

	long ttl() {
		return this.ttl;
	}

	/**
	 * Returns whether values are kept at all.
	 * @return {@code false} if each read asks upstream
	 */
	boolean isCaching() {
		return this.ttl > 0;
	}

	/**
	 * Returns when a fresh value is refreshed in the background, spread over the keys so
	 * that they do not all ask at once.
	 * @param key a key
	 * @return an age from 80 to 95 % of the TTL
	 */
	long refreshAt(SecretReference key) {
		double spread = (key.hashCode() & 0xffff) / (double) 0xffff;
		return (long) (this.ttl * (FIRST_REFRESH + REFRESH_SPREAD * spread));
	}

	/**
	 * Decides on a read.
	 * @param entry what is known
	 * @param age the age of the value, without meaning if there is none
	 * @param sinceFailure the time since the latest failure, without meaning if there is
	 * none
	 * @param refreshAt the age from which a fresh value is refreshed in the background
	 * @return what to do
	 */
	Decision decide(CacheEntry entry, long age, long sinceFailure, long refreshAt) {
		boolean failing = entry.failure() != null;
		if (isFresh(entry, age)) {
			boolean refresh = age >= refreshAt && !(failing && sinceFailure < entry.backOffNanos());
			return (refresh) ? Decision.SERVE_AND_LOAD : Decision.SERVE;
		}
		SecretsException failure = entry.failure();
		boolean servable = isServable(entry, age, (failure != null) ? failure.getReason() : null);
		if (!failing) {
			return Decision.LOAD_AND_WAIT;
		}
		if (sinceFailure < backOff(entry, servable)) {
			return (servable) ? Decision.SERVE : Decision.FAIL;
		}
		return (servable) ? Decision.SERVE_AND_LOAD : Decision.LOAD_AND_WAIT;
	}

	/**
	 * Returns whether a value may be served without asking.
	 * @param entry what is known
	 * @param age the age of the value
	 * @return {@code true} within the TTL
	 */
	boolean isFresh(CacheEntry entry, long age) {
		return entry.value() != null && !entry.outdated() && age < this.ttl;
	}

	/**
	 * Returns whether an old value may be served while upstream fails or is late.
	 * @param entry what is known
	 * @param age the age of the value
	 * @param reason how upstream fails, or {@code null} if it is late
	 * @return {@code true} up to max-stale past the TTL, or to one TTL past it where
	 * upstream does not tell whether the secret is still there
	 */
	boolean isServable(CacheEntry entry, long age, @Nullable Reason reason) {
		long longest = (reason == Reason.AMBIGUOUS) ? Math.min(this.ttl, this.maxStale) : this.maxStale;
		return entry.value() != null && isCaching() && age - this.ttl <= longest;
	}

	/**
	 * Returns how long after its latest failure no attempt is made for an entry.
	 * @param entry what is known
	 * @param servable whether there is a value to serve meanwhile
	 * @return nanoseconds
	 */
	static long backOff(CacheEntry entry, boolean servable) {
		return (servable) ? entry.backOffNanos()
				: Math.min(entry.backOffNanos(), LONGEST_WAIT_WITHOUT_VALUE_SECONDS * SECOND);
	}

	/**
	 * Returns how long no attempt is made after a failure.
	 * @param reason the class of failure
	 * @param failures how many attempts failed one after the other, this one included
	 * @param keepsValue whether there is an old value to serve meanwhile
	 * @param jitter a random number from 0 to 1
	 * @return nanoseconds
	 */
	static long backOff(Reason reason, int failures, boolean keepsValue, double jitter) {
		if (reason == Reason.NOT_READY || reason == Reason.INTERRUPTED) {
			// The next moment may be another: this is not remembered.
			return 0;
		}
		if (reason == Reason.NOT_FOUND) {
			return LONGEST_WAIT_WITHOUT_VALUE_SECONDS * SECOND;
		}
		int longest = (keepsValue) ? LONGEST_WAIT_WITH_VALUE_SECONDS : LONGEST_WAIT_WITHOUT_VALUE_SECONDS;
		long backOff = Math.min(1L << Math.min(failures - 1, 7), longest) * SECOND;
		return (keepsValue) ? backOff + (long) (backOff * MOST_JITTER * jitter) : backOff;
	}

	/**
	 * What to do with a read.
	 */
	enum Decision {

		/** Serve the value. */
		SERVE,

		/** Serve the value and start a load, unless one is under way. */
		SERVE_AND_LOAD,

		/** Start a load, or join the one under way, and wait for it. */
		LOAD_AND_WAIT,

		/** Fail as the latest attempt did. */
		FAIL;

		boolean serves() {
			return this == SERVE || this == SERVE_AND_LOAD;
		}

		boolean loads() {
			return this == SERVE_AND_LOAD || this == LOAD_AND_WAIT;
		}

	}

}
