package io.github.secretsextension;

import java.time.Duration;
import java.util.function.Predicate;

import io.github.secretsextension.SecretReference.Kind;

/**
 * Settings of a {@link SecretsCache}.
 *
 * @param secrets settings of secrets
 * @param parameters settings of parameters
 * @param size how many values are kept; zero does not cache
 * @param maxBytes how many bytes of memory the values may take
 * @param maxStale how long past its TTL a value is served while upstream fails
 * @param staleWait how long a reader waits for a newer value where there is an old one
 * @param refreshAhead whether a value is refreshed in the background before its TTL ends
 * @param allowed what may be read
 * @param pinned tells the keys that others do not push out, up to half of the bytes
 * @param listener hears what happens to values
 */
public record SecretsCacheSettings(KindSettings secrets, KindSettings parameters, int size, long maxBytes,
		Duration maxStale, Duration staleWait, boolean refreshAhead, AllowedSecrets allowed,
		Predicate<SecretReference> pinned, Listener listener) {

	KindSettings of(Kind kind) {
		return (kind == Kind.SECRET) ? this.secrets : this.parameters;
	}

	boolean isCaching() {
		return isCaching(Kind.SECRET) || isCaching(Kind.PARAMETER);
	}

	boolean isCaching(Kind kind) {
		return this.size > 0 && !of(kind).ttl().isZero();
	}

	/**
	 * Settings of one kind of secret.
	 *
	 * @param ttl how long a value is served; zero does not cache
	 * @param deadline how long an upstream call may take, queue included; zero for no
	 * limit
	 * @param statistics counts what happens
	 */
	public record KindSettings(Duration ttl, Duration deadline, SecretsCacheStatistics statistics) {

		/**
		 * Creates settings with statistics of their own.
		 * @param ttl how long a value is served; zero does not cache
		 * @param deadline how long an upstream call may take, queue included; zero for no
		 * limit
		 */
		public KindSettings(Duration ttl, Duration deadline) {
			this(ttl, deadline, new SecretsCacheStatistics());
		}

	}

	/**
	 * What happens to the values of a cache. A listener is called by the thread that
	 * caused it, and must neither block nor read the cache.
	 */
	public interface Listener {

		/**
		 * Hears that a value came from upstream, before anyone reads it.
		 * @param key the value's key
		 * @param value the value
		 */
		default void onLoaded(SecretReference key, SecretValue value) {
		}

		/**
		 * Hears that a value past its TTL will be served, once until it was read anew.
		 * @param key the value's key
		 * @param failure why there is no newer one
		 */
		default void onStale(SecretReference key, SecretsException failure) {
		}

		/**
		 * Hears that such a value was read anew.
		 * @param key the value's key
		 */
		default void onRecovered(SecretReference key) {
		}

		/**
		 * Hears that a call for several values failed, and that they are read one by one.
		 * @param kind the kind of values
		 * @param failure why it failed
		 */
		default void onBatchRefused(Kind kind, SecretsException failure) {
		}

		/**
		 * Hears that a prefetch of one kind ended.
		 * @param kind the kind of values
		 * @param asked how many values it was to fetch
		 * @param found how many it fetched
		 * @param calls how many upstream calls it made
		 * @param time how long it took, the creation of the client included
		 */
		default void onPrefetched(Kind kind, int asked, int found, int calls, Duration time) {
		}

		/**
		 * Hears that a prefetch of all kinds ended.
		 */
		default void onPrefetchEnded() {
		}

	}

}
