package io.github.secretsextension.autoconfigure;

import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.util.PlaceholderResolutionException;

/**
 * A failure analyzer for failures of Spring's own in a text that holds a reference. It
 * shows the reference where Spring shows the sealed name, and leaves out the value and
 * the reason, which may quote it.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class SealedNameFailureAnalyzer implements FailureAnalyzer {

	private final @Nullable ReferenceSeals seals;

	SealedNameFailureAnalyzer(@Nullable Environment environment) {
		this.seals = (environment instanceof ConfigurableEnvironment configurable) ? configurable.getPropertySources()
			.stream()
			.filter(ReferencePropertySource.class::isInstance)
			.map((source) -> ((ReferencePropertySource) source).seals())
			.findFirst()
			.orElse(null) : null;
	}

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		if (this.seals == null) {
			return null;
		}
		FailureAnalysis analysis = null;
		for (Throwable cause = failure; cause != null && analysis == null; cause = cause.getCause()) {
			analysis = (cause instanceof BindException ex) ? binding(ex, this.seals)
					: (cause instanceof PlaceholderResolutionException ex) ? placeholder(ex, this.seals) : null;
		}
		return analysis;
	}

	private static @Nullable FailureAnalysis binding(BindException failure, ReferenceSeals seals) {
		ConfigurationProperty property = failure.getProperty();
		String text = (property != null) ? String.valueOf(property.getValue()) : "";
		if (property == null || !seals.holdSealedName(text)
				|| hasCause(failure, PlaceholderResolutionException.class)) {
			return null;
		}
		ReferenceLocation location = new ReferenceLocation(property.getName().toString(), property.getOrigin());
		return new FailureAnalysis(
				"The value of '" + seals.unseal(text) + "' in " + location + " cannot become a "
						+ failure.getTarget().getType() + ".",
				"Correct the secret or parameter, or bind it to another type. The value is not shown.", failure);
	}

	private static boolean hasCause(Throwable failure, Class<?> type) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (type.isInstance(cause)) {
				return true;
			}
		}
		return false;
	}

	private static @Nullable FailureAnalysis placeholder(PlaceholderResolutionException failure, ReferenceSeals seals) {
		String message = Objects.requireNonNullElse(failure.getMessage(), "");
		return (seals.holdSealedName(message)) ? new FailureAnalysis(seals.unseal(message) + ".",
				"Define that property, or give it a default.", failure) : null;
	}

}
