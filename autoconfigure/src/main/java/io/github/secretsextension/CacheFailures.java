package io.github.secretsextension;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsException.Reason;

/**
 * The failures that arise in the cache itself.
 */
final class CacheFailures {

	private CacheFailures() {
	}

	static SecretsException timeout(SecretReference reference, Duration deadline) {
		return new SecretsException(Reason.TIMEOUT, reference, "No answer within " + deadline.toMillis() + " ms",
				"Check that the service can be reached: a function in a VPC needs an interface endpoint or NAT. "
						+ "The limit is 'secrets-extension.deadline', the service's own deadline or "
						+ ((reference.kind() == Kind.SECRET) ? "SECRETS_MANAGER" : "SSM_PARAMETER_STORE")
						+ "_TIMEOUT_MILLIS.");
	}

	static SecretsException fullQueue(SecretReference reference) {
		return new SecretsException(Reason.THROTTLED, reference, "The queue for upstream calls is full",
				"Read fewer secrets at a time, or raise 'secrets-extension.max-connections'.");
	}

	static SecretsException closed(SecretReference reference) {
		return new SecretsException(Reason.SERVICE_ERROR, reference, "The cache was closed",
				"Read while the application runs.");
	}

	static SecretsException interrupted(SecretReference reference) {
		return new SecretsException(Reason.INTERRUPTED, reference, "The waiting thread was interrupted",
				"The call goes on; read again.");
	}

	static SecretsException noValue(SecretReference reference) {
		return new SecretsException(Reason.BAD_ANSWER, reference, "There is no value", "Read again.");
	}

	static SecretsException recursion(SecretReference reference) {
		return new SecretsException(Reason.NOT_CONFIGURED, reference,
				"It is read by what makes the client that reads it, such as a customizer",
				"Take that setting from elsewhere.");
	}

	static SecretsException refused(SecretReference reference) {
		return new SecretsException(Reason.REFUSED, reference, "'secrets-extension.allow' does not name it",
				"Add it, or a prefix of it that ends in '*', to 'secrets-extension.allow'.");
	}

	/**
	 * Returns the failure itself, or one that says neither its message nor its cause:
	 * they are not ours and could hold anything.
	 */
	static SecretsException known(@Nullable SecretReference reference, Throwable failure) {
		return (failure instanceof SecretsException known) ? known
				: new SecretsException(Reason.SERVICE_ERROR, reference,
						"The provider failed with " + failure.getClass().getName(),
						"Set 'logging.level.io.github.secretsextension=debug' and look at what it does.");
	}

}
