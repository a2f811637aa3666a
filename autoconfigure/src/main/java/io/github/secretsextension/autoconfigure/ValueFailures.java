package io.github.secretsextension.autoconfigure;

import java.lang.reflect.Member;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.bind.validation.ValidationErrors;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.core.env.PropertySources;
import org.springframework.util.PlaceholderResolutionException;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;

/**
 * What it means that a value which came from a reference was not accepted. Each failure
 * names property, origin, reference and target; it holds neither the value nor the
 * exception, which may quote it.
 */
final class ValueFailures {

	static final String ACTION = "Correct the secret or parameter, or what it is bound to. The value is not shown.";

	private static final int MAX_PROPERTIES = 3;

	private final @Nullable ReferenceSeals seals;

	private final @Nullable PropertySources sources;

	/**
	 * Creates the failures of one application.
	 * @param seals the seals on its references, or {@code null} if none can be opened
	 * @param sources its properties, or {@code null} if they are not known
	 */
	ValueFailures(@Nullable ReferenceSeals seals, @Nullable PropertySources sources) {
		this.seals = seals;
		this.sources = sources;
	}

	/**
	 * Returns whether a property's value could come from a reference.
	 * @param property a property with its own text
	 * @return {@code false} if it surely does not
	 */
	boolean concern(ConfigurationProperty property) {
		return String.valueOf(property.getValue()).contains("${");
	}

	/**
	 * Returns the exception to throw in place of one that binding met.
	 * @param name what was bound
	 * @param target what it was bound to
	 * @param property the property that was read, if any
	 * @param bound properties that were bound before, below the same name or not
	 * @param error the exception
	 * @return an exception, or {@code null} if no reference has to do with it
	 */
	@Nullable ReferenceResolutionException ofBinding(ConfigurationPropertyName name, Bindable<?> target,
			@Nullable ConfigurationProperty property, Collection<ConfigurationProperty> bound,
			@Nullable Throwable error) {
		BindValidationException invalid = Failures.find(error, BindValidationException.class);
		if (invalid != null) {
			return ofValidation(invalid);
		}
		UnboundConfigurationPropertiesException unbound = Failures.find(error,
				UnboundConfigurationPropertiesException.class);
		if (unbound != null) {
			return ofUnbound(unbound);
		}
		if (property != null && mayHoldSecret(property)) {
			PlaceholderResolutionException missing = Failures.find(error, PlaceholderResolutionException.class);
			return (missing != null) ? ofPlaceholder(described(property), text(property), missing)
					: new ReferenceResolutionException(
							"The value of " + described(property) + " cannot become a " + target.getType() + ".",
							ACTION);
		}
		return ofObject(name, target, bound, error);
	}

	private @Nullable ReferenceResolutionException ofObject(ConfigurationPropertyName name, Bindable<?> target,
			Collection<ConfigurationProperty> bound, @Nullable Throwable error) {
		List<ConfigurationProperty> secrets = bound.stream()
			.filter((property) -> name.isAncestorOf(property.getName()) || name.equals(property.getName()))
			.filter(this::mayHoldSecret)
			.toList();
		return (secrets.isEmpty()) ? null
				: new ReferenceResolutionException("A " + target.getType() + " does not accept " + listed(secrets)
						+ ((error != null) ? " (" + Failures.innermost(error).getClass().getName() + ")" : "") + ".",
						ACTION);
	}

	private @Nullable ReferenceResolutionException ofUnbound(UnboundConfigurationPropertiesException failure) {
		Collection<ConfigurationProperty> unbound = failure.getUnboundProperties();
		return (unbound.stream().anyMatch(this::mayHoldSecret))
				? new ReferenceResolutionException("Nothing takes the value of " + listed(unbound) + ".",
						"Correct the name of the property, or remove it.")
				: null;
	}

	private @Nullable ReferenceResolutionException ofValidation(BindValidationException failure) {
		ValidationErrors errors = failure.getValidationErrors();
		List<ConfigurationProperty> secrets = errors.getBoundProperties().stream().filter(this::mayHoldSecret).toList();
		return (secrets.isEmpty()) ? null
				: new ReferenceResolutionException(
						errors.getAllErrors()
							.stream()
							.map((error) -> "'" + errors.getName() + field(error) + "' fails '" + code(error) + "'")
							.distinct()
							.collect(Collectors.joining(", ", "Not valid: ", ", with " + listed(secrets) + ".")),
						"Correct the secret or parameter, or the constraint. Neither the value nor the constraint's"
								+ " message, which may quote it, is shown.");
	}

	private static String field(ObjectError error) {
		return (error instanceof FieldError fieldError) ? "." + fieldError.getField() : "";
	}

	/** A code that is no identifier could be made of the value. */
	private static String code(ObjectError error) {
		String code = error.getCode();
		return (code != null && code.matches("[A-Za-z][A-Za-z0-9._-]{0,60}")) ? code : "a constraint";
	}

	/**
	 * Returns the exception to throw in place of one that says which placeholder is
	 * missing.
	 * @param described the text with its place, for a message
	 * @param text the text, its references sealed
	 * @param failure the exception
	 * @return an exception
	 */
	ReferenceResolutionException ofPlaceholder(String described, String text, PlaceholderResolutionException failure) {
		String name = failure.getPlaceholder();
		// A name that stands nowhere was made by resolving a part of it.
		boolean written = !isSealed(name) && (text.contains("${" + name)
				|| failure.getValues().stream().anyMatch((value) -> value.contains("${" + name)));
		String placeholder = (written) ? "the placeholder '" + name + "'"
				: "a placeholder whose name comes from a reference";
		return (String.valueOf(failure.getMessage()).startsWith("Circular"))
				? new ReferenceResolutionException(
						"Cannot resolve " + described + ": " + placeholder + " leads back to itself.",
						"Correct one of the properties on the way.")
				: new ReferenceResolutionException(
						"Cannot resolve " + described + ": " + placeholder + " cannot be resolved.",
						"Define that property, or give it a default.");
	}

	/**
	 * Returns the exception to throw in place of one that says why an annotation's value
	 * is not accepted.
	 * @param text the annotation's text, its references sealed
	 * @param trail what it leads to
	 * @param member what the annotation stands at
	 * @param type what the value should become, or {@code null} if resolving it failed
	 * @param failure the exception
	 * @return an exception
	 */
	ReferenceResolutionException ofAnnotation(String text, ReferenceTrail trail, Member member, @Nullable Class<?> type,
			RuntimeException failure) {
		String described = "'" + shown(text) + "' in an annotation of " + member.getDeclaringClass().getName()
				+ ((member instanceof java.lang.reflect.Constructor) ? "" : "." + member.getName()) + trail.clause();
		return (failure instanceof PlaceholderResolutionException ex) ? ofPlaceholder(described, text, ex)
				: new ReferenceResolutionException("The value of " + described + " cannot become a "
						+ ((type != null) ? type.getTypeName() : "text") + ".", ACTION);
	}

	private boolean mayHoldSecret(ConfigurationProperty property) {
		String text = text(property);
		if (isSealed(text)) {
			return true;
		}
		return (this.sources != null) ? ReferenceTrail.of(text, this.sources).leads()
				: text.contains("${") && rewritten(property) != null;
	}

	private String listed(Collection<ConfigurationProperty> properties) {
		return properties.stream().limit(MAX_PROPERTIES).map(this::described).collect(Collectors.joining(" and "));
	}

	private String described(ConfigurationProperty property) {
		RewrittenPropertySources.Rewritten rewritten = rewritten(property);
		String text = text(property);
		return "'" + ((rewritten != null) ? rewritten.seals().unseal(text) : shown(text)) + "' in "
				+ ReferenceLocation.of(property) + ReferenceTrail.of(text, this.sources).clause();
	}

	private static RewrittenPropertySources.@Nullable Rewritten rewritten(ConfigurationProperty property) {
		Object source = (property.getSource() != null) ? property.getSource().getUnderlyingSource() : null;
		return (source instanceof RewrittenPropertySources.Rewritten rewritten) ? rewritten : null;
	}

	private static String text(ConfigurationProperty property) {
		return String.valueOf(property.getValue());
	}

	static boolean isSealed(String text) {
		return text.indexOf(ReferenceSeals.SEAL) >= 0;
	}

	/**
	 * Returns a text with references in place of sealed names.
	 * @param text a text from Spring
	 * @return the text for a message
	 */
	String shown(String text) {
		String shown = (this.seals != null) ? this.seals.unseal(text) : text;
		return shown.replaceAll("(\\$\\{)?" + ReferenceSeals.SEAL + "[^}]*}?", "a reference");
	}

}
