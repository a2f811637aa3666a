package io.github.secretsextension;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.github.secretsextension.SecretReference.Kind;

/**
 * A list of what this process may ask for at all.
 * <p>
 * An entry is an id, or a prefix that ends in {@code *}; with {@code secret:} or
 * {@code param:} in front it stands for that kind only. Ids are compared as they are
 * written: a name does not stand for its ARN.
 *
 * @param entries the entries; none allows everything
 */
public record AllowedSecrets(List<String> entries) {

	/** A parameter of this path, by name or by ARN, is the secret behind it. */
	private static final Pattern REFERENCE_PARAMETER = Pattern
		.compile("(arn:.*:parameter)?/aws/reference/secretsmanager/");

	/**
	 * Allows everything.
	 */
	public static final AllowedSecrets ALL = new AllowedSecrets(List.of());

	/**
	 * Creates a list.
	 * @param entries the entries, which are copied
	 */
	public AllowedSecrets {
		entries = List.copyOf(entries);
	}

	boolean allows(SecretReference reference) {
		if (this.entries.isEmpty()) {
			return true;
		}
		Matcher disguise = REFERENCE_PARAMETER.matcher(reference.id());
		boolean disguised = reference.kind() == Kind.PARAMETER && disguise.lookingAt();
		Kind kind = (disguised) ? Kind.SECRET : reference.kind();
		String id = (disguised) ? reference.id().substring(disguise.end()) : reference.id();
		return this.entries.stream().anyMatch((entry) -> matches(entry, kind, id));
	}

	private static boolean matches(String entry, Kind kind, String id) {
		String pattern = entry;
		for (Kind named : Kind.values()) {
			if (entry.startsWith(named.prefix())) {
				if (named != kind) {
					return false;
				}
				pattern = entry.substring(named.prefix().length());
			}
		}
		return (pattern.endsWith("*")) ? id.startsWith(pattern.substring(0, pattern.length() - 1)) : id.equals(pattern);
	}

}
