package io.github.secretsextension.aws;

import java.time.Duration;
import java.util.concurrent.Executor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.TestCaches;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.aws.FaultServer.Mode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SingleUseHttpClient}, against a server that would leave its
 * connections open.
 */
@Timeout(60)
class SingleUseHttpClientTests {

	private static final SecretReference DB = SecretReference.secret("db");

	private static final String SECRET = "{\"Name\":\"db\",\"SecretString\":\"CANARY-s\"}";

	private static final String ERROR = "{\"__type\":\"AccessDeniedException\"}";

	private final FaultServer server = new FaultServer();

	@AfterEach
	void close() {
		this.server.close();
	}

	@Test
	void noConnectionStaysOpen() {
		this.server.put("db", "CANARY-s");
		try (AwsSecretsProvider provider = provider(false)) {
			for (int i = 0; i < 3; i++) {
				assertThat(provider.text(DB)).isEqualTo("CANARY-s");
				await().atMost(Duration.ofSeconds(10)).until(() -> this.server.connections() == 0);
			}
		}
		assertThat(this.server.calls()).hasSize(3);
	}

	@Test
	void otherwiseOneStaysOpen() {
		this.server.put("db", "CANARY-s");
		try (AwsSecretsProvider provider = provider(true)) {
			for (int i = 0; i < 3; i++) {
				assertThat(provider.text(DB)).isEqualTo("CANARY-s");
				assertThat(this.server.connections()).isEqualTo(1);
			}
		}
	}

	@Test
	void errorLeavesNoneOpen() {
		this.server.mode(Mode.DENIED);
		try (AwsSecretsProvider provider = provider(false)) {
			assertThat(reason(provider)).isEqualTo(Reason.DENIED);
			await().atMost(Duration.ofSeconds(10)).until(() -> this.server.connections() == 0);
		}
	}

	/**
	 * As the cache calls it, on another thread: the SDK's own time limit is now and then
	 * stuck behind the JDK, which reads the rest of an answer before it closes it.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void answerThatDoesNotEndIsLate(boolean keepConnections) {
		this.server.mode(Mode.DRIP);
		Duration deadline = Duration.ofSeconds(1);
		Executor executor = (task) -> {
			Thread thread = new Thread(task, "late");
			thread.setDaemon(true);
			thread.start();
		};
		Duration ttl = Duration.ofSeconds(300);
		try (SecretsCache cache = TestCaches.cache(provider(deadline, keepConnections),
				TestCaches.settings(ttl, ttl, 1000, deadline, AllowedSecrets.ALL), SecretsClock.system(), executor)) {
			assertThat(reason(cache)).isEqualTo(Reason.TIMEOUT);
		}
	}

	private static Reason reason(SecretsProvider provider) {
		return catchThrowableOfType(SecretsException.class, () -> provider.text(DB)).getReason();
	}

	private AwsSecretsProvider provider(boolean keepConnections) {
		return provider(Duration.ofSeconds(20), keepConnections);
	}

	private AwsSecretsProvider provider(Duration deadline, boolean keepConnections) {
		return new AwsSecretsProvider(new DefaultAwsClients(deadline,
				TestClients.configurer(this.server.endpoint(), TestClients.CREDENTIALS), keepConnections),
				SecretsClock.system());
	}

}
