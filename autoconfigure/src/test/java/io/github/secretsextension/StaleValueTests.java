package io.github.secretsextension;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what {@link SecretsCache} does with values past their TTL.
 */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StaleValueTests {

	private static final SecretReference DB = SecretReference.secret("db");

	private static final SecretReference OTHER = SecretReference.secret("other");

	private static final Duration TTL = Duration.ofSeconds(300);

	private static final Duration STALE_WAIT = Duration.ofMillis(50);

	private final ManualClock clock = new ManualClock(0);

	private final ScriptedSecrets upstream = new ScriptedSecrets();

	private final List<String> events = new ArrayList<>();

	private final ExecutorService pool = Executors.newFixedThreadPool(4);

	private final SecretsCache cache = cache(Runnable::run);

	@AfterEach
	void stop() {
		this.upstream.release();
		this.pool.shutdownNow();
	}

	@Test
	void outageOfTenMinutesShowsInNoRead() {
		this.cache.get(DB);
		this.cache.get(OTHER);
		this.clock.advance(TTL);
		this.upstream.fail(Reason.UNREACHABLE);
		int before = this.upstream.calls(DB);
		for (int read = 0; read < 60_000; read++) {
			assertThat(read(DB)).isEqualTo("1");
			assertThat(read(OTHER)).isEqualTo("1");
			this.clock.advance(Duration.ofMillis(10));
		}
		assertThat(this.upstream.calls(DB) - before).isBetween(5, 12);
		assertThat(this.upstream.calls(OTHER) - before).isBetween(5, 12);
		assertThat(this.events).containsExactly("stale db UNREACHABLE", "stale other UNREACHABLE");
	}

	@ParameterizedTest
	@EnumSource(names = { "THROTTLED", "TIMEOUT", "UNREACHABLE", "SERVICE_ERROR", "BAD_ANSWER", "CREDENTIALS",
			"NOT_CONFIGURED" })
	void oldValueIsServedUpToMaxStale(Reason reason) {
		this.cache.get(DB);
		this.upstream.fail(reason);
		this.clock.advance(TTL.plusMinutes(59).plusSeconds(59));
		assertThat(read(DB)).isEqualTo("1");
		this.clock.advance(Duration.ofSeconds(2));
		assertThat(read(DB)).isEqualTo(reason.name());
	}

	@Test
	void oldValueIsServedForOneTtlWhereUpstreamDoesNotTell() {
		this.cache.get(DB);
		this.upstream.fail(Reason.AMBIGUOUS);
		this.clock.advance(TTL.multipliedBy(2));
		assertThat(read(DB)).isEqualTo("1");
		this.clock.advance(Duration.ofMillis(1));
		assertThat(read(DB)).isEqualTo("AMBIGUOUS");
	}

	@Test
	void failuresDoNotProlongMaxStale() {
		this.cache.get(DB);
		this.upstream.fail(Reason.TIMEOUT);
		this.clock.advance(TTL);
		int second = 0;
		while (read(DB).equals("1") && second < 10_000) {
			second++;
			this.clock.advance(Duration.ofSeconds(1));
		}
		assertThat(second).isEqualTo(3601);
	}

	@Test
	void pastMaxStaleThereAreNoFiveSecondsWithoutAnAttempt() {
		this.cache.get(DB);
		this.upstream.fail(Reason.TIMEOUT);
		this.clock.advance(TTL);
		for (int second = 0; second <= 3600; second++) {
			read(DB);
			this.clock.advance(Duration.ofSeconds(1));
		}
		assertThat(read(DB)).isEqualTo("TIMEOUT");
		this.upstream.heal();
		this.clock.advance(Duration.ofMillis(4999));
		read(DB);
		this.clock.advance(Duration.ofMillis(1));
		assertThat(read(DB)).isEqualTo("1");
		assertThat(this.events).containsExactly("stale db TIMEOUT", "recovered db");
	}

	@ParameterizedTest
	@EnumSource(names = { "DENIED", "NOT_FOUND" })
	void valueThatIsGoneOrDeniedDoesNotComeBack(Reason reason) {
		this.cache.get(DB);
		this.clock.advance(TTL);
		this.upstream.fail(reason);
		assertThat(read(DB)).isEqualTo(reason.name());
		this.upstream.fail(Reason.TIMEOUT);
		for (int second = 0; second < 20; second++) {
			assertThat(read(DB)).isIn(reason.name(), "TIMEOUT");
			this.clock.advance(Duration.ofSeconds(1));
		}
		assertThat(this.events).isEmpty();
	}

	@ParameterizedTest
	@EnumSource(names = { "DENIED", "NOT_FOUND" })
	void valueThatIsDeniedDuringAnOutageDoesNotComeBack(Reason reason) {
		this.cache.get(DB);
		this.clock.advance(TTL);
		this.upstream.fail(Reason.TIMEOUT);
		assertThat(read(DB)).isEqualTo("1");
		this.upstream.fail(reason);
		this.clock.advance(Duration.ofSeconds(1));
		assertThat(read(DB)).as("the read that starts the attempt").isEqualTo("1");
		assertThat(read(DB)).isEqualTo(reason.name());
		this.upstream.fail(Reason.TIMEOUT);
		this.clock.advance(Duration.ofSeconds(5));
		assertThat(read(DB)).isEqualTo("TIMEOUT");
	}

	@Test
	void recoveryMakesOneCall() {
		this.cache.get(DB);
		this.clock.advance(TTL);
		this.upstream.fail(Reason.TIMEOUT);
		read(DB);
		this.upstream.heal();
		this.upstream.rotate("db");
		this.clock.advance(Duration.ofSeconds(1));
		int before = this.upstream.calls();
		assertThat(read(DB)).isEqualTo("1");
		for (int i = 0; i < 100; i++) {
			assertThat(read(DB)).isEqualTo("2");
		}
		assertThat(this.upstream.calls()).isEqualTo(before + 1);
		assertThat(this.events).containsExactly("stale db TIMEOUT", "recovered db");
	}

	@Test
	void everyEpisodeIsToldOnce() {
		this.cache.get(DB);
		for (int episode = 0; episode < 3; episode++) {
			this.upstream.fail(Reason.TIMEOUT);
			this.clock.advance(TTL);
			for (int second = 0; second < 100; second++) {
				read(DB);
				this.clock.advance(Duration.ofSeconds(1));
			}
			this.upstream.heal();
			this.clock.advance(Duration.ofSeconds(128));
			read(DB);
			read(DB);
			assertThat(this.events).containsExactly("stale db TIMEOUT", "recovered db");
			this.events.clear();
		}
	}

	@Test
	void outdatedDuringAnEpisodeIsTheSameEpisode() {
		this.cache.get(DB);
		this.clock.advance(TTL);
		this.upstream.fail(Reason.TIMEOUT);
		assertThat(read(DB)).isEqualTo("1");
		assertThat(this.cache.outdate(DB)).isTrue();
		assertThat(read(DB)).isEqualTo("1");
		assertThat(this.upstream.calls()).isEqualTo(3);
		this.upstream.heal();
		this.cache.refresh(DB);
		assertThat(this.events).containsExactly("stale db TIMEOUT", "recovered db");
	}

	@Test
	void failingRefreshOfAFreshValueIsNoEpisode() {
		this.cache.get(DB);
		this.upstream.fail(Reason.TIMEOUT);
		assertThat(ScriptedSecrets.outcome(() -> this.cache.refresh(DB))).isEqualTo("TIMEOUT");
		assertThat(read(DB)).isEqualTo("1");
		assertThat(this.events).isEmpty();
		this.clock.advance(TTL);
		assertThat(read(DB)).isEqualTo("1");
		assertThat(this.events).containsExactly("stale db TIMEOUT");
	}

	@Test
	void lateAnswerIsWaitedForOnce() throws Exception {
		SecretsCache slow = cache(this.pool);
		slow.get(DB);
		this.clock.advance(TTL);
		this.upstream.rotate("db");
		CountDownLatch gate = this.upstream.hang();
		long start = System.nanoTime();
		assertThat(ScriptedSecrets.outcome(slow, DB)).isEqualTo("1");
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(STALE_WAIT, Duration.ofSeconds(5));
		this.clock.advance(STALE_WAIT);
		Thread.currentThread().interrupt();
		for (int i = 0; i < 1000; i++) {
			assertThat(ScriptedSecrets.outcome(slow, DB)).isEqualTo("1");
		}
		assertThat(Thread.interrupted()).as("who need not wait need not mind an interrupt").isTrue();
		assertThat(this.upstream.calls()).isEqualTo(2);
		gate.countDown();
		await().until(() -> ScriptedSecrets.outcome(slow, DB).equals("2"));
		assertThat(this.upstream.calls()).isEqualTo(2);
		assertThat(this.events).isEmpty();
	}

	@Test
	void lateAnswerPastMaxStaleIsWaitedFor() throws Exception {
		SecretsCache slow = cache(this.pool);
		slow.get(DB);
		this.clock.advance(TTL);
		CountDownLatch gate = this.upstream.hang();
		assertThat(ScriptedSecrets.outcome(slow, DB)).isEqualTo("1");
		this.clock.advance(Duration.ofHours(1).plusSeconds(1));
		this.upstream.rotate("db");
		var waiting = this.pool.submit(() -> ScriptedSecrets.outcome(slow, DB));
		assertThatException().isThrownBy(() -> waiting.get(2 * STALE_WAIT.toMillis(), TimeUnit.MILLISECONDS))
			.isInstanceOf(TimeoutException.class);
		gate.countDown();
		assertThat(waiting.get()).isEqualTo("2");
	}

	@Test
	void preparationThatFailsIsAFailureLikeOthers() {
		this.cache.get(DB);
		this.clock.advance(TTL);
		for (RuntimeException failure : List.of(
				new SecretsException(Reason.NOT_CONFIGURED, null, "No region", "Set it."),
				new IllegalStateException(FakeSecrets.CANARY))) {
			this.upstream.failToPrepare(failure);
			assertThat(read(DB)).isEqualTo("1");
			this.clock.advance(Duration.ofSeconds(10));
		}
		assertThat(this.upstream.calls()).isEqualTo(1);
		assertThat(this.events).containsExactly("stale db NOT_CONFIGURED");
		this.upstream.heal();
		read(DB);
		assertThat(this.events).containsExactly("stale db NOT_CONFIGURED", "recovered db");
	}

	@Test
	void replacedAndDeniedValuesLeaveTheMemory() {
		WeakReference<SecretValue> replaced = new WeakReference<>(this.cache.get(DB));
		WeakReference<SecretValue> denied = new WeakReference<>(this.cache.refresh(DB));
		awaitCollected(replaced);
		this.upstream.fail(Reason.DENIED);
		this.clock.advance(TTL);
		assertThat(read(DB)).isEqualTo("DENIED");
		awaitCollected(denied);
	}

	@Test
	void closeIsNoEpisode() {
		List<Runnable> queue = new ArrayList<>();
		SecretsCache closing = cache((task) -> {
			if (this.upstream.calls() == 0) {
				task.run();
			}
			else {
				queue.add(task);
			}
		});
		closing.get(DB);
		this.clock.advance(TTL);
		assertThat(ScriptedSecrets.outcome(closing, DB)).isEqualTo("1");
		closing.close();
		assertThat(ScriptedSecrets.outcome(this.cache, DB)).isEqualTo("1");
		queue.forEach(Runnable::run);
		assertThat(this.upstream.calls()).isEqualTo(2);
		assertThat(this.events).isEmpty();
	}

	@Test
	void closedCacheAsksNobodyInTheCallersThread() {
		this.cache.close();
		assertThat(read(DB)).isEqualTo("SERVICE_ERROR");
		assertThat(this.upstream.calls()).isZero();
	}

	private String read(SecretReference reference) {
		return ScriptedSecrets.outcome(this.cache, reference);
	}

	private SecretsCache cache(Executor executor) {
		SecretsCacheSettings.KindSettings kind = new SecretsCacheSettings.KindSettings(TTL, Duration.ZERO);
		return TestCaches.cache(this.upstream,
				new SecretsCacheSettings(kind, kind, 1000, TestCaches.MAX_BYTES, Duration.ofHours(1), STALE_WAIT, false,
						AllowedSecrets.ALL, (key) -> false, new SecretsCacheSettings.Listener() {

							@Override
							public void onStale(SecretReference key, SecretsException failure) {
								StaleValueTests.this.events.add("stale " + key.id() + " " + failure.getReason());
							}

							@Override
							public void onRecovered(SecretReference key) {
								StaleValueTests.this.events.add("recovered " + key.id());
							}

						}),
				this.clock, executor);
	}

	private static void awaitCollected(WeakReference<?> value) {
		await().until(() -> {
			System.gc();
			return value.get() == null;
		});
	}

}
