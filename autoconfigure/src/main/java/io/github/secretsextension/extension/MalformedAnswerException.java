package io.github.secretsextension.extension;

import java.io.IOException;

/**
 * An answer that is not HTTP/1.1, or larger than any answer; its message holds no piece
 * of it.
 */
final class MalformedAnswerException extends IOException {

	private static final long serialVersionUID = 1L;

	MalformedAnswerException(String problem) {
		super(problem);
	}

}
