package io.github.secretsextension.autoconfigure;

import org.jspecify.annotations.Nullable;

/**
 * A mark on the thread that resolves an annotation's text, from the first to the last of
 * the bean factory's value resolvers.
 * <p>
 * Between them every secret is masked: the characters that open a placeholder or an
 * expression become others, so that no resolver finds anything in it, however many there
 * are and whatever their syntax. What is an opening afterwards comes from the
 * configuration, and what becomes one when the mask is taken off comes, at least in part,
 * from a secret.
 */
final class AnnotationText {

	private static final ThreadLocal<@Nullable AnnotationText> CURRENT = new ThreadLocal<>();

	private static final String BEAN_FACTORY = "org.springframework.beans.factory.support.AbstractBeanFactory";

	private static final char MASKED_HASH = '\uE002';

	private static final char MASKED_BRACE = '\uE003';

	private static final char ESCAPE = '\uE004';

	private static final char MASKED_DOLLAR = '\uE005';

	private final @Nullable AnnotationText outer;

	private boolean holdsSecret;

	private AnnotationText(@Nullable AnnotationText outer) {
		this.outer = outer;
	}

	/**
	 * Begins a text. What a text that failed left behind is dropped.
	 */
	static void begin() {
		AnnotationText outer = CURRENT.get();
		CURRENT.set(new AnnotationText((outer != null && depth() > 1) ? outer : null));
	}

	/**
	 * Ends the text.
	 * @return whether a secret went into it
	 */
	static boolean end() {
		AnnotationText text = CURRENT.get();
		if (text == null) {
			return false;
		}
		boolean holdsSecret = text.holdsSecret;
		AnnotationText outer = text.outer;
		if (outer != null && depth() == 1) {
			// An inner text failed and somebody caught that.
			for (; outer != null; outer = outer.outer) {
				holdsSecret |= outer.holdsSecret;
			}
		}
		if (outer != null) {
			CURRENT.set(outer);
		}
		else {
			CURRENT.remove();
		}
		return holdsSecret;
	}

	/**
	 * Returns the text that this thread resolves.
	 * @return the text, or {@code null} if it resolves none
	 */
	static @Nullable AnnotationText current() {
		AnnotationText text = CURRENT.get();
		if (text != null && depth() == 0) {
			CURRENT.remove();
			return null;
		}
		return text;
	}

	/** How many annotation texts the thread is in: an exception may have left a mark. */
	private static long depth() {
		return StackWalker.getInstance()
			.walk((frames) -> frames
				.filter((frame) -> frame.getMethodName().equals("resolveEmbeddedValue")
						&& frame.getClassName().equals(BEAN_FACTORY))
				.count());
	}

	/**
	 * Masks a secret and notes that there was one.
	 * @param secret the secret's text
	 * @return the text without any character that opens a placeholder or an expression
	 */
	String masked(String secret) {
		this.holdsSecret = true;
		return mask(secret);
	}

	static String mask(String secret) {
		StringBuilder masked = new StringBuilder(secret.length());
		for (int i = 0; i < secret.length(); i++) {
			char c = secret.charAt(i);
			switch (c) {
				case '#' -> masked.append(MASKED_HASH);
				case '{' -> masked.append(MASKED_BRACE);
				case '$' -> masked.append(MASKED_DOLLAR);
				case MASKED_HASH, MASKED_BRACE, MASKED_DOLLAR, ESCAPE -> masked.append(ESCAPE).append(c);
				default -> masked.append(c);
			}
		}
		return masked.toString();
	}

	/**
	 * Returns the text that a masked one stands for.
	 * @param masked the text
	 * @return the text with the secrets' own characters
	 */
	static String unmasked(String masked) {
		StringBuilder text = new StringBuilder(masked.length());
		for (int i = 0; i < masked.length(); i++) {
			char c = masked.charAt(i);
			switch (c) {
				case MASKED_HASH -> text.append('#');
				case MASKED_BRACE -> text.append('{');
				case MASKED_DOLLAR -> text.append('$');
				case ESCAPE -> text.append((i + 1 < masked.length()) ? masked.charAt(++i) : c);
				default -> text.append(c);
			}
		}
		return text.toString();
	}

}
