package io.github.secretsextension.extension;

import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.JavaProcess;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.aws.UnreachableHost;
import io.github.secretsextension.extension.FakeExtension.Mode;
import io.github.secretsextension.extension.FakeExtension.Personality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * The one table of what goes wrong on the wire: what a reader of the extension gets for
 * each of them, in time, and that the next reader gets the value.
 */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExtensionClientFaultTests {

	private static final Map<Mode, Reason> TABLE = new EnumMap<>(Mode.class);

	/** What is right, or stands in the other table, of errors. */
	private static final Set<Mode> NO_FAULTS = EnumSet.of(Mode.OK, Mode.INTERIM, Mode.ODD_CHUNKS, Mode.SMALL_CHUNKS,
			Mode.TO_END, Mode.LAST, Mode.THROTTLED, Mode.DENIED, Mode.INTERNAL_ERROR);

	/** There are no parameters of these. */
	private static final Set<Mode> ONLY_SECRETS = EnumSet.of(Mode.BOTH, Mode.BAD_BASE64);

	static {
		TABLE.put(Mode.HANG, Reason.TIMEOUT);
		TABLE.put(Mode.DRIP, Reason.TIMEOUT);
		TABLE.put(Mode.DRIP_HEAD, Reason.TIMEOUT);
		TABLE.put(Mode.RESET, Reason.UNREACHABLE);
		TABLE.put(Mode.HANG_UP, Reason.UNREACHABLE);
		TABLE.put(Mode.CLOSE, Reason.UNREACHABLE);
		TABLE.put(Mode.CUT_CHUNK, Reason.UNREACHABLE);
		TABLE.put(Mode.HUGE, Reason.BAD_ANSWER);
		TABLE.put(Mode.ENDLESS, Reason.BAD_ANSWER);
		TABLE.put(Mode.LONG_HEAD, Reason.BAD_ANSWER);
		TABLE.put(Mode.NOT_HTTP, Reason.BAD_ANSWER);
		TABLE.put(Mode.SWITCH, Reason.BAD_ANSWER);
		TABLE.put(Mode.BAD_LENGTH, Reason.BAD_ANSWER);
		TABLE.put(Mode.BAD_CHUNK, Reason.BAD_ANSWER);
		TABLE.put(Mode.REDIRECT, Reason.BAD_ANSWER);
		TABLE.put(Mode.HTML, Reason.BAD_ANSWER);
		TABLE.put(Mode.NO_BODY, Reason.BAD_ANSWER);
		TABLE.put(Mode.EMPTY, Reason.BAD_ANSWER);
		TABLE.put(Mode.NULLS, Reason.BAD_ANSWER);
		TABLE.put(Mode.TRUNCATED, Reason.BAD_ANSWER);
		TABLE.put(Mode.TWICE, Reason.BAD_ANSWER);
		TABLE.put(Mode.OTHER, Reason.BAD_ANSWER);
		TABLE.put(Mode.BOTH, Reason.BAD_ANSWER);
		TABLE.put(Mode.BAD_BASE64, Reason.BAD_ANSWER);
		TABLE.put(Mode.NUMBER, Reason.BAD_ANSWER);
		TABLE.put(Mode.ARRAY, Reason.BAD_ANSWER);
		TABLE.put(Mode.DUPLICATE, Reason.BAD_ANSWER);
		TABLE.put(Mode.DEEP, Reason.BAD_ANSWER);
		TABLE.put(Mode.NOT_UTF_8, Reason.BAD_ANSWER);
	}

	private static final Duration DEADLINE = Duration.ofMillis(800);

	private static final Duration GRACE = Duration.ofMillis(250);

	private static final Duration CONNECT_LIMIT = Duration.ofSeconds(1);

	private FakeExtension fake;

	private ExtensionSecretsProvider provider;

	/** The first call in a JVM takes longer: its classes are loaded. */
	@BeforeAll
	static void loadClasses() {
		try (FakeExtension fake = new FakeExtension(Personality.AGENT);
				ExtensionSecretsProvider provider = ExtensionClients.provider(fake)) {
			fake.putSecret("db", "CANARY-1");
			provider.text("secret:db");
			fake.mode(Mode.DENIED);
			catchThrowableOfType(SecretsException.class, () -> provider.text("secret:db"));
			fake.die();
			catchThrowableOfType(SecretsException.class, () -> provider.text("secret:db"));
		}
	}

	@AfterEach
	void close() {
		this.provider.close();
		this.fake.close();
	}

	private void open(Personality personality, Duration deadline) {
		this.fake = new FakeExtension(personality);
		this.fake.putSecret("db", "CANARY-s");
		this.fake.putParameter("/url", "SecureString", "CANARY-p");
		this.provider = ExtensionClients.provider(this.fake, deadline);
	}

	static Stream<Arguments> faults() {
		return TABLE.entrySet()
			.stream()
			.flatMap((row) -> Stream.of(Arguments.of(row.getKey(), Personality.EXTENSION, "secret:db", row.getValue()),
					Arguments.of(row.getKey(), Personality.AGENT, "secret:db", row.getValue()),
					Arguments.of(row.getKey(), Personality.EXTENSION, "param:/url", row.getValue())))
			.filter((row) -> !ONLY_SECRETS.contains(row.get()[0]) || !row.get()[2].equals("param:/url"));
	}

	@Test
	void everyFaultHasARow() {
		open(Personality.EXTENSION, DEADLINE);
		assertThat(Mode.values()).allMatch((mode) -> NO_FAULTS.contains(mode) != TABLE.containsKey(mode));
	}

	@ParameterizedTest
	@MethodSource("faults")
	void onAFreshConnection(Mode mode, Personality personality, String reference, Reason reason) {
		open(personality, DEADLINE);
		this.fake.next(mode);
		assertFailure(reference, reason);
		assertThat(this.fake.requests()).as("asked once").hasSize(1);
		assertThat(this.fake.trapped()).isZero();
		assertThat(this.provider.text(reference)).startsWith("CANARY-");
	}

	@ParameterizedTest
	@MethodSource("faults")
	void onAConnectionThatWasKept(Mode mode, Personality personality, String reference, Reason reason) {
		open(personality, DEADLINE);
		String expected = this.provider.text(reference);
		this.fake.next(mode);
		if (reason == Reason.UNREACHABLE) {
			assertThat(this.provider.text(reference)).as("asked again").isEqualTo(expected);
			assertThat(this.fake.requests()).hasSize(3);
		}
		else {
			assertFailure(reference, reason);
			assertThat(this.fake.requests()).hasSize(2);
			assertThat(this.provider.text(reference)).isEqualTo(expected);
		}
		assertThat(this.fake.trapped()).isZero();
	}

	@ParameterizedTest
	@EnumSource(names = { "INTERIM", "ODD_CHUNKS", "TO_END", "LAST" })
	void answersOfOtherForms(Mode mode) {
		open(Personality.EXTENSION, DEADLINE);
		this.fake.putSecret("large", "CANARY-" + "a".repeat(60_000));
		this.fake.mode(mode);
		for (int i = 0; i < 2; i++) {
			assertThat(this.provider.text("secret:db")).isEqualTo("CANARY-s");
			assertThat(this.provider.text("secret:large")).hasSize(60_007);
			assertThat(this.provider.text("param:/url")).isEqualTo("CANARY-p");
		}
		assertThat(this.fake.requests()).as("none failed").hasSize(6);
	}

	/**
	 * A copy of the whole body for each chunk would take longer than the deadline.
	 */
	@Test
	void manySmallChunks() {
		open(Personality.EXTENSION, Duration.ofSeconds(10));
		this.fake.mode(Mode.SMALL_CHUNKS);
		assertThat(this.provider.text("secret:db")).isEqualTo("CANARY-s");
		assertThat(this.fake.requests()).hasSize(1);
	}

	@ParameterizedTest
	@EnumSource(names = { "HANG", "DRIP", "DRIP_HEAD" })
	void deadlineOfTheKind(Mode mode) {
		open(Personality.EXTENSION, DEADLINE);
		this.fake.mode(mode);
		Duration shorter = Duration.ofMillis(300);
		try (ExtensionSecretsProvider both = ExtensionClients.provider(new ExtensionClientSettings("127.0.0.1",
				this.fake.port(), FakeExtension.TOKEN, DEADLINE, shorter, 1, Duration.ZERO, null))) {
			assertThat(timed(() -> fail(both, "secret:db", Reason.TIMEOUT))).isBetween(DEADLINE.minusMillis(5),
					DEADLINE.plus(GRACE));
			assertThat(timed(() -> fail(both, "param:/url", Reason.TIMEOUT))).isBetween(shorter.minusMillis(5),
					shorter.plus(GRACE));
		}
	}

	@ParameterizedTest
	@CsvSource({ "secret:db, SECRETS_MANAGER_TIMEOUT_MILLIS", "param:/url, SSM_PARAMETER_STORE_TIMEOUT_MILLIS" })
	void timeOutNamesWhatMayHaveSetTheLimit(String reference, String variable) {
		open(Personality.EXTENSION, Duration.ofMillis(100));
		this.fake.mode(Mode.HANG);
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> this.provider.text(reference));
		assertThat(failure).hasMessageContainingAll("'secrets-extension.deadline'", variable);
	}

	@Test
	void deadlineHoldsForAnAnswerThatIsOnlyLate() {
		open(Personality.EXTENSION, DEADLINE);
		this.fake.delay(DEADLINE.dividedBy(2));
		assertThat(this.provider.text("secret:db")).isEqualTo("CANARY-s");
		this.fake.delay(DEADLINE.multipliedBy(2));
		assertFailure("secret:db", Reason.TIMEOUT);
		this.fake.delay(Duration.ZERO);
		assertThat(this.provider.text("param:/url")).as("not the late answer").isEqualTo("CANARY-p");
	}

	@Test
	void noDeadline() {
		open(Personality.EXTENSION, Duration.ZERO);
		this.fake.delay(DEADLINE);
		assertThat(this.provider.text("secret:db")).isEqualTo("CANARY-s");
	}

	@Test
	void hostThatDoesNotAnswerAtAll() {
		open(Personality.EXTENSION, DEADLINE);
		try (UnreachableHost host = new UnreachableHost();
				ExtensionSecretsProvider unreachable = ExtensionClients
					.provider(ExtensionClients.settings(host.endpoint().getPort(), FakeExtension.TOKEN))) {
			Duration took = timed(() -> {
				SecretsException failure = catchThrowableOfType(SecretsException.class,
						() -> unreachable.text("secret:db"));
				ExtensionClients.assertClean(failure);
				assertThat(failure.getReason()).isEqualTo(Reason.TIMEOUT);
				assertThat(failure).hasMessageContaining("took no connection within 1000 ms");
			});
			assertThat(took).isLessThan(CONNECT_LIMIT.plus(GRACE));
		}
	}

	/**
	 * In a process of its own, with little memory.
	 */
	@Test
	void answersThatWouldFillTheMemory() throws Exception {
		open(Personality.EXTENSION, DEADLINE);
		try (JavaProcess process = new JavaProcess(SmallProcess.class,
				List.of("-Xmx24m", "-XX:+ExitOnOutOfMemoryError"), Map.of(), String.valueOf(this.fake.port()))) {
			for (Mode mode : List.of(Mode.HUGE, Mode.ENDLESS, Mode.LONG_HEAD, Mode.DEEP)) {
				this.fake.mode(mode);
				for (String reference : List.of("secret:db", "param:/url")) {
					assertThat(process.ask(reference)).as(mode + " " + reference).isEqualTo("BAD_ANSWER");
				}
			}
			this.fake.mode(Mode.OK);
			assertThat(process.ask("secret:db")).isEqualTo("8 characters");
		}
	}

	private void assertFailure(String reference, Reason reason) {
		assertThat(timed(() -> fail(this.provider, reference, reason))).isLessThan(DEADLINE.plus(GRACE));
	}

	private static void fail(ExtensionSecretsProvider provider, String text, Reason reason) {
		SecretReference reference = SecretReference.parse(text);
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> provider.get(reference));
		ExtensionClients.assertClean(failure);
		assertThat(failure.getReason()).isEqualTo(reason);
		assertThat(failure).hasMessageContaining("'" + reference + "'");
	}

	private static Duration timed(Runnable read) {
		long start = System.nanoTime();
		read.run();
		return Duration.ofNanos(System.nanoTime() - start);
	}

	/**
	 * A process that reads what it is asked for.
	 */
	static final class SmallProcess {

		private SmallProcess() {
		}

		public static void main(String[] args) {
			ExtensionSecretsProvider provider = ExtensionClients
				.provider(ExtensionClients.settings(Integer.parseInt(args[0]), FakeExtension.TOKEN));
			JavaProcess.serve((reference) -> {
				try {
					return provider.text(reference).length() + " characters";
				}
				catch (SecretsException ex) {
					return ex.getReason().name();
				}
			});
		}

	}

}
