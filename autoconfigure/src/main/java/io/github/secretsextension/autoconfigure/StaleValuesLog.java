package io.github.secretsextension.autoconfigure;

import org.apache.commons.logging.Log;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsException;

/**
 * A log of values that are served past their TTL: one warning at the beginning, one line
 * at the end.
 */
final class StaleValuesLog implements SecretsCache.Listener {

	private final Log log;

	StaleValuesLog(Log log) {
		this.log = log;
	}

	@Override
	public void onStale(SecretReference key, SecretsException failure) {
		this.log.warn("The value of '" + key + "' is past its TTL and served on, because it cannot be read anew: "
				+ failure.getProblem() + ". " + failure.getAction());
	}

	@Override
	public void onRecovered(SecretReference key) {
		this.log.info("The value of '" + key + "' was read anew and is within its TTL again");
	}

}
