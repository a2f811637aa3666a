package io.github.secretsextension.aws;

import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.retry.RetryMode;
import software.amazon.awssdk.http.urlconnection.ProxyConfiguration;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClientBuilder;
import software.amazon.awssdk.services.ssm.SsmClientBuilder;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What {@link AwsSecretsProvider} says, and how soon, when no connection to AWS comes
 * about. Here the time itself is what is promised.
 */
@Timeout(60)
class UnreachableHostTests {

	private static final long LIMIT_MILLIS = 3_000;

	private static final SecretReference SECRET = SecretReference.secret("db");

	private final UnreachableHost host = new UnreachableHost();

	private final AtomicInteger attempts = new AtomicInteger();

	@AfterEach
	void close() {
		this.host.close();
	}

	@Test
	void dropsEveryPacket() {
		try (AwsSecretsProvider provider = provider(this.host.endpoint(), (builder) -> {
		})) {
			provider.prepare(SECRET);
			provider.prepare(SecretReference.parameter("db"));
			expectUnreachable(() -> provider.get(SECRET));
			expectUnreachable(() -> provider.get(SecretReference.parameter("db")));
			expectUnreachable(() -> provider.getAll(Set.of(SECRET, SecretReference.secret("other"))));
		}
	}

	@ParameterizedTest
	@EnumSource(RetryMode.class)
	void dropsEveryPacketWhateverTheRetrySettings(RetryMode mode) {
		try (AwsSecretsProvider provider = provider(this.host.endpoint(),
				(builder) -> builder.overrideConfiguration((configuration) -> configuration.retryStrategy(mode)))) {
			provider.prepare(SECRET);
			expectUnreachable(() -> provider.get(SECRET));
		}
	}

	private void expectUnreachable(ThrowingCallable read) {
		this.attempts.set(0);
		long start = System.nanoTime();
		SecretsException failure = failure(read);
		assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isLessThan(LIMIT_MILLIS);
		assertThat(failure.getReason()).isEqualTo(Reason.UNREACHABLE);
		assertThat(failure).hasMessageContaining("'127.0.0.1'")
			.hasMessageContaining("a function in a VPC needs an interface endpoint or NAT");
		assertThat(this.attempts).as("a packet may get lost once").hasValue(2);
	}

	@Test
	void oneAttemptWhereTheUserWantsNoMore() {
		try (AwsSecretsProvider provider = provider(this.host.endpoint(), (builder) -> builder.overrideConfiguration(
				(configuration) -> configuration.retryStrategy((strategy) -> strategy.maxAttempts(1))))) {
			assertThat(failure(() -> provider.get(SECRET)).getReason()).isEqualTo(Reason.UNREACHABLE);
			assertThat(this.attempts).hasValue(1);
		}
	}

	@Test
	void refusedConnectionsAreRetriedAsTheUserWants() {
		this.host.close();
		try (AwsSecretsProvider provider = provider(this.host.endpoint(), (builder) -> builder.overrideConfiguration(
				(configuration) -> configuration.retryStrategy((strategy) -> strategy.maxAttempts(5))))) {
			SecretsException failure = failure(() -> provider.get(SECRET));
			assertThat(failure.getReason()).isEqualTo(Reason.UNREACHABLE);
			assertThat(failure).hasMessageContaining("'127.0.0.1' (java.net.ConnectException)");
			assertThat(this.attempts).hasValue(5);
		}
	}

	@ParameterizedTest
	@CsvSource({ "false, false, secretsmanager.eu-west-1.amazonaws.com, ssm.eu-west-1.amazonaws.com",
			"true, false, secretsmanager-fips.eu-west-1.amazonaws.com, ssm-fips.eu-west-1.amazonaws.com",
			"false, true, secretsmanager.eu-west-1.amazonaws.com, ssm.eu-west-1.api.aws" })
	void hostIsNamedWhereNoEndpointIsSet(boolean fips, boolean dualStack, String secrets, String parameters) {
		this.host.close();
		ProxyConfiguration nobody = ProxyConfiguration.builder().endpoint(this.host.endpoint()).build();
		try (AwsSecretsProvider provider = provider(null, (builder) -> {
			builder.fipsEnabled(fips).dualstackEnabled(dualStack);
			((AwsSyncClientBuilder<?, ?>) builder)
				.httpClientBuilder(UrlConnectionHttpClient.builder().proxyConfiguration(nobody));
		})) {
			assertThat(failure(() -> provider.get(SECRET))).hasMessageContaining("'" + secrets + "'");
			assertThat(failure(() -> provider.get(SecretReference.parameter("db"))))
				.hasMessageContaining("'" + parameters + "'");
		}
	}

	private SecretsException failure(ThrowingCallable read) {
		SecretsException failure = catchThrowableOfType(SecretsException.class, read);
		assertThat(failure).hasNoCause();
		return failure;
	}

	private AwsSecretsProvider provider(URI endpoint, Consumer<AwsClientBuilder<?, ?>> customizer) {
		Consumer<AwsClientBuilder<?, ?>> all = (builder) -> {
			builder.endpointOverride(endpoint)
				.region(Region.EU_WEST_1)
				.credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIA", "key")));
			customizer.accept(builder);
			builder.overrideConfiguration(
					builder.overrideConfiguration().toBuilder().addExecutionInterceptor(new Counter()).build());
		};
		return new AwsSecretsProvider(new DefaultAwsClients(Duration.ofSeconds(5), new ClientConfigurer() {

			@Override
			public void secretsManager(SecretsManagerClientBuilder builder, Region region) {
				all.accept(builder);
			}

			@Override
			public void parameterStore(SsmClientBuilder builder, Region region) {
				all.accept(builder);
			}

		}), SecretsClock.system());
	}

	/**
	 * An interceptor that counts attempts.
	 */
	private final class Counter implements ExecutionInterceptor {

		@Override
		public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
			UnreachableHostTests.this.attempts.incrementAndGet();
		}

	}

}
