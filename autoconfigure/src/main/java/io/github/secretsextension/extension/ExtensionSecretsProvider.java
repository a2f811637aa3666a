package io.github.secretsextension.extension;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.MalformedJsonException;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;

/**
 * A provider that asks a running AWS Parameters and Secrets Lambda Extension, or AWS's
 * agent (Workload Credentials Provider), over HTTP. It keeps connections and nothing
 * else. Thread-safe; a read runs on the caller's thread and ends at its deadline or when
 * that thread is interrupted.
 */
public final class ExtensionSecretsProvider implements SecretsProvider {

	private static final long FIRST_PAUSE_MILLIS = 10;

	private static final long LONGEST_PAUSE_MILLIS = 200;

	private final ExtensionClientSettings settings;

	private final SecretsClock clock;

	private final ExtensionClient client;

	private final ExtensionFailures failures;

	private final Supplier<@Nullable String> tokens;

	/**
	 * Creates a provider. It connects at the first read.
	 * @param settings where to ask
	 * @param clock tells when a value was read, and when a deadline is over
	 */
	public ExtensionSecretsProvider(ExtensionClientSettings settings, SecretsClock clock) {
		this(settings, clock, () -> null);
	}

	/**
	 * Creates a provider whose token may change: an agent that starts anew has a new one.
	 * @param settings where to ask
	 * @param clock tells when a value was read, and when a deadline is over
	 * @param tokens supplies today's token once the latest was rejected, or {@code null}
	 */
	public ExtensionSecretsProvider(ExtensionClientSettings settings, SecretsClock clock,
			Supplier<@Nullable String> tokens) {
		this.settings = settings;
		this.tokens = tokens;
		this.clock = clock;
		this.client = new ExtensionClient(settings, clock);
		this.failures = new ExtensionFailures(settings);
	}

	@Override
	public SecretValue get(SecretReference reference) {
		return read(reference, target(reference.key()));
	}

	/**
	 * Returns the value past the other side's cache, where that can be asked for: the
	 * agent and this project's own endpoint offer it, the extension does not.
	 */
	@Override
	public SecretValue refresh(SecretReference reference) {
		String target = target(reference.key());
		try {
			return read(reference, target + '&' + ExtensionProtocol.REFRESH_NOW + "=true");
		}
		catch (SecretsException ex) {
			if (ex.getReason() != Reason.AMBIGUOUS) {
				throw ex;
			}
			// It may have been the parameter that it does not know.
			return read(reference, target);
		}
	}

	private static String target(SecretReference key) {
		boolean secret = key.kind() == Kind.SECRET;
		StringBuilder target = new StringBuilder(128)
			.append((secret) ? ExtensionProtocol.SECRET_PATH : ExtensionProtocol.PARAMETER_PATH);
		append(target, '?', (secret) ? ExtensionProtocol.SECRET_ID : ExtensionProtocol.NAME, key.id());
		append(target, '&', ExtensionProtocol.VERSION_STAGE, key.versionStage());
		append(target, '&', ExtensionProtocol.VERSION_ID, key.versionId());
		append(target, '&', ExtensionProtocol.VERSION, key.version());
		append(target, '&', ExtensionProtocol.LABEL, key.label());
		if (!secret && key.withDecryption()) {
			append(target, '&', ExtensionProtocol.WITH_DECRYPTION, "true");
		}
		return target.toString();
	}

	private static void append(StringBuilder target, char separator, String name, @Nullable Object value) {
		if (value != null) {
			target.append(separator).append(name).append('=');
			ExtensionProtocol.encode(value.toString(), target);
		}
	}

	private SecretValue read(SecretReference reference, String target) {
		Duration limit = (reference.kind() == Kind.SECRET) ? this.settings.secretDeadline()
				: this.settings.parameterDeadline();
		Deadline deadline = Deadline.after(this.clock, limit);
		String token = this.client.token();
		try {
			return read(reference, target, limit, deadline);
		}
		catch (SecretsException ex) {
			if (ex.getReason() != Reason.TOKEN_REJECTED || !isRenewed(token)) {
				throw ex;
			}
			return read(reference, target, limit, deadline);
		}
	}

	private boolean isRenewed(String rejected) {
		String token = this.client.token();
		if (token.equals(rejected)) {
			token = this.tokens.get();
			if (token == null || token.equals(rejected) || !ExtensionProtocol.isToken(token)) {
				return false;
			}
			this.client.token(token);
		}
		return true;
	}

	private SecretValue read(SecretReference reference, String target, Duration limit, Deadline deadline) {
		long startedNanos = this.clock.nanoTime();
		SecretsException notReady = null;
		for (long pause = FIRST_PAUSE_MILLIS;; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS)) {
			try {
				Instant now = Instant.ofEpochMilli(this.clock.currentTimeMillis());
				ExtensionAnswer answer = this.client.get(target, deadline);
				if (answer.status() == 200) {
					return value(reference, answer, now);
				}
				SecretsException failure = this.failures.answered(reference, answer);
				long waited = this.clock.nanoTime() - startedNanos;
				if (failure.getReason() != Reason.NOT_READY || waited >= this.settings.readyTimeout().toNanos()) {
					throw failure;
				}
				notReady = failure;
				if (deadline.remainingMillis((int) pause + 1) <= pause) {
					throw failure;
				}
				Thread.sleep(pause);
			}
			catch (SocketTimeoutException ex) {
				// That it is not ready says more than that the time for it is over.
				throw (notReady != null) ? notReady : this.failures.unanswered(reference, limit, ex);
			}
			catch (IOException ex) {
				throw (this.client.isClosed() && !Thread.currentThread().isInterrupted())
						? this.failures.closed(reference) : this.failures.unanswered(reference, limit, ex);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw this.failures.interrupted(reference);
			}
		}
	}

	private SecretValue value(SecretReference reference, ExtensionAnswer answer, Instant now) {
		SecretValue.Builder read;
		try {
			read = ExtensionBodies.read(reference.kind(), answer.text());
		}
		catch (MalformedJsonException | IllegalArgumentException | CharacterCodingException ex) {
			throw this.failures.badAnswer(reference, "what it answered is no answer of an extension");
		}
		if (read == null) {
			throw this.failures.badAnswer(reference, "its answer holds no value");
		}
		SecretValue value = read.loadedAt(now).build();
		if (!reference.isAnsweredBy(value.name(), value.arn())) {
			throw this.failures.badAnswer(reference, "its answer is about another one");
		}
		if (!reference.isAnsweredByVersion(value.versionId(), value.version())) {
			throw this.failures.badAnswer(reference, "its answer is about another version");
		}
		return value;
	}

	/**
	 * Closes all connections; reads under way and later ones fail.
	 */
	@Override
	public void close() {
		this.client.close();
	}

	@Override
	public String toString() {
		return "ExtensionSecretsProvider[" + this.settings.address() + "]";
	}

}
