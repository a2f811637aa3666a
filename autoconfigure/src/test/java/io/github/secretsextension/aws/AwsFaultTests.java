package io.github.secretsextension.aws;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.awscore.AwsClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClientBuilder;
import software.amazon.awssdk.services.ssm.SsmClient;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsCacheSettings;
import io.github.secretsextension.TestCaches;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.aws.FaultServer.Mode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What {@link AwsSecretsProvider} does with a server that fails: a typed reason, in time,
 * and nothing of the server's text.
 */
@Timeout(60)
class AwsFaultTests {

	private static final String ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db";

	private final FaultServer server = new FaultServer();

	private final AwsSecretsProvider provider = provider(Duration.ofSeconds(10));

	@AfterEach
	void close() {
		this.provider.close();
		this.server.close();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			ThrottlingException       | 400 | THROTTLED
			AccessDeniedException     | 400 | DENIED
			ResourceNotFoundException | 400 | NOT_FOUND
			ParameterNotFound         | 400 | NOT_FOUND
			DecryptionFailure         | 400 | DENIED
			ExpiredTokenException     | 400 | CREDENTIALS
			InternalServiceError      | 500 | SERVICE_ERROR
			""")
	void errorAnswer(String code, int status, Reason reason) {
		this.server.answer(status, "{\"__type\":\"com.amazon#" + code
				+ "\",\"message\":\"CANARY-text\",\"Message\":\"CANARY-text\",\"SecretString\":\"CANARY-value\"}");
		for (String reference : new String[] { "secret:db", "param:db" }) {
			SecretsException failure = failure(reference);
			assertThat(failure.getReason()).isEqualTo(reason);
			assertThat(failure).hasMessageContaining(code)
				.hasMessageContaining("request id rid-1")
				.hasMessageContaining("region us-east-1");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "{}", "{\"SecretString\":null}", "{\"Name\":\"db\"}",
			"{\"Name\":\"other\",\"SecretString\":\"CANARY-other\"}", "{\"SecretString\":\"CANARY-", "[]",
			"<html>CANARY-</html>", "" })
	void wrongSecretAnswer(String body) {
		this.server.answer(200, body);
		assertThat(failure("secret:db").getReason()).isEqualTo(Reason.BAD_ANSWER);
	}

	@ParameterizedTest
	@ValueSource(strings = { "{}", "{\"Parameter\":{}}", "{\"Parameter\":{\"Name\":\"db\",\"Value\":null}}",
			"{\"Parameter\":{\"Name\":\"other\",\"Value\":\"CANARY-other\"}}", "{\"Parameter\":\"CANARY-\"}" })
	void wrongParameterAnswer(String body) {
		this.server.answer(200, body);
		assertThat(failure("param:db").getReason()).isEqualTo(Reason.BAD_ANSWER);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			secret:db?versionId=1-2 | {"Name":"db","SecretString":"CANARY-","VersionId":"1-2"} | true
			secret:db?versionId=1-2 | {"Name":"db","SecretString":"CANARY-","VersionId":"1-3"} | false
			param:db?version=3      | {"Parameter":{"Name":"db","Value":"CANARY-","Version":3}} | true
			param:db?version=3      | {"Parameter":{"Name":"db","Value":"CANARY-","Version":2}} | false
			""")
	void versionOfAnswer(String reference, String body, boolean accepted) {
		this.server.answer(200, body);
		expect(reference, accepted);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf        | true
			arn:aws:secretsmanager:us-east-1:123456789012:secret:db               | true
			arn:aws:secretsmanager:us-east-1:123456789012:secret:db-other-AbCdEf  | false
			arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCd          | false
			arn:aws:secretsmanager:us-east-1:123456789012:secret:other-AbCdEf     | false
			arn:aws:secretsmanager:us-east-1:210987654321:secret:db-AbCdEf        | false
			""")
	void arnOfAnswerToPartialArn(String arn, boolean accepted) {
		this.server.answer(200, "{\"Name\":\"db\",\"ARN\":\"" + arn + "\",\"SecretString\":\"CANARY-\"}");
		expect("secret:" + ARN, accepted);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			/app/url | arn:aws:ssm:us-east-1:123456789012:parameter/app/url   | true
			/app/url | arn:aws:ssm:us-east-1:210987654321:parameter/app/url   | false
			/other   | arn:aws:ssm:us-east-1:123456789012:parameter/other     | false
			""")
	void answerToParameterArn(String name, String arn, boolean accepted) {
		this.server.answer(200,
				"{\"Parameter\":{\"Name\":\"" + name + "\",\"ARN\":\"" + arn + "\",\"Value\":\"CANARY-\"}}");
		expect("param:arn:aws:ssm:us-east-1:123456789012:parameter/app/url", accepted);
	}

	private void expect(String reference, boolean accepted) {
		if (accepted) {
			assertThat(this.provider.text(reference)).isEqualTo("CANARY-");
		}
		else {
			assertThat(failure(reference).getReason()).isEqualTo(Reason.BAD_ANSWER);
		}
	}

	@Test
	void binarySecretThroughParameterStore() {
		this.server.answer(200, "{\"Parameter\":{\"Name\":\"/aws/reference/secretsmanager/db\",\"Version\":0}}");
		SecretsException failure = failure("param:/aws/reference/secretsmanager/db");
		assertThat(failure.getReason()).isEqualTo(Reason.NOT_TEXT);
	}

	@Test
	void parameterArnOfAnotherAccountIsAskedForWhole() {
		String arn = "arn:aws:ssm:us-east-1:210987654321:parameter/shared/url";
		this.server.answer(200, "{\"Parameter\":{\"Value\":\"CANARY-p\",\"Version\":3}}");
		assertThat(this.provider.text("param:" + arn + "?version=3")).isEqualTo("CANARY-p");
		assertThat(this.server.calls().get(0).body()).contains("\"Name\":\"" + arn + ":3\"");
	}

	@Test
	void hang() {
		this.server.mode(Mode.HANG);
		assertTimeout(Duration.ofMillis(500));
	}

	/**
	 * The SDK's own time limit does not always end such a call, so the cache's must free
	 * the reader.
	 */
	@Test
	void drip() {
		this.server.mode(Mode.DRIP);
		Duration deadline = Duration.ofMillis(500);
		SecretsCacheSettings settings = TestCaches.settings(Duration.ofMinutes(5), Duration.ofMinutes(5), 10, deadline,
				AllowedSecrets.ALL);
		try (SecretsCache cache = TestCaches.cache(provider(deadline), settings, SecretsClock.system(),
				Executors.newCachedThreadPool())) {
			for (String reference : new String[] { "secret:db", "param:db" }) {
				long start = System.nanoTime();
				SecretsException failure = failure(cache, reference);
				assertThat(failure.getReason()).isEqualTo(Reason.TIMEOUT);
				assertThat(failure).hasMessageContaining("secrets-extension.deadline");
				assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isLessThan(10_000);
			}
		}
	}

	private void assertTimeout(Duration deadline) {
		try (AwsSecretsProvider limited = provider(deadline)) {
			limited.prepare(SecretReference.parse("secret:db"));
			limited.prepare(SecretReference.parse("param:db"));
			for (String reference : new String[] { "secret:db", "param:db" }) {
				long start = System.nanoTime();
				SecretsException failure = failure(limited, reference);
				assertThat(failure.getReason()).isEqualTo(Reason.TIMEOUT);
				assertThat(failure).hasMessageContaining("127.0.0.1")
					.hasMessageContaining("secrets-extension.deadline");
				assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isLessThan(1_800);
			}
		}
	}

	@Test
	void redirectIsNotFollowed() {
		this.server.mode(Mode.REDIRECT);
		assertThat(failure("secret:db").getReason()).isEqualTo(Reason.BAD_ANSWER);
		assertThat(this.server.trapped()).isZero();
	}

	@Test
	void nobodyListens() {
		this.server.close();
		SecretsException failure = failure("secret:db");
		assertThat(failure.getReason()).isEqualTo(Reason.UNREACHABLE);
		assertThat(failure).hasMessageContaining("'127.0.0.1'").hasMessageContaining("interface endpoint");
	}

	@Test
	void regionOfAnArnMustLookLikeOne() {
		for (String region : new String[] { "evil.example/", "US", "x@y", "a".repeat(60) }) {
			SecretsException failure = failure("secret:arn:aws:secretsmanager:" + region + ":1:secret:db");
			assertThat(failure.getReason()).isEqualTo(Reason.NOT_CONFIGURED);
		}
		assertThat(this.server.calls()).isEmpty();
	}

	@Test
	void regionsOfArnsHaveABound() {
		for (int i = 0; i < 200; i++) {
			String reference = "secret:arn:aws:secretsmanager:xx-region-" + i + ":1:secret:db";
			Throwable failure = catchThrowableOfType(SecretsException.class, () -> this.provider.text(reference));
			assertThat(failure == null).isEqualTo(i < 65);
		}
	}

	@Test
	void clientsAreMadeOncePerRegionAndClosedOnce() {
		CountingClients clients = new CountingClients(clients(Duration.ofSeconds(5)));
		AwsSecretsProvider counted = new AwsSecretsProvider(clients, SecretsClock.system());
		assertThat(clients.made).isZero();
		counted.prepare(SecretReference.parse("secret:db"));
		assertThat(clients.made).isEqualTo(1);
		counted.text("secret:db");
		counted.text("secret:" + ARN);
		assertThat(clients.made).as("the ARN's region is the default one").isEqualTo(1);
		counted.text("secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:db");
		counted.text("secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:db");
		assertThat(clients.made).isEqualTo(2);
		assertThat(this.server.calls()).extracting(AwsCall::region)
			.containsExactly("us-east-1", "us-east-1", "eu-west-1", "eu-west-1");
		counted.close();
		assertThat(clients.released).isEqualTo(2);
		assertThat(failure(counted, "secret:db").getReason()).isEqualTo(Reason.NOT_CONFIGURED);
		assertThat(failure(counted, "param:db").getReason()).isEqualTo(Reason.NOT_CONFIGURED);
		assertThat(clients.made).isEqualTo(2);
	}

	@Test
	void callbackMaySetAnHttpClient() {
		try (AwsSecretsProvider custom = new AwsSecretsProvider(
				new DefaultAwsClients(Duration.ofSeconds(5), new ClientConfigurer() {

					@Override
					public void secretsManager(SecretsManagerClientBuilder builder, Region region) {
						AwsFaultTests.this.server.configurer().secretsManager(builder, region);
						builder.httpClient(UrlConnectionHttpClient.create());
					}

				}), SecretsClock.system())) {
			assertThat(custom.text("secret:db")).isEqualTo("CANARY-s");
		}
	}

	private SecretsException failure(String reference) {
		return failure(this.provider, reference);
	}

	private static SecretsException failure(SecretsProvider provider, String reference) {
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> provider.text(reference));
		assertThat(failure).isNotNull().hasNoCause();
		AwsSecretsProviderContract.assertNoCanary(failure);
		return failure;
	}

	private AwsSecretsProvider provider(Duration deadline) {
		return new AwsSecretsProvider(clients(deadline), SecretsClock.system());
	}

	private DefaultAwsClients clients(Duration deadline) {
		return new DefaultAwsClients(deadline, this.server.configurer());
	}

	/**
	 * Clients, counted.
	 */
	private static final class CountingClients implements AwsClients {

		private final AwsClients delegate;

		private int made;

		private int released;

		private CountingClients(AwsClients delegate) {
			this.delegate = delegate;
		}

		@Override
		public SecretsManagerClient secretsManager(String region) {
			this.made++;
			return this.delegate.secretsManager(region);
		}

		@Override
		public SsmClient parameterStore(String region) {
			this.made++;
			return this.delegate.parameterStore(region);
		}

		@Override
		public void release(AwsClient client) {
			this.released++;
			this.delegate.release(client);
		}

	}

}
