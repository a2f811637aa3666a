package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.function.Function;

import org.apache.commons.logging.Log;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsCacheSettings;
import io.github.secretsextension.SecretsException;

/**
 * A log of what happens in the cache: one warning at the beginning of a stale episode,
 * one line at its end. It names references, never values.
 */
final class CacheLog implements SecretsCacheSettings.Listener {

	private final Log log;

	private final SnapshotWatch snapshot;

	private final Function<SecretReference, String> names;

	private final StartLog start;

	/**
	 * Creates a log.
	 * @param log takes the lines
	 * @param snapshot learns the versions of values
	 * @param names tells how a value may be named
	 * @param start hears what is fetched at the start
	 */
	CacheLog(Log log, SnapshotWatch snapshot, Function<SecretReference, String> names, StartLog start) {
		this.log = log;
		this.snapshot = snapshot;
		this.names = names;
		this.start = start;
	}

	@Override
	public void onLoaded(SecretReference key, SecretValue value) {
		this.start.onLoaded();
		this.snapshot.onLoaded(key, value);
	}

	@Override
	public void onStale(SecretReference key, SecretsException failure) {
		this.log.warn("The value of '" + this.names.apply(key)
				+ "' is past its TTL and served on, because it cannot be read anew: " + failure.getProblem() + ". "
				+ failure.getAction());
	}

	@Override
	public void onRecovered(SecretReference key) {
		this.log.info("The value of '" + this.names.apply(key) + "' was read anew and is within its TTL again");
	}

	@Override
	public void onBatchRefused(Kind kind, SecretsException failure) {
		this.start.onBatchRefused(kind, failure);
	}

	@Override
	public void onPrefetched(Kind kind, int asked, int found, int calls, Duration time) {
		this.start.onPrefetched(kind, asked, found, calls, time);
	}

	@Override
	public void onPrefetchEnded() {
		this.start.onPrefetchEnded();
	}

}
