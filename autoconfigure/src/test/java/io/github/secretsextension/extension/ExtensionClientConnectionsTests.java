package io.github.secretsextension.extension;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.TestCaches;
import io.github.secretsextension.extension.FakeExtension.Mode;
import io.github.secretsextension.extension.FakeExtension.Personality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the connections of {@link ExtensionSecretsProvider}: how many there are, how
 * long they are kept, what happens to those that broke, and how a wait ends.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExtensionClientConnectionsTests {

	private static final Duration GRACE = Duration.ofMillis(250);

	/** Behind it a connection of the agent's may end at any moment. */
	private static final Duration ALMOST_ITS_LIFE = Duration.ofSeconds(60);

	private static final int READERS = 50;

	private final FakeExtension fake = new FakeExtension(Personality.AGENT);

	private final ExecutorService readers = Executors.newCachedThreadPool();

	private ExtensionSecretsProvider provider = ExtensionClients.provider(this.fake);

	ExtensionClientConnectionsTests() {
		this.fake.putSecret("db", "CANARY-1");
	}

	@AfterEach
	void close() throws Exception {
		this.provider.close();
		this.fake.close();
		this.readers.shutdownNow();
		assertThat(this.readers.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void oneConnectionForManyReads() {
		for (int i = 0; i < 10; i++) {
			read();
			catchThrowableOfType(SecretsException.class, () -> this.provider.text("secret:nope"));
		}
		assertThat(this.fake.requests()).hasSize(20);
		assertThat(this.fake.acceptedConnections()).isEqualTo(1);
	}

	@Test
	void connectionIsNotUsedAgainWhenTheOtherSideClosesIt() {
		this.fake.next(Mode.LAST);
		read();
		read();
		assertThat(this.fake.requests()).hasSize(2);
		assertThat(this.fake.acceptedConnections()).isEqualTo(2);
	}

	@Test
	void connectionsThatWereCutMeanwhile() throws Exception {
		openAll();
		int requests = this.fake.requests().size();
		this.fake.cutConnections();
		await().until(() -> this.fake.connections() == 0);
		readAll(ExtensionClients.MAX_CONNECTIONS);
		read();
		assertThat(this.fake.requests()).as("no request was lost")
			.hasSize(requests + ExtensionClients.MAX_CONNECTIONS + 1);
	}

	@Test
	void connectionsThatOutlivedTheirTime() throws Exception {
		this.fake.connectionLife(Duration.ofMillis(100));
		for (int i = 0; i < 3; i++) {
			read();
			await().until(() -> this.fake.connections() == 0);
		}
		assertThat(this.fake.acceptedConnections()).isEqualTo(3);
	}

	@ParameterizedTest
	@EnumSource(names = { "RESET", "HANG_UP" })
	void oneRetryOnAConnectionThatWasKept(Mode mode) {
		read();
		this.fake.next(mode);
		read();
		assertThat(this.fake.requests()).extracting(FakeRequest::connection).containsExactly(1, 1, 2);
		this.fake.next(mode, mode);
		assertThat(failure(this.provider).getReason()).isEqualTo(Reason.UNREACHABLE);
		assertThat(this.fake.requests()).extracting(FakeRequest::connection).containsExactly(1, 1, 2, 2, 3);
		read();
	}

	@ParameterizedTest
	@EnumSource(names = { "RESET", "HANG_UP", "CLOSE", "CUT_CHUNK" })
	void noRetryOnAFreshConnection(Mode mode) {
		this.fake.next(mode);
		assertThat(failure(this.provider).getReason()).isEqualTo(Reason.UNREACHABLE);
		assertThat(this.fake.requests()).hasSize(1);
	}

	@Test
	void noRetryOfAnAnswerThatIsLate() {
		this.provider.close();
		this.provider = ExtensionClients.provider(this.fake, Duration.ofMillis(300));
		read();
		this.fake.next(Mode.HANG);
		assertThat(failure(this.provider).getReason()).isEqualTo(Reason.TIMEOUT);
		assertThat(this.fake.requests()).hasSize(2);
	}

	/**
	 * Neither a second answer, which need not say what it is about, nor a farewell is the
	 * answer to what is asked next.
	 */
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			200 | {"SecretString":"CANARY-surplus"}
			408 | late
			""")
	void answerThatNobodyAskedFor(int status, String body) {
		read();
		this.fake.volunteer(status, body);
		read();
		assertThat(this.fake.requests()).extracting(FakeRequest::connection).containsExactly(1, 2);
	}

	@Test
	void connectionIsGivenUpBeforeTheAgentCutsIt() {
		ManualClock clock = new ManualClock(0);
		try (ExtensionSecretsProvider manual = new ExtensionSecretsProvider(
				ExtensionClients.settings(this.fake.port(), FakeExtension.TOKEN), clock)) {
			manual.text("secret:db");
			clock.advance(Duration.ofSeconds(30));
			manual.text("secret:db");
			assertThat(this.fake.acceptedConnections()).isEqualTo(1);
			clock.advance(ALMOST_ITS_LIFE.minusSeconds(30));
			manual.text("secret:db");
			assertThat(this.fake.acceptedConnections()).isEqualTo(2);
			await().until(() -> this.fake.connections() == 1);
		}
	}

	@Test
	void connectionIsGivenUpAlsoIfTheMonotonicClockStoodStill() {
		ManualClock clock = new ManualClock(0);
		try (ExtensionSecretsProvider manual = new ExtensionSecretsProvider(
				ExtensionClients.settings(this.fake.port(), FakeExtension.TOKEN), clock)) {
			manual.text("secret:db");
			clock.advanceWall(Duration.ofHours(1));
			this.fake.cutConnections();
			assertThat(manual.text("secret:db")).isEqualTo("CANARY-1");
		}
	}

	@ParameterizedTest
	@EnumSource
	void manyReadersShareThreeConnections(Personality personality) throws Exception {
		try (FakeExtension limited = new FakeExtension(personality);
				ExtensionSecretsProvider shared = ExtensionClients.provider(limited)) {
			limited.limit(3);
			limited.delay(Duration.ofMillis(10));
			List<Future<String>> texts = new ArrayList<>();
			for (int i = 0; i < READERS; i++) {
				String name = "db-" + i;
				limited.putSecret(name, "CANARY-" + i);
				texts.add(this.readers.submit(() -> shared.text("secret:" + name)));
			}
			for (int i = 0; i < READERS; i++) {
				assertThat(texts.get(i).get()).isEqualTo("CANARY-" + i);
			}
			assertThat(limited.mostConnections()).isLessThanOrEqualTo(3);
			assertThat(limited.acceptedConnections()).isLessThanOrEqualTo(3);
			assertThat(limited.requests()).hasSize(READERS);
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 8 })
	void settingLimitsTheConnections(int connections) throws Exception {
		this.fake.delay(Duration.ofMillis(20));
		this.provider.close();
		this.provider = ExtensionClients.provider(new ExtensionClientSettings("127.0.0.1", this.fake.port(),
				FakeExtension.TOKEN, Duration.ofSeconds(10), Duration.ofSeconds(10), connections, Duration.ZERO, null));
		readAll(20);
		assertThat(this.fake.mostConnections()).isBetween((connections > 1) ? 2 : 1, connections);
	}

	@Test
	void deadlineCoversTheWaitForAConnection() throws Exception {
		Duration deadline = Duration.ofMillis(700);
		this.provider.close();
		this.provider = ExtensionClients.provider(this.fake, deadline);
		this.fake.mode(Mode.HANG);
		List<Future<Duration>> took = new ArrayList<>();
		for (int i = 0; i < 3 * ExtensionClients.MAX_CONNECTIONS; i++) {
			took.add(this.readers.submit(() -> {
				long start = System.nanoTime();
				assertThat(failure(this.provider).getReason()).isEqualTo(Reason.TIMEOUT);
				return Duration.ofNanos(System.nanoTime() - start);
			}));
		}
		for (Future<Duration> each : took) {
			assertThat(each.get()).isLessThan(deadline.plus(GRACE));
		}
		this.fake.mode(Mode.OK);
		readAll(3 * ExtensionClients.MAX_CONNECTIONS);
	}

	@ParameterizedTest
	@EnumSource(names = { "HANG", "DRIP", "DRIP_HEAD" })
	void interruptFreesAReader(Mode mode) throws Exception {
		this.fake.mode(mode);
		Reading reading = new Reading();
		await().until(() -> !this.fake.requests().isEmpty());
		reading.assertFreedByAnInterrupt();
		this.fake.mode(Mode.OK);
		readAll(2 * ExtensionClients.MAX_CONNECTIONS);
	}

	@Test
	void interruptFreesAReaderThatWaitsForAConnection() throws Exception {
		this.fake.mode(Mode.HANG);
		List<Reading> first = new ArrayList<>();
		for (int i = 0; i < ExtensionClients.MAX_CONNECTIONS; i++) {
			first.add(new Reading());
		}
		await().until(() -> this.fake.requests().size() == ExtensionClients.MAX_CONNECTIONS);
		Reading queued = new Reading();
		await().until(queued::isWaiting);
		queued.assertFreedByAnInterrupt();
		assertThat(this.fake.requests()).hasSize(ExtensionClients.MAX_CONNECTIONS);
		for (Reading reading : first) {
			reading.assertFreedByAnInterrupt();
		}
		this.fake.mode(Mode.OK);
		readAll(2 * ExtensionClients.MAX_CONNECTIONS);
	}

	@Test
	void interruptOfTheTimeBeforeIsSeen() throws Exception {
		read();
		Thread.currentThread().interrupt();
		SecretsException failure = failure(this.provider);
		assertThat(Thread.interrupted()).as("interrupted").isTrue();
		assertThat(failure.getReason()).isEqualTo(Reason.INTERRUPTED);
		read();
	}

	@Test
	void closeEndsTheConnectionsThatAreKept() throws Exception {
		openAll();
		this.provider.close();
		await().until(() -> this.fake.connections() == 0);
		this.provider.close();
	}

	/**
	 * Those that wait for a connection are let go as well.
	 */
	@ParameterizedTest
	@EnumSource(names = { "HANG", "DRIP", "DRIP_HEAD" })
	void closeEndsTheReadsUnderWay(Mode mode) throws Exception {
		this.fake.mode(mode);
		List<Future<SecretsException>> failures = new ArrayList<>();
		for (int i = 0; i < 2 * ExtensionClients.MAX_CONNECTIONS; i++) {
			failures.add(this.readers.submit(() -> failure(this.provider)));
		}
		await().until(() -> this.fake.requests().size() == ExtensionClients.MAX_CONNECTIONS);
		this.provider.close();
		for (Future<SecretsException> failure : failures) {
			assertThat(failure.get(2, TimeUnit.SECONDS)).hasMessageContaining("was closed");
		}
		await().until(() -> this.fake.connections() == 0);
		assertThat(this.fake.requests()).as("nobody asked again").hasSize(ExtensionClients.MAX_CONNECTIONS);
	}

	@Test
	void extensionThatDiesAndComesBack() throws Exception {
		openAll();
		this.fake.die();
		assertThat(failure(this.provider).getReason()).isEqualTo(Reason.UNREACHABLE);
		assertThat(failure(this.provider)).hasMessageContaining("Nothing listens");
		this.fake.comeBack();
		read();
		readAll(2 * ExtensionClients.MAX_CONNECTIONS);
	}

	/**
	 * The control, a plain socket, is sent there.
	 */
	@Test
	void proxiesOfTheProcessAreNotAsked() throws Exception {
		AtomicInteger asked = new AtomicInteger();
		try (ServerSocket proxy = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
				ExtensionSecretsProvider direct = ExtensionClients.provider(this.fake)) {
			this.readers.submit(() -> {
				while (true) {
					proxy.accept().close();
					asked.incrementAndGet();
				}
			});
			Map<String, String> properties = Map.of("socksProxyHost", "127.0.0.1", "socksProxyPort",
					String.valueOf(proxy.getLocalPort()), "socksNonProxyHosts", "", "http.proxyHost", "127.0.0.1",
					"http.proxyPort", String.valueOf(proxy.getLocalPort()), "http.nonProxyHosts", "");
			properties.forEach(System::setProperty);
			try (Socket control = new Socket()) {
				assertThat(direct.text("secret:db")).isEqualTo("CANARY-1");
				assertThat(asked).hasValue(0);
				assertThatIOException()
					.isThrownBy(() -> control.connect(new InetSocketAddress("127.0.0.1", this.fake.port())));
				await().until(() -> asked.get() > 0);
			}
			finally {
				properties.keySet().forEach(System::clearProperty);
			}
		}
	}

	@Test
	void notReadyIsAskedAgainWithinTheTimeForIt() {
		try (FakeExtension starting = starting();
				ExtensionSecretsProvider waiting = ExtensionClients.waiting(starting, Duration.ofSeconds(20))) {
			starting.readyAfter(3);
			assertThat(waiting.text("secret:db")).isEqualTo("CANARY-1");
			assertThat(starting.requests()).hasSize(4);
			assertThat(starting.acceptedConnections()).isEqualTo(1);
		}
	}

	@Test
	void readinessEndsTheWait() {
		try (FakeExtension starting = starting();
				ExtensionSecretsProvider waiting = ExtensionClients.waiting(starting, Duration.ofSeconds(20))) {
			starting.neverReady();
			Future<String> text = this.readers.submit(() -> waiting.text("secret:db"));
			await().until(() -> starting.requests().size() > 2);
			assertThat(text).isNotDone();
			starting.ready();
			assertThat(text).succeedsWithin(Duration.ofSeconds(5)).isEqualTo("CANARY-1");
		}
	}

	@Test
	void waitForReadinessEnds() {
		Duration budget = Duration.ofMillis(500);
		try (FakeExtension starting = starting();
				ExtensionSecretsProvider waiting = ExtensionClients.waiting(starting, budget)) {
			starting.neverReady();
			long start = System.nanoTime();
			assertThat(failure(waiting).getReason()).isEqualTo(Reason.NOT_READY);
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(budget,
					budget.plusMillis(200).plus(GRACE));
			assertThat(starting.requests()).hasSizeBetween(3, 50);
		}
	}

	/**
	 * That it is not ready says more than that the time is over.
	 */
	@Test
	void waitForReadinessEndsWithTheDeadlineToo() {
		Duration deadline = Duration.ofMillis(500);
		try (FakeExtension starting = starting();
				ExtensionSecretsProvider waiting = ExtensionClients.provider(ExtensionClients.settings(starting.port(),
						FakeExtension.TOKEN, deadline, Duration.ofSeconds(20), null))) {
			starting.neverReady();
			long start = System.nanoTime();
			assertThat(failure(waiting).getReason()).isEqualTo(Reason.NOT_READY);
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(deadline.plus(GRACE));
			assertThat(starting.requests()).hasSizeBetween(3, 50);
		}
	}

	/**
	 * The answer after the first one hangs.
	 */
	@Test
	void notReadyThenSilent() {
		try (FakeExtension starting = starting();
				ExtensionSecretsProvider waiting = ExtensionClients.provider(ExtensionClients.settings(starting.port(),
						FakeExtension.TOKEN, Duration.ofMillis(500), Duration.ofSeconds(20), null))) {
			AtomicInteger asked = new AtomicInteger();
			starting.answer((request) -> {
				if (asked.incrementAndGet() == 1) {
					starting.mode(Mode.HANG);
				}
				return new FakeAnswer(400, "not ready to serve traffic, please wait");
			});
			assertThat(failure(waiting).getReason()).isEqualTo(Reason.NOT_READY);
			assertThat(starting.requests()).hasSize(2);
		}
	}

	@Test
	void interruptFreesAReaderThatWaitsForReadiness() throws Exception {
		try (FakeExtension starting = starting();
				ExtensionSecretsProvider waiting = ExtensionClients.waiting(starting, Duration.ofSeconds(50))) {
			starting.neverReady();
			Reading reading = new Reading(waiting);
			await().until(() -> starting.requests().size() > 2);
			reading.assertFreedByAnInterrupt();
		}
	}

	@Test
	void otherErrorsAreNotAskedAgain() {
		try (FakeExtension starting = starting();
				ExtensionSecretsProvider waiting = ExtensionClients.waiting(starting, Duration.ofSeconds(20))) {
			starting.readyAfter(1);
			starting.answer(400, "CANARY-text");
			assertThat(failure(waiting).getReason()).isEqualTo(Reason.AMBIGUOUS);
			assertThat(starting.requests()).hasSize(2);
		}
	}

	@Test
	void notReadyIsNeverRemembered() {
		Duration ttl = Duration.ofSeconds(300);
		try (FakeExtension starting = starting();
				SecretsCache cache = TestCaches.cache(ExtensionClients.provider(starting),
						TestCaches.settings(ttl, ttl, 1000, Duration.ofSeconds(5), AllowedSecrets.ALL),
						SecretsClock.system(), Runnable::run)) {
			starting.readyAfter(2);
			SecretReference reference = SecretReference.secret("db");
			for (int i = 0; i < 2; i++) {
				assertThatExceptionOfType(SecretsException.class).isThrownBy(() -> cache.get(reference))
					.extracting(SecretsException::getReason)
					.isEqualTo(Reason.NOT_READY);
			}
			assertThat(cache.get(reference).text()).isEqualTo("CANARY-1");
		}
	}

	private static FakeExtension starting() {
		FakeExtension starting = new FakeExtension(Personality.EXTENSION);
		starting.putSecret("db", "CANARY-1");
		return starting;
	}

	private void read() {
		assertThat(this.provider.text("secret:db")).isEqualTo("CANARY-1");
	}

	private void readAll(int count) throws Exception {
		List<Future<String>> texts = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			texts.add(this.readers.submit(() -> this.provider.text("secret:db")));
		}
		for (Future<String> text : texts) {
			assertThat(text.get(20, TimeUnit.SECONDS)).isEqualTo("CANARY-1");
		}
	}

	/** Afterwards as many connections are open and idle as there may be. */
	private void openAll() throws Exception {
		this.fake.delay(Duration.ofMillis(200));
		readAll(ExtensionClients.MAX_CONNECTIONS);
		this.fake.delay(Duration.ZERO);
		assertThat(this.fake.connections()).isEqualTo(ExtensionClients.MAX_CONNECTIONS);
	}

	private static SecretsException failure(ExtensionSecretsProvider provider) {
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> provider.text("secret:db"));
		ExtensionClients.assertClean(failure);
		assertThat(failure).hasMessageContaining("'$<secret:db>'");
		return failure;
	}

	/**
	 * A read on a thread of its own.
	 */
	private final class Reading {

		private final CompletableFuture<Thread> thread = new CompletableFuture<>();

		private final Future<SecretsException> failure;

		Reading() {
			this(ExtensionClientConnectionsTests.this.provider);
		}

		Reading(ExtensionSecretsProvider provider) {
			this.failure = ExtensionClientConnectionsTests.this.readers.submit(() -> {
				this.thread.complete(Thread.currentThread());
				SecretsException failure = failure(provider);
				assertThat(Thread.currentThread().isInterrupted()).isTrue();
				return failure;
			});
		}

		boolean isWaiting() {
			return this.thread.join().getState() == Thread.State.TIMED_WAITING;
		}

		void assertFreedByAnInterrupt() throws Exception {
			assertThat(this.failure).isNotDone();
			this.thread.join().interrupt();
			assertThat(this.failure.get(2, TimeUnit.SECONDS).getReason()).isEqualTo(Reason.INTERRUPTED);
		}

	}

}
