package io.github.secretsextension;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what makes {@link SecretsCache} ask within the TTL: refresh, outdate and
 * refresh-ahead.
 */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RefreshTests {

	private static final SecretReference DB = SecretReference.secret("db");

	private static final SecretReference PREVIOUS = SecretReference.parse("secret:db?versionStage=AWSPREVIOUS");

	private static final SecretReference PINNED = SecretReference.parse("secret:db?versionId=v1");

	private static final SecretReference OTHER = SecretReference.parse("secret:other?versionStage=AWSPREVIOUS");

	private static final SecretReference PARAMETER = SecretReference.parse("param:db");

	private static final Duration TTL = Duration.ofSeconds(300);

	private static final int CALLERS = 16;

	private final ManualClock clock = new ManualClock(0);

	private final ScriptedSecrets upstream = new ScriptedSecrets();

	private final ExecutorService pool = Executors.newFixedThreadPool(4);

	private final ExecutorService callers = Executors.newFixedThreadPool(CALLERS);

	private final SecretsCache cache = cache(Runnable::run, false);

	@AfterEach
	void stop() {
		this.upstream.release();
		this.pool.shutdownNow();
		this.callers.shutdownNow();
	}

	@Test
	void concurrentRefreshesShareACall() throws Exception {
		SecretsCache pooled = cache(this.pool, false);
		pooled.get(DB);
		this.upstream.rotate("db");
		CountDownLatch gate = this.upstream.hang();
		CountDownLatch ready = new CountDownLatch(CALLERS);
		List<Future<String>> results = IntStream.range(0, CALLERS).mapToObj((i) -> this.callers.submit(() -> {
			ready.countDown();
			return ScriptedSecrets.outcome(() -> pooled.refresh(DB));
		})).toList();
		ready.await();
		await().until(() -> this.upstream.calls() == 2);
		assertThat(ScriptedSecrets.outcome(pooled, DB)).as("a read during the refresh").isEqualTo("1");
		gate.countDown();
		for (Future<String> result : results) {
			assertThat(result.get(10, TimeUnit.SECONDS)).isEqualTo("2");
		}
		assertThat(this.upstream.calls()).isEqualTo(2);
	}

	@Test
	void secondRefreshWithinASecondGetsTheFirstOnesResult() {
		assertThat(refresh(DB)).isEqualTo("1");
		this.upstream.rotate("db");
		this.clock.advance(Duration.ofMillis(999));
		assertThat(refresh(DB)).isEqualTo("1");
		assertThat(this.upstream.calls()).isEqualTo(1);
		this.clock.advance(Duration.ofMillis(1));
		assertThat(refresh(DB)).isEqualTo("2");
		assertThat(this.upstream.calls()).isEqualTo(2);
	}

	@Test
	void secondRefreshWithinASecondGetsTheFirstOnesFailure() {
		this.upstream.fail(Reason.NOT_FOUND);
		assertThat(refresh(DB)).isEqualTo("NOT_FOUND");
		this.upstream.heal();
		assertThat(refresh(DB)).isEqualTo("NOT_FOUND");
		this.clock.advance(Duration.ofSeconds(1));
		assertThat(refresh(DB)).isEqualTo("1");
		assertThat(this.upstream.calls()).isEqualTo(2);
	}

	@Test
	void refreshAfterAFreezeIsNotTheSecondWithinASecond() {
		refresh(DB);
		this.upstream.rotate("db");
		this.clock.advanceWall(Duration.ofSeconds(1));
		assertThat(refresh(DB)).isEqualTo("2");
		this.upstream.rotate("db");
		this.clock.advanceWall(Duration.ofSeconds(-10));
		assertThat(refresh(DB)).isEqualTo("3");
	}

	@Test
	void refreshAfterALoadAsks() {
		this.cache.get(DB);
		assertThat(refresh(DB)).isEqualTo("1");
		assertThat(this.upstream.calls()).isEqualTo(2);
	}

	@Test
	void failingRefreshThrowsAndLeavesAFreshValue() {
		this.cache.get(DB);
		this.upstream.fail(Reason.TIMEOUT);
		for (int i = 0; i < 10; i++) {
			assertThat(refresh(DB)).isEqualTo("TIMEOUT");
			assertThat(read(DB)).isEqualTo("1");
			this.clock.advance(Duration.ofSeconds(1));
		}
		assertThat(this.upstream.calls()).isEqualTo(11);
	}

	@ParameterizedTest
	@EnumSource(names = { "DENIED", "NOT_FOUND" })
	void refreshOfWhatIsGoneDropsAFreshValue(Reason reason) {
		this.cache.get(DB);
		this.upstream.fail(reason);
		assertThat(refresh(DB)).isEqualTo(reason.name());
		this.upstream.heal();
		assertThat(read(DB)).isEqualTo(reason.name());
	}

	@Test
	void newVersionOutdatesTheSecretsOtherStages() {
		List<SecretReference> references = List.of(DB, PREVIOUS, PINNED, OTHER, PARAMETER);
		references.forEach(this.cache::get);
		this.upstream.rotate("db");
		assertThat(refresh(DB)).isEqualTo("2");
		references.forEach(this.cache::get);
		assertThat(this.upstream.calls(PREVIOUS)).isEqualTo(2);
		for (SecretReference unaffected : List.of(PINNED, OTHER, PARAMETER)) {
			assertThat(this.upstream.calls(unaffected)).as("calls of %s", unaffected).isEqualTo(1);
		}
		assertThat(read(PREVIOUS)).isEqualTo("2");
	}

	@Test
	void sameVersionOutdatesNothing() {
		List.of(DB, PREVIOUS).forEach(this.cache::get);
		refresh(DB);
		read(PREVIOUS);
		assertThat(this.upstream.calls(PREVIOUS)).isEqualTo(1);
	}

	@Test
	void stagesDoNotOutdateEachOtherForEver() {
		List.of(DB, PREVIOUS).forEach(this.cache::get);
		this.upstream.rotate("db");
		refresh(DB);
		for (int i = 0; i < 10; i++) {
			read(PREVIOUS);
			read(DB);
		}
		assertThat(this.upstream.calls()).isBetween(4, 5);
	}

	@Test
	void otherStagesAreOutdatedWhenTheRefreshReturns() {
		SecretsCache pooled = cache(this.pool, false);
		for (int round = 1; round <= 500; round++) {
			List.of(DB, PREVIOUS).forEach(pooled::get);
			this.upstream.rotate("db");
			this.clock.advance(Duration.ofSeconds(1));
			pooled.refresh(DB);
			assertThat(ScriptedSecrets.outcome(pooled, PREVIOUS)).as("round %s", round)
				.isEqualTo(String.valueOf(round + 1));
		}
	}

	@Test
	void newVersionOutdatesACallUnderWay() throws Exception {
		SecretsCache pooled = cache(this.pool, false);
		pooled.get(DB);
		CountDownLatch gate = this.upstream.hang();
		Future<String> older = this.callers.submit(() -> ScriptedSecrets.outcome(pooled, PREVIOUS));
		await().until(() -> this.upstream.calls() == 2);
		this.upstream.rotate("db");
		this.upstream.hang().countDown();
		pooled.refresh(DB);
		assertThat(ScriptedSecrets.outcome(pooled, PREVIOUS)).isEqualTo("2");
		gate.countDown();
		older.get(10, TimeUnit.SECONDS);
		assertThat(this.upstream.calls(PREVIOUS)).isEqualTo(2);
	}

	@Test
	void outdatedValueIsAskedForAtTheNextRead() {
		assertThat(this.cache.outdate(DB)).isFalse();
		this.cache.get(DB);
		this.upstream.rotate("db");
		assertThat(this.cache.outdate(SecretReference.parse("secret:db#field:default"))).isTrue();
		assertThat(read(DB)).isEqualTo("2");
		assertThat(read(DB)).isEqualTo("2");
		assertThat(this.upstream.calls()).isEqualTo(2);
	}

	@Test
	void outdatedValueIsServedWhileUpstreamFails() {
		this.cache.get(DB);
		this.cache.outdate(DB);
		this.upstream.fail(Reason.TIMEOUT);
		assertThat(read(DB)).isEqualTo("1");
		this.upstream.fail(Reason.DENIED);
		this.cache.outdate(DB);
		assertThat(read(DB)).isEqualTo("DENIED");
	}

	@Test
	void outdateForgetsAFailure() {
		this.upstream.fail(Reason.NOT_FOUND);
		assertThat(read(DB)).isEqualTo("NOT_FOUND");
		this.upstream.heal();
		assertThat(this.cache.outdate(DB)).isFalse();
		assertThat(read(DB)).isEqualTo("1");
	}

	@Test
	void outdateOvertakesACallUnderWay() throws Exception {
		SecretsCache pooled = cache(this.pool, false);
		CountDownLatch gate = this.upstream.hang();
		Future<String> older = this.callers.submit(() -> ScriptedSecrets.outcome(pooled, DB));
		await().until(() -> this.upstream.calls() == 1);
		assertThat(pooled.outdate(DB)).isFalse();
		this.upstream.hang().countDown();
		assertThat(ScriptedSecrets.outcome(pooled, DB)).isEqualTo("1");
		gate.countDown();
		assertThat(older.get(10, TimeUnit.SECONDS)).isEqualTo("1");
		assertThat(this.upstream.calls()).isEqualTo(2);
	}

	@Test
	void refreshAheadMakesOneCallInTheBackground() {
		List<Runnable> queue = new ArrayList<>();
		SecretsCache ahead = cache((task) -> {
			if (this.upstream.calls() == 0) {
				task.run();
			}
			else {
				queue.add(task);
			}
		}, true);
		ahead.get(DB);
		this.upstream.rotate("db");
		this.clock.advance(TTL.multipliedBy(80).dividedBy(100).minusMillis(1));
		ahead.get(DB);
		assertThat(queue).isEmpty();
		this.clock.advance(TTL.multipliedBy(15).dividedBy(100).plusMillis(1));
		for (int i = 0; i < 100; i++) {
			assertThat(ScriptedSecrets.outcome(ahead, DB)).isEqualTo("1");
		}
		assertThat(queue).hasSize(1);
		queue.forEach(Runnable::run);
		assertThat(ScriptedSecrets.outcome(ahead, DB)).isEqualTo("2");
		assertThat(this.upstream.calls()).isEqualTo(2);
	}

	@Test
	void refreshAheadBacksOff() {
		SecretsCache ahead = cache(Runnable::run, true);
		ahead.get(DB);
		this.clock.advance(TTL.multipliedBy(95).dividedBy(100));
		this.upstream.fail(Reason.TIMEOUT);
		for (int read = 0; read < 140; read++) {
			assertThat(ScriptedSecrets.outcome(ahead, DB)).isEqualTo("1");
			this.clock.advance(Duration.ofMillis(100));
		}
		assertThat(this.upstream.calls()).isEqualTo(5);
	}

	@Test
	void refreshesAheadAreSpread() {
		SecretsCache ahead = cache(Runnable::run, true);
		List<SecretReference> keys = IntStream.range(0, 1000)
			.mapToObj((i) -> SecretReference.secret("prod/key" + i))
			.toList();
		keys.forEach(ahead::get);
		this.clock.advance(TTL.multipliedBy(80).dividedBy(100).minusMillis(1));
		int calls = this.upstream.calls();
		keys.forEach(ahead::get);
		assertThat(this.upstream.calls()).isEqualTo(calls);
		for (int bucket = 0; bucket < 30; bucket++) {
			this.clock.advance(TTL.multipliedBy(15).dividedBy(100).dividedBy(30));
			int before = this.upstream.calls();
			keys.forEach(ahead::get);
			assertThat(this.upstream.calls() - before).as("calls in bucket %s", bucket).isBetween(1, 100);
		}
		this.clock.advance(Duration.ofMillis(1));
		keys.forEach(ahead::get);
		assertThat(this.upstream.calls() - calls).isEqualTo(1000);
	}

	@Test
	void withoutRefreshAheadThereAreNoCallsWithinTheTtl() {
		this.cache.get(DB);
		this.clock.advance(TTL.minusMillis(1));
		this.cache.get(DB);
		assertThat(this.upstream.calls()).isEqualTo(1);
	}

	@Test
	void readersThatLoseToAnOutdateAsk() {
		SecretsCache[] raced = new SecretsCache[1];
		ScriptedSecrets racing = new ScriptedSecrets() {

			@Override
			public void prepare(SecretReference reference) {
				if (raced[0] != null) {
					SecretsCache cache = raced[0];
					raced[0] = null;
					cache.outdate(reference);
				}
			}

		};
		SecretsCache outdating = cache(racing, Runnable::run, false);
		outdating.get(DB);
		this.clock.advance(TTL);
		racing.rotate("db");
		raced[0] = outdating;
		assertThat(ScriptedSecrets.outcome(outdating, DB)).isEqualTo("2");
		assertThat(racing.calls()).isEqualTo(2);
	}

	private String read(SecretReference reference) {
		return ScriptedSecrets.outcome(this.cache, reference);
	}

	private String refresh(SecretReference reference) {
		return ScriptedSecrets.outcome(() -> this.cache.refresh(reference));
	}

	private SecretsCache cache(Executor executor, boolean refreshAhead) {
		return cache(this.upstream, executor, refreshAhead);
	}

	private SecretsCache cache(SecretsProvider provider, Executor executor, boolean refreshAhead) {
		SecretsCacheSettings.KindSettings kind = new SecretsCacheSettings.KindSettings(TTL, Duration.ZERO);
		return TestCaches.cache(provider,
				new SecretsCacheSettings(kind, kind, 10_000, TestCaches.MAX_BYTES, Duration.ofHours(1),
						Duration.ofSeconds(1), refreshAhead, AllowedSecrets.ALL, (key) -> false,
						new SecretsCacheSettings.Listener() {
						}),
				this.clock, executor);
	}

}
