package io.github.secretsextension.extension;

import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.extension.FakeExtension.Mode;
import io.github.secretsextension.extension.FakeExtension.Personality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Tests for what every error of the extension and the agent becomes: the class of
 * failure, and a message that names the reference and the next step and repeats nothing
 * that came over the wire.
 */
@Timeout(30)
class ExtensionClientErrorTests {

	private static final String SECRET = "secret:prod/db";

	private static final String PARAMETER = "param:/prod/url";

	private FakeExtension fake = new FakeExtension(Personality.EXTENSION);

	@AfterEach
	void close() {
		this.fake.close();
	}

	@ParameterizedTest
	@ValueSource(strings = { SECRET, PARAMETER })
	void notReady(String reference) {
		this.fake.neverReady();
		assertThat(failure(reference, Reason.NOT_READY)).hasMessageContainingAll("not ready", "INIT",
				"secrets-extension.mode=auto", "embedded", "lazily", "handler");
		assertThat(this.fake.requests()).hasSize(1);
	}

	@ParameterizedTest
	@CsvSource({ "on-demand, ''", "provisioned-concurrency, provisioned concurrency",
			"lambda-managed-instances, managed instances" })
	void notReadyWhereNoWaitingHelps(String initializationType, String words) {
		this.fake.neverReady();
		SecretsException failure = failure(SECRET, Reason.NOT_READY, ExtensionClients.settings(this.fake.port(),
				FakeExtension.TOKEN, Duration.ofSeconds(5), Duration.ZERO, initializationType));
		assertThat(failure.getAction().toLowerCase()).contains(words);
		assertThat(failure.getAction().contains("no waiting helps")).isEqualTo(!words.isEmpty());
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			400 | not ready to serve traffic, please wait    | NOT_READY
			400 | Not Ready to serve traffic, please wait    | AMBIGUOUS
			400 | not ready to serve traffic, please wait!   | AMBIGUOUS
			400 | "not ready to serve traffic, please wait"  | AMBIGUOUS
			503 | not ready to serve traffic, please wait    | SERVICE_ERROR
			401 | not ready to serve traffic, please wait    | TOKEN_REJECTED
			""")
	void onlyTheExactTextMeansNotReady(int status, String body, Reason reason) {
		this.fake.answer(status, body);
		failure(SECRET, reason);
	}

	@ParameterizedTest
	@EnumSource
	void tokenThatIsNotAccepted(Personality personality) {
		open(personality);
		SecretsException failure = failure(SECRET, Reason.TOKEN_REJECTED,
				ExtensionClients.settings(this.fake.port(), "CANARY-wrong"));
		assertThat(failure).hasMessageContainingAll("token", "AWS_SESSION_TOKEN", "SnapStart",
				"secrets-extension.mode=embedded");
		assertThat(this.fake.requests()).singleElement().matches(FakeRequest::hasToken);
	}

	@Test
	void tokenThatIsNotAcceptedUnderSnapStart() {
		SecretsException failure = failure(SECRET, Reason.TOKEN_REJECTED, ExtensionClients.settings(this.fake.port(),
				"CANARY-wrong", Duration.ofSeconds(5), Duration.ZERO, "snap-start"));
		assertThat(failure).hasMessageContaining("SnapStart, under which this function runs");
	}

	@ParameterizedTest
	@ValueSource(strings = { "secret:prod/nope", "secret:prod/nope?versionStage=NOPE",
			"secret:prod/nope?versionId=00000000-0000-4000-8000-000000000009", "param:/nope", "param:/nope?version=9",
			"param:/aws/reference/secretsmanager/nope" })
	void extensionThatDoesNotTell(String reference) {
		SecretsException failure = failure(reference, Reason.AMBIGUOUS);
		assertThat(failure).hasMessageContainingAll("missing", "denied", "log",
				(reference.startsWith("secret")) ? "'secretsmanager:GetSecretValue'" : "'ssm:GetParameter'");
	}

	@ParameterizedTest
	@EnumSource(names = { "DENIED", "THROTTLED", "INTERNAL_ERROR" })
	void extensionThatDoesNotTellWhatAwsSaid(Mode mode) {
		this.fake.mode(mode);
		failure(SECRET, Reason.AMBIGUOUS);
		failure(PARAMETER, Reason.AMBIGUOUS);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "CANARY-text", "unknown parameter: CANARY-x", "missing parameter secretId",
			"Forwarded", "invalid refreshNow value", "<html>CANARY-</html>", "{", "{}", "{\"__type\":null}",
			"{\"__type\":1}", "{\"__type\":\"\"}", "{\"__type\":\"CANARY-a b\"}", "[\"__type\"]" })
	void otherBadRequestsWithoutACode(String body) {
		this.fake.answer(400, body);
		assertThat(failure(SECRET, Reason.AMBIGUOUS)).hasMessageContainingAll("log", "secretsmanager:GetSecretValue");
	}

	@Test
	void agentHasNoParameters() {
		open(Personality.AGENT);
		assertThat(failure(PARAMETER, Reason.UNSUPPORTED)).hasMessageContainingAll("agent has no parameters",
				"secrets-extension.mode=auto");
	}

	@Test
	void pathThatIsNotKnownIsNoSecretThatIsMissing() {
		this.fake.answer(404, "CANARY-not found");
		failure(SECRET, Reason.UNSUPPORTED);
		this.fake.answer(404, error("ResourceNotFoundException"));
		failure(SECRET, Reason.NOT_FOUND);
	}

	@ParameterizedTest
	@CsvSource(textBlock = """
			400, ResourceNotFoundException,        NOT_FOUND
			400, InvalidRequestException,          NOT_FOUND
			400, AccessDeniedException,            DENIED
			403, AccessDeniedException,            DENIED
			400, DecryptionFailure,                DENIED
			400, KMSAccessDeniedException,         DENIED
			400, InvalidSignatureException,        DENIED
			403, UnrecognizedClientException,      DENIED
			400, ExpiredTokenException,            CREDENTIALS
			403, ExpiredTokenException,            CREDENTIALS
			400, ThrottlingException,              THROTTLED
			429, Whatever,                         THROTTLED
			400, ValidationException,              NOT_CONFIGURED
			400, MaxRolesExceeded,                 SERVICE_ERROR
			500, InternalServiceError,             SERVICE_ERROR
			500, InternalFailure,                  SERVICE_ERROR
			503, ServiceUnavailable,               SERVICE_ERROR
			502, ConnectionError,                  SERVICE_ERROR
			504, TimeoutError,                     TIMEOUT
			400, com.amazon#AccessDeniedException, DENIED
			""")
	void codesOfAws(int status, String code, Reason reason) {
		this.fake.answer(status, error(code));
		SecretsException failure = failure(SECRET, reason);
		assertThat(failure).hasMessageContainingAll(code.replace("com.amazon#", ""), String.valueOf(status));
		if (reason == Reason.DENIED) {
			assertThat(failure).hasMessageContaining("secretsmanager:GetSecretValue");
		}
	}

	private static String error(String code) {
		return "{\"__type\":\"" + code + "\",\"message\":\"CANARY-text \\\"a\\\\b\",\"SecretString\":\"CANARY-s\"}";
	}

	@Test
	void missingSecretOfTheAgent() {
		open(Personality.AGENT);
		failure("secret:nope", Reason.NOT_FOUND);
		this.fake.putSecret("prod/db", "CANARY-1");
		failure(SECRET + "?versionStage=NOPE", Reason.NOT_FOUND);
		this.fake.mode(Mode.DENIED);
		failure(SECRET, Reason.DENIED);
		this.fake.mode(Mode.THROTTLED);
		failure(SECRET, Reason.THROTTLED);
		this.fake.mode(Mode.INTERNAL_ERROR);
		failure(SECRET, Reason.SERVICE_ERROR);
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"__type\":\"AccessDeniedException\", \"message\":\"User \"CANARY-u\" is not C:\\ok\"}",
			"{\"__type\":\"AccessDeniedException\", \"message\":\"\"}" })
	void errorsThatVersion2OfTheAgentDoesNotEscape(String body) {
		this.fake.answer(400, body);
		failure(SECRET, Reason.DENIED);
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"__type\":\"<CANARY-script>\"}", "{\"__type\":\"a\\nCANARY-\"}" })
	void codeThatIsNoneIsNotRepeated(String body) {
		this.fake.answer(500, body);
		failure(SECRET, Reason.SERVICE_ERROR);
	}

	@ParameterizedTest
	@CsvSource(textBlock = """
			403, Bad Token,                 TOKEN_REJECTED
			401, CANARY-text,               TOKEN_REJECTED
			429, Connection limit exceeded, THROTTLED
			500, CANARY-text,               SERVICE_ERROR
			502, CANARY-text,               SERVICE_ERROR
			503, CANARY-text,               SERVICE_ERROR
			504, CANARY-text,               TIMEOUT
			204, '',                        BAD_ANSWER
			206, CANARY-text,               BAD_ANSWER
			300, CANARY-text,               BAD_ANSWER
			304, '',                        BAD_ANSWER
			405, Not allowed,               BAD_ANSWER
			418, CANARY-tea,                BAD_ANSWER
			""")
	void statusWithoutACode(int status, String body, Reason reason) {
		this.fake.answer(status, body);
		failure(SECRET, reason);
		failure(PARAMETER, reason);
	}

	@ParameterizedTest
	@CsvSource({ "EXTENSION, AMBIGUOUS", "AGENT, THROTTLED" })
	void tooManyConnections(Personality personality, Reason reason) {
		open(personality);
		this.fake.limit(0);
		failure(SECRET, reason);
	}

	@Test
	void nobodyListens() {
		this.fake.die();
		assertThat(failure(SECRET, Reason.UNREACHABLE)).hasMessageContainingAll("Nothing listens", "layer",
				"PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", String.valueOf(this.fake.port()));
	}

	@Test
	void referenceIsNamedAsTheCallerWroteIt() {
		this.fake.answer(400, "CANARY-text");
		for (String reference : List.of("secret:a?versionStage=AWSCURRENT#f", "param:/a?version=1#/x/0")) {
			assertThat(failure(reference, Reason.AMBIGUOUS).getReference()).isEqualTo(SecretReference.parse(reference));
		}
	}

	private void open(Personality personality) {
		this.fake.close();
		this.fake = new FakeExtension(personality);
	}

	private SecretsException failure(String reference, Reason reason) {
		return failure(reference, reason, ExtensionClients.settings(this.fake.port(), FakeExtension.TOKEN));
	}

	private SecretsException failure(String text, Reason reason, ExtensionClientSettings settings) {
		SecretReference reference = SecretReference.parse(text);
		try (ExtensionSecretsProvider provider = ExtensionClients.provider(settings)) {
			SecretsException failure = catchThrowableOfType(SecretsException.class, () -> provider.get(reference));
			ExtensionClients.assertClean(failure);
			assertThat(failure.getReason()).isEqualTo(reason);
			assertThat(failure).hasMessageContaining("'" + reference + "'");
			assertThat(failure.getReference()).isEqualTo(reference);
			assertThat(failure.getAction()).endsWith(".").hasSizeGreaterThan(10);
			return failure;
		}
	}

}
