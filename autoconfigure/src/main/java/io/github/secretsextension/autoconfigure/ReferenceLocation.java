package io.github.secretsextension.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.origin.Origin;

/**
 * A place where a reference was found.
 *
 * @param property the name of the property, or {@code null} for an annotation
 * @param origin where the property was set, or {@code null} if that is unknown
 */
record ReferenceLocation(@Nullable String property, @Nullable Origin origin) {

	static final ReferenceLocation ANNOTATION = new ReferenceLocation(null, null);

	@Override
	public String toString() {
		if (this.property == null) {
			return "an annotation";
		}
		return "property '" + this.property + "'" + ((this.origin != null) ? " (" + this.origin + ")" : "");
	}

}
