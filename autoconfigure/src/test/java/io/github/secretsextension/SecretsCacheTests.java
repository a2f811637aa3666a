package io.github.secretsextension;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SecretsCache} and {@link AllowedSecrets}.
 */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SecretsCacheTests {

	private static final String C = FakeSecrets.CANARY;

	private static final SecretReference DB = SecretReference.secret("db");

	private static final Duration TTL = Duration.ofSeconds(300);

	private static final Duration NEVER = Duration.ZERO;

	private static final int READERS = 100;

	private final ManualClock clock = new ManualClock(0);

	private final Upstream upstream = new Upstream();

	private final List<ExecutorService> pools = new ArrayList<>();

	@AfterEach
	void stopPools() {
		this.upstream.openGates();
		this.pools.forEach(ExecutorService::shutdownNow);
	}

	@Test
	void readWithinTtlMakesNoCall() {
		SecretsCache cache = cache(TTL);
		SecretValue value = cache.get(DB);
		this.clock.advance(TTL.minusNanos(1_000_000));
		assertThat(cache.get(DB)).isSameAs(value);
		assertThat(cache.text("$<secret:db>")).isEqualTo(C + "db-1");
		assertThat(this.upstream.calls()).hasSize(1);
	}

	@Test
	void readAtTtlMakesACall() {
		SecretsCache cache = cache(TTL);
		cache.get(DB);
		this.clock.advance(TTL);
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
		this.clock.advance(TTL.minusNanos(1_000_000));
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
		assertThat(this.upstream.calls()).hasSize(2);
	}

	@Test
	void readsDoNotProlongTheTtl() {
		SecretsCache cache = cache(TTL);
		for (int second = 0; second < 900; second++) {
			cache.get(DB);
			this.clock.advance(Duration.ofSeconds(1));
		}
		assertThat(this.upstream.calls()).hasSize(3);
	}

	@Test
	void ttlIsPerKind() {
		SecretReference url = SecretReference.parameter("url");
		SecretsCache cache = cache(settings(Duration.ofSeconds(10), Duration.ofSeconds(20), 1000, NEVER),
				Runnable::run);
		cache.get(DB);
		cache.get(url);
		this.clock.advance(Duration.ofSeconds(10));
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
		assertThat(cache.text(url)).isEqualTo(C + "url-1");
		this.clock.advance(Duration.ofSeconds(10));
		assertThat(cache.text(url)).isEqualTo(C + "url-2");
	}

	@Test
	void ttlOfZeroForOneKindCachesTheOther() {
		SecretReference url = SecretReference.parameter("url");
		SecretsCache cache = cache(settings(Duration.ZERO, TTL, 1000, NEVER), Runnable::run);
		for (int i = 1; i <= 3; i++) {
			assertThat(cache.text(DB)).isEqualTo(C + "db-" + i);
			assertThat(cache.text(url)).isEqualTo(C + "url-1");
		}
	}

	@Test
	void ttlLongerThanLongsCanCountIsForEver() {
		SecretsCache cache = cache(settings(Duration.ofDays(1_000_000), TTL, 1000, Duration.ofDays(1_000_000)),
				Runnable::run);
		cache.get(DB);
		this.clock.advance(Duration.ofDays(1000));
		assertThat(cache.text(DB)).isEqualTo(C + "db-1");
	}

	@ParameterizedTest(name = "TTL {0} s, size {1}")
	@CsvSource({ "0,1000", "300,0", "0,0" })
	void withoutCachingEveryReadIsACallAndNothingIsKept(int ttl, int size) {
		SecretsCache cache = cache(settings(Duration.ofSeconds(ttl), Duration.ofSeconds(ttl), size, NEVER),
				Runnable::run);
		for (int i = 1; i <= 3; i++) {
			assertThat(cache.text(DB)).isEqualTo(C + "db-" + i);
		}
		WeakReference<SecretValue> value = new WeakReference<>(cache.get(DB));
		awaitCollected(value);
		assertThat(this.upstream.calls()).hasSize(4);
	}

	@ParameterizedTest(name = "TTL {0} s, size {1}")
	@CsvSource({ "0,1000", "300,0" })
	void withoutCachingConcurrentReadsShareACall(int ttl, int size) throws Exception {
		SecretsCache cache = cache(settings(Duration.ofSeconds(ttl), TTL, size, NEVER), pool(2));
		List<Object> results = readTogether(() -> cache.text(DB));
		assertThat(results).hasSize(READERS).containsOnly(C + "db-1");
		assertThat(this.upstream.calls()).hasSize(1);
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
	}

	@ParameterizedTest(name = "TTL {0} s, size {1}")
	@CsvSource({ "0,1000", "300,0", "300,1000" })
	void failuresOfManyKeysAreRememberedWhateverIsCached(int ttl, int size) {
		SecretsCache cache = cache(settings(Duration.ofSeconds(ttl), TTL, size, NEVER), Runnable::run);
		this.upstream.fail(Reason.SERVICE_ERROR);
		for (int round = 0; round < 3; round++) {
			for (String name : List.of("a", "b", "c", "d")) {
				assertThat(failure(cache, SecretReference.secret(name)).getReason()).isEqualTo(Reason.SERVICE_ERROR);
			}
		}
		assertThat(this.upstream.calls()).hasSize(4);
	}

	@Test
	void coldReadersShareACall() throws Exception {
		SecretsCache cache = cache(settings(TTL, TTL, 1000, NEVER), pool(3));
		assertThat(readTogether(() -> cache.text(DB))).hasSize(READERS).containsOnly(C + "db-1");
		assertThat(this.upstream.calls()).containsExactly(DB);
	}

	@ParameterizedTest(name = "expired: {0}")
	@ValueSource(booleans = { false, true })
	void readersThatMissAtTheSameMomentShareACall(boolean expired) throws Exception {
		SecretsCache cache = cache(settings(TTL, TTL, 1000, NEVER), pool(3));
		if (expired) {
			cache.get(DB);
			this.clock.advance(TTL);
		}
		// Between a reader's look into the cache and the start of a call.
		this.upstream.holdPreparationsUntil(READERS);
		int before = this.upstream.calls().size();
		List<Reader> readers = IntStream.range(0, READERS).mapToObj((i) -> new Reader(() -> cache.text(DB))).toList();
		for (Reader reader : readers) {
			assertThat(reader.result()).isEqualTo(C + "db-" + (before + 1));
		}
		assertThat(this.upstream.calls()).hasSize(before + 1);
	}

	@Test
	void readersOfAnExpiredValueShareACall() throws Exception {
		SecretsCache cache = cache(settings(TTL, TTL, 1000, NEVER), pool(3));
		cache.get(DB);
		this.clock.advance(TTL);
		assertThat(readTogether(() -> cache.text(DB))).hasSize(READERS).containsOnly(C + "db-2");
		assertThat(this.upstream.calls()).hasSize(2);
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVICE_ERROR", "NOT_FOUND", "DENIED" })
	void failingReadersShareACall(Reason reason) throws Exception {
		SecretsCache cache = cache(settings(TTL, TTL, 1000, NEVER), pool(3));
		this.upstream.fail(reason);
		List<Object> results = readTogether(() -> cache.text("secret:db#f"));
		assertThat(results).hasSize(READERS)
			.allSatisfy((result) -> assertThat(result).isInstanceOfSatisfying(SecretsException.class, (ex) -> {
				assertThat(ex.getReason()).isEqualTo(reason);
				assertThat(ex.getReference()).hasToString("$<secret:db#f>");
			}));
		assertThat(this.upstream.calls()).hasSize(1);
	}

	@Test
	void aHangingKeyDoesNotHoldUpOthers() throws Exception {
		SecretsCache cache = cache(settings(TTL, TTL, 1000, NEVER), pool(2));
		CountDownLatch gate = this.upstream.gate(DB);
		Reader hanging = new Reader(() -> cache.text(DB));
		hanging.awaitWaiting();
		for (int i = 0; i < 300; i++) {
			assertThat(cache.text("secret:other" + i)).isEqualTo(C + "other" + i + "-1");
		}
		gate.countDown();
		assertThat(hanging.result()).isEqualTo(C + "db-1");
	}

	@Test
	void failureWindowsGrowToFiveSeconds() {
		SecretsCache cache = cache(TTL);
		this.upstream.fail(Reason.SERVICE_ERROR);
		int calls = 0;
		for (int seconds : new int[] { 1, 2, 4, 5, 5, 5, 5 }) {
			assertThat(failure(cache, DB).getReason()).isEqualTo(Reason.SERVICE_ERROR);
			assertThat(this.upstream.calls()).hasSize(++calls);
			this.clock.advance(Duration.ofSeconds(seconds).minusMillis(1));
			assertThat(failure(cache, DB).getReason()).isEqualTo(Reason.SERVICE_ERROR);
			assertThat(this.upstream.calls()).as("calls within the window of %s s", seconds).hasSize(calls);
			this.clock.advance(Duration.ofMillis(1));
		}
	}

	@Test
	void notFoundIsRememberedForFiveSeconds() {
		SecretsCache cache = cache(TTL);
		this.upstream.fail(Reason.NOT_FOUND);
		for (int calls = 1; calls <= 3; calls++) {
			assertThat(cache.text("secret:db:default")).isEqualTo("default");
			this.clock.advance(Duration.ofMillis(4999));
			assertThat(failure(cache, DB).getReason()).isEqualTo(Reason.NOT_FOUND);
			assertThat(this.upstream.calls()).hasSize(calls);
			this.clock.advance(Duration.ofMillis(1));
		}
	}

	@Test
	void successForgetsFailures() {
		SecretsCache cache = cache(TTL);
		this.upstream.fail(Reason.SERVICE_ERROR);
		failure(cache, DB);
		this.clock.advance(Duration.ofSeconds(1));
		failure(cache, DB);
		this.clock.advance(Duration.ofSeconds(2));
		this.upstream.succeed();
		assertThat(cache.text(DB)).isEqualTo(C + "db-3");
		this.upstream.fail(Reason.SERVICE_ERROR);
		// So long that the value is past every limit.
		this.clock.advance(Duration.ofDays(1));
		failure(cache, DB);
		this.clock.advance(Duration.ofSeconds(1));
		failure(cache, DB);
		assertThat(this.upstream.calls()).as("calls with a first window of 1 s").hasSize(5);
	}

	@ParameterizedTest
	@ValueSource(longs = { 0, -1, Long.MAX_VALUE - 1, Long.MIN_VALUE, Long.MIN_VALUE + 1 })
	void originOfTheMonotonicClockDoesNotMatter(long origin) {
		ManualClock from = new ManualClock(origin);
		SecretsCache cache = TestCaches.cache(this.upstream, settings(TTL, TTL, 1000, NEVER), from, Runnable::run);
		cache.get(DB);
		from.advance(TTL.minusMillis(1));
		assertThat(cache.text(DB)).isEqualTo(C + "db-1");
		from.advance(Duration.ofMillis(1));
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
	}

	@Test
	void valueAgesWhileTheMonotonicClockStandsStill() {
		SecretsCache cache = cache(TTL);
		cache.get(DB);
		this.clock.advanceWall(TTL.minusMillis(1));
		assertThat(cache.text(DB)).isEqualTo(C + "db-1");
		this.clock.advanceWall(Duration.ofMillis(1));
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
	}

	@Test
	void valueAgesWhileTheWallClockIsSetBackALittle() {
		SecretsCache cache = cache(TTL);
		cache.get(DB);
		this.clock.advanceWall(Duration.ofSeconds(-2));
		assertThat(cache.text(DB)).isEqualTo(C + "db-1");
		this.clock.advanceMonotonic(TTL.minusMillis(1));
		assertThat(cache.text(DB)).isEqualTo(C + "db-1");
		this.clock.advanceMonotonic(Duration.ofMillis(1));
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
	}

	@ParameterizedTest
	@ValueSource(longs = { 2_001, 60_000, 1_600_000_000_000L })
	void wallClockSetBackMakesValueStale(long millis) {
		SecretsCache cache = cache(TTL);
		cache.get(DB);
		this.clock.advanceWall(Duration.ofMillis(-millis));
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
	}

	@Test
	void failureWindowEndsWhileTheMonotonicClockStandsStill() {
		SecretsCache cache = cache(TTL);
		this.upstream.fail(Reason.SERVICE_ERROR);
		failure(cache, DB);
		this.clock.advanceWall(Duration.ofSeconds(1));
		this.upstream.succeed();
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
	}

	@Test
	void hangingCallEndsAtTheDeadlineAndItsLateResultIsNotStored() throws Exception {
		ExecutorService pool = pool(1);
		SecretsCache cache = cache(settings(TTL, TTL, 1000, Duration.ofMillis(250)), pool);
		CountDownLatch gate = this.upstream.gate(DB);
		SecretsException failure = failure(cache, SecretReference.parse("secret:db#f:default"));
		assertThat(failure.getReason()).isEqualTo(Reason.TIMEOUT);
		assertThat(failure).hasMessageContaining("within 250 ms")
			.hasMessageContaining("secrets-extension.deadline")
			.hasMessageContaining("'$<secret:db#f>'");
		gate.countDown();
		awaitIdle(pool);
		assertThat(failure(cache, DB).getReason()).isEqualTo(Reason.TIMEOUT);
		assertThat(this.upstream.calls()).as("calls within the failure's window").hasSize(1);
		this.clock.advance(Duration.ofSeconds(1));
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
	}

	@Test
	void timeOutsOpenGrowingWindowsLikeOtherFailures() {
		SecretsCache cache = cache(settings(TTL, TTL, 1000, Duration.ofMillis(200)), pool(10));
		this.upstream.gate(DB);
		int calls = 0;
		for (int seconds : new int[] { 1, 2, 4, 5 }) {
			assertThat(failure(cache, DB).getReason()).isEqualTo(Reason.TIMEOUT);
			this.upstream.awaitCalls(++calls);
			this.clock.advance(Duration.ofSeconds(seconds).minusMillis(1));
			assertThat(failure(cache, DB).getReason()).isEqualTo(Reason.TIMEOUT);
			assertThat(this.upstream.calls()).as("calls within the window of %s s", seconds).hasSize(calls);
			this.clock.advance(Duration.ofMillis(1));
		}
	}

	@Test
	void deadlineCoversTheQueue() {
		List<Runnable> queue = new CopyOnWriteArrayList<>();
		SecretsCache cache = cache(settings(TTL, TTL, 1000, Duration.ofMillis(50)), queue::add);
		assertThat(failure(cache, DB).getReason()).isEqualTo(Reason.TIMEOUT);
		queue.forEach(Runnable::run);
		assertThat(this.upstream.calls()).as("calls for which nobody waits any more").isEmpty();
	}

	@Test
	void interruptFreesTheCallerNotTheCall() throws Exception {
		ExecutorService pool = pool(1);
		SecretsCache cache = cache(settings(TTL, TTL, 1000, NEVER), pool);
		CountDownLatch gate = this.upstream.gate(DB);
		List<Boolean> flags = new CopyOnWriteArrayList<>();
		Reader interrupted = new Reader(() -> {
			try {
				return cache.text("secret:db:default");
			}
			finally {
				flags.add(Thread.currentThread().isInterrupted());
			}
		});
		interrupted.awaitWaiting();
		Reader other = new Reader(() -> cache.text(DB));
		other.awaitWaiting();
		interrupted.thread.interrupt();
		assertThat(interrupted.result()).isInstanceOfSatisfying(SecretsException.class,
				(ex) -> assertThat(ex.getReason()).isEqualTo(Reason.INTERRUPTED));
		assertThat(flags).containsExactly(true);
		gate.countDown();
		assertThat(other.result()).isEqualTo(C + "db-1");
		assertThat(cache.text(DB)).isEqualTo(C + "db-1");
		assertThat(this.upstream.calls()).hasSize(1);
	}

	@Test
	void interruptedThreadGetsWhatIsCached() {
		SecretsCache cache = cache(TTL);
		cache.get(DB);
		Thread.currentThread().interrupt();
		try {
			assertThat(cache.text(DB)).isEqualTo(C + "db-1");
		}
		finally {
			assertThat(Thread.interrupted()).isTrue();
		}
	}

	@Test
	void fullQueueIsAFailureAtOnce() {
		SecretsCache cache = cache(settings(TTL, TTL, 1000, Duration.ofSeconds(10)), (task) -> {
			throw new RejectedExecutionException(C);
		});
		SecretsException failure = failure(cache, DB);
		assertThat(failure.getReason()).isEqualTo(Reason.THROTTLED);
		assertThat(failure).hasMessageContaining("queue").hasMessageNotContaining(C).hasNoCause();
		assertThat(this.upstream.calls()).isEmpty();
	}

	@Test
	void refreshAsksWithinTheTtl() {
		SecretsCache cache = cache(TTL);
		cache.get(DB);
		this.clock.advance(Duration.ofSeconds(60));
		assertThat(cache.refresh(DB).text()).isEqualTo(C + "db-2");
		this.clock.advance(TTL.minusMillis(1));
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
	}

	@Test
	void refreshAsksWithinAFailuresWindow() {
		SecretsCache cache = cache(TTL);
		this.upstream.fail(Reason.NOT_FOUND);
		failure(cache, DB);
		this.upstream.succeed();
		assertThat(cache.refresh(DB).text()).isEqualTo(C + "db-2");
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
	}

	@Test
	void refreshOvertakesAnOlderCall() throws Exception {
		ExecutorService pool = pool(2);
		SecretsCache cache = cache(settings(TTL, TTL, 1000, NEVER), pool);
		CountDownLatch gate = this.upstream.gate(DB);
		Reader older = new Reader(() -> cache.text(DB));
		this.upstream.awaitCalls(1);
		this.upstream.removeGate(DB);
		assertThat(cache.refresh(DB).text()).isEqualTo(C + "db-2");
		gate.countDown();
		assertThat(older.result()).isEqualTo(C + "db-1");
		awaitIdle(pool);
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
		assertThat(this.upstream.calls()).hasSize(2);
	}

	/**
	 * Where a caller makes the call itself, its interrupt ends the call, too.
	 */
	@Test
	void interruptOfOneRefreshIsNotTheFailureOfAnother() throws Exception {
		SecretsCache cache = cache(settings(TTL, TTL, 1000, NEVER), Runnable::run);
		CountDownLatch gate = new CountDownLatch(1);
		this.upstream.answer((reference) -> {
			try {
				gate.await();
				return SecretValue.of(C + "db");
			}
			catch (InterruptedException ex) {
				gate.countDown();
				Thread.currentThread().interrupt();
				throw new SecretsException(Reason.INTERRUPTED, reference, "It was interrupted", "Read again.");
			}
		});
		Reader interrupted = new Reader(() -> cache.refresh(DB).text());
		this.upstream.awaitCalls(1);
		Reader other = new Reader(() -> cache.refresh(DB).text());
		other.awaitWaiting();
		interrupted.thread.interrupt();
		assertThat(interrupted.result()).isInstanceOfSatisfying(SecretsException.class,
				(ex) -> assertThat(ex.getReason()).isEqualTo(Reason.INTERRUPTED));
		assertThat(other.result()).isEqualTo(C + "db");
		assertThat(this.upstream.calls()).hasSize(2);
	}

	@ParameterizedTest
	@CsvSource({ "secret:db, SECRETS_MANAGER_TIMEOUT_MILLIS", "param:/url, SSM_PARAMETER_STORE_TIMEOUT_MILLIS" })
	void timeOutNamesWhatMayHaveSetTheLimit(String text, String variable) {
		SecretsCache cache = cache(settings(TTL, TTL, 1000, Duration.ofMillis(100)), pool(1));
		SecretReference reference = SecretReference.parse(text);
		this.upstream.gate(reference);
		assertThat(failure(cache, reference)).hasMessageContainingAll("'secrets-extension.deadline'", variable);
	}

	@Test
	void lateFailureOfAnOlderCallIsNotVisibleAfterARefresh() throws Exception {
		ExecutorService pool = pool(2);
		SecretsCache cache = cache(settings(Duration.ZERO, TTL, 1000, Duration.ofSeconds(1)), pool);
		this.upstream.gate(DB);
		Reader older = new Reader(() -> cache.text(DB));
		this.upstream.awaitCalls(1);
		this.upstream.removeGate(DB);
		assertThat(cache.refresh(DB).text()).isEqualTo(C + "db-2");
		assertThat(older.result()).isInstanceOfSatisfying(SecretsException.class,
				(ex) -> assertThat(ex.getReason()).isEqualTo(Reason.TIMEOUT));
		assertThat(cache.text(DB)).isEqualTo(C + "db-3");
	}

	@ParameterizedTest(name = "{0} allows {1}: {2}")
	@MethodSource("allowLists")
	void allowListDecidesWithoutACall(List<String> allow, String reference, boolean allowed) {
		SecretsCache cache = cache(TestCaches.settings(TTL, TTL, 1000, NEVER, new AllowedSecrets(allow)),
				Runnable::run);
		SecretReference parsed = SecretReference.parse(reference);
		if (allowed) {
			assertThat(cache.get(parsed).text()).startsWith(C);
			assertThat(cache.refresh(parsed).text()).startsWith(C);
			assertThat(this.upstream.calls()).hasSize(2);
		}
		else {
			assertThat(failure(cache, parsed).getReason()).isEqualTo(Reason.REFUSED);
			assertThat(catchThrowableOfType(SecretsException.class, () -> cache.refresh(parsed)).getReason())
				.isEqualTo(Reason.REFUSED);
			assertThat(failure(cache, parsed)).hasMessageContaining("secrets-extension.allow")
				.hasMessageContaining(parsed.toString());
			assertThat(this.upstream.calls()).isEmpty();
			assertThat(this.upstream.prepared).isEmpty();
		}
	}

	static Stream<Arguments> allowLists() {
		String arn = "arn:aws:secretsmanager:eu-west-1:1:secret:prod/db-AbCdEf";
		String disguised = "param:/aws/reference/secretsmanager/prod/db";
		String disguisedArn = "param:arn:aws:ssm:eu-west-1:1:parameter/aws/reference/secretsmanager/prod/db";
		return Stream.of(Arguments.of(List.of(), "secret:prod/db", true),
				Arguments.of(List.of("*"), "secret:prod/db", true),
				Arguments.of(List.of("prod/db"), "secret:prod/db", true),
				Arguments.of(List.of("prod/db"), "secret:prod/db#f:default", true),
				Arguments.of(List.of("prod/db"), "param:prod/db", true),
				Arguments.of(List.of("prod/*"), "secret:prod/db", true),
				Arguments.of(List.of("x", "prod/*"), "secret:prod/db?versionId=v", true),
				Arguments.of(List.of("secret:prod/*"), "secret:prod/db", true),
				Arguments.of(List.of("secret:*"), "secret:prod/db", true),
				Arguments.of(List.of("param:/app/*"), "param:/app/url", true),
				Arguments.of(List.of(arn), "secret:" + arn, true),
				Arguments.of(List.of("secret:prod/*"), disguised, true),
				Arguments.of(List.of("secret:prod/*"), disguisedArn, true),
				Arguments.of(List.of("x"), "secret:prod/db", false),
				Arguments.of(List.of("prod/"), "secret:prod/db", false),
				Arguments.of(List.of("prod"), "secret:prod/db", false),
				Arguments.of(List.of("PROD/*"), "secret:prod/db", false),
				Arguments.of(List.of(""), "secret:prod/db", false),
				Arguments.of(List.of("prod/*b"), "secret:prod/db", false),
				Arguments.of(List.of("x"), "secret:prod/db#f:default", false),
				Arguments.of(List.of("param:prod/db"), "secret:prod/db", false),
				Arguments.of(List.of("secret:/app/*"), "param:/app/url", false),
				Arguments.of(List.of("prod/db"), "secret:" + arn, false),
				Arguments.of(List.of("param:*"), disguised, false),
				Arguments.of(List.of("/aws/reference/*"), disguised, false),
				Arguments.of(List.of("secret:dev/*"), disguised, false),
				Arguments.of(List.of("param:*"), disguisedArn, false),
				Arguments.of(List.of("arn:aws:ssm:*"), disguisedArn, false));
	}

	@ParameterizedTest(name = "{0} and {1} share: {2}")
	@CsvSource({ "secret:a, secret:a?versionStage=AWSCURRENT, true", "secret:a, secret:a#f, true",
			"secret:a, secret:a:default, true", "secret:a, $<secret:a#f:default>, true",
			"param:a, param:a?withDecryption=true, true", "secret:a, secret:b, false", "secret:a, param:a, false",
			"secret:a, secret:A, false", "secret:a, secret:a?versionStage=AWSPREVIOUS, false",
			"secret:a, secret:a?versionId=v, false",
			"secret:a?versionId=v, secret:a?versionStage=AWSCURRENT&versionId=v, false",
			"param:a, param:a?version=1, false", "param:a?version=1, param:a?version=2, false",
			"param:a?version=1, param:a?label=1, false", "param:a, param:a?withDecryption=false, false",
			"secret:a, secret:arn:aws:secretsmanager:eu-west-1:1:secret:a, false" })
	void keysAreShared(String first, String second, boolean shared) {
		SecretsCache cache = cache(TTL);
		SecretValue value = cache.get(SecretReference.parse(first));
		if (shared) {
			assertThat(cache.get(SecretReference.parse(second))).isSameAs(value);
			assertThat(this.upstream.calls()).hasSize(1);
		}
		else {
			assertThat(cache.get(SecretReference.parse(second))).isNotSameAs(value);
			assertThat(this.upstream.calls()).hasSize(2);
		}
	}

	@Test
	void upstreamSeesTheKeyOnly() {
		cache(TTL).text("secret:db?versionStage=AWSCURRENT:" + C);
		assertThat(this.upstream.calls()).containsExactly(DB);
		assertThat(this.upstream.prepared).containsExactly(DB);
	}

	@Test
	void unknownExceptionNeverShowsItsMessage() {
		SecretsCache cache = cache(TTL);
		RuntimeException nested = new IllegalStateException(C + "cause");
		for (Throwable unknown : List.of(new IllegalArgumentException(C + "message", nested), new StackOverflowError(C),
				new NoClassDefFoundError(C))) {
			this.upstream.answer((reference) -> {
				throw Upstream.<RuntimeException>sneaky(unknown);
			});
			SecretsException failure = failure(cache, DB);
			assertThat(failure.getReason()).isEqualTo(Reason.SERVICE_ERROR);
			assertThat(failure).hasMessageContaining(unknown.getClass().getName()).hasNoCause();
			assertThat(failure.getSuppressed()).isEmpty();
			assertThat(failure.getProblem() + failure.getAction() + failure).doesNotContain(C);
			this.clock.advance(Duration.ofSeconds(5));
		}
	}

	@Test
	void typedExceptionOfThePreparationReachesTheCaller() {
		SecretsCache cache = cache(TTL);
		this.upstream.failToPrepare(new SecretsException(Reason.NOT_CONFIGURED, null, "No region", "Set it."));
		assertThat(failure(cache, DB).getReason()).isEqualTo(Reason.NOT_CONFIGURED);
		assertThat(this.upstream.calls()).isEmpty();
	}

	@Test
	void answerWithoutAValueIsAFailureThatIsNotCached() {
		SecretsCache cache = cache(TTL);
		this.upstream.answer((reference) -> null);
		assertThat(failure(cache, DB).getReason()).isEqualTo(Reason.BAD_ANSWER);
		this.upstream.succeed();
		this.clock.advance(Duration.ofSeconds(1));
		assertThat(cache.text(DB)).isEqualTo(C + "db-2");
	}

	@Test
	void sharedFailureNamesEachCallersReferenceAndNoDefault() {
		SecretsCache cache = cache(TTL);
		this.upstream.fail(Reason.DENIED);
		for (String written : List.of("secret:db#a:" + C, "secret:db#b:" + C,
				"secret:db?versionStage=AWSCURRENT:" + C)) {
			SecretReference reference = SecretReference.parse(written);
			assertThat(failure(cache, reference)).hasMessageContaining("'" + reference + "'")
				.hasMessageNotContaining(C);
		}
		assertThat(this.upstream.calls()).hasSize(1);
	}

	@Test
	void sizeBoundsWhatIsKept() {
		SecretsCache cache = cache(settings(TTL, TTL, 10, NEVER), Runnable::run);
		List<SecretReference> references = IntStream.range(0, 100)
			.mapToObj((i) -> SecretReference.secret("s" + i))
			.toList();
		references.forEach(cache::get);
		int before = this.upstream.calls().size();
		references.forEach(cache::get);
		assertThat(this.upstream.calls().size() - before).isBetween(90, 100);
	}

	@Test
	void closeDropsValuesAndEndsThreads() throws Exception {
		ExecutorService pool = pool(2);
		SecretsCache cache = cache(settings(TTL, TTL, 1000, Duration.ofSeconds(10)), pool);
		WeakReference<SecretValue> value = new WeakReference<>(cache.get(DB));
		cache.close();
		assertThat(pool.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
		assertThat(this.upstream.closed).isTrue();
		awaitCollected(value);
		assertThat(failure(cache, DB)).hasMessageNotContaining(C);
		assertThat(this.upstream.calls()).hasSize(1);
	}

	@Test
	void closeFreesWhoWaits() throws Exception {
		ExecutorService pool = pool(1);
		SecretsCache cache = cache(settings(TTL, TTL, 1000, NEVER), pool);
		this.upstream.gate(DB);
		Reader running = new Reader(() -> cache.text(DB));
		running.awaitWaiting();
		Reader queued = new Reader(() -> cache.text("secret:other"));
		queued.awaitWaiting();
		cache.close();
		assertThat(List.of(running.result(), queued.result())).allSatisfy(
				(result) -> assertThat(result).isInstanceOf(SecretsException.class).asString().doesNotContain(C));
		assertThat(pool.awaitTermination(5, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void randomReadsFollowTheRules() {
		Random random = new Random(3);
		SecretsCache cache = cache(settings(Duration.ofSeconds(10), Duration.ofSeconds(4), 1000, NEVER), Runnable::run);
		Map<SecretReference, Expected> model = new HashMap<>();
		long now = 0;
		for (int step = 0; step < 20_000; step++) {
			SecretReference reference = (random.nextBoolean()) ? SecretReference.secret("s" + random.nextInt(3))
					: SecretReference.parameter("p" + random.nextInt(3));
			int calls = this.upstream.calls().size();
			switch (random.nextInt(10)) {
				case 0, 1, 2 -> {
					int millis = random.nextInt(3000);
					now += millis;
					this.clock.advance(Duration.ofMillis(millis));
				}
				case 3 -> this.upstream.succeed();
				case 4 -> {
					// A failure with an old value has rules of its own: none is left.
					now += 86_400_000;
					this.clock.advance(Duration.ofDays(1));
					this.upstream.fail((random.nextBoolean()) ? Reason.NOT_FOUND : Reason.SERVICE_ERROR);
				}
				default -> {
					Expected expected = model.computeIfAbsent(reference, (key) -> new Expected());
					boolean call = expected.isStale(now);
					Object result = outcome(() -> cache.text(reference));
					assertThat(this.upstream.calls().size() - calls).as("calls of step %s", step)
						.isEqualTo((call) ? 1 : 0);
					if (call) {
						expected.update(now, result);
					}
					assertThat(result).as("step %s", step).hasToString(expected.result);
				}
			}
		}
		assertThat(this.upstream.calls()).hasSizeBetween(2_000, 12_000);
	}

	private SecretsCache cache(Duration ttl) {
		return cache(settings(ttl, ttl, 1000, NEVER), Runnable::run);
	}

	private SecretsCache cache(SecretsCacheSettings settings, Executor executor) {
		return TestCaches.cache(this.upstream, settings, this.clock, executor);
	}

	private static SecretsCacheSettings settings(Duration secretTtl, Duration parameterTtl, int size,
			Duration deadline) {
		return TestCaches.settings(secretTtl, parameterTtl, size, deadline, AllowedSecrets.ALL);
	}

	private ExecutorService pool(int threads) {
		ExecutorService pool = Executors.newFixedThreadPool(threads);
		this.pools.add(pool);
		return pool;
	}

	private static void awaitIdle(ExecutorService pool) {
		await().pollInterval(Duration.ofMillis(1)).until(() -> ((ThreadPoolExecutor) pool).getActiveCount() == 0);
	}

	private static void awaitCollected(WeakReference<?> value) {
		await().until(() -> {
			System.gc();
			return value.get() == null;
		});
	}

	private static SecretsException failure(SecretsCache cache, SecretReference reference) {
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> cache.get(reference));
		assertThat(failure).as("the failure to read %s", reference).isNotNull();
		return failure;
	}

	/**
	 * Runs many readers of the gated reference; the gate opens once all of them wait.
	 * @param read what each does
	 * @return what each got or threw
	 */
	private List<Object> readTogether(Callable<String> read) throws Exception {
		CountDownLatch gate = this.upstream.gate(DB);
		List<Reader> readers = IntStream.range(0, READERS).mapToObj((i) -> new Reader(read)).toList();
		for (Reader reader : readers) {
			reader.awaitWaiting();
		}
		gate.countDown();
		List<Object> results = new ArrayList<>();
		for (Reader reader : readers) {
			results.add(reader.result());
		}
		return results;
	}

	private static Object outcome(Callable<String> read) {
		try {
			return read.call();
		}
		catch (Exception ex) {
			return ex;
		}
	}

	/**
	 * A thread that reads.
	 */
	private static final class Reader {

		private final FutureTask<Object> task;

		private final Thread thread;

		Reader(Callable<String> read) {
			this.task = new FutureTask<>(() -> outcome(read));
			this.thread = new Thread(this.task);
			this.thread.setDaemon(true);
			this.thread.start();
		}

		void awaitWaiting() {
			await().pollInterval(Duration.ofMillis(1)).until(this::waits);
		}

		private boolean waits() {
			Thread.State state = this.thread.getState();
			return (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING)
					&& Stream.of(this.thread.getStackTrace())
						.anyMatch((frame) -> frame.getClassName().startsWith("java.util.concurrent.CompletableFuture"));
		}

		Object result() throws Exception {
			return this.task.get(10, TimeUnit.SECONDS);
		}

	}

	/**
	 * What the cache should have for one key.
	 */
	private static final class Expected {

		private String result = "";

		private long since = Long.MIN_VALUE / 2;

		private long lasts;

		private int failures;

		boolean isStale(long now) {
			return now - this.since >= this.lasts;
		}

		void update(long now, Object outcome) {
			this.result = outcome.toString();
			this.since = now;
			if (outcome instanceof SecretsException ex) {
				this.failures++;
				int[] windows = { 1000, 2000, 4000, 5000 };
				this.lasts = (ex.getReason() == Reason.NOT_FOUND) ? 5000 : windows[Math.min(this.failures, 4) - 1];
			}
			else {
				this.failures = 0;
				this.lasts = (this.result.startsWith(C + "s")) ? 10_000 : 4_000;
			}
		}

	}

	/**
	 * An upstream whose answers a test decides on and can hold back.
	 */
	private static final class Upstream implements SecretsProvider {

		private final List<SecretReference> calls = new CopyOnWriteArrayList<>();

		private final List<SecretReference> prepared = new CopyOnWriteArrayList<>();

		private final Map<SecretReference, CountDownLatch> gates = new ConcurrentHashMap<>();

		private final List<CountDownLatch> allGates = new CopyOnWriteArrayList<>();

		private volatile Function<SecretReference, SecretValue> answer;

		private volatile RuntimeException preparationFailure;

		private volatile CountDownLatch preparations = new CountDownLatch(0);

		private volatile boolean closed;

		@Override
		public SecretValue get(SecretReference reference) {
			int call;
			synchronized (this.calls) {
				this.calls.add(reference);
				call = (int) this.calls.stream().filter(reference::equals).count();
			}
			CountDownLatch gate = this.gates.get(reference);
			if (gate != null) {
				try {
					gate.await();
				}
				catch (InterruptedException ex) {
					throw new IllegalStateException(C, ex);
				}
			}
			Function<SecretReference, SecretValue> set = this.answer;
			return (set != null) ? set.apply(reference) : SecretValue.of(C + reference.id() + "-" + call);
		}

		@Override
		public void prepare(SecretReference reference) {
			if (this.preparationFailure != null) {
				throw this.preparationFailure;
			}
			this.prepared.add(reference);
			this.preparations.countDown();
			try {
				this.preparations.await(2, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

		@Override
		public void close() {
			this.closed = true;
		}

		List<SecretReference> calls() {
			return this.calls;
		}

		void awaitCalls(int count) {
			await().pollInterval(Duration.ofMillis(1)).until(() -> this.calls.size() == count);
		}

		void answer(Function<SecretReference, SecretValue> answer) {
			this.answer = answer;
		}

		void fail(Reason reason) {
			this.answer = (reference) -> {
				throw new SecretsException(reason, reference, "It failed", "Try again.");
			};
		}

		void succeed() {
			this.answer = null;
		}

		void holdPreparationsUntil(int count) {
			this.preparations = new CountDownLatch(count);
		}

		void failToPrepare(RuntimeException failure) {
			this.preparationFailure = failure;
		}

		CountDownLatch gate(SecretReference reference) {
			CountDownLatch gate = new CountDownLatch(1);
			this.gates.put(reference, gate);
			this.allGates.add(gate);
			return gate;
		}

		void removeGate(SecretReference reference) {
			this.gates.remove(reference);
		}

		void openGates() {
			this.allGates.forEach(CountDownLatch::countDown);
		}

		@SuppressWarnings("unchecked")
		static <E extends Throwable> E sneaky(Throwable failure) throws E {
			throw (E) failure;
		}

	}

}
