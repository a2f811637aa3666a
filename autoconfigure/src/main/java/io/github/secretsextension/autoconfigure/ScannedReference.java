package io.github.secretsextension.autoconfigure;

import java.util.List;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReferenceSyntaxException;

/**
 * A reference as it stands in a text, between its delimiters.
 *
 * @param literals the text before, between and behind the nested placeholders: one more
 * than there are of those
 * @param nested the nested placeholders, delimiters included
 * @param brace whether it is written <code>${…}</code>
 * @param error why it could not be delimited, or {@code null}
 */
record ScannedReference(List<String> literals, List<String> nested, boolean brace,
		@Nullable SecretReferenceSyntaxException error) {

	ScannedReference {
		literals = List.copyOf(literals);
		nested = List.copyOf(nested);
	}

	/**
	 * Returns the reference's text.
	 * @param fillings a text for each nested placeholder
	 * @return the text between the delimiters
	 */
	String text(List<String> fillings) {
		StringBuilder text = new StringBuilder(this.literals.get(0));
		for (int i = 1; i < this.literals.size(); i++) {
			text.append(fillings.get(i - 1)).append(this.literals.get(i));
		}
		return text.toString();
	}

}
