package io.github.secretsextension.extension;

import java.net.SocketTimeoutException;

/**
 * The failure of a connection that was not taken in time, which may be long before the
 * deadline.
 */
final class ConnectTimeoutException extends SocketTimeoutException {

	private static final long serialVersionUID = 1L;

	private final int millis;

	ConnectTimeoutException(int millis) {
		this.millis = millis;
	}

	/**
	 * Returns how long it was waited for.
	 */
	int millis() {
		return this.millis;
	}

}
