package io.github.secretsextension.aws;

import java.time.Duration;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.SecretReference;
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

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void answerThatDoesNotEndIsLate(boolean keepConnections) {
		this.server.mode(Mode.DRIP);
		try (AwsSecretsProvider provider = provider(Duration.ofSeconds(1), keepConnections)) {
			assertThat(reason(provider)).isEqualTo(Reason.TIMEOUT);
		}
	}

	private static Reason reason(AwsSecretsProvider provider) {
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
