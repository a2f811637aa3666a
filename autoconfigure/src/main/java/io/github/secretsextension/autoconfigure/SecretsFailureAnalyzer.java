package io.github.secretsextension.autoconfigure;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReferenceSyntaxException;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;

/**
 * A failure analyzer for everything that keeps a reference from being resolved. It comes
 * before Boot's own, which show the value that failed.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class SecretsFailureAnalyzer implements FailureAnalyzer {

	private static final ConfigurationPropertyName LOCAL = ConfigurationPropertyName.of("secrets-extension.local");

	private final @Nullable Environment environment;

	SecretsFailureAnalyzer(@Nullable Environment environment) {
		this.environment = environment;
	}

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			FailureAnalysis analysis = analyzeOne(cause);
			if (analysis != null) {
				return analysis;
			}
		}
		return null;
	}

	private @Nullable FailureAnalysis analyzeOne(Throwable cause) {
		if (cause instanceof ReferenceResolutionException ex) {
			SecretsException failure = (ex.getCause() instanceof SecretsException secrets) ? secrets : null;
			// Without any set-up the first line is the one that is read.
			boolean setUp = failure != null && failure.getReason() == Reason.NOT_CONFIGURED;
			return new FailureAnalysis(
					((setUp) ? ex.getDescription() + " " + ex.getAction() : ex.getDescription()) + reason(failure),
					ex.getAction(), cause);
		}
		if (cause instanceof SecretsException ex) {
			String subject = (ex.getReference() != null) ? "Cannot read '" + ex.getReference() + "': " : "";
			return new FailureAnalysis(subject + ex.getProblem() + "." + reason(ex), ex.getAction(), cause);
		}
		if (cause instanceof SecretReferenceSyntaxException ex) {
			return new FailureAnalysis("Malformed reference '" + ex.getReference() + "', character "
					+ (ex.getPosition() + 3) + ": " + ex.getProblem() + ".", "Write " + ex.getAcceptedForm() + ".",
					cause);
		}
		ConfigurationProperty property = (cause instanceof BindException ex) ? ex.getProperty() : null;
		if (property != null && LOCAL.isAncestorOf(property.getName())) {
			return new FailureAnalysis(
					"The value of " + ReferenceLocation.of(property) + " is not accepted. It is not shown.",
					"Set a property for each value, such as '" + property.getName() + "[NAME]'.", cause);
		}
		return null;
	}

	private String reason(@Nullable SecretsException failure) {
		if (failure == null) {
			return "";
		}
		String mode = (this.environment != null) ? this.environment.getProperty("secrets-extension.mode", "auto")
				: null;
		return "\n\nReason: " + failure.getReason()
				+ ((mode != null) ? " (with 'secrets-extension.mode=" + mode + "')" : "");
	}

}
