package io.github.secretsextension.aws;

import java.util.Set;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;

/**
 * What one call asks for, as its failure names it.
 *
 * @param kind which service is asked
 * @param region the region that an ARN names, or {@code null} for the default one
 * @param reference the one thing asked for, or {@code null} for several
 */
record Asked(Kind kind, @Nullable String region, @Nullable SecretReference reference) {

	static Asked of(SecretReference reference) {
		return new Asked(reference.kind(), reference.region(), reference);
	}

	/**
	 * Returns what a call for several references asks for.
	 * @param batch references of one kind and one client
	 * @return what is asked for
	 */
	static Asked of(Set<SecretReference> batch) {
		SecretReference any = batch.iterator().next();
		return new Asked(any.kind(), any.region(), null);
	}

	String service() {
		return (this.kind == Kind.SECRET) ? "Secrets Manager" : "Systems Manager";
	}

	/**
	 * Returns what to allow when the service denied the call.
	 * @return a clause for a sentence
	 */
	String permission() {
		if (this.reference != null) {
			return "'" + ((this.kind == Kind.SECRET) ? "secretsmanager:GetSecretValue" : "ssm:GetParameter")
					+ "' on it";
		}
		// AWS grants the first for all resources only, and asks for both.
		return (this.kind == Kind.SECRET)
				? "'secretsmanager:BatchGetSecretValue' on '*', 'secretsmanager:GetSecretValue' on each secret"
				: "'ssm:GetParameters' on each parameter";
	}

}
