package io.github.secretsextension.extension;

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

	String text() {
		return new String(this.body, StandardCharsets.UTF_8);
	}

	/**
	 * Returns whether the connection can take another request.
	 */
	boolean isKeptAlive() {
		return this.keepAlive;
	}

}
