package io.github.secretsextension;

/**
 * Texts from outside, as a log or message may show them: on one line, and without what a
 * terminal or a page would take for more than text.
 */
public final class PrintableText {

	private PrintableText() {
	}

	/**
	 * Returns a text whose control, format, private-use and line-separating characters,
	 * and halves of characters, are escaped as in Java's source. A text that was escaped
	 * stays as it is.
	 * @param text the text
	 * @return the same text, or an escaped copy
	 */
	public static String of(String text) {
		return escape(text, "");
	}

	/**
	 * Returns a name in which the brackets of markup are escaped too.
	 * @param name the name of a property, profile, region or file
	 * @return the same name, or an escaped copy
	 */
	public static String name(String name) {
		return escape(name, "<>");
	}

	private static String escape(String text, String others) {
		StringBuilder escaped = null;
		int length = 0;
		for (int i = 0; i < text.length(); i += length) {
			int c = text.codePointAt(i);
			length = Character.charCount(c);
			boolean plain = isPlain(c) && others.indexOf(c) < 0;
			if (!plain && escaped == null) {
				escaped = new StringBuilder(text.length() + 16).append(text, 0, i);
			}
			if (escaped != null && plain) {
				escaped.appendCodePoint(c);
			}
			else if (escaped != null) {
				for (char half : Character.toChars(c)) {
					escaped.append(String.format("\\u%04x", (int) half));
				}
			}
		}
		return (escaped != null) ? escaped.toString() : text;
	}

	static boolean isPlain(int c) {
		if (c >= ' ' && c < 0x7f) {
			return true;
		}
		return switch (Character.getType(c)) {
			case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
					Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
				false;
			default -> true;
		};
	}

}
