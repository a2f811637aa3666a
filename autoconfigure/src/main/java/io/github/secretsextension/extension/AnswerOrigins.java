package io.github.secretsextension.extension;

import java.util.concurrent.atomic.AtomicReferenceArray;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;

/**
 * The region and account, by kind, that the in-process provider reads names from. A name
 * means another secret in another region or account. Thread-safe.
 */
final class AnswerOrigins {

	private static final int REGION = 3;

	private static final int ACCOUNT = 4;

	private final AtomicReferenceArray<@Nullable String> origins = new AtomicReferenceArray<>(Kind.values().length);

	/**
	 * Learns from a value that was read in-process.
	 */
	void learn(SecretReference reference, SecretValue value) {
		int kind = reference.kind().ordinal();
		if (this.origins.get(kind) == null) {
			this.origins.set(kind, origin(reference, value));
		}
	}

	/**
	 * Returns whether somebody else's value is known to be from elsewhere.
	 */
	boolean isForeign(SecretReference reference, SecretValue value) {
		String own = this.origins.get(reference.kind().ordinal());
		String other = (own != null) ? origin(reference, value) : null;
		return other != null && !other.equals(own);
	}

	/**
	 * Returns what the in-process provider's values of a kind have in common.
	 * @return region and account, or {@code null} before the first
	 */
	@Nullable String known(Kind kind) {
		return this.origins.get(kind.ordinal());
	}

	/**
	 * Returns the region and account of a value that was asked for by its name: an ARN
	 * says itself where it belongs. AWS's own public parameters have no account.
	 */
	static @Nullable String origin(SecretReference reference, SecretValue value) {
		String arn = value.arn();
		if (arn == null || reference.isArn()) {
			return null;
		}
		String[] parts = arn.split(":", ACCOUNT + 2);
		return (parts.length > ACCOUNT && !parts[REGION].isEmpty() && !parts[ACCOUNT].isEmpty())
				? parts[REGION] + " of account " + parts[ACCOUNT] : null;
	}

}
