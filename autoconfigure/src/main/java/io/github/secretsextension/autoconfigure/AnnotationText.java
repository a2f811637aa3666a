package io.github.secretsextension.autoconfigure;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * A mark on the thread that resolves the placeholders of an annotation's text.
 * <p>
 * Spring evaluates the result as an expression template. So secret characters that could
 * open one are masked while the text is put together; afterwards each <code>#{</code> in
 * the masked text is known to come from the configuration, and each that appears once the
 * mask is off to come, at least in part, from a secret.
 */
final class AnnotationText {

	private static final ThreadLocal<@Nullable AnnotationText> CURRENT = new ThreadLocal<>();

	private static final char MASKED_HASH = '\uE002';

	private static final char MASKED_BRACE = '\uE003';

	private static final char ESCAPE = '\uE004';

	private boolean holdsSecret;

	/**
	 * Returns the mark of this thread.
	 * @return the mark, or {@code null} if no annotation is being resolved
	 */
	static @Nullable AnnotationText current() {
		return CURRENT.get();
	}

	/**
	 * Runs something with this mark on the thread.
	 * @param resolution resolves the text's placeholders
	 * @return the text with what {@link #masked} returned pasted in
	 */
	String resolve(Supplier<String> resolution) {
		AnnotationText outer = CURRENT.get();
		CURRENT.set(this);
		try {
			return resolution.get();
		}
		finally {
			if (outer != null) {
				CURRENT.set(outer);
			}
			else {
				CURRENT.remove();
			}
		}
	}

	/**
	 * Masks a secret text and notes that there was one.
	 * @param secret the text
	 * @return the text without any character that opens a placeholder or an expression
	 */
	String masked(String secret) {
		this.holdsSecret = true;
		StringBuilder masked = new StringBuilder(secret.length());
		for (int i = 0; i < secret.length(); i++) {
			char c = secret.charAt(i);
			switch (c) {
				case '#' -> masked.append(MASKED_HASH);
				case '{' -> masked.append(MASKED_BRACE);
				case MASKED_HASH, MASKED_BRACE, ESCAPE -> masked.append(ESCAPE).append(c);
				default -> masked.append(c);
			}
		}
		return masked.toString();
	}

	/**
	 * Returns the text that the masked one stands for.
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
				case ESCAPE -> text.append((i + 1 < masked.length()) ? masked.charAt(++i) : c);
				default -> text.append(c);
			}
		}
		return text.toString();
	}

	/**
	 * Returns whether a secret went into the text.
	 * @return {@code true} after {@link #masked} was called
	 */
	boolean holdsSecret() {
		return this.holdsSecret;
	}

}
