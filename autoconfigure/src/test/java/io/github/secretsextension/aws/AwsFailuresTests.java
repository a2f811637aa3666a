package io.github.secretsextension.aws;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;

import javax.net.ssl.SSLHandshakeException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.InstanceProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.secretsmanager.model.SecretsManagerException;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for {@link AwsFailures}: the table, cell by cell.
 */
class AwsFailuresTests {

	private static final SecretReference SECRET = SecretReference.secret("prod/db");

	private static final SecretReference PARAMETER = SecretReference.parameter("/app/url");

	@ParameterizedTest
	@CsvSource(nullValues = "-", textBlock = """
			ResourceNotFoundException,           400, NOT_FOUND
			ResourceNotFoundException,           404, NOT_FOUND
			InvalidRequestException,             400, NOT_FOUND
			ParameterNotFound,                   400, NOT_FOUND
			ParameterVersionNotFound,            400, NOT_FOUND
			AccessDeniedException,               400, DENIED
			AccessDenied,                        403, DENIED
			NotAuthorized,                       400, DENIED
			UnauthorizedOperation,               403, DENIED
			OptInRequired,                       403, DENIED
			DecryptionFailure,                   400, DENIED
			DecryptionFailureException,          400, DENIED
			InvalidKeyId,                        400, DENIED
			InvalidKeyIdException,               400, DENIED
			KMSAccessDeniedException,            400, DENIED
			KMS.DisabledException,               400, DENIED
			KMSInvalidStateException,            500, DENIED
			UnrecognizedClientException,         400, DENIED
			InvalidSignatureException,           400, DENIED
			InvalidClientTokenId,                403, DENIED
			InvalidAccessKeyId,                  403, DENIED
			SignatureDoesNotMatch,               403, DENIED
			IncompleteSignature,                 400, DENIED
			IncompleteSignatureException,        400, DENIED
			MissingAuthenticationToken,          403, DENIED
			MissingAuthenticationTokenException, 400, DENIED
			AuthFailure,                         401, DENIED
			ExpiredToken,                        403, CREDENTIALS
			ExpiredTokenException,               400, CREDENTIALS
			RequestExpired,                      400, CREDENTIALS
			ThrottlingException,                 400, THROTTLED
			Throttling,                          400, THROTTLED
			ThrottledException,                  400, THROTTLED
			TooManyRequestsException,            429, THROTTLED
			TooManyRequests,                     400, THROTTLED
			RequestLimitExceeded,                503, THROTTLED
			RequestThrottled,                    400, THROTTLED
			RequestThrottledException,           400, THROTTLED
			SlowDown,                            503, THROTTLED
			-,                                   429, THROTTLED
			SomethingNew,                        429, THROTTLED
			InternalServiceError,                500, SERVICE_ERROR
			InternalServiceErrorException,       400, SERVICE_ERROR
			InternalServerError,                 500, SERVICE_ERROR
			InternalServerErrorException,        500, SERVICE_ERROR
			InternalFailure,                     500, SERVICE_ERROR
			InternalError,                       500, SERVICE_ERROR
			ServiceUnavailable,                  503, SERVICE_ERROR
			ServiceUnavailableException,         503, SERVICE_ERROR
			SomethingNew,                        400, SERVICE_ERROR
			-,                                   500, SERVICE_ERROR
			-,                                   503, SERVICE_ERROR
			ValidationException,                 400, NOT_CONFIGURED
			ValidationError,                     400, NOT_CONFIGURED
			InvalidParameterException,           400, NOT_CONFIGURED
			InvalidParameterValueException,      400, NOT_CONFIGURED
			InvalidParameterValue,               400, NOT_CONFIGURED
			ParameterPatternMismatchException,   400, NOT_CONFIGURED
			-,                                   400, BAD_ANSWER
			-,                                   403, BAD_ANSWER
			-,                                   404, BAD_ANSWER
			-,                                   302, BAD_ANSWER
			""")
	void errorCodeAndStatus(String code, int status, Reason reason) {
		SecretsException failure = translate(SECRET, service("Secrets Manager", code, status));
		assertThat(failure.getReason()).isEqualTo(reason);
		assertThat(failure).hasMessageContaining("$<secret:prod/db>")
			.hasMessageContaining("status " + status)
			.hasMessageContaining("request id rid-1");
		if (code != null) {
			assertThat(failure).hasMessageContaining("'" + code + "'");
		}
	}

	@Test
	void deniedNamesTheActionOfEachServiceAndTheScopedPolicy() {
		assertThat(translate(SECRET, service("Secrets Manager", "AccessDeniedException", 400)).getAction())
			.contains("secretsmanager:GetSecretValue", "kms:Decrypt", "missing one too");
		assertThat(translate(PARAMETER, service("Ssm", "AccessDeniedException", 400)).getAction())
			.contains("ssm:GetParameter", "kms:Decrypt");
	}

	@Test
	void codeAndRequestIdAreCutDown() {
		AwsServiceException answer = service("Secrets Manager", "Bad\r\n<b>Code " + "x".repeat(200), 400);
		assertThat(translate(SECRET, answer).getMessage()).contains("'BadbCodexxx")
			.doesNotContain("\n", "<b>", "x".repeat(100));
		assertThat(AwsFailures.token("a\u001b[31mb/c=d")).isEqualTo("a31mbcd");
		assertThat(AwsFailures.token(null)).isEqualTo("unknown");
	}

	@Test
	void onlyCredentialsThatNewOnesMayMendAreRenewed() {
		assertThat(AwsFailures.isOfCredentials(service("Ssm", "ExpiredToken", 400))).isTrue();
		assertThat(AwsFailures.isOfCredentials(service("Sts", "AccessDenied", 403))).isTrue();
		assertThat(AwsFailures.isOfCredentials(service("Ssm", "AccessDeniedException", 400))).isFalse();
		assertThat(AwsFailures.isOfCredentials(service("Ssm", "UnrecognizedClientException", 400))).isFalse();
		assertThat(AwsFailures.isOfCredentials(service("Ssm", null, 400))).isFalse();
		assertThat(AwsFailures.isOfCredentials(client("x", new SocketTimeoutException()))).isFalse();
		assertThat(AwsFailures.isOfCredentials(ApiCallTimeoutException.create(500))).isFalse();
		assertThat(AwsFailures.isOfCredentials(AbortedException.create("x"))).isFalse();
		assertThat(AwsFailures.isOfCredentials(new NoClassDefFoundError("x"))).isFalse();
	}

	@Test
	void connectTimeoutIsNoTimeoutOfAnAnswer() {
		SecretsException failure = translate(SECRET,
				client("CANARY-", new SocketTimeoutException("Connect timed out")));
		assertThat(failure.getReason()).isEqualTo(Reason.UNREACHABLE);
		assertThat(failure).hasMessageContaining("interface endpoint or NAT");
		assertThat(reason(client("x", new SocketTimeoutException("Read timed out")))).isEqualTo(Reason.TIMEOUT);
	}

	@Test
	void errorOfTheServiceThatCredentialsComeFrom() {
		SecretsException failure = translate(SECRET, service("Sts", "AccessDenied", 403));
		assertThat(failure.getReason()).isEqualTo(Reason.CREDENTIALS);
		assertThat(failure.getAction()).doesNotContain("GetSecretValue");
	}

	@Test
	void timeouts() {
		assertThat(reason(ApiCallTimeoutException.create(500))).isEqualTo(Reason.TIMEOUT);
		assertThat(reason(ApiCallAttemptTimeoutException.create(500))).isEqualTo(Reason.TIMEOUT);
		assertThat(reason(client("CANARY-", new SocketTimeoutException("CANARY-")))).isEqualTo(Reason.TIMEOUT);
		assertThat(reason(client("Unable to unmarshall response (CANARY-)",
				new UncheckedIOException(new SocketTimeoutException()))))
			.isEqualTo(Reason.TIMEOUT);
	}

	@Test
	void connections() {
		SecretsException failure = translate(SECRET,
				client("CANARY-", client("CANARY-", new UnknownHostException("CANARY-"))));
		assertThat(failure.getReason()).isEqualTo(Reason.UNREACHABLE);
		assertThat(failure).hasMessageContaining("java.net.UnknownHostException").hasMessageContaining("NAT");
		assertThat(reason(client("x", new ConnectException("CANARY-")))).isEqualTo(Reason.UNREACHABLE);
		assertThat(reason(client("x", new SSLHandshakeException("CANARY-")))).isEqualTo(Reason.UNREACHABLE);
		assertThat(reason(client("x", new IOException("CANARY-")))).isEqualTo(Reason.UNREACHABLE);
	}

	@Test
	void unparsable() {
		assertThat(reason(client("Unable to unmarshall response (CANARY-). Response Code: 200", null)))
			.isEqualTo(Reason.BAD_ANSWER);
	}

	@Test
	void region() {
		SecretsException failure = translate(SECRET,
				client("Unable to load region from any of the providers in the chain CANARY-", null));
		assertThat(failure.getReason()).isEqualTo(Reason.NOT_CONFIGURED);
		assertThat(failure.getAction()).contains("AWS_REGION", "spring.cloud.aws.region.static",
				"secrets-extension.mode=local");
	}

	@Test
	void credentials() {
		Throwable profile = catchThrowable(
				() -> ProfileCredentialsProvider.create("no-such-profile").resolveCredentials());
		Throwable chain = catchThrowable(() -> AwsCredentialsProviderChain.builder()
			.addCredentialsProvider(ProfileCredentialsProvider.create("no-such-profile"))
			.build()
			.resolveCredentials());
		Throwable silent;
		try (UnreachableHost host = new UnreachableHost()) {
			silent = catchThrowable(() -> InstanceProfileCredentialsProvider.builder()
				.endpoint(host.endpoint().toString())
				.build()
				.resolveCredentials());
		}
		for (Throwable failure : new Throwable[] { profile, chain, silent }) {
			assertThat(AwsFailures.isOfCredentials(failure)).isTrue();
			SecretsException translated = translate(SECRET, failure);
			assertThat(translated.getReason()).isEqualTo(Reason.NOT_CONFIGURED);
			assertThat(translated.getAction()).contains("AWS_PROFILE", "secrets-extension.mode=local");
		}
	}

	@Test
	void interruptIsKept() {
		assertThat(reason(AbortedException.create("CANARY-"))).isEqualTo(Reason.INTERRUPTED);
		assertThat(Thread.interrupted()).isTrue();
	}

	@Test
	void missingModule() {
		assertThat(translate(SECRET, new NoClassDefFoundError("CANARY-")).getAction())
			.contains("software.amazon.awssdk:secretsmanager");
		assertThat(translate(PARAMETER, new NoClassDefFoundError("CANARY-")).getAction())
			.contains("software.amazon.awssdk:ssm");
	}

	@ParameterizedTest
	@ValueSource(strings = { "CANARY-", "Unable to marshall CANARY-" })
	void anythingElse(String message) {
		assertThat(reason(client(message, null))).isEqualTo(Reason.SERVICE_ERROR);
		assertThat(reason(new IllegalStateException(message))).isEqualTo(Reason.SERVICE_ERROR);
	}

	private static Reason reason(Throwable failure) {
		return translate(SECRET, failure).getReason();
	}

	private static SecretsException translate(SecretReference reference, Throwable failure) {
		SecretsException translated = AwsFailures.translate(Asked.of(reference), null, failure);
		assertThat(translated.getCause()).isNull();
		AwsSecretsProviderContract.assertNoCanary(translated);
		return translated;
	}

	private static AwsServiceException service(String service, String code, int status) {
		return SecretsManagerException.builder()
			.message("CANARY-text")
			.statusCode(status)
			.requestId("rid-1")
			.awsErrorDetails(
					AwsErrorDetails.builder().serviceName(service).errorCode(code).errorMessage("CANARY-text").build())
			.build();
	}

	private static SdkClientException client(String message, Throwable cause) {
		return SdkClientException.create(message, cause);
	}

}
