package io.github.secretsextension;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsException.Reason;

/**
 * A watch on one upstream call, which an observer makes on the thread of who caused the
 * call. It must neither block nor read, and learns neither what is read nor a value.
 */
public interface SecretsCall {

	/**
	 * Hears, on the thread that makes the call, that it begins.
	 */
	void begin();

	/**
	 * Hears, on the same thread, that it ended.
	 * @param failure how it failed, or {@code null} if it did not
	 */
	void end(@Nullable Reason failure);

	/**
	 * The outcome of a call, as coarse as a meter needs it.
	 */
	enum Outcome {

		/** It brought what it was made for. */
		SUCCESS,

		/** The secret, parameter, version or stage does not exist. */
		ABSENT,

		/** It may not be read. */
		DENIED,

		/** The process's own credentials or settings did not do. */
		NOT_CONFIGURED,

		/** Too many calls. */
		THROTTLED,

		/** No answer in time. */
		TIMEOUT,

		/** No connection. */
		UNREACHABLE,

		/** The extension was not ready, or could not answer such a read. */
		NOT_READY,

		/** Any other failure. */
		ERROR;

		/**
		 * Returns the outcome of a call.
		 * @param failure how it failed, or {@code null} if it did not
		 * @return the outcome
		 */
		public static Outcome of(@Nullable Reason failure) {
			if (failure == null) {
				return SUCCESS;
			}
			return switch (failure) {
				case NOT_FOUND, FIELD_NOT_FOUND -> ABSENT;
				case DENIED, REFUSED -> DENIED;
				case CREDENTIALS, NOT_CONFIGURED, TOKEN_REJECTED -> NOT_CONFIGURED;
				case THROTTLED -> THROTTLED;
				case TIMEOUT, INTERRUPTED -> TIMEOUT;
				case UNREACHABLE -> UNREACHABLE;
				case NOT_READY, UNSUPPORTED -> NOT_READY;
				case SERVICE_ERROR, BAD_ANSWER, AMBIGUOUS, NOT_TEXT, NOT_JSON -> ERROR;
			};
		}

	}

}
