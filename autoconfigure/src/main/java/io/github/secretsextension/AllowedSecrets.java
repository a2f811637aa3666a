package io.github.secretsextension;

import java.util.List;

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

	private static final String REFERENCE_PARAMETER = "/aws/reference/secretsmanager/";

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
		// A parameter of this path is a secret, whatever it is called.
		boolean disguised = reference.id().startsWith(REFERENCE_PARAMETER);
		Kind kind = (disguised) ? Kind.SECRET : reference.kind();
		String id = (disguised) ? reference.id().substring(REFERENCE_PARAMETER.length()) : reference.id();
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
