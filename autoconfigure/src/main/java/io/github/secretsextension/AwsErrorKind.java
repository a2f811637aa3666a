package io.github.secretsextension;

import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsException.Reason;

/**
 * What an error code of AWS means: the one table of all codes. AWS answers most errors
 * with status 400, so the status counts only where the code says nothing.
 */
public enum AwsErrorKind {

	/** There is no such thing, or it is marked for deletion. */
	MISSING(Reason.NOT_FOUND, "ResourceNotFoundException", "InvalidRequestException", "ParameterNotFound",
			"ParameterVersionNotFound"),

	/** The caller is known and may not read it, or not use its key. */
	NOT_ALLOWED(Reason.DENIED, "AccessDeniedException", "AccessDenied", "NotAuthorized", "UnauthorizedOperation",
			"OptInRequired", "DecryptionFailure", "DecryptionFailureException", "InvalidKeyId",
			"InvalidKeyIdException"),

	/** The caller is not known: an unknown key, or a signature that is not right. */
	NOT_KNOWN(Reason.DENIED, "UnrecognizedClientException", "InvalidSignatureException", "InvalidClientTokenId",
			"InvalidAccessKeyId", "SignatureDoesNotMatch", "IncompleteSignature", "IncompleteSignatureException",
			"MissingAuthenticationToken", "MissingAuthenticationTokenException", "AuthFailure"),

	/**
	 * The caller's credentials were good once, or could not be had: new ones may help.
	 */
	CREDENTIALS(Reason.CREDENTIALS, "ExpiredToken", "ExpiredTokenException", "RequestExpired"),

	THROTTLED(Reason.THROTTLED, "ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException",
			"TooManyRequests", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown"),

	/** An error of the service, or a code that is not known here. */
	SERVICE_ERROR(Reason.SERVICE_ERROR, "InternalServiceError", "InternalServiceErrorException", "InternalServerError",
			"InternalServerErrorException", "InternalFailure", "InternalError", "ServiceUnavailable",
			"ServiceUnavailableException"),

	NOT_VALID(Reason.NOT_CONFIGURED, "ValidationException", "ValidationError", "InvalidParameterException",
			"InvalidParameterValueException", "InvalidParameterValue", "ParameterPatternMismatchException"),

	/** An answer without a code: it does not come from AWS. */
	NOT_OF_AWS(Reason.BAD_ANSWER);

	private static final Map<String, AwsErrorKind> KINDS = new HashMap<>();

	static {
		for (AwsErrorKind kind : values()) {
			for (String code : kind.codes) {
				KINDS.put(code, kind);
			}
		}
	}

	private final Reason reason;

	private final String[] codes;

	AwsErrorKind(Reason reason, String... codes) {
		this.reason = reason;
		this.codes = codes;
	}

	/**
	 * Returns the class of failure.
	 * @return the reason
	 */
	public Reason reason() {
		return this.reason;
	}

	/**
	 * Returns what an answer means.
	 * @param code its error code, or {@code null} when it has none
	 * @param status its HTTP status
	 * @return the meaning
	 */
	public static AwsErrorKind of(@Nullable String code, int status) {
		AwsErrorKind kind = (code != null) ? KINDS.get(code) : null;
		if (kind != null) {
			return kind;
		}
		if (code != null && code.startsWith("KMS")) {
			return NOT_ALLOWED;
		}
		if (status == 429) {
			return THROTTLED;
		}
		return (code != null || status >= 500) ? SERVICE_ERROR : NOT_OF_AWS;
	}

}
