package io.github.secretsextension.extension;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.extension.EndpointClient.Answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that clients which are slow, or too many, do not keep others from their answers.
 */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndpointSlowClientTests {

	private static final String FRESH = "/secretsmanager/get?secretId=fresh";

	private static final String SLOW = "/secretsmanager/get?secretId=slow";

	private static final int MOST_CALLS = 256;

	private static final int MOST_CONNECTIONS = 512;

	private static final Duration LONGEST_ANSWER = Duration.ofMillis(500);

	/** How long the endpoint does not look at its clock again. */
	private static final Duration LATENESS = Duration.ofMillis(101);

	private final ManualClock clock = new ManualClock(Long.MAX_VALUE - 1);

	private final BlockingSecrets secrets = new BlockingSecrets();

	private final List<EndpointClient> clients = new ArrayList<>();

	private ExtensionEndpoint endpoint;

	private int port;

	private void start(SecretsClock clock) throws IOException {
		this.endpoint = new ExtensionEndpoint(this.secrets, EndpointClient.TOKEN, clock);
		this.port = this.endpoint.start(0);
	}

	@AfterEach
	void stop() throws IOException {
		this.secrets.release();
		this.endpoint.close();
		for (EndpointClient client : this.clients) {
			client.close();
		}
	}

	private EndpointClient client() throws IOException {
		EndpointClient client = new EndpointClient(this.port);
		this.clients.add(client);
		return client;
	}

	@ParameterizedTest
	@ValueSource(ints = { 200, 2000 })
	void slowClientsAreCutAndDelayNobody(int count) throws IOException {
		start(SecretsClock.system());
		assertThat(get(FRESH)).isLessThan(LONGEST_ANSWER.multipliedBy(4));
		try (SlowClients slow = new SlowClients(this.port, count)) {
			Duration slowest = Duration.ZERO;
			int most = 0;
			while (!slow.isCut()) {
				Duration answer = get(FRESH);
				slowest = (answer.compareTo(slowest) > 0) ? answer : slowest;
				most = Math.max(most, slow.connected());
			}
			assertThat(slowest).as("slowest of the other requests").isLessThan(LONGEST_ANSWER);
			assertThat(slow.longest()).as("longest slow connection").isLessThan(Duration.ofSeconds(7));
			assertThat(most).as("slow connections seen at once").isGreaterThanOrEqualTo(count / 8);
		}
	}

	private Duration get(String target) throws IOException {
		long start = System.nanoTime();
		assertThat(EndpointClient.get(this.port, target).status()).isEqualTo(200);
		return Duration.ofNanos(System.nanoTime() - start);
	}

	@Test
	void thereAreNeverMoreConnectionsThanTheLimit() throws Exception {
		start(this.clock);
		EndpointClient first = client();
		EndpointClient second = client();
		settle();
		this.clock.advance(Duration.ofMillis(1));
		for (int i = 0; i < MOST_CONNECTIONS; i++) {
			client();
		}
		assertThat(first.awaitEnd()).as("who waited longest gives way").isZero();
		assertThat(second.awaitEnd()).isZero();
		for (EndpointClient other : this.clients.subList(2, MOST_CONNECTIONS + 2)) {
			assertThat(other.send(EndpointClient.request("/ping")).answer().status()).isEqualTo(200);
		}
	}

	@Test
	void connectionWithACallUnderWayGivesNoWay() throws Exception {
		start(this.clock);
		EndpointClient busy = client().send(EndpointClient.request(SLOW));
		await().until(() -> this.secrets.calls().size() == 1);
		this.clock.advance(Duration.ofSeconds(1));
		for (int i = 0; i < MOST_CONNECTIONS + 10; i++) {
			client();
		}
		settle();
		this.secrets.release();
		assertThat(busy.answer().text()).contains("CANARY-slow");
	}

	@Test
	void silentClientIsCutAfterFiveSeconds() throws IOException {
		start(this.clock);
		EndpointClient client = client();
		EndpointClient other = client();
		settle();
		this.clock.advance(Duration.ofMillis(4999));
		assertThat(other.send(EndpointClient.request("/ping")).answer().status()).isEqualTo(200);
		this.clock.advance(LATENESS);
		assertThat(client.awaitEnd()).isZero();
	}

	@Test
	void requestThatIsNotCompleteIsCutFiveSecondsAfterItsBeginning() throws IOException {
		start(this.clock);
		EndpointClient client = client();
		EndpointClient other = client();
		settle();
		this.clock.advance(Duration.ofSeconds(4));
		client.send("GET ");
		other.send("GET ");
		settle();
		this.clock.advance(Duration.ofSeconds(4));
		client.send("/");
		settle();
		this.clock.advance(Duration.ofMillis(999));
		assertThat(other.send(EndpointClient.request("/ping").substring(4)).answer().status()).isEqualTo(200);
		this.clock.advance(LATENESS);
		assertThat(client.awaitEnd()).isZero();
	}

	@Test
	void idleConnectionIsKeptForAMinute() throws IOException {
		start(this.clock);
		EndpointClient client = client().send(EndpointClient.request(FRESH));
		client.answer();
		settle();
		this.clock.advance(Duration.ofMillis(59_999));
		assertThat(client.send(EndpointClient.request(FRESH)).answer().status()).isEqualTo(200);
		settle();
		this.clock.advance(Duration.ofSeconds(60));
		assertThat(client.awaitEnd()).isZero();
	}

	@Test
	void laterRequestIsCutAsTheFirstOne() throws IOException {
		start(this.clock);
		EndpointClient client = client().send(EndpointClient.request(FRESH) + "GET ");
		client.answer();
		settle();
		this.clock.advance(Duration.ofSeconds(5));
		assertThat(client.awaitEnd()).isZero();
	}

	@Test
	void callMayTakeItsTime() throws IOException {
		start(this.clock);
		EndpointClient client = client().send(EndpointClient.request(SLOW) + EndpointClient.request(FRESH));
		await().until(() -> this.secrets.calls().size() == 1);
		this.clock.advance(Duration.ofMinutes(10));
		settle();
		this.secrets.release();
		assertThat(client.answer().text()).contains("CANARY-slow");
		assertThat(client.answer().text()).contains("CANARY-fresh");
	}

	@Test
	void clientThatNeverReadsIsCut() throws IOException {
		int count = 400;
		start(this.clock);
		List<EndpointClient> deaf = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			deaf.add(client().send(EndpointClient.request(FRESH + "-large").repeat(count)));
		}
		settle();
		assertThat(get(FRESH)).isLessThan(LONGEST_ANSWER);
		this.clock.advance(Duration.ofSeconds(5));
		settle();
		for (EndpointClient client : deaf) {
			assertThat(client.awaitEnd()).isPositive().isLessThan((long) count * BlockingSecrets.LARGE);
		}
	}

	@Test
	void refusedClientThatGoesOnSendingIsCut() throws IOException {
		start(this.clock);
		EndpointClient client = client().send("\n");
		assertThat(client.answer().status()).isEqualTo(400);
		String part = "a".repeat(1 << 20);
		await().until(() -> isCut(client, part));
		EndpointClient silent = client().send("\n");
		assertThat(silent.answer().status()).isEqualTo(400);
		settle();
		this.clock.advance(Duration.ofSeconds(1));
		await().until(() -> isCut(silent, "a"));
	}

	private static boolean isCut(EndpointClient client, String more) {
		try {
			client.send(more);
			return false;
		}
		catch (IOException ex) {
			return true;
		}
	}

	@Test
	void tooManyCallsAreRefusedUntilOthersHaveEnded() throws IOException {
		start(this.clock);
		for (int i = 0; i < MOST_CALLS; i++) {
			client().send(EndpointClient.request(SLOW + i));
		}
		settle();
		EndpointClient oneMore = client();
		Answer refusal = oneMore.send(EndpointClient.request(SLOW)).answer();
		assertThat(refusal.status()).isEqualTo(429);
		assertThat(refusal.text()).isEqualTo("too many requests");
		assertThat(get("/ping")).isLessThan(LONGEST_ANSWER);
		assertThat(get(FRESH)).as("what takes no call").isLessThan(LONGEST_ANSWER);
		assertThat(EndpointClient.get(this.port, "/secretsmanager/get").status()).as("parameters come before load")
			.isEqualTo(400);
		this.secrets.release();
		for (int i = 0; i < MOST_CALLS; i++) {
			assertThat(this.clients.get(i).answer().text()).contains("CANARY-slow" + i + "\"");
		}
		assertThat(oneMore.send(EndpointClient.request(SLOW)).answer().status()).isEqualTo(200);
		assertThat(this.secrets.calls()).hasSize(MOST_CALLS + 1);
	}

	@Test
	void callsOfClientsThatWentCountUntilTheyEnd() throws IOException {
		start(this.clock);
		for (int i = 0; i < MOST_CALLS; i++) {
			client().send(EndpointClient.request(SLOW + i));
		}
		settle();
		for (EndpointClient client : this.clients) {
			client.close();
		}
		assertThat(EndpointClient.get(this.port, SLOW).status()).isEqualTo(429);
		this.secrets.release();
		await().until(() -> EndpointClient.get(this.port, SLOW).status() == 200);
	}

	/**
	 * Waits until the endpoint has seen all that was sent: it sees a second request in a
	 * later round than what came before the first one.
	 */
	private void settle() throws IOException {
		for (int i = 0; i < 2; i++) {
			assertThat(EndpointClient.get(this.port, "/ping").status()).isEqualTo(200);
		}
	}

}
