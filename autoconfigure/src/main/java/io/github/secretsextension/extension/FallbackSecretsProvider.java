package io.github.secretsextension.extension;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;

/**
 * A provider that asks the extension or agent, and whenever that cannot answer the
 * in-process provider. What is at hand in-process within its TTL is served first. How
 * long the other side is left alone depends on how it failed:
 * <ul>
 * <li>not ready: it is asked at the next read;</li>
 * <li>nothing listens: after 1 s, then every 60 s;</li>
 * <li>it rejects the token: never again;</li>
 * <li>it has no values of this kind, or they are another region's or account's: never
 * again for that kind;</li>
 * <li>it does not tell what is wrong: for one TTL, for that value;</li>
 * <li>it is late, overloaded or broken: 1 s, doubling to 60 s.</li>
 * </ul>
 * A value that it says is gone or denied is not asked for in-process. Thread-safe.
 */
public final class FallbackSecretsProvider implements SecretsProvider {

	private static final long SHORTEST_PAUSE = TimeUnit.SECONDS.toNanos(1);

	private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(60);

	private static final int MOST_KEYS = 1000;

	private final SecretsProvider remote;

	private final SecretsProvider embedded;

	private final SecretsClock clock;

	private final Function<Kind, Duration> ttl;

	private final Listener listener;

	private final AnswerOrigins origins = new AnswerOrigins();

	private final Set<Kind> unsupported = ConcurrentHashMap.newKeySet();

	private final Map<SecretReference, Pause> keys = new ConcurrentHashMap<>();

	private volatile boolean rejected;

	private volatile @Nullable Pause pause;

	/**
	 * Creates a provider.
	 * @param remote asks the extension or agent
	 * @param embedded asks AWS, behind a cache
	 * @param clock the clocks by which a pause ends
	 * @param ttl how long a value of a kind is served
	 * @param listener hears whom a value came from
	 */
	public FallbackSecretsProvider(SecretsProvider remote, SecretsProvider embedded, SecretsClock clock,
			Function<Kind, Duration> ttl, Listener listener) {
		this.remote = remote;
		this.embedded = embedded;
		this.clock = clock;
		this.ttl = ttl;
		this.listener = listener;
	}

	/**
	 * Returns the provider that asks the extension or agent.
	 * @return what is asked first
	 */
	public SecretsProvider remote() {
		return this.remote;
	}

	/**
	 * Returns the in-process provider.
	 * @return what is asked when the other side cannot answer
	 */
	public SecretsProvider embedded() {
		return this.embedded;
	}

	@Override
	public SecretValue get(SecretReference reference) {
		SecretValue fresh = getIfFresh(reference);
		if (fresh != null) {
			return fresh;
		}
		Pause seen = this.pause;
		if (isAsked(reference.key(), seen)) {
			try {
				SecretValue value = this.remote.get(reference);
				this.pause = null;
				if (!this.origins.isForeign(reference, value)) {
					return value;
				}
				failed(reference.key(), foreign(reference, value), seen);
			}
			catch (SecretsException ex) {
				failed(reference.key(), ex, seen);
				if (!ex.getReason().isTransient() || ex.getReason() == Reason.INTERRUPTED) {
					throw ex;
				}
			}
		}
		this.listener.onFallback(reference.kind());
		SecretValue value = this.embedded.get(reference);
		this.origins.learn(reference, value);
		return value;
	}

	private SecretsException foreign(SecretReference reference, SecretValue value) {
		return new SecretsException(Reason.UNSUPPORTED, reference,
				"The extension or agent reads a " + reference.kind() + " by its name from "
						+ AnswerOrigins.origin(reference, value) + ", this application's own clients from "
						+ this.origins.known(reference.kind()) + ": it is not asked for one any more",
				"Let both have one region and one identity, or set 'secrets-extension.mode=embedded'.");
	}

	@Override
	public @Nullable SecretValue getIfFresh(SecretReference reference) {
		SecretValue fresh = this.embedded.getIfFresh(reference);
		if (fresh != null) {
			// It may have been read ahead.
			this.origins.learn(reference, fresh);
			return fresh;
		}
		SecretValue other = this.remote.getIfFresh(reference);
		return (other == null || this.origins.isForeign(reference, other)) ? null : other;
	}

	private boolean isAsked(SecretReference key, @Nullable Pause pause) {
		if (this.rejected || this.unsupported.contains(key.kind()) || !isOver(pause)) {
			return false;
		}
		Pause own = this.keys.get(key);
		if (own != null && isOver(own)) {
			this.keys.remove(key, own);
			return true;
		}
		return own == null;
	}

	private boolean isOver(@Nullable Pause pause) {
		return pause == null || this.clock.since(pause.nanos(), pause.millis(), Long.MAX_VALUE) >= pause.length();
	}

	private void failed(SecretReference key, SecretsException failure, @Nullable Pause seen) {
		Reason reason = failure.getReason();
		if (reason == Reason.INTERRUPTED) {
			return;
		}
		switch (reason) {
			case TOKEN_REJECTED -> this.rejected = true;
			case UNSUPPORTED -> this.unsupported.add(key.kind());
			case AMBIGUOUS -> {
				if (this.keys.size() >= MOST_KEYS) {
					this.keys.clear();
				}
				this.keys.put(key, pause(TimeUnit.NANOSECONDS.convert(this.ttl.apply(key.kind()))));
				this.pause = null;
			}
			case UNREACHABLE -> leaveAlone(seen, (seen == null) ? SHORTEST_PAUSE : LONGEST_PAUSE);
			case TIMEOUT, THROTTLED, SERVICE_ERROR ->
				leaveAlone(seen, (seen == null) ? SHORTEST_PAUSE : Math.min(2 * seen.length(), LONGEST_PAUSE));
			// It lives, so that a later failure is a first one.
			case NOT_READY, CREDENTIALS, NOT_FOUND, DENIED -> this.pause = null;
			default -> {
				// This call only.
			}
		}
		if (reason.isTransient()) {
			this.listener.onRemoteFailure(failure);
		}
	}

	/**
	 * Begins a pause, unless another reader did so meanwhile.
	 */
	private synchronized void leaveAlone(@Nullable Pause seen, long length) {
		if (this.pause == seen) {
			this.pause = pause(length);
		}
	}

	private Pause pause(long length) {
		return new Pause(this.clock.nanoTime(), this.clock.currentTimeMillis(), length);
	}

	/**
	 * Returns the value anew from AWS: the extension would answer from its own cache.
	 */
	@Override
	public SecretValue refresh(SecretReference reference) {
		return this.embedded.refresh(reference);
	}

	/**
	 * Asks the extension for one reference. If it cannot answer, all are read in-process,
	 * in the background; else there is no need to read ahead but for its own cache here.
	 */
	@Override
	public void prefetch(Collection<SecretReference> references, boolean batch) {
		if (references.isEmpty()) {
			return;
		}
		SecretReference first = references.iterator().next();
		((answers(first)) ? this.remote : this.embedded).prefetch(references, batch);
	}

	private boolean answers(SecretReference reference) {
		Pause seen = this.pause;
		if (!isAsked(reference.key(), seen)) {
			return false;
		}
		try {
			this.remote.get(reference);
			return true;
		}
		catch (SecretsException ex) {
			failed(reference.key(), ex, seen);
			return !ex.getReason().isTransient();
		}
	}

	@Override
	public void close() {
		this.remote.close();
		this.embedded.close();
	}

	/**
	 * Hears whom values come from. It must neither block nor read.
	 */
	public interface Listener {

		/**
		 * Hears that the extension or agent could not answer.
		 * @param failure how it failed
		 */
		void onRemoteFailure(SecretsException failure);

		/**
		 * Hears that a value is asked for in-process, without or after such a failure.
		 * @param kind the kind of value
		 */
		void onFallback(Kind kind);

	}

	/**
	 * A time in which nothing is asked.
	 */
	private record Pause(long nanos, long millis, long length) {

	}

}
