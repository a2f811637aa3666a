package io.github.secretsextension.autoconfigure;

import java.util.Objects;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.OriginLookup;
import org.springframework.core.env.PropertySource;

import io.github.secretsextension.PrintableText;

/**
 * A place where a reference was found.
 *
 * @param property the name of the property, or {@code null} for an annotation
 * @param origin where the property was set, an {@link Origin} or a source's name, or
 * {@code null} if that is unknown
 */
record ReferenceLocation(@Nullable String property, @Nullable Object origin) {

	static final ReferenceLocation ANNOTATION = new ReferenceLocation(null, null);

	/**
	 * Returns the location of a property.
	 * @param source the source that has it
	 * @param property its name
	 * @return the location, with the source's name where it tells no origin
	 */
	static ReferenceLocation of(PropertySource<?> source, String property) {
		Origin origin = OriginLookup.getOrigin(source, property);
		return new ReferenceLocation(property, (origin != null) ? origin : source.getName());
	}

	/**
	 * Returns the location of a property that binding has read.
	 * @param property the property
	 * @return the location
	 */
	static ReferenceLocation of(ConfigurationProperty property) {
		return new ReferenceLocation(property.getName().toString(), property.getOrigin());
	}

	// The JVM makes a record's own at the first use: some milliseconds of a start.

	@Override
	public boolean equals(@Nullable Object other) {
		return this == other || (other instanceof ReferenceLocation that && Objects.equals(this.property, that.property)
				&& Objects.equals(this.origin, that.origin));
	}

	@Override
	public int hashCode() {
		return Objects.hash(this.property, this.origin);
	}

	@Override
	public String toString() {
		if (this.property == null) {
			return "an annotation";
		}
		return "property '" + PrintableText.name(this.property) + "'"
				+ ((this.origin != null) ? " (" + PrintableText.name(this.origin.toString()) + ")" : "");
	}

}
