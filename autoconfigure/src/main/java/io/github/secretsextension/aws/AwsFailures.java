package io.github.secretsextension.aws;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URISyntaxException;
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

import io.github.secretsextension.AwsErrorKind;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

/**
 * The one place where what the SDK throws becomes a {@link SecretsException}.
 * <p>
 * Nothing that came from upstream is repeated but error code and request id, cut down to
 * harmless characters; the SDK's exception is not kept as the cause, because its message
 * is the service's text.
 */
final class AwsFailures {

	private static final Set<String> OUR_SERVICES = Set.of("SecretsManager", "Secrets Manager", "Ssm", "SSM");

	private static final String REACH = "a function in a VPC needs an interface endpoint or NAT";

	private static final String CHECK_ENDPOINT = "Check the endpoint setting and what stands between this process and"
			+ " AWS.";

	private static final int LONGEST_TOKEN = 100;

	private AwsFailures() {
	}

	/**
	 * Returns what a failed call, or the failed creation of a client, means.
	 * @param asked what was asked for
	 * @param client the client that was asked, or {@code null} when it could not be made
	 * @param failure what the SDK threw
	 * @return the exception to throw
	 */
	static SecretsException translate(Asked asked, @Nullable AwsClient client, Throwable failure) {
		if (failure instanceof AwsServiceException answer) {
			return answered(asked, client, answer);
		}
		if (failure instanceof LinkageError) {
			return missingClass(asked);
		}
		if (has(failure, AwsFailures::isInterrupt)) {
			Thread.currentThread().interrupt();
			return failure(asked, Reason.INTERRUPTED, "The calling thread was interrupted", "Read again.");
		}
		if (says(failure, "Unable to load region")) {
			return failure(asked, Reason.NOT_CONFIGURED, "The AWS region is not known", CredentialsAdvice.regionText());
		}
		if (has(failure, AwsFailures::isAboutCredentials)) {
			return failure(asked, Reason.NOT_CONFIGURED, "No AWS credentials could be loaded",
					CredentialsAdvice.text());
		}
		String host = host(asked, client, failure);
		if (has(failure, FirstContactHttpClient::isConnectTimeout)) {
			return failure(asked, Reason.UNREACHABLE, "No connection to " + host + " came about in time",
					"Check network, proxy and endpoint settings: " + REACH + ".");
		}
		if (has(failure, AwsFailures::isTimeout)) {
			return failure(asked, Reason.TIMEOUT, "No answer from " + host + " within the time limit",
					"Check that it can be reached: " + REACH + ". The limit is 'secrets-extension.deadline'.");
		}
		return unanswered(asked, host, failure);
	}

	/**
	 * Returns whether a call failed because of the process's own credentials in a way
	 * that new ones may mend: they had expired, or could not be loaded.
	 * @param failure what the SDK threw
	 * @return {@code true} if a second try with new ones is worth it
	 */
	static boolean isOfCredentials(Throwable failure) {
		if (failure instanceof AwsServiceException answer) {
			return kind(answer) == AwsErrorKind.CREDENTIALS;
		}
		return !(failure instanceof LinkageError) && !has(failure, AwsFailures::isInterrupt)
				&& has(failure, AwsFailures::isAboutCredentials);
	}

	private static SecretsException unanswered(Asked asked, String host, Throwable failure) {
		if (has(failure, AwsFailures::isParsing) || says(failure, "Unable to unmarshall")) {
			return failure(asked, Reason.BAD_ANSWER, "What " + host + " answered is not an answer of AWS",
					CHECK_ENDPOINT);
		}
		if (has(failure, IOException.class::isInstance)) {
			return failure(asked, Reason.UNREACHABLE,
					"No connection to " + host + " (" + innermost(failure).getName() + ")",
					"Check network, proxy and endpoint settings: " + REACH + ".");
		}
		if (has(failure, (cause) -> cause instanceof URISyntaxException || cause instanceof IllegalArgumentException)) {
			return failure(asked, Reason.NOT_CONFIGURED,
					"The AWS SDK does not accept a setting (" + innermost(failure).getName() + ")",
					"Check the endpoint, which is a URI such as http://localhost:4566, and the region: "
							+ CredentialsAdvice.settings("endpoint", "AWS_ENDPOINT_URL") + ", "
							+ CredentialsAdvice.settings("region.static", "AWS_REGION") + ".");
		}
		return failure(asked, Reason.SERVICE_ERROR, "The AWS SDK failed with " + innermost(failure).getName(),
				"Check region, endpoint and the other settings of the AWS SDK: "
						+ CredentialsAdvice.settings("*", "AWS_…") + ".");
	}

	private static SecretsException answered(Asked asked, @Nullable AwsClient client, AwsServiceException answer) {
		AwsErrorDetails details = answer.awsErrorDetails();
		String code = (details != null) ? details.errorCode() : null;
		AwsErrorKind kind = kind(answer);
		String problem = ((isOurs(answer)) ? asked.service() : "A service that the credentials come from")
				+ " answered '"
				+ ((code != null) ? token(code) : "status " + answer.statusCode() + " without an error code") + "' ("
				+ "status " + answer.statusCode() + ", request id " + token(answer.requestId()) + ", region "
				+ region(asked, client) + ")";
		return failure(asked, kind.reason(), problem, action(kind, asked));
	}

	private static AwsErrorKind kind(AwsServiceException answer) {
		AwsErrorDetails details = answer.awsErrorDetails();
		return (isOurs(answer)) ? AwsErrorKind.of((details != null) ? details.errorCode() : null, answer.statusCode())
				: AwsErrorKind.CREDENTIALS;
	}

	private static boolean isOurs(AwsServiceException answer) {
		AwsErrorDetails details = answer.awsErrorDetails();
		String service = (details != null) ? details.serviceName() : null;
		return service == null || OUR_SERVICES.contains(service);
	}

	private static String action(AwsErrorKind kind, Asked asked) {
		return switch (kind) {
			case MISSING -> "Check the name, the version and the region" + ((asked.kind() == Kind.SECRET)
					? "; a secret that is marked for deletion counts as missing." : ".");
			case NOT_ALLOWED -> "Allow " + asked.permission() + ", and 'kms:Decrypt' on the key it is encrypted with."
					+ " With a policy for certain names only, AWS answers so for a missing one too.";
			case NOT_KNOWN -> "Check the credentials of this process, which AWS does not accept, and its clock.";
			case CREDENTIALS -> "Check the credentials of this process, whether they have expired, and its clock.";
			case THROTTLED -> "Read less often (a longer TTL) or ask for a higher quota.";
			case NOT_VALID -> "Correct the reference: AWS does not accept its name or selectors.";
			case NOT_OF_AWS -> CHECK_ENDPOINT;
			case SERVICE_ERROR -> "Try again later; the AWS Health Dashboard says more.";
		};
	}

	private static SecretsException missingClass(Asked asked) {
		return failure(asked, Reason.NOT_CONFIGURED, "A part of the AWS SDK is missing",
				"Add 'software.amazon.awssdk:" + ((asked.kind() == Kind.SECRET) ? "secretsmanager" : "ssm")
						+ "' and 'software.amazon.awssdk:url-connection-client', in one version.");
	}

	/**
	 * Returns the failure of an answer that holds no value.
	 * @param reference what was read
	 * @param client the client that was asked
	 * @return the exception to throw
	 */
	static SecretsException emptyAnswer(SecretReference reference, AwsClient client) {
		return badAnswer(reference, client, "holds no value");
	}

	/**
	 * Returns the failure of an answer that is about something else.
	 * @param reference what was read
	 * @param client the client that was asked
	 * @return the exception to throw
	 */
	static SecretsException otherAnswer(SecretReference reference, AwsClient client) {
		return badAnswer(reference, client, "is about another " + reference.kind());
	}

	static SecretsException otherVersion(SecretReference reference, AwsClient client) {
		return badAnswer(reference, client, "is about another version");
	}

	private static SecretsException badAnswer(SecretReference reference, AwsClient client, String what) {
		return new SecretsException(Reason.BAD_ANSWER, reference,
				"The answer of " + host(Asked.of(reference), client, null) + " " + what, CHECK_ENDPOINT);
	}

	private static SecretsException failure(Asked asked, Reason reason, String problem, String action) {
		return new SecretsException(reason, asked.reference(), problem, action);
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

	private static String host(Asked asked, @Nullable AwsClient client, @Nullable Throwable failure) {
		String called = (failure != null) ? CalledHost.of(failure) : null;
		String host = (called != null) ? called : endpoint(client);
		return (host != null) ? "'" + token(host) + "'" : asked.service() + " (region " + region(asked, client) + ")";
	}

	private static @Nullable String endpoint(@Nullable AwsClient client) {
		try {
			URI endpoint = (client != null) ? client.serviceClientConfiguration().endpointOverride().orElse(null)
					: null;
			return (endpoint != null) ? endpoint.getHost() : null;
		}
		catch (RuntimeException ex) {
			// A client that is a test's stub has no configuration.
			return null;
		}
	}

	private static String region(Asked asked, @Nullable AwsClient client) {
		String region = (client != null) ? AwsClients.regionOf(client) : null;
		return token((region != null) ? region : asked.region());
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
