package io.github.secretsextension.aws;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Executors;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.TestCaches;
import io.github.secretsextension.aws.FaultServer.Mode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Outages, rotations and deletions between a cache and moto.
 */
@Timeout(60)
@ExtendWith(MotoServer.class)
class MotoOutageTests {

	private static final Duration TTL = Duration.ofSeconds(300);

	private static final Duration DEADLINE = Duration.ofSeconds(5);

	private final SecretReference reference = SecretReference.secret("outage/" + UUID.randomUUID());

	private final FaultServer proxy = new FaultServer(MotoServer.endpoint());

	private final ManualClock clock = new ManualClock(0);

	private final SecretsCache cache = TestCaches.cache(TestClients.provider(this.proxy.endpoint(), DEADLINE, 1),
			TestCaches.settings(TTL, TTL, 1000, DEADLINE, AllowedSecrets.ALL), this.clock,
			Executors.newFixedThreadPool(3));

	private final SecretsManagerClient moto = TestClients.clients(MotoServer.endpoint(), DEADLINE).secretsManager(null);

	@AfterEach
	void close() {
		this.cache.close();
		this.proxy.close();
		this.moto.close();
	}

	@Test
	void rotationDuringAnOutageShowsAfterIt() {
		create("CANARY-one");
		assertThat(text()).isEqualTo("CANARY-one");
		this.proxy.mode(Mode.RESET);
		this.moto.putSecretValue((request) -> request.secretId(this.reference.id()).secretString("CANARY-two"));
		this.clock.advance(TTL);
		assertThat(text()).isEqualTo("CANARY-one");
		this.proxy.mode(Mode.OK);
		this.clock.advance(Duration.ofSeconds(1));
		assertThat(text()).as("the read that starts the attempt").isEqualTo("CANARY-one");
		await().until(() -> text().equals("CANARY-two"));
	}

	@Test
	void rotationShowsAtTheEndOfTheTtlAndInARefresh() {
		create("CANARY-one");
		assertThat(text()).isEqualTo("CANARY-one");
		this.moto.putSecretValue((request) -> request.secretId(this.reference.id()).secretString("CANARY-two"));
		this.clock.advance(TTL.minusMillis(1));
		assertThat(text()).isEqualTo("CANARY-one");
		this.clock.advance(Duration.ofMillis(1));
		assertThat(text()).isEqualTo("CANARY-two");
		this.moto.putSecretValue((request) -> request.secretId(this.reference.id()).secretString("CANARY-three"));
		assertThat(this.cache.refresh(this.reference).text()).isEqualTo("CANARY-three");
		assertThat(text()).isEqualTo("CANARY-three");
	}

	@Test
	void secretThatIsMarkedForDeletionIsGoneAtTheEndOfTheTtl() {
		create("CANARY-one");
		assertThat(text()).isEqualTo("CANARY-one");
		this.moto.deleteSecret((request) -> request.secretId(this.reference.id()).recoveryWindowInDays(7L));
		assertThat(text()).isEqualTo("CANARY-one");
		this.clock.advance(TTL);
		assertThat(failure()).isEqualTo(Reason.NOT_FOUND);
		int calls = this.proxy.calls().size();
		assertThat(failure()).isEqualTo(Reason.NOT_FOUND);
		assertThat(this.proxy.calls()).as("calls within the failure's window").hasSize(calls);
		this.proxy.mode(Mode.THROTTLED);
		this.clock.advance(Duration.ofSeconds(5));
		assertThat(failure()).as("the old value does not come back").isEqualTo(Reason.THROTTLED);
		this.proxy.mode(Mode.OK);
		this.moto.restoreSecret((request) -> request.secretId(this.reference.id()));
		this.clock.advance(Duration.ofSeconds(5));
		assertThat(text()).isEqualTo("CANARY-one");
	}

	private void create(String text) {
		this.moto.createSecret((request) -> request.name(this.reference.id()).secretString(text));
	}

	private String text() {
		return this.cache.text(this.reference);
	}

	private Reason failure() {
		SecretsException failure = catchThrowableOfType(SecretsException.class, this::text);
		AwsSecretsProviderContract.assertNoCanary(failure);
		return failure.getReason();
	}

}
