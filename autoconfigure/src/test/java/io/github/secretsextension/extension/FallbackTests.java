package io.github.secretsextension.extension;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.TestCaches;
import io.github.secretsextension.extension.FakeExtension.Mode;
import io.github.secretsextension.extension.FakeExtension.Personality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Tests for {@link FallbackSecretsProvider}, one row for each rule of the mode
 * {@code auto}: when the other side is asked, and for how long it is left alone after it
 * failed.
 */
@Timeout(30)
class FallbackTests {

	private static final String SECRET = "secret:db";

	private static final String PARAMETER = "param:/url";

	private static final String REMOTE = "CANARY-remote";

	private static final String EMBEDDED = "CANARY-embedded";

	private static final Duration SECRET_TTL = Duration.ofSeconds(300);

	private static final Duration PARAMETER_TTL = Duration.ofSeconds(100);

	private static final Duration DEADLINE = Duration.ofSeconds(10);

	/** Of the row of an extension that is late. */
	private static final Duration SHORT_DEADLINE = Duration.ofMillis(400);

	private static final int NEVER = -1;

	private final ManualClock clock = new ManualClock(-7);

	private final FakeSecrets embedded = new Embedded().set(SECRET, EMBEDDED).set(PARAMETER, EMBEDDED);

	private final List<SecretReference> asked = new CopyOnWriteArrayList<>();

	private final List<Reason> failures = new CopyOnWriteArrayList<>();

	private final List<Kind> fallbacks = new CopyOnWriteArrayList<>();

	private final List<Collection<SecretReference>> prefetched = new CopyOnWriteArrayList<>();

	private FakeExtension fake;

	private FallbackSecretsProvider provider;

	private Duration deadline = DEADLINE;

	@AfterEach
	void close() {
		if (this.fake != null) {
			this.provider.close();
			this.fake.close();
		}
	}

	/** What happens, to whom, and the pause after each failure in milliseconds. */
	static Stream<Arguments> pauses() {
		int[] backOff = { 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000 };
		return Stream.of(row("not ready", Reason.NOT_READY, FakeExtension::neverReady, 0, 0, 0),
				row("refused", Reason.UNREACHABLE, FakeExtension::die, 1_000, 60_000, 60_000, 60_000),
				row("reset", Reason.UNREACHABLE, (fake) -> fake.mode(Mode.RESET), 1_000, 60_000, 60_000),
				row("401", Reason.TOKEN_REJECTED, (fake) -> fake.answer(401, "CANARY-"), NEVER),
				row("403", Reason.TOKEN_REJECTED, (fake) -> fake.answer(403, "Bad Token"), NEVER),
				row("late", Reason.TIMEOUT, (fake) -> fake.mode(Mode.HANG), 1_000, 2_000, 4_000),
				row("504", Reason.TIMEOUT, (fake) -> fake.answer(504, "CANARY-"), backOff),
				row("429", Reason.THROTTLED, (fake) -> fake.answer(429, "CANARY-"), backOff),
				row("500", Reason.SERVICE_ERROR, (fake) -> fake.answer(500, "CANARY-"), backOff),
				row("503", Reason.SERVICE_ERROR, (fake) -> fake.answer(503, "CANARY-"), backOff),
				row("throttled by AWS", Reason.THROTTLED,
						(fake) -> fake.answer(400, "{\"__type\":\"ThrottlingException\"}"), backOff),
				row("opaque", Reason.AMBIGUOUS, (fake) -> fake.answer(400, "CANARY-"), 300_000, 300_000),
				row("its credentials", Reason.CREDENTIALS,
						(fake) -> fake.answer(400, "{\"__type\":\"ExpiredTokenException\"}"), 0, 0),
				row("no answer of an extension", Reason.BAD_ANSWER, (fake) -> fake.mode(Mode.HTML), 0, 0));
	}

	private static Arguments row(String name, Reason reason, Consumer<FakeExtension> fault, int... pauses) {
		return Arguments.of(name, reason, fault, pauses);
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("pauses")
	void pausesAfterFailures(String name, Reason reason, Consumer<FakeExtension> fault, int[] pauses) {
		this.deadline = (name.equals("late")) ? SHORT_DEADLINE : DEADLINE;
		open(Personality.EXTENSION);
		fault.accept(this.fake);
		int asked = 0;
		for (int pause : pauses) {
			assertRead(SECRET, EMBEDDED, ++asked);
			if (pause == NEVER) {
				this.clock.advance(Duration.ofDays(30));
				assertRead(SECRET, EMBEDDED, asked);
				assertRead(PARAMETER, EMBEDDED, asked);
				break;
			}
			if (pause > 0) {
				this.clock.advance(Duration.ofMillis(pause - 1));
				assertRead(SECRET, EMBEDDED, asked);
				this.clock.advance(Duration.ofMillis(1));
			}
		}
		assertThat(this.failures).hasSize(asked).containsOnly(reason);
		assertThat(this.fallbacks).as("every value from in-process was counted").hasSize(this.embedded.calls().size());
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("pauses")
	void whomAPauseConcerns(String name, Reason reason, Consumer<FakeExtension> fault, int[] pauses) {
		this.deadline = (name.equals("late")) ? SHORT_DEADLINE : DEADLINE;
		open(Personality.EXTENSION);
		fault.accept(this.fake);
		assertRead(SECRET, EMBEDDED, 1);
		boolean all = reason != Reason.AMBIGUOUS && pauses[0] != 0;
		assertRead(PARAMETER, EMBEDDED, (all) ? 1 : 2);
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("pauses")
	void successBehindAPause(String name, Reason reason, Consumer<FakeExtension> fault, int[] pauses) {
		this.deadline = (name.equals("late")) ? SHORT_DEADLINE : DEADLINE;
		open(Personality.EXTENSION);
		for (int i = 0; i < 2 && pauses[0] != NEVER; i++) {
			fault.accept(this.fake);
			this.asked.clear();
			assertRead(SECRET, EMBEDDED, 1);
			heal();
			this.clock.advance(Duration.ofMillis(pauses[0]));
			assertRead(SECRET, REMOTE, 2);
			assertRead(SECRET, REMOTE, 3);
		}
	}

	@Test
	void answersOfTheOtherSide() {
		open(Personality.EXTENSION);
		assertRead(SECRET, REMOTE, 1);
		assertRead(PARAMETER, REMOTE, 2);
		assertThat(this.embedded.calls()).isEmpty();
		assertThat(this.failures).isEmpty();
		assertThat(this.fallbacks).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "AMBIGUOUS, unknown", "DENIED, {\"__type\":\"AccessDeniedException\"}",
			"NOT_FOUND, {\"__type\":\"ResourceNotFoundException\"}",
			"CREDENTIALS, {\"__type\":\"ExpiredTokenException\"}",
			"NOT_READY, 'not ready to serve traffic, please wait'" })
	void anyAnswerEndsTheGrowthOfThePause(Reason reason, String body) {
		open(Personality.EXTENSION);
		for (int pause : new int[] { 1_000, 2_000, 4_000 }) {
			this.fake.answer(503, "CANARY-");
			assertRead(SECRET, EMBEDDED, this.asked.size() + 1);
			this.clock.advance(Duration.ofMillis(pause));
		}
		this.fake.answer(400, body);
		boolean told = !reason.isTransient();
		if (told) {
			assertRead(SECRET, reason, 4);
		}
		else {
			assertRead(SECRET, EMBEDDED, 4);
			assertThat(this.failures).endsWith(reason);
		}
		this.fake.answer(503, "CANARY-");
		assertRead(PARAMETER, EMBEDDED, 5);
		this.clock.advance(Duration.ofMillis(999));
		assertRead(PARAMETER, EMBEDDED, 5);
		this.clock.advance(Duration.ofMillis(1));
		assertRead(PARAMETER, EMBEDDED, 6);
	}

	/** What in-process and the other side tell of the value, and whether that is one. */
	static Stream<Arguments> origins() {
		String own = "arn:aws:secretsmanager:us-east-1:111111111111:secret:db-AbCdEf";
		return Stream.of(Arguments.of(own, own, true), Arguments.of(own, null, true), Arguments.of(null, own, true),
				Arguments.of(own, "arn:aws:secretsmanager:us-east-1::secret:db-AbCdEf", true),
				Arguments.of(own, "arn:aws:secretsmanager:us-east-1:111111111111:secret:db-GhIjKl", true),
				Arguments.of(own, "arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-AbCdEf", false),
				Arguments.of(own, "arn:aws:secretsmanager:us-east-1:222222222222:secret:db-AbCdEf", false));
	}

	@ParameterizedTest
	@MethodSource("origins")
	void valueOfAnotherRegionOrAccountIsNotServed(String own, String other, boolean same) {
		AtomicBoolean ready = new AtomicBoolean();
		SecretsProvider remote = (reference) -> {
			this.asked.add(reference);
			if (!ready.get()) {
				throw new SecretsException(Reason.NOT_READY, reference, "It is not ready", "Wait.");
			}
			return SecretValue.builder().text(REMOTE).arn(other).build();
		};
		FallbackSecretsProvider fallback = fallback(remote,
				(reference) -> SecretValue.builder().text(EMBEDDED).arn(own).build());
		assertThat(fallback.text(SECRET)).isEqualTo(EMBEDDED);
		ready.set(true);
		assertThat(fallback.text(SECRET)).isEqualTo((same) ? REMOTE : EMBEDDED);
		assertThat(fallback.text(SECRET)).isEqualTo((same) ? REMOTE : EMBEDDED);
		assertThat(this.asked).as("never again").hasSize((same) ? 3 : 2);
		if (!same) {
			assertThat(this.failures).containsExactly(Reason.NOT_READY, Reason.UNSUPPORTED);
		}
	}

	/** An ARN says itself where it belongs. */
	@Test
	void arnOfAnotherRegionIsServed() {
		String other = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-AbCdEf";
		FallbackSecretsProvider fallback = fallback((reference) -> {
			if (!reference.id().equals(other)) {
				throw new SecretsException(Reason.NOT_READY, reference, "It is not ready", "Wait.");
			}
			return SecretValue.builder().text(REMOTE).arn(other).build();
		}, (reference) -> SecretValue.builder()
			.text(EMBEDDED)
			.arn("arn:aws:secretsmanager:us-east-1:111111111111:secret:db-AbCdEf")
			.build());
		assertThat(fallback.text(SECRET)).isEqualTo(EMBEDDED);
		assertThat(fallback.text("secret:" + other)).isEqualTo(REMOTE);
		assertThat(this.failures).containsOnly(Reason.NOT_READY);
	}

	@Test
	void prefetchOfNothing() {
		open(Personality.EXTENSION);
		this.provider.prefetch(List.of(), true);
		assertThat(this.asked).isEmpty();
		assertThat(this.prefetched).isEmpty();
	}

	@Test
	void kindThatTheAgentDoesNotHave() {
		open(Personality.AGENT);
		assertRead(PARAMETER, EMBEDDED, 1);
		assertRead(SECRET, REMOTE, 2);
		this.clock.advance(Duration.ofDays(30));
		assertRead(PARAMETER, EMBEDDED, 2);
		assertRead("param:/url?version=1", Reason.NOT_FOUND, 2);
		assertRead(SECRET, REMOTE, 3);
		assertThat(this.failures).containsExactly(Reason.UNSUPPORTED);
		assertThat(this.fallbacks).containsOnly(Kind.PARAMETER).hasSize(3);
	}

	@Test
	void valueThatTheOtherSideDoesNotTellAbout() {
		open(Personality.EXTENSION);
		this.fake.answer((request) -> ("db".equals(request.id()) || "/url".equals(request.id()))
				? new FakeAnswer(400, "an unexpected error occurred while executing request") : null);
		this.fake.putSecret("other", REMOTE);
		assertRead(SECRET, EMBEDDED, 1);
		assertRead(PARAMETER, EMBEDDED, 2);
		assertRead("secret:other", REMOTE, 3);
		assertRead(SECRET + "?versionStage=AWSCURRENT#f:d", EMBEDDED, 3);
		this.clock.advance(PARAMETER_TTL.minusMillis(1));
		assertRead(PARAMETER, EMBEDDED, 3);
		this.clock.advance(Duration.ofMillis(1));
		assertRead(PARAMETER, EMBEDDED, 4);
		assertRead(SECRET, EMBEDDED, 4);
		this.clock.advance(SECRET_TTL.minus(PARAMETER_TTL));
		assertRead(SECRET, EMBEDDED, 5);
	}

	@ParameterizedTest
	@CsvSource({ "AccessDeniedException, DENIED", "ResourceNotFoundException, NOT_FOUND",
			"KMSAccessDeniedException, DENIED", "UnrecognizedClientException, DENIED" })
	void denialWithACodeIsFinal(String code, Reason reason) {
		open(Personality.AGENT);
		this.fake.answer(400, "{\"__type\":\"" + code + "\",\"message\":\"CANARY-\"}");
		assertRead(SECRET, reason, 1);
		assertRead(SECRET, reason, 2);
		assertThat(this.embedded.calls()).isEmpty();
		assertThat(this.fallbacks).isEmpty();
	}

	@Test
	void freshValueIsServedWithoutAsking() {
		FakeSecrets aws = new FakeSecrets().set(SECRET, EMBEDDED);
		SecretsCache cache = TestCaches.cache(aws,
				TestCaches.settings(SECRET_TTL, PARAMETER_TTL, 1000, Duration.ofSeconds(5), AllowedSecrets.ALL),
				this.clock, Runnable::run);
		open(Personality.EXTENSION, cache);
		this.fake.next(Mode.HTML);
		assertRead(SECRET, EMBEDDED, 1);
		assertRead(SECRET, EMBEDDED, 1);
		this.clock.advance(SECRET_TTL.minusMillis(1));
		assertRead(SECRET, EMBEDDED, 1);
		assertThat(this.provider.getIfFresh(SecretReference.parse(SECRET)).text()).isEqualTo(EMBEDDED);
		assertThat(aws.calls()).hasSize(1);
		this.clock.advance(Duration.ofMillis(1));
		assertThat(this.provider.getIfFresh(SecretReference.parse(SECRET))).isNull();
		assertRead(SECRET, REMOTE, 2);
	}

	@Test
	void pauseEndsByTheWallClockWhereTheOtherStoodStill() {
		open(Personality.EXTENSION);
		this.fake.next(Mode.RESET);
		assertRead(SECRET, EMBEDDED, 1);
		this.clock.advanceWall(Duration.ofMillis(999));
		assertRead(SECRET, EMBEDDED, 1);
		this.clock.advanceWall(Duration.ofMillis(1));
		assertRead(SECRET, REMOTE, 2);
	}

	@Test
	void pauseEndsIfTheWallClockRanBack() {
		open(Personality.EXTENSION);
		this.fake.answer(400, "CANARY-");
		assertRead(SECRET, EMBEDDED, 1);
		this.clock.advanceWall(Duration.ofHours(-1));
		heal();
		assertRead(SECRET, REMOTE, 2);
	}

	@Test
	void failuresOfManyReadersAtOnceCountAsOne() throws Exception {
		int readers = 4;
		CyclicBarrier barrier = new CyclicBarrier(readers);
		ExecutorService pool = Executors.newFixedThreadPool(readers);
		SecretsProvider refusing = (reference) -> {
			this.asked.add(reference);
			await(barrier);
			throw new SecretsException(Reason.UNREACHABLE, reference, "Nothing listens", "Listen.");
		};
		FallbackSecretsProvider fallback = fallback(refusing, this.embedded);
		List<CompletableFuture<String>> texts = new ArrayList<>();
		for (int i = 0; i < readers; i++) {
			texts.add(CompletableFuture.supplyAsync(() -> fallback.text(SECRET), pool));
		}
		for (CompletableFuture<String> text : texts) {
			assertThat(text.get()).isEqualTo(EMBEDDED);
		}
		assertThat(this.asked).hasSize(readers);
		this.clock.advance(Duration.ofMillis(999));
		assertThat(fallback.text(SECRET)).isEqualTo(EMBEDDED);
		assertThat(this.asked).hasSize(readers);
		this.clock.advance(Duration.ofMillis(1));
		texts.clear();
		for (int i = 0; i < readers; i++) {
			texts.add(CompletableFuture.supplyAsync(() -> fallback.text(SECRET), pool));
		}
		for (CompletableFuture<String> text : texts) {
			text.get();
		}
		assertThat(this.asked).as("1 s, not 60 s").hasSize(2 * readers);
		pool.shutdown();
	}

	private static void await(CyclicBarrier barrier) {
		try {
			barrier.await();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void interruptIsNoReasonToAskInProcess() {
		open(Personality.EXTENSION);
		Thread.currentThread().interrupt();
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> this.provider.text(SECRET));
		assertThat(Thread.interrupted()).isTrue();
		assertThat(failure.getReason()).isEqualTo(Reason.INTERRUPTED);
		assertThat(this.embedded.calls()).isEmpty();
		assertRead(SECRET, REMOTE, 2);
	}

	@Test
	void failureInProcessIsTheOneThatIsTold() {
		open(Personality.EXTENSION);
		this.fake.neverReady();
		assertRead("secret:nope", Reason.NOT_FOUND, 1);
		assertThat(this.provider.text("secret:nope:CANARY-default")).isEqualTo("CANARY-default");
	}

	@Test
	void refreshAsksInProcess() {
		open(Personality.EXTENSION);
		assertThat(this.provider.refresh(SecretReference.parse(SECRET)).text()).isEqualTo(EMBEDDED);
		assertThat(this.asked).isEmpty();
	}

	@Test
	void prefetchAsksForOneFirst() {
		open(Personality.EXTENSION);
		List<SecretReference> references = List.of(SecretReference.parse(SECRET), SecretReference.parse(PARAMETER));
		this.provider.prefetch(references, true);
		assertThat(this.asked).containsExactly(references.get(0));
		assertThat(this.prefetched).isEmpty();
		this.fake.neverReady();
		this.provider.prefetch(references, true);
		assertThat(this.asked).hasSize(2);
		assertThat(this.prefetched).containsExactly(references);
		assertThat(this.failures).containsExactly(Reason.NOT_READY);
		this.fake.die();
		this.provider.prefetch(references, true);
		this.provider.prefetch(references, true);
		assertThat(this.asked).as("it is left alone").hasSize(3);
		assertThat(this.prefetched).hasSize(3);
	}

	private void open(Personality personality) {
		open(personality, this.embedded);
	}

	private void open(Personality personality, SecretsProvider embedded) {
		this.fake = new FakeExtension(personality);
		this.fake.putSecret("db", REMOTE);
		this.fake.putParameter("/url", "SecureString", REMOTE);
		ExtensionSecretsProvider client = new ExtensionSecretsProvider(
				ExtensionClients.settings(this.fake.port(), FakeExtension.TOKEN, this.deadline, Duration.ZERO, null),
				this.clock);
		this.provider = fallback(new SecretsProvider() {

			@Override
			public SecretValue get(SecretReference reference) {
				FallbackTests.this.asked.add(reference);
				return client.get(reference);
			}

			@Override
			public void close() {
				client.close();
			}

		}, embedded);
	}

	private FallbackSecretsProvider fallback(SecretsProvider remote, SecretsProvider embedded) {
		return new FallbackSecretsProvider(remote, embedded, this.clock,
				(kind) -> (kind == Kind.SECRET) ? SECRET_TTL : PARAMETER_TTL, new FallbackSecretsProvider.Listener() {

					@Override
					public void onRemoteFailure(SecretsException failure) {
						ExtensionClients.assertClean(failure);
						FallbackTests.this.failures.add(failure.getReason());
					}

					@Override
					public void onFallback(Kind kind) {
						FallbackTests.this.fallbacks.add(kind);
					}

				});
	}

	private void heal() {
		this.fake.ready();
		this.fake.mode(Mode.OK);
		this.fake.answer((request) -> null);
		this.fake.comeBack();
	}

	private void assertRead(String reference, String text, int asked) {
		assertThat(this.provider.get(SecretReference.parse(reference)).text()).isEqualTo(text);
		assertThat(this.asked).hasSize(asked);
	}

	private void assertRead(String text, Reason reason, int asked) {
		SecretReference reference = SecretReference.parse(text);
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> this.provider.get(reference));
		ExtensionClients.assertClean(failure);
		assertThat(failure.getReason()).isEqualTo(reason);
		assertThat(failure).hasMessageContaining("'" + reference + "'");
		assertThat(this.asked).hasSize(asked);
	}

	/**
	 * The in-process provider, which hears of prefetches.
	 */
	private final class Embedded extends FakeSecrets {

		@Override
		public void prefetch(Collection<SecretReference> references, boolean batch) {
			FallbackTests.this.prefetched.add(references);
		}

	}

}
