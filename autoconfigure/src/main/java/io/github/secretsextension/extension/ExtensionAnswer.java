package io.github.secretsextension.extension;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * An answer as it came over the wire.
 */
final class ExtensionAnswer {

	private final int status;

	private final byte[] body;

	private final boolean keepAlive;

	ExtensionAnswer(int status, byte[] body, boolean keepAlive) {
		this.status = status;
		this.body = body;
		this.keepAlive = keepAlive;
	}

	int status() {
		return this.status;
	}

	/**
	 * Returns the body as text.
	 * @throws CharacterCodingException if it is no UTF-8, and would be another value
	 */
	String text() throws CharacterCodingException {
		return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(this.body)).toString();
	}

	/**
	 * Returns the body as text, with U+FFFD for what is no UTF-8.
	 */
	String lenientText() {
		return new String(this.body, StandardCharsets.UTF_8);
	}

	/**
	 * Returns whether the connection can take another request.
	 */
	boolean isKeptAlive() {
		return this.keepAlive;
	}

}
