package io.github.secretsextension.aws;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.AwsClient;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;

import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What {@link AwsSecretsProvider} does when AWS does not accept the process's own
 * credentials, or there are none: new ones once, where that can help.
 */
@Timeout(60)
class CredentialsRenewalTests {

	private static final SecretReference SECRET = SecretReference.secret("db");

	private static final SecretReference PARAMETER = SecretReference.parameter("db");

	private static final FaultServer.Answer EXPIRED = new FaultServer.Answer(400,
			"{\"__type\":\"ExpiredTokenException\",\"Message\":\"CANARY-text\"}");

	private final FaultServer server = new FaultServer();

	private final ManualClock clock = new ManualClock(0);

	private final ExecutorService executor = Executors.newCachedThreadPool();

	/** The first ones have the access key AKIA1, then AKIA2. */
	private final RenewedClients clients = new RenewedClients(
			(number) -> StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIA" + number, "key")));

	private AwsSecretsProvider provider = new AwsSecretsProvider(this.clients, this.clock);

	@AfterEach
	void close() {
		this.provider.close();
		this.server.close();
		this.executor.shutdownNow();
	}

	@ParameterizedTest
	@ValueSource(strings = { "ExpiredToken", "ExpiredTokenException" })
	void expiredOnesAreRenewed(String code) {
		this.server.refuse("AKIA1", code);
		assertThat(this.provider.get(SECRET).text()).isEqualTo("CANARY-s");
		assertThat(keys()).containsExactly("AKIA1", "AKIA2");
		assertThat(this.clients).hasToString("made 2, released 1, renewed 1");
		this.provider.get(SECRET);
		this.provider.get(PARAMETER);
		assertThat(keys()).containsExactly("AKIA1", "AKIA2", "AKIA2", "AKIA2");
		this.provider.close();
		assertThat(this.clients).hasToString("made 3, released 3, renewed 1");
	}

	/**
	 * The SDK takes this for a wrong clock at first, and tries again by itself.
	 */
	@Test
	void expiredRequestIsRenewed() {
		this.server.refuse("AKIA1", "RequestExpired");
		assertThat(this.provider.get(PARAMETER).text()).isEqualTo("CANARY-p");
		assertThat(keys()).startsWith("AKIA1").endsWith("AKIA2").containsOnlyOnce("AKIA2");
	}

	@Test
	void expiredOnesAreRenewedForABatch() {
		this.server.refuse("AKIA1", "ExpiredTokenException");
		assertThat(this.provider.getAll(Set.of(SECRET, SecretReference.secret("other")))).hasSize(2);
		assertThat(this.server.calls()).extracting((call) -> call.action() + " " + call.accessKey())
			.containsExactly("BatchGetSecretValue AKIA1", "BatchGetSecretValue AKIA2");
	}

	@Test
	void bothServicesAndAllRegionsAreRenewedTogether() {
		this.provider.get(PARAMETER);
		this.provider.get(SecretReference.secret("arn:aws:secretsmanager:eu-west-1:123456789012:secret:db"));
		this.server.refuse("AKIA1", "ExpiredTokenException");
		this.provider.get(SECRET);
		assertThat(this.clients).hasToString("made 4, released 3, renewed 1");
		this.provider.get(PARAMETER);
		assertThat(keys()).containsExactly("AKIA1", "AKIA1", "AKIA1", "AKIA2", "AKIA2");
	}

	@Test
	void onesThatAreStillRefusedAreRenewedOncePerRead() {
		this.server.answer(400, "{\"__type\":\"ExpiredTokenException\",\"Message\":\"CANARY-text\"}");
		SecretsException failure = failure(SECRET);
		assertThat(failure.getReason()).isEqualTo(Reason.CREDENTIALS);
		assertThat(failure).hasMessageContaining("'ExpiredTokenException'").hasMessageContaining("expired");
		assertThat(keys()).containsExactly("AKIA1", "AKIA2");
		failure(SECRET);
		assertThat(keys()).containsExactly("AKIA1", "AKIA2", "AKIA2", "AKIA3");
	}

	@ParameterizedTest
	@CsvSource({ "UnrecognizedClientException", "InvalidSignatureException", "InvalidClientTokenId",
			"SignatureDoesNotMatch", "IncompleteSignatureException", "MissingAuthenticationTokenException" })
	void unknownOnesAreNotRenewed(String code) {
		this.server.refuse("AKIA1", code);
		SecretsException failure = failure(SECRET);
		assertThat(failure.getReason()).isEqualTo(Reason.DENIED);
		assertThat(failure.getAction()).contains("credentials of this process", "clock").doesNotContain("Allow");
		assertThat(keys()).containsExactly("AKIA1");
		assertThat(this.clients).hasToString("made 1, released 0, renewed 0");
	}

	@Test
	void concurrentReadsRenewOnce() throws Exception {
		int readers = 8;
		CyclicBarrier together = new CyclicBarrier(readers);
		this.server.answer((call) -> {
			if (call.accessKey().equals("AKIA1")) {
				await(together);
				return EXPIRED;
			}
			return null;
		});
		List<Future<String>> texts = new ArrayList<>();
		for (int i = 0; i < readers; i++) {
			SecretReference reference = SecretReference.secret("db" + i);
			texts.add(this.executor.submit(() -> this.provider.get(reference).text()));
		}
		for (Future<String> text : texts) {
			assertThat(text.get(30, TimeUnit.SECONDS)).isEqualTo("CANARY-s");
		}
		assertThat(keys()).filteredOn("AKIA1"::equals).hasSize(readers);
		assertThat(keys()).filteredOn("AKIA2"::equals).hasSize(readers);
		assertThat(this.clients).hasToString("made 2, released 1, renewed 1");
	}

	@Test
	void clientThatIsInUseIsReleasedAfterItsLastCall() throws Exception {
		CountDownLatch arrived = new CountDownLatch(1);
		CountDownLatch released = new CountDownLatch(1);
		this.server.answer((call) -> {
			if (call.body().contains("slow")) {
				arrived.countDown();
				await(released);
				return null;
			}
			return (call.accessKey().equals("AKIA1")) ? EXPIRED : null;
		});
		Future<String> slow = this.executor.submit(() -> this.provider.get(SecretReference.secret("slow")).text());
		assertThat(arrived.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(this.provider.get(SECRET).text()).isEqualTo("CANARY-s");
		assertThat(this.clients).hasToString("made 2, released 0, renewed 1");
		released.countDown();
		assertThat(slow.get(30, TimeUnit.SECONDS)).isEqualTo("CANARY-s");
		assertThat(this.clients).hasToString("made 2, released 1, renewed 1");
	}

	@Test
	void failureAfterTheEndRenewsNothing() throws Exception {
		CountDownLatch arrived = new CountDownLatch(1);
		CountDownLatch closed = new CountDownLatch(1);
		this.server.answer((call) -> {
			arrived.countDown();
			await(closed);
			return EXPIRED;
		});
		Future<SecretsException> failure = this.executor.submit(() -> failure(SECRET));
		assertThat(arrived.await(30, TimeUnit.SECONDS)).isTrue();
		this.provider.close();
		closed.countDown();
		assertThat(failure.get(30, TimeUnit.SECONDS).getReason()).isEqualTo(Reason.NOT_CONFIGURED);
		assertThat(this.clients).hasToString("made 1, released 1, renewed 0");
	}

	@Test
	void onesThatCannotBeLoadedAreLookedForAgain() {
		provider((number) -> (number == 1) ? ProfileCredentialsProvider.create("no-such-profile")
				: StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIA" + number, "key")));
		assertThat(this.provider.get(SECRET).text()).isEqualTo("CANARY-s");
		assertThat(keys()).containsExactly("AKIA2");
	}

	@Test
	void onesThatAreNowhereAreLookedForTwice() {
		AtomicInteger searches = new AtomicInteger();
		provider((number) -> search(searches, Duration.ofSeconds(1)));
		assertThat(failure(SECRET).getReason()).isEqualTo(Reason.NOT_CONFIGURED);
		assertThat(searches).hasValue(2);
		assertThat(this.server.calls()).isEmpty();
	}

	/**
	 * A second search would take longer than the reader waits, and hide the reason.
	 */
	@Test
	void longSearchIsNotRepeatedBeforeTheNextRead() {
		AtomicInteger searches = new AtomicInteger();
		RenewedClients slow = provider((number) -> search(searches, Duration.ofSeconds(3)));
		assertThat(failure(SECRET).getAction()).contains("AWS_ACCESS_KEY_ID");
		assertThat(searches).hasValue(1);
		failure(SECRET);
		assertThat(searches).hasValue(2);
		assertThat(slow).hasToString("made 2, released 2, renewed 2");
	}

	private AwsCredentialsProvider search(AtomicInteger searches, Duration duration) {
		return () -> {
			searches.incrementAndGet();
			this.clock.advance(duration);
			return ProfileCredentialsProvider.create("no-such-profile").resolveCredentials();
		};
	}

	private RenewedClients provider(Function<Integer, AwsCredentialsProvider> credentials) {
		RenewedClients clients = new RenewedClients(credentials);
		this.provider = new AwsSecretsProvider(clients, this.clock);
		return clients;
	}

	private SecretsException failure(SecretReference reference) {
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> this.provider.get(reference));
		AwsSecretsProviderContract.assertNoCanary(failure);
		return failure;
	}

	private List<String> keys() {
		return this.server.calls().stream().map(AwsCall::accessKey).toList();
	}

	private static void await(CyclicBarrier barrier) {
		try {
			barrier.await(30, TimeUnit.SECONDS);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await(30, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Real clients, counted, with other credentials after each renewal.
	 */
	private final class RenewedClients implements AwsClients {

		private final Function<Integer, AwsCredentialsProvider> credentials;

		private final AtomicInteger made = new AtomicInteger();

		private final AtomicInteger released = new AtomicInteger();

		private final AtomicInteger renewed = new AtomicInteger();

		private RenewedClients(Function<Integer, AwsCredentialsProvider> credentials) {
			this.credentials = credentials;
		}

		private AwsClients delegate() {
			this.made.incrementAndGet();
			AwsCredentialsProvider provider = this.credentials.apply(this.renewed.get() + 1);
			return new DefaultAwsClients(Duration.ofSeconds(20),
					CredentialsRenewalTests.this.server.configurer(provider));
		}

		@Override
		public SecretsManagerClient secretsManager(String region) {
			return delegate().secretsManager(region);
		}

		@Override
		public SsmClient parameterStore(String region) {
			return delegate().parameterStore(region);
		}

		@Override
		public void renewCredentials() {
			this.renewed.incrementAndGet();
		}

		@Override
		public void release(AwsClient client) {
			this.released.incrementAndGet();
			client.close();
		}

		@Override
		public String toString() {
			return "made " + this.made + ", released " + this.released + ", renewed " + this.renewed;
		}

	}

}
