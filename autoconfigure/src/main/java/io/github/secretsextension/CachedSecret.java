package io.github.secretsextension;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsException.Reason;

/**
 * What a {@link SecretsCache} knows of one key at one moment, all but the value.
 *
 * @param key the key
 * @param state how the value stands
 * @param age the age of the value, or {@code null} if there is none
 * @param ttlLeft how long it is served without asking, or {@code null} if there is none
 * @param versionId the version of a secret, where upstream told it
 * @param version the version of a parameter, where upstream told it
 * @param failure the latest attempt, if it failed
 */
public record CachedSecret(SecretReference key, State state, @Nullable Duration age, @Nullable Duration ttlLeft,
		@Nullable String versionId, @Nullable Long version, @Nullable Failure failure) {

	static CachedSecret of(SecretReference key, CacheEntry entry, CacheRules rules, SecretsClock clock) {
		SecretValue value = entry.value();
		long age = entry.age(clock, rules.ttl());
		SecretsException failed = entry.failure();
		boolean servable = rules.isServable(entry, age, (failed != null) ? failed.getReason() : null);
		Failure failure = null;
		if (failed != null) {
			long ago = entry.sinceFailure(clock);
			failure = new Failure(failed.getReason(), entry.failures(), Duration.ofNanos(ago),
					Duration.ofNanos(Math.max(0, CacheRules.backOff(entry, servable) - ago)));
		}
		State state = state(entry, rules.isFresh(entry, age), servable);
		if (value == null) {
			return new CachedSecret(key, state, null, null, null, null, failure);
		}
		long left = (state == State.FRESH) ? rules.ttl() - age : 0;
		return new CachedSecret(key, state, Duration.ofNanos(age), Duration.ofNanos(left), value.versionId(),
				value.version(), failure);
	}

	private static State state(CacheEntry entry, boolean fresh, boolean servable) {
		if (entry.value() == null) {
			return (entry.failure() != null) ? State.FAILING : State.LOADING;
		}
		if (fresh) {
			return State.FRESH;
		}
		return (entry.failure() == null) ? State.EXPIRED : (servable) ? State.STALE : State.FAILING;
	}

	/**
	 * How a value stands.
	 */
	public enum State {

		/** There is none yet, and a call is under way. */
		LOADING,

		/** It is within its TTL. */
		FRESH,

		/** It is past its TTL or was outdated: the next read asks upstream. */
		EXPIRED,

		/** It is past its TTL, and served because the latest attempt failed. */
		STALE,

		/** There is none to serve, because the latest attempt failed. */
		FAILING

	}

	/**
	 * A failed attempt.
	 *
	 * @param reason the class of failure
	 * @param attempts how many attempts failed one after the other
	 * @param ago how long ago it failed
	 * @param pause how long no attempt is made from now on
	 */
	public record Failure(Reason reason, int attempts, Duration ago, Duration pause) {

	}

}
