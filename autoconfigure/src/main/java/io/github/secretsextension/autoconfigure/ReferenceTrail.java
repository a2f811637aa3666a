package io.github.secretsextension.autoconfigure;

import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.PropertySources;
import org.springframework.util.PropertyPlaceholderHelper;

/**
 * The way from a text to the references that it leads to, other properties included. It
 * reads the properties' own texts and no secret.
 */
final class ReferenceTrail {

	private static final PropertyPlaceholderHelper PLACEHOLDERS = new PropertyPlaceholderHelper("${", "}", ":", '\\',
			true);

	/** Stands for a secret's text. */
	private static final String SECRET = "\uE006";

	private final @Nullable PropertySources sources;

	private final Map<String, String> steps = new LinkedHashMap<>();

	private boolean leads;

	private boolean uncertain;

	private ReferenceTrail(@Nullable PropertySources sources) {
		this.sources = sources;
	}

	/**
	 * Follows a text.
	 * @param text a text whose references are sealed
	 * @param sources the properties that its placeholders name
	 * @return what it leads to
	 */
	static ReferenceTrail of(String text, @Nullable PropertySources sources) {
		ReferenceTrail trail = new ReferenceTrail(sources);
		if (text.contains("${")) {
			try {
				trail.uncertain |= PLACEHOLDERS.replacePlaceholders(text, trail::step).contains("${");
			}
			catch (RuntimeException ex) {
				// Spring fails over it too, as over a circle.
				trail.leads = true;
				trail.uncertain = true;
			}
		}
		return trail;
	}

	private @Nullable String step(String name) {
		if (ReferenceSeals.isBeginning(name)) {
			return "";
		}
		if (name.indexOf(ReferenceSeals.SEAL) == 0) {
			this.leads = true;
			return SECRET;
		}
		if (name.contains(SECRET)) {
			this.uncertain = true;
			return null;
		}
		PropertySource<?> source = source(name);
		Object value = (source != null) ? source.getProperty(name) : null;
		if (source == null || value == null) {
			return null;
		}
		String text = value.toString();
		if (text.indexOf(ReferenceSeals.SEAL) >= 0) {
			this.steps.put(name, described(source, name, text));
		}
		return text;
	}

	private @Nullable PropertySource<?> source(String name) {
		PropertySource<?> attached = null;
		if (this.sources != null) {
			for (PropertySource<?> source : this.sources) {
				if (ConfigurationPropertySources.isAttachedConfigurationPropertySource(source)) {
					attached = source;
				}
				else if (source.containsProperty(name)) {
					return source;
				}
			}
		}
		return attached;
	}

	private static String described(PropertySource<?> source, String name, String text) {
		if (source instanceof RewrittenPropertySources.Rewritten rewritten) {
			return "'" + rewritten.seals().unseal(text) + "' in " + ReferenceLocation.of(rewritten.original(), name);
		}
		return "a reference in " + ReferenceLocation.of(source, name);
	}

	/**
	 * Returns whether there is a reference at the end.
	 * @return {@code true} if the text's value may hold a secret
	 */
	boolean leads() {
		return this.leads;
	}

	/**
	 * Returns whether Spring may fail to resolve the text.
	 * @return {@code true} if a placeholder was not found, or its name depends on a
	 * secret
	 */
	boolean isUncertain() {
		return this.uncertain;
	}

	/**
	 * Returns the other properties on the way.
	 * @return a clause for a message, empty if there are none
	 */
	String clause() {
		return (this.steps.isEmpty()) ? "" : ", which comes from " + String.join(" and ", this.steps.values()) + ",";
	}

}
