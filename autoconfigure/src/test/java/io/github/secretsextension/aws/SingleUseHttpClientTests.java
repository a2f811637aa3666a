package io.github.secretsextension.aws;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Tests for {@link SingleUseHttpClient}, against a server that would leave its
 * connections open.
 */
@Timeout(60)
class SingleUseHttpClientTests {

	private static final SecretReference DB = SecretReference.secret("db");

	private static final String SECRET = "{\"Name\":\"db\",\"SecretString\":\"CANARY-s\"}";

	private static final String ERROR = "{\"__type\":\"AccessDeniedException\"}";

	private final FakeAws server = new FakeAws();

	private final Set<Integer> connections = ConcurrentHashMap.newKeySet();

	@AfterEach
	void close() {
		this.server.close();
	}

	@Test
	void eachCallHasAConnectionOfItsOwn() {
		answer(200, SECRET);
		try (AwsSecretsProvider provider = provider(false)) {
			for (int i = 0; i < 3; i++) {
				assertThat(provider.text(DB)).isEqualTo("CANARY-s");
			}
		}
		assertThat(this.connections).hasSize(3);
	}

	@Test
	void otherwiseTheServerLeavesOneOpen() {
		answer(200, SECRET);
		try (AwsSecretsProvider provider = provider(true)) {
			for (int i = 0; i < 3; i++) {
				assertThat(provider.text(DB)).isEqualTo("CANARY-s");
			}
		}
		assertThat(this.connections).hasSize(1);
	}

	@Test
	void errorLeavesNoneOpen() {
		answer(400, ERROR);
		try (AwsSecretsProvider provider = provider(false)) {
			for (int i = 0; i < 3; i++) {
				assertThat(reason(provider)).isEqualTo(Reason.DENIED);
			}
		}
		assertThat(this.connections).hasSize(3);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void answerThatDoesNotEndIsLate(boolean keepConnections) {
		this.server.answer((exchange, call) -> {
			exchange.sendResponseHeaders(200, 1000);
			exchange.getResponseBody().write('{');
			exchange.getResponseBody().flush();
		});
		try (AwsSecretsProvider provider = provider(Duration.ofSeconds(1), keepConnections)) {
			assertThat(reason(provider)).isEqualTo(Reason.TIMEOUT);
		}
	}

	private void answer(int status, String body) {
		this.server.answer((exchange, call) -> {
			this.connections.add(exchange.getRemoteAddress().getPort());
			FakeAws.send(exchange, status, body);
		});
	}

	private static Reason reason(AwsSecretsProvider provider) {
		return catchThrowableOfType(SecretsException.class, () -> provider.text(DB)).getReason();
	}

	private AwsSecretsProvider provider(boolean keepConnections) {
		return provider(Duration.ofSeconds(20), keepConnections);
	}

	private AwsSecretsProvider provider(Duration deadline, boolean keepConnections) {
		return new AwsSecretsProvider(new DefaultAwsClients(deadline, this.server.configurer(), keepConnections),
				SecretsClock.system());
	}

}
