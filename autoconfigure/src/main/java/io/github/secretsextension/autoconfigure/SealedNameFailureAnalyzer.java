package io.github.secretsextension.autoconfigure;

import java.util.Objects;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.bind.validation.ValidationErrors;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.core.env.PropertySources;
import org.springframework.util.PlaceholderResolutionException;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;

/**
 * A failure analyzer for failures of Spring's own over a value that came, or may have
 * come, from a reference. It shows the reference where Spring shows the sealed name, and
 * leaves out the value and every reason that may quote it.
 */
@Order(Ordered.HIGHEST_PRECEDENCE)
class SealedNameFailureAnalyzer implements FailureAnalyzer {

	private static final String ACTION = "Correct the secret or parameter, or what it is bound to. "
			+ "The value is not shown.";

	private final @Nullable PropertySources sources;

	private final @Nullable ReferenceSeals seals;

	SealedNameFailureAnalyzer(@Nullable Environment environment) {
		this.sources = (environment instanceof ConfigurableEnvironment configurable) ? configurable.getPropertySources()
				: null;
		this.seals = (this.sources != null) ? this.sources.stream()
			.filter(ReferencePropertySource.class::isInstance)
			.map((source) -> ((ReferencePropertySource) source).seals())
			.findFirst()
			.orElse(null) : null;
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
		if (cause instanceof BindValidationException ex) {
			return validation(ex);
		}
		if (cause instanceof UnboundConfigurationPropertiesException ex) {
			return unbound(ex);
		}
		if (cause instanceof BindException ex) {
			return binding(ex);
		}
		if (cause instanceof InvalidConfigurationPropertyValueException ex) {
			return invalid(ex);
		}
		String message = (cause instanceof PlaceholderResolutionException)
				? Objects.requireNonNullElse(cause.getMessage(), "") : "";
		return (isSealed(message))
				? new FailureAnalysis(shown(message) + ".", "Define that property, or give it a default.", cause)
				: null;
	}

	private @Nullable FailureAnalysis invalid(InvalidConfigurationPropertyValueException failure) {
		String text = (this.sources != null) ? this.sources.stream()
			.map((source) -> source.getProperty(failure.getName()))
			.filter(Objects::nonNull)
			.map(String::valueOf)
			.findFirst()
			.orElse("") : "";
		return (isSealed(text)) ? new FailureAnalysis("The value of '" + shown(text) + "' in property '"
				+ failure.getName() + "' is not valid: " + failure.getReason(), ACTION, failure) : null;
	}

	private @Nullable FailureAnalysis binding(BindException failure) {
		ConfigurationProperty property = failure.getProperty();
		boolean explainedByCause = hasCause(failure, PlaceholderResolutionException.class)
				|| hasCause(failure, UnboundConfigurationPropertiesException.class)
				|| hasCause(failure, BindValidationException.class);
		return (property != null && !explainedByCause && mayHoldSecret(property)) ? new FailureAnalysis(
				"The value of " + described(property) + " cannot become a " + failure.getTarget().getType() + ".",
				ACTION, failure) : null;
	}

	private @Nullable FailureAnalysis unbound(UnboundConfigurationPropertiesException failure) {
		if (failure.getUnboundProperties().stream().noneMatch(this::mayHoldSecret)) {
			return null;
		}
		return new FailureAnalysis(
				failure.getUnboundProperties()
					.stream()
					.map(this::described)
					.collect(Collectors.joining(" and ", "Nothing takes the value of ", ".")),
				"Correct the name of the property, or remove it.", failure);
	}

	private @Nullable FailureAnalysis validation(BindValidationException failure) {
		ValidationErrors errors = failure.getValidationErrors();
		if (errors.getBoundProperties().stream().noneMatch(this::mayHoldSecret)) {
			return null;
		}
		return new FailureAnalysis(errors.getAllErrors()
			.stream()
			.map((error) -> "'" + errors.getName() + field(error) + "' " + error.getDefaultMessage())
			.collect(Collectors.joining("; ",
					"Not valid, in " + errors.getBoundProperties()
						.stream()
						.filter(this::mayHoldSecret)
						.map(this::described)
						.collect(Collectors.joining(" and ")) + ": ",
					".")),
				ACTION, failure);
	}

	private static String field(ObjectError error) {
		return (error instanceof FieldError fieldError) ? "." + fieldError.getField() : "";
	}

	private boolean mayHoldSecret(ConfigurationProperty property) {
		String text = String.valueOf(property.getValue());
		// Another property may lead to a reference.
		return isSealed(text) || (this.seals != null && !this.seals.isEmpty() && text.contains("${"));
	}

	private String described(ConfigurationProperty property) {
		String origin = (property.getOrigin() != null) ? property.getOrigin().toString() : null;
		Object source = (property.getSource() != null) ? property.getSource().getUnderlyingSource() : null;
		String text = String.valueOf(property.getValue());
		return "'" + ((source instanceof RewrittenPropertySources.Rewritten rewritten) ? rewritten.seals().unseal(text)
				: shown(text)) + "' in " + new ReferenceLocation(property.getName().toString(), origin);
	}

	private static boolean isSealed(String text) {
		return text.indexOf(ReferenceSeals.SEAL) >= 0;
	}

	private String shown(String text) {
		String shown = (this.seals != null) ? this.seals.unseal(text) : text;
		return shown.replaceAll("(\\$\\{)?" + ReferenceSeals.SEAL + "[^}]*}?", "a reference");
	}

	private static boolean hasCause(Throwable failure, Class<?> type) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (type.isInstance(cause)) {
				return true;
			}
		}
		return false;
	}

}
