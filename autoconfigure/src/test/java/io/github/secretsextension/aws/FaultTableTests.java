package io.github.secretsextension.aws;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.TestCaches;
import io.github.secretsextension.aws.FaultServer.Mode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * The one table of faults: what a reader gets for each of them, in time, from a cache
 * that has no value, an old one or a fresh one.
 */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FaultTableTests {

	private static final Map<Mode, Reason> TABLE = new EnumMap<>(Mode.class);

	static {
		TABLE.put(Mode.HANG_ON_ACCEPT, Reason.TIMEOUT);
		TABLE.put(Mode.HANG, Reason.TIMEOUT);
		TABLE.put(Mode.DRIP, Reason.TIMEOUT);
		TABLE.put(Mode.RESET, Reason.UNREACHABLE);
		TABLE.put(Mode.CLOSE, Reason.BAD_ANSWER);
		TABLE.put(Mode.INTERNAL_ERROR, Reason.SERVICE_ERROR);
		TABLE.put(Mode.HTML, Reason.BAD_ANSWER);
		TABLE.put(Mode.TRUNCATED, Reason.BAD_ANSWER);
		TABLE.put(Mode.EMPTY, Reason.BAD_ANSWER);
		TABLE.put(Mode.NULLS, Reason.BAD_ANSWER);
		TABLE.put(Mode.OTHER, Reason.BAD_ANSWER);
		TABLE.put(Mode.REDIRECT, Reason.BAD_ANSWER);
		TABLE.put(Mode.HUGE, Reason.BAD_ANSWER);
		TABLE.put(Mode.DEEP, Reason.BAD_ANSWER);
		TABLE.put(Mode.THROTTLED, Reason.THROTTLED);
		TABLE.put(Mode.DENIED, Reason.DENIED);
		TABLE.put(Mode.NOT_FOUND, Reason.NOT_FOUND);
	}

	private static final Duration TTL = Duration.ofSeconds(300);

	private static final Duration DEADLINE = Duration.ofMillis(1_500);

	private static final Duration GRACE = Duration.ofMillis(250);

	/** The longest time without an attempt after a failure where there is no value. */
	private static final Duration WINDOW = Duration.ofSeconds(5);

	/** How many readings a busy machine may hold up, and for how long. */
	private static final int HELD_UP = 3;

	private static final Duration HOLD_UP = Duration.ofSeconds(5);

	private static final int ATTEMPTS = 2;

	private static final List<Duration> READINGS = new CopyOnWriteArrayList<>();

	private final FaultServer server = new FaultServer();

	private final ManualClock clock = new RunningClock();

	private final ExecutorService pool = Executors.newFixedThreadPool(3);

	private final SecretsCache cache = TestCaches.cache(
			TestClients.provider(this.server.endpoint(), DEADLINE, ATTEMPTS),
			TestCaches.settings(TTL, TTL, 1000, DEADLINE, AllowedSecrets.ALL), this.clock, this.pool);

	/** The first calls in a JVM take a second: their classes are loaded. */
	@BeforeAll
	static void loadClasses() {
		try (FaultServer server = new FaultServer();
				AwsSecretsProvider provider = TestClients.provider(server.endpoint(), Duration.ofSeconds(20))) {
			for (String reference : new String[] { "secret:db", "param:db" }) {
				server.mode(Mode.OK);
				provider.text(reference);
				server.mode(Mode.THROTTLED);
				catchThrowableOfType(SecretsException.class, () -> provider.text(reference));
			}
		}
	}

	@AfterAll
	static void inTime() {
		assertThat(READINGS).filteredOn((took) -> took.compareTo(DEADLINE.plus(GRACE)) > 0)
			.hasSizeLessThanOrEqualTo(HELD_UP);
	}

	@AfterEach
	void close() {
		this.cache.close();
		this.server.close();
	}

	static Stream<Arguments> faults() {
		return TABLE.entrySet()
			.stream()
			.flatMap((row) -> Stream.of("secret:db", "param:db")
				.map((reference) -> Arguments.of(row.getKey(), SecretReference.parse(reference), row.getValue())));
	}

	@Test
	void everyFaultHasARow() {
		assertThat(Mode.values()).allMatch((mode) -> mode == Mode.OK || TABLE.containsKey(mode));
	}

	@ParameterizedTest
	@MethodSource("faults")
	void withoutAValue(Mode mode, SecretReference reference, Reason reason) {
		this.server.mode(mode);
		assertReason(mode, failure(reference), reason);
		int calls = this.server.calls(mode);
		assertThat(calls).isBetween(1, ATTEMPTS);
		assertReason(mode, failure(reference), reason);
		assertThat(this.server.calls(mode)).isEqualTo(calls);
		this.server.mode(Mode.OK);
		this.clock.advance(WINDOW);
		assertThat(this.cache.get(reference).text()).startsWith("CANARY-");
		assertThat(this.server.trapped()).isZero();
	}

	@ParameterizedTest
	@MethodSource("faults")
	void withAnOldValue(Mode mode, SecretReference reference, Reason reason) {
		SecretValue old = this.cache.get(reference);
		this.clock.advance(TTL);
		this.server.mode(mode);
		if (isAboutTheSecret(reason)) {
			assertReason(mode, failure(reference), reason);
			this.server.mode(Mode.INTERNAL_ERROR);
			this.clock.advance(WINDOW);
			assertThat(failure(reference).getReason()).as("the old value is gone").isEqualTo(Reason.SERVICE_ERROR);
		}
		else {
			assertThat(read(reference)).isSameAs(old);
			assertThat(read(reference)).isSameAs(old);
			assertThat(this.server.calls(mode)).isBetween(1, ATTEMPTS);
		}
		assertThat(this.server.trapped()).isZero();
	}

	@ParameterizedTest
	@MethodSource("faults")
	void withAFreshValue(Mode mode, SecretReference reference, Reason reason) {
		SecretValue fresh = this.cache.get(reference);
		this.clock.advance(TTL.minusSeconds(60));
		this.server.mode(mode);
		assertThat(read(reference)).isSameAs(fresh);
		assertThat(this.server.calls(mode)).isZero();
	}

	@ParameterizedTest
	@MethodSource("quickFaults")
	void withAFreshValueThatIsToBeRefreshed(Mode mode, SecretReference reference, Reason reason) {
		SecretValue fresh = this.cache.get(reference);
		this.server.mode(mode);
		assertReason(mode, failure(() -> this.cache.refresh(reference), reference), reason);
		if (isAboutTheSecret(reason)) {
			assertReason(mode, failure(reference), reason);
		}
		else {
			assertThat(read(reference)).isSameAs(fresh);
		}
	}

	static Stream<Arguments> quickFaults() {
		return faults().filter((row) -> row.get()[2] != Reason.TIMEOUT);
	}

	private static boolean isAboutTheSecret(Reason reason) {
		return reason == Reason.DENIED || reason == Reason.NOT_FOUND;
	}

	/**
	 * In a process of its own, with little memory.
	 */
	@ParameterizedTest
	@EnumSource(names = { "HUGE", "DEEP" })
	void answerThatWouldFillTheMemory(Mode mode) throws Exception {
		this.server.mode(mode);
		Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", "-cp",
				System.getProperty("java.class.path"), SmallProcess.class.getName(), this.server.endpoint().toString())
			.redirectErrorStream(true)
			.start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(output).contains("secret:db BAD_ANSWER", "param:db BAD_ANSWER").doesNotContain("OutOfMemory");
		assertThat(process.waitFor()).as(output).isZero();
	}

	private static void assertReason(Mode mode, SecretsException failure, Reason reason) {
		// A busy machine may not get to the limit of the parser in time.
		assertThat(failure.getReason()).isIn(reason, (mode == Mode.HUGE) ? Reason.TIMEOUT : reason);
	}

	private SecretsException failure(SecretReference reference) {
		return failure(() -> this.cache.get(reference), reference);
	}

	private SecretsException failure(Supplier<SecretValue> read, SecretReference reference) {
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> timed(read));
		AwsSecretsProviderContract.assertNoCanary(failure);
		assertThat(failure).hasMessageContaining("'" + reference + "'");
		return failure;
	}

	private SecretValue read(SecretReference reference) {
		return timed(() -> this.cache.get(reference));
	}

	private static SecretValue timed(Supplier<SecretValue> read) {
		long start = System.nanoTime();
		try {
			return read.get();
		}
		finally {
			Duration took = Duration.ofNanos(System.nanoTime() - start);
			READINGS.add(took);
			assertThat(took).isLessThan(DEADLINE.plus(HOLD_UP));
		}
	}

	/**
	 * A process that reads a secret and a parameter.
	 */
	static final class SmallProcess {

		private SmallProcess() {
		}

		public static void main(String[] args) {
			AwsSecretsProvider provider = TestClients.provider(URI.create(args[0]), Duration.ofSeconds(20), ATTEMPTS);
			for (String reference : new String[] { "secret:db", "param:db" }) {
				SecretsException failure = catchThrowableOfType(SecretsException.class, () -> provider.text(reference));
				System.out.println(reference + " " + failure.getReason());
			}
		}

	}

}
