package io.github.secretsextension.extension;

/**
 * The refusal of a request that is malformed or too large. It says nothing of what the
 * client sent, and has no stack trace, since anyone can cause it.
 */
final class RefusedRequestException extends Exception {

	private static final long serialVersionUID = 1L;

	private final transient EndpointResponse response;

	RefusedRequestException(EndpointResponse response) {
		super("Refused", null, false, false);
		this.response = response;
	}

	EndpointResponse response() {
		return this.response;
	}

}
