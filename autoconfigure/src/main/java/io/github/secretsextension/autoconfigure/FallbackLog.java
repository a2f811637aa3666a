package io.github.secretsextension.autoconfigure;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

import org.apache.commons.logging.Log;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCacheStatistics;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.extension.FallbackSecretsProvider;

/**
 * A log and a count of what the extension or agent could not answer: each class of
 * failure is logged once. Thread-safe.
 */
final class FallbackLog implements FallbackSecretsProvider.Listener {

	private final OnceLog log;

	private final Map<Kind, LongAdder> fallbacks = new EnumMap<>(Kind.class);

	private final Map<Kind, SecretsCacheStatistics> remote = new EnumMap<>(Kind.class);

	FallbackLog(Log log) {
		this.log = new OnceLog(log);
		for (Kind kind : Kind.values()) {
			this.fallbacks.put(kind, new LongAdder());
			this.remote.put(kind, new SecretsCacheStatistics());
		}
	}

	@Override
	public void onRemoteFailure(SecretsException failure) {
		// The same reason, but of one kind each.
		Object topic = (failure.getReason() == Reason.UNSUPPORTED) ? failure.getProblem() : failure.getReason();
		this.log.info(topic,
				"Values are read in-process while the extension or agent cannot answer: " + failure.getProblem());
	}

	@Override
	public void onFallback(Kind kind) {
		Objects.requireNonNull(this.fallbacks.get(kind)).increment();
	}

	/**
	 * Returns how many values of a kind were asked for in-process.
	 */
	long fallbacks(Kind kind) {
		return Objects.requireNonNull(this.fallbacks.get(kind)).sum();
	}

	/**
	 * Returns what counts the calls to the extension or agent.
	 */
	SecretsCacheStatistics remote(Kind kind) {
		return Objects.requireNonNull(this.remote.get(kind));
	}

}
