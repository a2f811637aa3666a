package io.github.secretsextension;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCacheSettings.KindSettings;
import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SecretsCache#prefetch}.
 */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PrefetchTests {

	private static final List<SecretReference> FIVE = IntStream.range(0, 5)
		.mapToObj((i) -> SecretReference.secret("s" + i))
		.toList();

	private final ManualClock clock = new ManualClock(0);

	private final Upstream upstream = new Upstream();

	private final ExecutorService pool = Executors.newFixedThreadPool(3);

	private final List<String> events = new CopyOnWriteArrayList<>();

	private final CountDownLatch ended = new CountDownLatch(1);

	private AllowedSecrets allowed = AllowedSecrets.ALL;

	private Duration deadline = Duration.ofSeconds(20);

	private int ttlSeconds = 300;

	private final SecretsCacheStatistics statistics = new SecretsCacheStatistics();

	@AfterEach
	void stop() {
		this.upstream.gate.countDown();
		this.pool.shutdownNow();
	}

	@Test
	void oneCallBringsAllAndReadsMakeNone() throws Exception {
		SecretsCache cache = prefetched(true);
		FIVE.forEach(cache::get);
		assertThat(this.upstream.batches).containsExactly(new LinkedHashSet<>(FIVE));
		assertThat(this.upstream.singles).isEmpty();
		assertThat(this.events).containsExactly("secret 5 of 5 in 1");
		assertThat(this.statistics.hits()).isEqualTo(5);
		assertThat(this.statistics.loads()).isEqualTo(1);
	}

	@Test
	void withoutBatchesEachIsACall() throws Exception {
		SecretsCache cache = prefetched(false);
		FIVE.forEach(cache::get);
		assertThat(this.upstream.batches).isEmpty();
		assertThat(this.upstream.singles).containsExactlyInAnyOrderElementsOf(FIVE);
	}

	@Test
	void readersWaitForWhatIsUnderWay() throws Exception {
		this.upstream.gate = new CountDownLatch(1);
		SecretsCache cache = cache();
		cache.prefetch(FIVE, true);
		List<CompletableFuture<String>> readers = new ArrayList<>();
		for (SecretReference reference : FIVE) {
			readers
				.add(CompletableFuture.supplyAsync(() -> cache.get(reference).text(), Executors.newCachedThreadPool()));
		}
		assertThat(readers).noneMatch(CompletableFuture::isDone);
		this.upstream.gate.countDown();
		for (CompletableFuture<String> reader : readers) {
			assertThat(reader.get(10, TimeUnit.SECONDS)).startsWith(FakeSecrets.CANARY);
		}
		assertThat(this.upstream.batches).hasSize(1);
		assertThat(this.upstream.singles).isEmpty();
	}

	@Test
	void readersThatWaitForAFailingPrefetchAskThemselves() throws Exception {
		this.upstream.gate = new CountDownLatch(1);
		this.upstream.batchFailure = Reason.THROTTLED;
		SecretsCache cache = cache();
		cache.prefetch(FIVE, true);
		CompletableFuture<String> reader = CompletableFuture.supplyAsync(() -> cache.get(FIVE.get(0)).text(),
				Executors.newCachedThreadPool());
		this.upstream.gate.countDown();
		assertThat(reader.get(10, TimeUnit.SECONDS)).isEqualTo("CANARY-s0");
		assertThat(this.upstream.singles).containsExactly(FIVE.get(0));
	}

	@Test
	void whatABatchDoesNotBringIsAskedForWhenItIsRead() throws Exception {
		this.upstream.missing.add(FIVE.get(2));
		SecretsCache cache = prefetched(true);
		assertThat(this.events).containsExactly("secret 4 of 5 in 1");
		assertThat(this.upstream.singles).isEmpty();
		FIVE.forEach(cache::get);
		assertThat(this.upstream.singles).containsExactly(FIVE.get(2));
	}

	@ParameterizedTest
	@EnumSource(value = Reason.class,
			names = { "DENIED", "NOT_FOUND", "SERVICE_ERROR", "BAD_ANSWER", "NOT_CONFIGURED", "AMBIGUOUS" })
	void refusedBatchBecomesSingleCalls(Reason reason) throws Exception {
		this.upstream.batchFailure = reason;
		SecretsCache cache = prefetched(true);
		assertThat(this.events).containsExactly("refused " + reason, "secret 5 of 5 in 6");
		FIVE.forEach(cache::get);
		assertThat(this.upstream.singles).containsExactlyInAnyOrderElementsOf(FIVE);
	}

	@ParameterizedTest
	@EnumSource(value = Reason.class, names = { "THROTTLED", "TIMEOUT", "CREDENTIALS", "UNREACHABLE" })
	void hopelessBatchEndsThePrefetchAndIsNotRemembered(Reason reason) throws Exception {
		this.upstream.batchFailure = reason;
		SecretsCache cache = prefetched(true);
		assertThat(this.events).containsExactly("secret 0 of 5 in 1");
		assertThat(this.upstream.singles).isEmpty();
		FIVE.forEach((reference) -> assertThat(cache.get(reference).text()).startsWith(FakeSecrets.CANARY));
		assertThat(this.upstream.singles).containsExactlyElementsOf(FIVE);
	}

	@Test
	void failingSingleIsNotRemembered() throws Exception {
		this.upstream.singleFailure = Reason.DENIED;
		SecretsCache cache = prefetched(false);
		this.upstream.singleFailure = null;
		FIVE.forEach((reference) -> assertThat(cache.get(reference).text()).startsWith(FakeSecrets.CANARY));
	}

	@Test
	void failingPreparationIsNotRemembered() throws Exception {
		this.upstream.preparationFailure = new IllegalStateException(FakeSecrets.CANARY);
		SecretsCache cache = prefetched(true);
		assertThat(this.events).containsExactly("secret 0 of 5 in 0");
		this.upstream.preparationFailure = null;
		assertThat(cache.get(FIVE.get(0)).text()).isEqualTo("CANARY-s0");
	}

	@Test
	void whoWaitedUntilTheDeadlineDoesNotWaitTwice() throws Exception {
		this.upstream.gate = new CountDownLatch(1);
		this.deadline = Duration.ofMillis(200);
		SecretsCache cache = cache();
		cache.prefetch(FIVE, true);
		assertThatExceptionOfType(SecretsException.class).isThrownBy(() -> cache.get(FIVE.get(0)))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.TIMEOUT))
			.satisfies((ex) -> assertThat(ex.getReference()).isEqualTo(FIVE.get(0)));
		assertThat(this.upstream.singles).isEmpty();
		this.upstream.gate.countDown();
		assertThat(cache.get(FIVE.get(0)).text()).isEqualTo("CANARY-s0");
	}

	@Test
	void manyThatTakeLongerThanTheDeadlineInAllAreFetched() throws Exception {
		this.deadline = Duration.ofMillis(600);
		this.upstream.singleMillis = 100;
		List<SecretReference> many = IntStream.range(0, 40).mapToObj((i) -> SecretReference.secret("m" + i)).toList();
		SecretsCache cache = cache();
		cache.prefetch(many, false);
		assertThat(cache.get(many.get(39)).text()).isEqualTo("CANARY-m39");
		assertThat(this.ended.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(this.events).containsExactly("secret 40 of 40 in 40");
	}

	@Test
	void oneTimeOutEndsThePrefetchOfTheOthers() throws Exception {
		this.upstream.gate = new CountDownLatch(1);
		this.upstream.gateSingles = true;
		this.deadline = Duration.ofMillis(200);
		List<SecretReference> many = IntStream.range(0, 40).mapToObj((i) -> SecretReference.secret("m" + i)).toList();
		SecretsCache cache = cache();
		cache.prefetch(many, false);
		assertThat(this.ended.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(this.upstream.singles).hasSizeLessThan(10);
		this.upstream.gate.countDown();
		assertThat(cache.get(many.get(39)).text()).isEqualTo("CANARY-m39");
	}

	@Test
	void whoWaitedForAnExtensionThatIsNotReadyDoesNotWaitTwice() throws Exception {
		this.upstream.gate = new CountDownLatch(1);
		this.upstream.gateSingles = true;
		this.upstream.singleFailure = Reason.NOT_READY;
		List<SecretReference> many = IntStream.range(0, 40).mapToObj((i) -> SecretReference.secret("m" + i)).toList();
		SecretsCache cache = cache();
		cache.prefetch(many, false);
		CompletableFuture<SecretsException> reader = new CompletableFuture<>();
		Thread thread = new Thread(
				() -> reader.complete(catchThrowableOfType(SecretsException.class, () -> cache.get(many.get(39)))));
		thread.start();
		await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
		this.upstream.gate.countDown();
		SecretsException failure = reader.get(10, TimeUnit.SECONDS);
		assertThat(failure.getReason()).isEqualTo(Reason.NOT_READY);
		assertThat(failure.getReference()).isEqualTo(many.get(39));
		assertThat(this.ended.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(this.upstream.singles).hasSizeLessThan(10).doesNotContain(many.get(39));
		this.upstream.singleFailure = null;
		assertThat(cache.get(many.get(39)).text()).as("not remembered").isEqualTo("CANARY-m39");
	}

	@Test
	void executorThatHasNoThreadLeavesNobodyWaiting() {
		KindSettings kind = new KindSettings(Duration.ofMinutes(5), Duration.ZERO);
		SecretsCache cache = new SecretsCache(this.upstream,
				new SecretsCacheSettings(kind, kind, 100, TestCaches.MAX_BYTES, Duration.ofHours(1),
						Duration.ofSeconds(1), false, AllowedSecrets.ALL, (key) -> true,
						new SecretsCacheSettings.Listener() {
						}),
				this.clock, (same) -> (task) -> {
					throw new OutOfMemoryError("unable to create native thread");
				}, () -> 0);
		cache.prefetch(FIVE, true);
		assertThatExceptionOfType(SecretsException.class).isThrownBy(() -> cache.get(FIVE.get(0)))
			.withMessageContaining("OutOfMemoryError");
	}

	@Test
	void refreshOvertakesAPrefetch() throws Exception {
		this.upstream.gate = new CountDownLatch(1);
		SecretsCache cache = cache();
		cache.prefetch(FIVE, true);
		this.upstream.version = 2;
		assertThat(cache.refresh(FIVE.get(0)).text()).isEqualTo("CANARY-s0v2");
		this.upstream.version = 1;
		this.upstream.gate.countDown();
		assertThat(this.ended.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(cache.get(FIVE.get(0)).text()).isEqualTo("CANARY-s0v2");
		assertThat(cache.get(FIVE.get(1)).text()).isEqualTo("CANARY-s1");
	}

	@Test
	void whatIsKnownOrNotAllowedIsLeftOut() throws Exception {
		this.allowed = new AllowedSecrets(List.of("s0", "s1", "s2"));
		SecretsCache cache = cache();
		cache.get(FIVE.get(0));
		cache.prefetch(FIVE, true);
		assertThat(this.ended.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(this.upstream.batches).containsExactly(Set.of(FIVE.get(1), FIVE.get(2)));
	}

	@Test
	void withoutCachingNothingIsFetchedAhead() {
		this.ttlSeconds = 0;
		SecretsCache cache = cache();
		cache.prefetch(FIVE, true);
		assertThat(this.upstream.batches).isEmpty();
		cache.get(FIVE.get(0));
		assertThat(this.upstream.singles).hasSize(1);
	}

	@Test
	void closeEndsAPrefetch() throws Exception {
		this.upstream.gate = new CountDownLatch(1);
		SecretsCache cache = cache();
		cache.prefetch(FIVE, true);
		CompletableFuture<SecretValue> reader = CompletableFuture.supplyAsync(() -> cache.get(FIVE.get(0)),
				Executors.newCachedThreadPool());
		cache.close();
		assertThat(reader).failsWithin(Duration.ofSeconds(10));
		assertThat(this.ended.await(10, TimeUnit.SECONDS)).isTrue();
	}

	private SecretsCache prefetched(boolean batch) throws InterruptedException {
		SecretsCache cache = cache();
		cache.prefetch(FIVE, batch);
		assertThat(this.ended.await(10, TimeUnit.SECONDS)).isTrue();
		return cache;
	}

	private SecretsCache cache() {
		KindSettings kind = new KindSettings(Duration.ofSeconds(this.ttlSeconds), this.deadline, this.statistics);
		return TestCaches.cache(this.upstream,
				new SecretsCacheSettings(kind, kind, 100, TestCaches.MAX_BYTES, Duration.ofHours(1),
						Duration.ofSeconds(1), false, this.allowed, (key) -> true, new SecretsCacheSettings.Listener() {

							@Override
							public void onBatchRefused(Kind kind, SecretsException failure) {
								PrefetchTests.this.events.add("refused " + failure.getReason());
							}

							@Override
							public void onPrefetched(Kind kind, int asked, int found, int calls, Duration time) {
								PrefetchTests.this.events.add(kind + " " + found + " of " + asked + " in " + calls);
								PrefetchTests.this.ended.countDown();
							}

						}),
				this.clock, this.pool);
	}

	/**
	 * A provider that reads any number with one call.
	 */
	private static final class Upstream implements BatchSecretsProvider {

		private final List<Set<SecretReference>> batches = new CopyOnWriteArrayList<>();

		private final List<SecretReference> singles = new CopyOnWriteArrayList<>();

		private final Set<SecretReference> missing = new LinkedHashSet<>();

		private volatile Reason batchFailure;

		private volatile Reason singleFailure;

		private volatile RuntimeException preparationFailure;

		private volatile CountDownLatch gate = new CountDownLatch(0);

		private volatile int version = 1;

		private volatile boolean gateSingles;

		private volatile int singleMillis;

		@Override
		public void prepare(SecretReference reference) {
			if (this.preparationFailure != null) {
				throw this.preparationFailure;
			}
		}

		@Override
		public List<Set<SecretReference>> batches(Set<SecretReference> references) {
			return List.of(new LinkedHashSet<>(references));
		}

		@Override
		public Map<SecretReference, SecretValue> getAll(Set<SecretReference> batch) {
			this.batches.add(batch);
			try {
				this.gate.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			fail(this.batchFailure, null);
			Map<SecretReference, SecretValue> values = new HashMap<>();
			for (SecretReference reference : batch) {
				if (!this.missing.contains(reference)) {
					values.put(reference, value(reference));
				}
			}
			return values;
		}

		@Override
		public SecretValue get(SecretReference reference) {
			this.singles.add(reference);
			try {
				if (this.gateSingles) {
					this.gate.await();
				}
				TimeUnit.MILLISECONDS.sleep(this.singleMillis);
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			fail(this.singleFailure, reference);
			return value(reference);
		}

		private static void fail(Reason reason, SecretReference reference) {
			if (reason != null) {
				throw new SecretsException(reason, reference, "It failed", "Try again.");
			}
		}

		private SecretValue value(SecretReference reference) {
			String suffix = (this.version > 1) ? "v" + this.version : "";
			return SecretValue.builder().text(FakeSecrets.CANARY + reference.id() + suffix).build();
		}

	}

}
