package io.github.secretsextension.aws;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.TestCaches;
import io.github.secretsextension.aws.FaultServer.Mode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The numbers of an outage: what readers of a cache notice of it and what the failing
 * service gets to do, with the SDK's own clients, real threads and real sockets.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OutageTests {

	private static final SecretReference DB = SecretReference.secret("db");

	private static final Duration TTL = Duration.ofSeconds(300);

	private static final Duration DEADLINE = Duration.ofSeconds(5);

	private static final Duration SHORT_DEADLINE = Duration.ofSeconds(1);

	private static final int MAX_CONNECTIONS = 3;

	private final FaultServer server = new FaultServer();

	private final ManualClock clock = new RunningClock();

	private final ThreadPoolExecutor pool = pool();

	private final SecretsCache cache = cache(DEADLINE);

	/** The first calls in a JVM take a second: their classes are loaded. */
	@BeforeAll
	static void loadClasses() {
		try (FaultServer server = new FaultServer();
				AwsSecretsProvider provider = TestClients.provider(server.endpoint(), DEADLINE)) {
			provider.text("secret:db");
			server.mode(Mode.INTERNAL_ERROR);
			read(provider::get, DB);
		}
	}

	@AfterEach
	void close() {
		this.cache.close();
		this.server.close();
	}

	@Test
	void readersOfAColdSecretMakeOneCall() throws Exception {
		this.server.delay(Duration.ofMillis(200));
		List<Reading> readings = readTogether(500);
		assertThat(readings).hasSize(500).extracting(Reading::text).containsOnly("CANARY-s");
		assertThat(this.server.calls()).hasSize(1);
	}

	@Test
	void readersOfAFailingSecretMakeTheCallsOfOneFlight() throws Exception {
		this.server.mode(Mode.INTERNAL_ERROR);
		this.server.delay(Duration.ofMillis(250));
		Reading single = read(SecretReference.secret("other"));
		assertThat(single.reason()).isEqualTo(Reason.SERVICE_ERROR);
		List<Reading> readings = readTogether(100);
		assertThat(readings).hasSize(100).extracting(Reading::reason).containsOnly(Reason.SERVICE_ERROR);
		assertThat(this.server.calls("db")).isEqualTo(this.server.calls("other")).isLessThanOrEqualTo(4);
		assertThat(readings).extracting(Reading::took)
			.allMatch((took) -> took.compareTo(single.took().multipliedBy(2)) < 0);
	}

	/**
	 * At 100 reads a second of each key, with one attempt for each call so that those the
	 * service sees can be counted.
	 */
	@Test
	void outageOfTenMinutesItsEndAndTheEndOfOldValues() {
		AtomicInteger running = new AtomicInteger();
		Executor counted = (task) -> {
			running.incrementAndGet();
			this.pool.execute(() -> {
				task.run();
				running.decrementAndGet();
			});
		};
		ManualClock standing = new ManualClock(0);
		try (SecretsCache warm = cache(TestClients.provider(this.server.endpoint(), DEADLINE, 1), DEADLINE, standing,
				counted)) {
			Map<SecretReference, SecretValue> values = Stream.of("secret:a", "secret:b", "param:c")
				.map(SecretReference::parse)
				.collect(Collectors.toMap((reference) -> reference, warm::get));
			standing.advance(TTL);
			this.server.mode(Mode.INTERNAL_ERROR);
			for (int read = 0; read < 60_000; read++) {
				values.forEach((reference, value) -> assertThat(warm.get(reference)).isSameAs(value));
				awaitZero(running);
				standing.advance(Duration.ofMillis(10));
			}
			assertThat(Stream.of("a", "b", "c").map((id) -> this.server.calls(id) - 1)).allMatch((calls) -> calls >= 5)
				.allMatch((calls) -> calls <= 12);
			standing.advance(Duration.ofMinutes(49).plusSeconds(59));
			values.forEach((reference, value) -> assertThat(warm.get(reference)).isSameAs(value));
			awaitZero(running);
			standing.advance(Duration.ofSeconds(2));
			values.forEach((reference, value) -> assertThat(read(warm::get, reference).reason())
				.isEqualTo(Reason.SERVICE_ERROR));
			awaitZero(running);
			assertRecovery(warm, standing, values.keySet());
		}
	}

	private void assertRecovery(SecretsCache cache, ManualClock standing, Set<SecretReference> references) {
		this.server.mode(Mode.OK);
		standing.advance(Duration.ofSeconds(5));
		int before = this.server.calls().size();
		for (int i = 0; i < 100; i++) {
			references.forEach((reference) -> assertThat(cache.get(reference).text()).startsWith(FakeSecrets.CANARY));
		}
		assertThat(this.server.calls().size() - before).isEqualTo(references.size());
	}

	/**
	 * On a quiet machine all later readers stay under a millisecond; a busy one may halt
	 * a few of a thousand for longer, but for less than there is to wait for.
	 */
	@Test
	void hangHoldsUpTheFirstReaderOfAnOldValueOnly() {
		SecretValue old = this.cache.get(DB);
		this.clock.advance(TTL);
		this.server.mode(Mode.HANG);
		Reading first = read(DB);
		assertThat(first.value()).isSameAs(old);
		assertThat(first.took()).isLessThan(Duration.ofMillis(1_250));
		List<Reading> later = IntStream.range(0, 1_000).mapToObj((i) -> read(DB)).toList();
		assertThat(later).extracting(Reading::value).containsOnly(old);
		assertThat(fastest(later, 980)).extracting(Reading::took)
			.allMatch((took) -> took.compareTo(Duration.ofMillis(1)) < 0);
		assertThat(later).extracting(Reading::took).allMatch((took) -> took.compareTo(Duration.ofMillis(500)) < 0);
		assertThat(this.server.calls()).hasSize(2);
	}

	/**
	 * On a quiet machine all keys stay under 100 milliseconds.
	 */
	@Test
	void hangingKeyDoesNotHoldUpOthers() throws Exception {
		this.server.mode("db", Mode.HANG);
		FutureTask<Reading> hanging = start(() -> read(DB));
		await().until(() -> this.server.calls("db") == 1);
		List<Reading> others = IntStream.range(0, 200)
			.mapToObj((i) -> read(SecretReference.secret("other" + i)))
			.toList();
		assertThat(others).extracting(Reading::text).containsOnly("CANARY-s");
		assertThat(fastest(others, 196)).extracting(Reading::took)
			.allMatch((took) -> took.compareTo(Duration.ofMillis(100)) < 0);
		assertThat(hanging.isDone()).isFalse();
		this.cache.close();
		assertThat(hanging.get(5, TimeUnit.SECONDS).reason()).isEqualTo(Reason.SERVICE_ERROR);
	}

	@ParameterizedTest
	@EnumSource(names = { "HANG_ON_ACCEPT", "HANG" })
	void threadsAreFreeAgainSoonAfterTheDeadline(Mode mode) {
		this.server.mode(mode);
		try (SecretsCache hanging = cache(SHORT_DEADLINE)) {
			for (String reference : List.of("secret:a", "param:a")) {
				assertThat(read(hanging::get, SecretReference.parse(reference)).reason()).isEqualTo(Reason.TIMEOUT);
			}
			await().atMost(5, TimeUnit.SECONDS).until(() -> this.pool.getActiveCount() == 0);
			await().atMost(5, TimeUnit.SECONDS).until(() -> this.server.connections() == 0);
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "HANG_ON_ACCEPT", "HANG", "DRIP" })
	void closeDoesNotWaitForACall(Mode mode) throws Exception {
		Set<Thread> before = Thread.getAllStackTraces().keySet();
		this.server.mode(mode);
		SecretsCache hanging = cache(SHORT_DEADLINE);
		FutureTask<Reading> reader = start(() -> read(hanging::get, DB));
		await().until(() -> this.server.calls(mode) == 1);
		long start = System.nanoTime();
		hanging.close();
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(500));
		assertThat(reader.get(1, TimeUnit.SECONDS).reason()).isEqualTo(Reason.SERVICE_ERROR);
		assertThat(Thread.getAllStackTraces().keySet()).filteredOn((thread) -> !before.contains(thread))
			.filteredOn((thread) -> !thread.getName().startsWith("awaitility"))
			.isNotEmpty()
			.allMatch(Thread::isDaemon);
		assertThat(this.pool.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
	}

	private List<Reading> readTogether(int readers) throws Exception {
		CountDownLatch ready = new CountDownLatch(readers);
		List<FutureTask<Reading>> tasks = new ArrayList<>();
		for (int i = 0; i < readers; i++) {
			tasks.add(start(() -> {
				ready.countDown();
				ready.await();
				return read(DB);
			}));
		}
		List<Reading> readings = new ArrayList<>();
		for (FutureTask<Reading> task : tasks) {
			readings.add(task.get(30, TimeUnit.SECONDS));
		}
		return readings;
	}

	private static FutureTask<Reading> start(Callable<Reading> read) {
		FutureTask<Reading> task = new FutureTask<>(read);
		Thread thread = new Thread(task, "reader");
		thread.setDaemon(true);
		thread.start();
		return task;
	}

	private Reading read(SecretReference reference) {
		return read(this.cache::get, reference);
	}

	private static Reading read(Function<SecretReference, SecretValue> read, SecretReference reference) {
		long start = System.nanoTime();
		SecretValue value = null;
		Reason reason = null;
		try {
			value = read.apply(reference);
		}
		catch (SecretsException ex) {
			AwsSecretsProviderContract.assertNoCanary(ex);
			reason = ex.getReason();
		}
		return new Reading(value, reason, Duration.ofNanos(System.nanoTime() - start));
	}

	private static List<Reading> fastest(List<Reading> readings, int count) {
		return readings.stream().sorted(Comparator.comparing(Reading::took)).limit(count).toList();
	}

	private static void awaitZero(AtomicInteger running) {
		while (running.get() > 0) {
			Thread.onSpinWait();
		}
	}

	/** As the starter's. */
	private static ThreadPoolExecutor pool() {
		return new ThreadPoolExecutor(MAX_CONNECTIONS, MAX_CONNECTIONS, 5, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(1_000), (task) -> {
					Thread thread = new Thread(task, "upstream-call");
					thread.setDaemon(true);
					return thread;
				});
	}

	private SecretsCache cache(Duration deadline) {
		return cache(TestClients.provider(this.server.endpoint(), deadline), deadline, this.clock, this.pool);
	}

	private static SecretsCache cache(AwsSecretsProvider provider, Duration deadline, SecretsClock clock,
			Executor executor) {
		return TestCaches.cache(provider, TestCaches.settings(TTL, TTL, 1000, deadline, AllowedSecrets.ALL), clock,
				executor);
	}

	/**
	 * What a reader got, or why it got nothing, and how long it took.
	 */
	private record Reading(SecretValue value, Reason reason, Duration took) {

		String text() {
			return (this.value != null) ? this.value.text() : this.reason.name();
		}

	}

}
