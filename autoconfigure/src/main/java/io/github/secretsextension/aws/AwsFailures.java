package io.github.secretsextension.aws;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsClient;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkInterruptedException;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

/**
 * The one table from what the SDK throws to a {@link SecretsException}.
 * <p>
 * A service's answer is judged by its error code, since AWS answers most errors with
 * status 400. Nothing that came from upstream is repeated but code and request id, cut
 * down to harmless characters; the SDK's exception is not kept as the cause, because its
 * message is the service's text.
 */
final class AwsFailures {

	private static final Map<String, Reason> REASONS = new HashMap<>();

	static {
		map(Reason.NOT_FOUND, "ResourceNotFoundException", "InvalidRequestException", "ParameterNotFound",
				"ParameterVersionNotFound");
		map(Reason.DENIED, "AccessDeniedException", "AccessDenied", "NotAuthorized", "UnauthorizedOperation",
				"OptInRequired", "DecryptionFailure", "DecryptionFailureException", "InvalidKeyId",
				"InvalidKeyIdException");
		map(Reason.THROTTLED, "ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException",
				"TooManyRequests", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown");
		map(Reason.CREDENTIALS, "ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException",
				"InvalidSignatureException", "InvalidClientTokenId", "InvalidAccessKeyId", "SignatureDoesNotMatch",
				"IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken",
				"MissingAuthenticationTokenException", "RequestExpired", "AuthFailure");
		map(Reason.SERVICE_ERROR, "InternalServiceError", "InternalServiceErrorException", "InternalServerError",
				"InternalServerErrorException", "InternalFailure", "InternalError", "ServiceUnavailable",
				"ServiceUnavailableException");
		map(Reason.NOT_CONFIGURED, "ValidationException", "ValidationError", "InvalidParameterException",
				"InvalidParameterValueException", "InvalidParameterValue", "ParameterPatternMismatchException");
	}

	private static final Set<String> OUR_SERVICES = Set.of("SecretsManager", "Secrets Manager", "Ssm", "SSM");

	private static final String REACH = "a function in a VPC needs an interface endpoint or NAT";

	private static final int LONGEST_TOKEN = 100;

	private AwsFailures() {
	}

	private static void map(Reason reason, String... codes) {
		for (String code : codes) {
			REASONS.put(code, reason);
		}
	}

	/**
	 * Returns what a failed call, or the failed creation of a client, means.
	 * @param reference what was read
	 * @param client the client that was asked, or {@code null} when it could not be made
	 * @param failure what the SDK threw
	 * @return the exception to throw
	 */
	static SecretsException translate(SecretReference reference, @Nullable AwsClient client, Throwable failure) {
		if (failure instanceof AwsServiceException answer) {
			return answered(reference, client, answer);
		}
		if (failure instanceof LinkageError) {
			return missingClass(reference);
		}
		if (has(failure, AwsFailures::isTimeout)) {
			return new SecretsException(Reason.TIMEOUT, reference,
					"No answer from " + host(reference, client) + " within the time limit",
					"Check that it can be reached: " + REACH + ". The limit is 'secrets-extension.deadline'.");
		}
		if (has(failure, AwsFailures::isInterrupt)) {
			Thread.currentThread().interrupt();
			return new SecretsException(Reason.INTERRUPTED, reference, "The calling thread was interrupted",
					"Read again.");
		}
		return unanswered(reference, client, failure);
	}

	private static SecretsException unanswered(SecretReference reference, @Nullable AwsClient client,
			Throwable failure) {
		if (says(failure, "Unable to load region")) {
			return new SecretsException(Reason.NOT_CONFIGURED, reference, "The AWS region is not known",
					CredentialsAdvice.regionText());
		}
		if (has(failure, AwsFailures::isAboutCredentials)) {
			return new SecretsException(Reason.NOT_CONFIGURED, reference, "No AWS credentials could be loaded",
					CredentialsAdvice.text());
		}
		if (has(failure, AwsFailures::isParsing)) {
			return new SecretsException(Reason.BAD_ANSWER, reference,
					"What " + host(reference, client) + " answered is not an answer of AWS", checkEndpoint());
		}
		if (has(failure, IOException.class::isInstance)) {
			return new SecretsException(Reason.UNREACHABLE, reference,
					"No connection to " + host(reference, client) + " (" + innermost(failure).getName() + ")",
					"Check network, proxy and endpoint settings: " + REACH + ".");
		}
		if (has(failure, (cause) -> cause instanceof URISyntaxException || cause instanceof IllegalArgumentException)) {
			return new SecretsException(Reason.NOT_CONFIGURED, reference,
					"The AWS SDK does not accept a setting (" + innermost(failure).getName() + ")",
					"Check the endpoint, which is a URI such as http://localhost:4566, and the region: "
							+ CredentialsAdvice.settings("endpoint", "AWS_ENDPOINT_URL") + ", "
							+ CredentialsAdvice.settings("region.static", "AWS_REGION") + ".");
		}
		if (says(failure, "Unable to unmarshall")) {
			return new SecretsException(Reason.BAD_ANSWER, reference,
					"What " + host(reference, client) + " answered is not an answer of AWS", checkEndpoint());
		}
		return new SecretsException(Reason.SERVICE_ERROR, reference,
				"The AWS SDK failed with " + innermost(failure).getName(),
				"Check region, endpoint and the other settings of the AWS SDK: "
						+ CredentialsAdvice.settings("*", "AWS_…") + ".");
	}

	private static SecretsException answered(SecretReference reference, @Nullable AwsClient client,
			AwsServiceException answer) {
		AwsErrorDetails details = answer.awsErrorDetails();
		String code = (details != null) ? details.errorCode() : null;
		String service = (details != null) ? details.serviceName() : null;
		boolean ours = service == null || OUR_SERVICES.contains(service);
		Reason reason = (ours) ? reason(code, answer.statusCode()) : Reason.CREDENTIALS;
		String problem = ((ours) ? name(reference) : "A service that the credentials come from") + " answered '"
				+ ((code != null) ? token(code) : "status " + answer.statusCode() + " without an error code") + "' ("
				+ "status " + answer.statusCode() + ", request id " + token(answer.requestId()) + ", region "
				+ region(reference, client) + ")";
		return new SecretsException(reason, reference, problem, action(reason, reference));
	}

	static Reason reason(@Nullable String code, int status) {
		Reason reason = (code != null) ? REASONS.get(code) : null;
		if (reason != null) {
			return reason;
		}
		if (code != null && code.startsWith("KMS")) {
			return Reason.DENIED;
		}
		if (status == 429) {
			return Reason.THROTTLED;
		}
		return (code != null || status >= 500) ? Reason.SERVICE_ERROR : Reason.BAD_ANSWER;
	}

	private static String action(Reason reason, SecretReference reference) {
		boolean secret = reference.kind() == Kind.SECRET;
		return switch (reason) {
			case NOT_FOUND -> "Check the name, the version and the region"
					+ ((secret) ? "; a secret that is marked for deletion counts as missing." : ".");
			case DENIED -> "Allow '" + ((secret) ? "secretsmanager:GetSecretValue" : "ssm:GetParameter")
					+ "' on it, and 'kms:Decrypt' on the key it is encrypted with. With a policy for certain names"
					+ " only, AWS answers so for a missing one too.";
			case THROTTLED -> "Read less often (a longer TTL) or ask for a higher quota.";
			case CREDENTIALS -> "Check the credentials of this process, whether they have expired, and its clock.";
			case NOT_CONFIGURED -> "Correct the reference: AWS does not accept its name or selectors.";
			case BAD_ANSWER -> checkEndpoint();
			default -> "Try again later; the AWS Health Dashboard says more.";
		};
	}

	private static SecretsException missingClass(SecretReference reference) {
		return new SecretsException(Reason.NOT_CONFIGURED, reference, "A part of the AWS SDK is missing",
				"Add 'software.amazon.awssdk:" + ((reference.kind() == Kind.SECRET) ? "secretsmanager" : "ssm")
						+ "' and 'software.amazon.awssdk:url-connection-client', in one version.");
	}

	/**
	 * Returns the failure of an answer that holds no value.
	 * @param reference what was read
	 * @param client the client that was asked
	 * @return the exception to throw
	 */
	static SecretsException emptyAnswer(SecretReference reference, AwsClient client) {
		return new SecretsException(Reason.BAD_ANSWER, reference,
				"The answer of " + host(reference, client) + " holds no value", checkEndpoint());
	}

	/**
	 * Returns the failure of an answer that is about something else.
	 * @param reference what was read
	 * @param client the client that was asked
	 * @return the exception to throw
	 */
	static SecretsException otherAnswer(SecretReference reference, AwsClient client) {
		return new SecretsException(Reason.BAD_ANSWER, reference,
				"The answer of " + host(reference, client) + " is about another " + reference.kind(), checkEndpoint());
	}

	private static String checkEndpoint() {
		return "Check the endpoint setting and what stands between this process and AWS.";
	}

	private static boolean has(Throwable failure, Predicate<Throwable> test) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (test.test(cause)) {
				return true;
			}
		}
		return false;
	}

	private static boolean says(Throwable failure, String start) {
		return has(failure, (cause) -> cause.getMessage() != null && cause.getMessage().startsWith(start));
	}

	private static boolean isTimeout(Throwable cause) {
		return cause instanceof ApiCallTimeoutException || cause instanceof ApiCallAttemptTimeoutException
				|| cause instanceof SocketTimeoutException;
	}

	private static boolean isInterrupt(Throwable cause) {
		return cause instanceof AbortedException || cause instanceof SdkInterruptedException
				|| cause instanceof InterruptedException;
	}

	/** The SDK has no type for it, and many messages. */
	private static boolean isAboutCredentials(Throwable cause) {
		for (StackTraceElement frame : cause.getStackTrace()) {
			if (frame.getClassName().startsWith("software.amazon.awssdk.auth.credentials.")) {
				return true;
			}
		}
		return false;
	}

	private static boolean isParsing(Throwable cause) {
		return cause.getClass().getName().startsWith("software.amazon.awssdk.thirdparty.jackson.");
	}

	private static Class<?> innermost(Throwable failure) {
		Throwable cause = failure;
		while (cause.getCause() != null) {
			cause = cause.getCause();
		}
		return cause.getClass();
	}

	private static String name(SecretReference reference) {
		return (reference.kind() == Kind.SECRET) ? "Secrets Manager" : "Systems Manager";
	}

	private static String host(SecretReference reference, @Nullable AwsClient client) {
		try {
			URI endpoint = (client != null) ? client.serviceClientConfiguration().endpointOverride().orElse(null)
					: null;
			String host = (endpoint != null) ? endpoint.getHost() : null;
			return (host != null) ? "'" + token(host) + "'"
					: name(reference) + " (region " + region(reference, client) + ")";
		}
		catch (RuntimeException ex) {
			// A client that is a test's stub has no configuration.
			return name(reference);
		}
	}

	private static String region(SecretReference reference, @Nullable AwsClient client) {
		String region = (client != null) ? AwsClients.regionOf(client) : null;
		return token((region != null) ? region : reference.region());
	}

	/**
	 * Returns a text from outside, cut down to what can do no harm in a log.
	 */
	static String token(@Nullable String text) {
		if (text == null || text.isEmpty()) {
			return "unknown";
		}
		String token = text.replaceAll("[^A-Za-z0-9._-]", "");
		return token.substring(0, Math.min(token.length(), LONGEST_TOKEN));
	}

}
