package io.github.secretsextension.autoconfigure;

import java.util.ArrayDeque;
import java.util.Deque;

import org.springframework.core.SpringProperties;

/**
 * The escape that makes Spring return a text as it is: Spring looks for placeholders in
 * each value that it resolved.
 */
final class PlaceholderEscape {

	private static final String ESCAPE_CHARACTER = "spring.placeholder.escapeCharacter.default";

	/** Spring needs a time that grows with the square of their number. */
	private static final int MOST_PLACEHOLDERS = 1000;

	private PlaceholderEscape() {
	}

	/**
	 * Returns the text with a backslash before each <code>${</code> that has a matching
	 * <code>}</code>. Spring takes that backslash away; before one without a match it
	 * would stay.
	 * @param text a text
	 * @return the escaped text
	 * @throws IllegalArgumentException if Spring could not be kept from searching it, or
	 * only at the price of minutes; the message is half a sentence
	 */
	static String escape(String text) {
		if (!text.contains("${")) {
			return text;
		}
		check(text);
		return escapeMatched(text);
	}

	/**
	 * Returns the escaped text for a reader that takes the backslash whatever is
	 * configured, as Boot's does.
	 * @param text a short text
	 * @return the escaped text
	 */
	static String escapeMatched(String text) {
		boolean[] matched = new boolean[text.length()];
		Deque<Integer> open = new ArrayDeque<>();
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == '{') {
				open.push(i);
			}
			else if (c == '}' && !open.isEmpty()) {
				matched[open.pop()] = true;
			}
		}
		StringBuilder escaped = new StringBuilder(text.length() + 8);
		for (int i = 0; i < text.length(); i++) {
			if (text.startsWith("${", i) && matched[i + 1]) {
				escaped.append('\\');
			}
			escaped.append(text.charAt(i));
		}
		return escaped.toString();
	}

	private static void check(String text) {
		String character = SpringProperties.getProperty(ESCAPE_CHARACTER);
		if (character != null && !character.equals("\\")) {
			throw new IllegalArgumentException(
					"the value holds '${', and '" + ESCAPE_CHARACTER + "' keeps it from being protected");
		}
		int count = 0;
		for (int i = text.indexOf("${"); i >= 0; i = text.indexOf("${", i + 2)) {
			count++;
		}
		if (count > MOST_PLACEHOLDERS) {
			throw new IllegalArgumentException("the value holds '${' more than " + MOST_PLACEHOLDERS
					+ " times, which takes Spring too long to look through");
		}
	}

}
