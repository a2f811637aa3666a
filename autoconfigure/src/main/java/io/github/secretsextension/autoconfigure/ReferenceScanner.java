package io.github.secretsextension.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretReferenceSyntaxException;

/**
 * A scanner that finds the references in a text: it knows their delimiters and nested
 * placeholders, and nothing of what stands in them. It goes once from left to right.
 */
final class ReferenceScanner {

	private final String text;

	private final boolean braceSyntax;

	private int position;

	ReferenceScanner(String text, boolean braceSyntax) {
		this.text = text;
		this.braceSyntax = braceSyntax;
	}

	/**
	 * Returns whether the text could hold a reference, an escaped one included.
	 * @return {@code false} if it surely holds none
	 */
	boolean concerns() {
		for (int dollar = this.text.indexOf('$'); dollar >= 0; dollar = this.text.indexOf('$', dollar + 1)) {
			if (isReference(dollar)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Returns the text with something else in place of each reference. An escaped
	 * reference stays and loses its backslash.
	 * @param replacement makes the text to put in place of a reference
	 * @return the new text
	 */
	String replaceReferences(Function<ScannedReference, String> replacement) {
		StringBuilder result = new StringBuilder(this.text.length() + 40);
		int copied = 0;
		for (int dollar = this.text.indexOf('$'); dollar >= 0; dollar = this.text.indexOf('$', this.position)) {
			this.position = dollar + 1;
			if (!isReference(dollar)) {
				continue;
			}
			if (dollar > 0 && this.text.charAt(dollar - 1) == '\\') {
				// Spring drops the backslash of its own syntax itself.
				result.append(this.text, copied, (isBrace(dollar)) ? dollar : dollar - 1);
				copied = dollar;
				continue;
			}
			result.append(this.text, copied, dollar).append(replacement.apply(reference(dollar)));
			copied = this.position;
		}
		return result.append(this.text, copied, this.text.length()).toString();
	}

	private boolean isReference(int dollar) {
		if (!this.text.startsWith("<", dollar + 1) && !(this.braceSyntax && isBrace(dollar))) {
			return false;
		}
		for (Kind kind : Kind.values()) {
			if (this.text.startsWith(kind.prefix(), dollar + 2)) {
				return true;
			}
		}
		return false;
	}

	private boolean isBrace(int dollar) {
		return this.text.startsWith("{", dollar + 1);
	}

	private ScannedReference reference(int dollar) {
		List<String> literals = new ArrayList<>();
		List<String> nested = new ArrayList<>();
		StringBuilder literal = new StringBuilder();
		boolean brace = isBrace(dollar);
		int open = 0;
		this.position = dollar + 2;
		while (this.position < this.text.length()) {
			char c = this.text.charAt(this.position);
			if (c == '\\' && this.text.startsWith("$", this.position + 1) && isNested(this.position + 1)) {
				literal.append('$');
				this.position += 2;
			}
			else if (c == '$' && isReference(this.position)) {
				return malformed(dollar, this.position, "a reference cannot stand inside a reference");
			}
			else if (c == '$' && isBrace(this.position)) {
				int start = this.position;
				if (!skipPlaceholder()) {
					return malformed(dollar, start, "the nested placeholder is not closed; as text it is '\\${'");
				}
				String placeholder = this.text.substring(start, this.position);
				if (new ReferenceScanner(placeholder.substring(1), this.braceSyntax).concerns()) {
					return malformed(dollar, start, "a reference cannot stand inside a reference");
				}
				literals.add(literal.toString());
				nested.add(placeholder);
				literal.setLength(0);
			}
			else if (c == ((brace) ? '}' : '>') && open == 0) {
				this.position++;
				literals.add(literal.toString());
				return new ScannedReference(literals, nested, brace, null);
			}
			else {
				open += (!brace) ? 0 : (c == '{') ? 1 : (c == '}') ? -1 : 0;
				literal.append(c);
				this.position++;
			}
		}
		return malformed(dollar, this.text.length(), "the closing '" + ((brace) ? '}' : '>') + "' is missing");
	}

	private boolean isNested(int dollar) {
		return isBrace(dollar) || isReference(dollar);
	}

	private boolean skipPlaceholder() {
		int open = 0;
		while (this.position < this.text.length()) {
			char c = this.text.charAt(this.position++);
			open += (c == '{') ? 1 : (c == '}') ? -1 : 0;
			if (c == '}' && open == 0) {
				return true;
			}
		}
		return false;
	}

	private ScannedReference malformed(int dollar, int at, String problem) {
		// What a malformed reference's end would have been is unknown: it takes the rest.
		this.position = this.text.length();
		String reference = this.text.substring(dollar + 2);
		return new ScannedReference(List.of(reference), List.of(), isBrace(dollar),
				new SecretReferenceSyntaxException(reference, at - dollar - 2, problem, at < this.text.length()));
	}

}
