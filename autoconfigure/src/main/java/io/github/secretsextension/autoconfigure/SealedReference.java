package io.github.secretsextension.autoconfigure;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.regex.Matcher;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReferenceSyntaxException;

/**
 * A reference behind a sealed name, parsed once unless it has nested placeholders.
 */
final class SealedReference {

	private static final char SLOT = '\uE001';

	private static final String PRINTED_SLOT = "\\\\ue001";

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
			return malformed(error);
		}
		try {
			SecretReference reference = SecretReference.parse(this.scanned.text(fillings));
			boolean filled = !fillings.isEmpty();
			return new OpenedReference(reference, null, this.locations, (filled) ? template() : reference.toString(),
					filled);
		}
		catch (SecretReferenceSyntaxException ex) {
			return malformed((fillings.isEmpty()) ? ex : inTemplate(ex.getProblem()));
		}
	}

	private OpenedReference malformed(SecretReferenceSyntaxException error) {
		return new OpenedReference(null, error, this.locations, error.getReference(), false);
	}

	private SecretReferenceSyntaxException inTemplate(String problem) {
		return new SecretReferenceSyntaxException(this.scanned.text(this.scanned.nested()), 0, problem);
	}

	private String template() {
		return inTemplate("").getReference();
	}

	/**
	 * Returns the reference.
	 * @param parts the parts of the sealed name, of which the first is left aside
	 * @param withheld what is missing in them, or {@code null}
	 * @return the reference, or why it is none
	 */
	OpenedReference open(String[] parts, @Nullable WithheldTexts withheld) {
		if (this.opened != null) {
			return this.opened;
		}
		List<String> nested = this.scanned.nested();
		List<String> fillings = Arrays.stream(parts)
			.skip(1)
			.map(AnnotationText::unmasked)
			.map((text) -> (withheld != null) ? withheld.putInto(text) : text)
			.toList();
		if (fillings.size() != nested.size()) {
			return malformed(inTemplate("a nested placeholder has a private-use character"));
		}
		for (int i = 0; i < nested.size(); i++) {
			if (fillings.get(i).equals(nested.get(i))) {
				return malformed(inTemplate("the placeholder '" + nested.get(i) + "' in it cannot be resolved"));
			}
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
	 * Returns the reference, if its text is known from the start.
	 * @return the reference, or {@code null} if it is malformed or nested placeholders
	 * decide
	 */
	@Nullable SecretReference reference() {
		return (this.opened != null) ? this.opened.reference() : null;
	}

	/**
	 * Returns why no text can make this a reference.
	 * @return the error, or {@code null} if there is none or nested placeholders decide
	 */
	@Nullable SecretReferenceSyntaxException error() {
		return (this.opened != null) ? this.opened.error() : null;
	}

	/**
	 * Returns the reference as its author wrote it, delimiters and nested placeholders
	 * included, with an ellipsis for its default.
	 * @return the text for a report of properties
	 */
	String written() {
		SecretReferenceSyntaxException error = this.scanned.error();
		if (error != null) {
			return error.getReference();
		}
		// A default is searched for between the nested placeholders, not in them.
		List<String> slots = Collections.nCopies(this.scanned.nested().size(), String.valueOf(SLOT));
		String written = new SecretReferenceSyntaxException(this.scanned.text(slots), 0, "").getReference();
		for (String nested : this.scanned.nested()) {
			written = written.replaceFirst(PRINTED_SLOT, Matcher.quoteReplacement(nested));
		}
		return (this.scanned.brace()) ? "${" + written.substring(2).replaceFirst(">$", "}") : written;
	}

	/**
	 * Returns the reference as its author wrote it, without its default.
	 * @return the text for a message
	 */
	String shown() {
		return (this.opened != null) ? this.opened.shown() : template();
	}

}
