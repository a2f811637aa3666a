package io.github.secretsextension.autoconfigure;

import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.core.env.PropertySources;
import org.springframework.util.PlaceholderResolutionException;

/**
 * A failure analyzer for failures of Spring's own over a value that came, or may have
 * come, from a reference. It shows the reference where Spring shows the sealed name, and
 * leaves out the value and every reason that may quote it.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class SealedNameFailureAnalyzer implements FailureAnalyzer {

	private final @Nullable PropertySources sources;

	private final ValueFailures failures;

	SealedNameFailureAnalyzer(@Nullable Environment environment) {
		this.sources = (environment instanceof ConfigurableEnvironment configurable) ? configurable.getPropertySources()
				: null;
		ReferenceSeals seals = (this.sources != null) ? this.sources.stream()
			.filter(ReferencePropertySource.class::isInstance)
			.map((source) -> ((ReferencePropertySource) source).seals())
			.findFirst()
			.orElse(null) : null;
		this.failures = new ValueFailures(seals, this.sources);
	}

	@Override
	public @Nullable FailureAnalysis analyze(Throwable failure) {
		FailureAnalysis analysis = null;
		for (Throwable cause = failure; cause != null && analysis == null; cause = cause.getCause()) {
			analysis = analyzeOne(cause);
		}
		return analysis;
	}

	private @Nullable FailureAnalysis analyzeOne(Throwable cause) {
		if (cause instanceof BindException ex) {
			return analysis(
					this.failures.ofBinding(ex.getName(), ex.getTarget(), ex.getProperty(), List.of(), ex.getCause()));
		}
		if (cause instanceof InvalidConfigurationPropertyValueException ex) {
			return invalid(ex);
		}
		String message = (cause instanceof PlaceholderResolutionException)
				? Objects.requireNonNullElse(cause.getMessage(), "") : "";
		return (ValueFailures.isSealed(message)) ? new FailureAnalysis(this.failures.shown(message) + ".",
				"Define that property, or give it a default.", cause) : null;
	}

	private static @Nullable FailureAnalysis analysis(@Nullable ReferenceResolutionException failure) {
		return (failure != null) ? new FailureAnalysis(failure.getDescription(), failure.getAction(), failure) : null;
	}

	private @Nullable FailureAnalysis invalid(InvalidConfigurationPropertyValueException failure) {
		String text = (this.sources != null) ? this.sources.stream()
			.map((source) -> source.getProperty(failure.getName()))
			.filter(Objects::nonNull)
			.map(String::valueOf)
			.findFirst()
			.orElse("") : "";
		if (!ReferenceTrail.of(text, this.sources).leads()) {
			return null;
		}
		String reason = failure.getReason();
		boolean quotes = reason == null
				|| (failure.getValue() != null && reason.contains(String.valueOf(failure.getValue())));
		return new FailureAnalysis("The value of '" + this.failures.shown(text) + "' in property '" + failure.getName()
				+ "' is not valid" + ((quotes) ? "." : ": " + reason), ValueFailures.ACTION, failure);
	}

}
