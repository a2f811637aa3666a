package io.github.secretsextension.autoconfigure;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReferenceSyntaxException;

/**
 * A reference behind a sealed name, parsed once unless it has nested placeholders.
 */
final class SealedReference {

	private final ScannedReference scanned;

	private final Set<ReferenceLocation> locations = new CopyOnWriteArraySet<>();

	private final @Nullable OpenedReference opened;

	SealedReference(ScannedReference scanned) {
		this.scanned = scanned;
		this.opened = (scanned.nested().isEmpty()) ? parse(List.of()) : null;
	}

	private OpenedReference parse(List<String> fillings) {
		SecretReferenceSyntaxException error = this.scanned.error();
		if (error != null) {
			return new OpenedReference(null, error, this.locations);
		}
		try {
			return new OpenedReference(SecretReference.parse(this.scanned.text(fillings)), null, this.locations);
		}
		catch (SecretReferenceSyntaxException ex) {
			return new OpenedReference(null, ex, this.locations);
		}
	}

	/**
	 * Returns the reference.
	 * @param parts the parts of the sealed name, of which the first is left aside
	 * @return the reference, or why it is none
	 */
	OpenedReference open(String[] parts) {
		if (this.opened != null) {
			return this.opened;
		}
		List<String> fillings = Arrays.asList(parts).subList(1, parts.length);
		if (fillings.size() != this.scanned.nested().size()) {
			return new OpenedReference(null,
					new SecretReferenceSyntaxException(this.scanned.text(this.scanned.nested()), 0,
							"a nested placeholder has a private-use character"),
					this.locations);
		}
		return parse(fillings);
	}

	/**
	 * Notes where the reference was found.
	 * @param location the place
	 */
	void foundAt(ReferenceLocation location) {
		this.locations.add(location);
	}

	/**
	 * Returns why no text can make this a reference.
	 * @return the error, or {@code null} if there is none or nested placeholders decide
	 */
	@Nullable SecretReferenceSyntaxException error() {
		return (this.opened != null) ? this.opened.error() : null;
	}

	/**
	 * Returns where the reference was found.
	 * @return the places
	 */
	Set<ReferenceLocation> locations() {
		return this.locations;
	}

	/**
	 * Returns the reference as its author wrote it, without its default.
	 * @return the text for a message
	 */
	String shown() {
		SecretReference reference = (this.opened != null) ? this.opened.reference() : null;
		return (reference != null) ? reference.toString()
				: new SecretReferenceSyntaxException(this.scanned.text(this.scanned.nested()), 0, "").getReference();
	}

}
