package io.github.secretsextension.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.origin.Origin;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * A failure analyzer for references that Boot met before they could be resolved, and took
 * for a profile's name or for a location.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class ReservedPropertyFailureAnalyzer implements FailureAnalyzer {

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			FailureAnalysis analysis = analyzeOne(cause, failure);
			if (analysis != null) {
				return analysis;
			}
		}
		return null;
	}

	private static @Nullable FailureAnalysis analyzeOne(Throwable cause, Throwable failure) {
		if (cause instanceof BindException bind) {
			ConfigurationProperty property = bind.getProperty();
			return (property != null) ? analysis(property.getName().toString(), String.valueOf(property.getValue()),
					property.getOrigin(), failure) : null;
		}
		return (isFromConfigData(cause))
				? analysis("spring.config.import", String.valueOf(cause.getMessage()), Origin.from(cause), failure)
				: null;
	}

	private static boolean isFromConfigData(Throwable cause) {
		StackTraceElement[] frames = cause.getStackTrace();
		return frames.length > 0 && frames[0].getClassName().startsWith("org.springframework.boot.context.config.");
	}

	private static @Nullable FailureAnalysis analysis(String property, String value, @Nullable Origin origin,
			Throwable failure) {
		ReferenceSeals seals = new ReferenceSeals(true);
		ReferenceLocation location = new ReferenceLocation(property, origin);
		try {
			seals.note(value, location).forEach((reference) -> ReservedProperties.check(location, reference));
			return null;
		}
		catch (ReferenceResolutionException ex) {
			return new FailureAnalysis(ex.getDescription(), ex.getAction(), failure);
		}
	}

}
