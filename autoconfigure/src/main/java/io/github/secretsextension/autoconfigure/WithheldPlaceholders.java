package io.github.secretsextension.autoconfigure;

import java.util.HashSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.core.env.ConfigurableEnvironment;

/**
 * The nested placeholders whose text holds a secret. Spring would put the text into the
 * name of the next property that it asks for, and it logs such names; so it is told
 * nothing but that there is a text, and the environment is asked for that behind its
 * back. Thread-safe.
 */
final class WithheldPlaceholders {

	private final ThreadLocal<@Nullable Set<String>> current = new ThreadLocal<>();

	private final ConfigurableEnvironment environment;

	/**
	 * Creates the placeholders of an environment.
	 * @param environment resolves them
	 */
	WithheldPlaceholders(ConfigurableEnvironment environment) {
		this.environment = environment;
	}

	/**
	 * Returns whether this is of an environment.
	 * @param environment an environment
	 * @return {@code true} if it resolves the placeholders
	 */
	boolean isOf(ConfigurableEnvironment environment) {
		return this.environment == environment;
	}

	/**
	 * Returns whether a placeholder's text is to be withheld.
	 * @param placeholder the placeholder, delimiters included
	 * @return {@code false} also if Spring may fail over it
	 */
	boolean contains(String placeholder) {
		if (ReferenceReport.isCurrent()) {
			return false;
		}
		Set<String> current = this.current.get();
		if (current != null && current.contains(placeholder)) {
			return false;
		}
		ReferenceTrail trail = ReferenceTrail.of(placeholder, this.environment.getPropertySources());
		return trail.leads() && !trail.isUncertain();
	}

	/**
	 * Returns the text of a placeholder that is withheld.
	 * @param placeholder a placeholder for which {@link #contains} was true
	 * @return the text
	 */
	String resolve(String placeholder) {
		Set<String> outer = this.current.get();
		Set<String> current = new HashSet<>((outer != null) ? outer : Set.of());
		current.add(placeholder);
		this.current.set(current);
		try {
			return this.environment.resolveRequiredPlaceholders(placeholder);
		}
		finally {
			if (outer != null) {
				this.current.set(outer);
			}
			else {
				this.current.remove();
			}
		}
	}

}
