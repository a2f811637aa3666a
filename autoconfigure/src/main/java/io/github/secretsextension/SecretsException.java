package io.github.secretsextension;

import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * A failure to read a secret or parameter.
 * <p>
 * The message names the reference, the cause's class and the next step. It never holds a
 * value, nor a text that came from upstream, which could hold one.
 */
public class SecretsException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final Reason reason;

	private final transient @Nullable SecretReference reference;

	private final String problem;

	private final String action;

	/**
	 * Creates an exception.
	 * @param reason the class of failure
	 * @param reference what was read, or {@code null} when the failure concerns all
	 * @param problem what happened, as a sentence without its full stop
	 * @param action what to do about it, as a sentence with its full stop
	 */
	public SecretsException(Reason reason, @Nullable SecretReference reference, String problem, String action) {
		super(PrintableText
			.of(((reference != null) ? "Cannot read '" + reference + "': " : "") + problem + ". " + action));
		this.reason = reason;
		this.reference = reference;
		this.problem = PrintableText.of(problem);
		this.action = PrintableText.of(action);
	}

	private SecretsException(SecretsException failure, @Nullable SecretReference reference) {
		this(failure.reason, reference, failure.problem, failure.action);
		if (failure.getCause() != null) {
			initCause(failure.getCause());
		}
		setStackTrace(failure.getStackTrace());
	}

	/**
	 * Returns the same failure, said of another reference to the same value.
	 * @param reference the reference as the caller wrote it, or {@code null} to name none
	 * @return this exception, or a copy that names the reference
	 */
	public SecretsException withReference(@Nullable SecretReference reference) {
		return (Objects.equals(reference, this.reference)) ? this : new SecretsException(this, reference);
	}

	/**
	 * Returns the class of failure.
	 * @return the reason
	 */
	public Reason getReason() {
		return this.reason;
	}

	/**
	 * Returns what was read.
	 * @return the reference, or {@code null} when the failure concerns all
	 */
	public @Nullable SecretReference getReference() {
		return this.reference;
	}

	/**
	 * Returns what happened.
	 * @return a sentence without its full stop
	 */
	public String getProblem() {
		return this.problem;
	}

	/**
	 * Returns what to do about it.
	 * @return a sentence
	 */
	public String getAction() {
		return this.action;
	}

	/**
	 * The class of a failure.
	 */
	public enum Reason {

		/**
		 * The secret, parameter, version or stage does not exist or is marked for
		 * deletion.
		 */
		NOT_FOUND,

		/** The JSON text has no such field, or it is {@code null}. */
		FIELD_NOT_FOUND,

		/**
		 * The caller may not read it, or not decrypt it, or the service does not know the
		 * caller.
		 */
		DENIED,

		/** {@code secrets-extension.allow} does not name it: no call was made. */
		REFUSED,

		/** Too many calls. */
		THROTTLED,

		/** No answer within the deadline. */
		TIMEOUT,

		/** No connection, or it broke. */
		UNREACHABLE,

		/** An error of the service itself. */
		SERVICE_ERROR,

		/** An answer without a value, or with another secret's. */
		BAD_ANSWER,

		/**
		 * The extension failed in a way of which it does not tell whether the secret is
		 * gone, denied or only not to be had now.
		 */
		AMBIGUOUS,

		/**
		 * The extension answers nobody yet: it does so only while a function is invoked.
		 */
		NOT_READY,

		/** The extension or agent does not accept the token. */
		TOKEN_REJECTED,

		/**
		 * What was asked does not offer this kind of value: the agent has no parameters.
		 */
		UNSUPPORTED,

		/** The process's own credentials have expired. */
		CREDENTIALS,

		/** A region, credentials, a library or a file that is needed is missing. */
		NOT_CONFIGURED,

		/** The value is binary and was asked for as text. */
		NOT_TEXT,

		/** The value is not a JSON text that has fields. */
		NOT_JSON,

		/** The caller's thread was interrupted while it waited. */
		INTERRUPTED;

		/**
		 * Returns whether the failure says nothing about the secret itself, so that an
		 * old value may go on being served, or another source be asked.
		 * @return {@code false} if the secret is gone, denied or not of the wanted form
		 */
		public boolean isTransient() {
			return switch (this) {
				case THROTTLED, TIMEOUT, UNREACHABLE, SERVICE_ERROR, BAD_ANSWER, AMBIGUOUS, NOT_READY, TOKEN_REJECTED,
						UNSUPPORTED, CREDENTIALS, NOT_CONFIGURED, INTERRUPTED ->
					true;
				case NOT_FOUND, FIELD_NOT_FOUND, DENIED, REFUSED, NOT_TEXT, NOT_JSON -> false;
			};
		}

		/**
		 * Returns whether the failure says for sure that there is nothing to read, so
		 * that a default applies.
		 * @return {@code true} for an absence
		 */
		public boolean isAbsence() {
			return this == NOT_FOUND || this == FIELD_NOT_FOUND;
		}

	}

}
