package io.github.secretsextension;

/**
 * An error in a JSON text; its message holds no piece of the text.
 */
public final class MalformedJsonException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	MalformedJsonException(String problem) {
		super(problem);
	}

}
