package io.github.secretsextension;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Compares {@link SecretsCache} with a model of its rules over random sequences of
 * operations.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SecretsCacheModelTests {

	private static final int SEQUENCES = 10_000;

	private static final int OPERATIONS = 100;

	private static final long MAX_STALE = 30_000;

	private static final long[] STEPS = { 1, 500, 999, 1000, 1001, 2000, 2001, 4000, 5000, 8000, 9000, 9999, 10_000,
			30_000, 40_000, 40_001, 128_000 };

	private static final Reason[] TRANSIENT = { Reason.THROTTLED, Reason.TIMEOUT, Reason.UNREACHABLE,
			Reason.SERVICE_ERROR, Reason.BAD_ANSWER, Reason.AMBIGUOUS, Reason.CREDENTIALS, Reason.NOT_CONFIGURED };

	private static final Reason[] DEFINITIVE = { Reason.NOT_FOUND, Reason.DENIED };

	private static final List<SecretReference> KEYS = List.of(SecretReference.secret("db"),
			SecretReference.parse("secret:db?versionStage=AWSPREVIOUS"));

	@Test
	void randomSequencesFollowTheModel() {
		Map<Path, Integer> paths = new EnumMap<>(Path.class);
		for (int seed = 0; seed < SEQUENCES; seed++) {
			new Sequence(seed).run(paths);
		}
		assertThat(paths).containsOnlyKeys(Path.values())
			.allSatisfy((path, count) -> assertThat(count).as("sequences' visits of %s", path).isGreaterThan(1000));
	}

	/**
	 * A way through the rules, all of which the sequences are to take.
	 */
	private enum Path {

		FRESH, AHEAD, STALE_WAITED, STALE_IN_WINDOW, STALE_PAST_WINDOW, FAILED_IN_WINDOW, LOADED, REFRESHED, SHARED,
		OTHER_OUTDATED

	}

	/**
	 * One sequence: the cache with its upstream and clocks, and the model.
	 */
	private static final class Sequence {

		private final int seed;

		private final Random random;

		private final StringBuilder log = new StringBuilder();

		private final ManualClock clock = new ManualClock(0);

		private final ScriptedSecrets upstream = new ScriptedSecrets();

		private final long ttl;

		private final boolean refreshAhead;

		private final SecretsCache cache;

		private final Model[] models = { new Model(), new Model() };

		private long monotonic;

		private long wall;

		private int version = 1;

		private Reason failure;

		private int calls;

		private Map<Path, Integer> paths = Map.of();

		Sequence(int seed) {
			this.seed = seed;
			this.random = new Random(seed);
			this.ttl = (this.random.nextInt(10) > 0) ? 10_000 : 0;
			this.refreshAhead = this.random.nextBoolean();
			SecretsCacheSettings.KindSettings kind = new SecretsCacheSettings.KindSettings(Duration.ofMillis(this.ttl),
					Duration.ZERO);
			this.cache = TestCaches.cache(this.upstream,
					new SecretsCacheSettings(kind, kind, 1000, TestCaches.MAX_BYTES, Duration.ofMillis(MAX_STALE),
							Duration.ofSeconds(1), this.refreshAhead, AllowedSecrets.ALL, (key) -> false,
							new SecretsCacheSettings.Listener() {
							}),
					this.clock, Runnable::run);
		}

		void run(Map<Path, Integer> paths) {
			this.paths = paths;
			for (int i = 0; i < OPERATIONS; i++) {
				int key = this.random.nextInt(2);
				SecretReference reference = KEYS.get(key);
				int operation = this.random.nextInt(24);
				switch (operation) {
					case 0, 1 -> check("refresh " + key, ScriptedSecrets.outcome(() -> this.cache.refresh(reference)),
							refresh(key));
					case 2 -> {
						this.upstream.rotate("db");
						this.version++;
						log("rotate");
					}
					case 3, 4 -> fail(TRANSIENT[this.random.nextInt(TRANSIENT.length)]);
					case 5 -> fail((this.random.nextInt(3) == 0) ? DEFINITIVE[this.random.nextInt(2)] : Reason.TIMEOUT);
					case 6, 7 -> {
						this.upstream.heal();
						this.failure = null;
						log("heal");
					}
					case 8 -> advance(step(), 0);
					case 9 -> advance(0, (this.random.nextInt(3) > 0) ? step() : -step());
					case 10, 11, 12, 13 -> {
						long step = step();
						advance(step, step);
					}
					case 14 -> check("evict " + key, String.valueOf(this.cache.outdate(reference)),
							String.valueOf(outdate(this.models[key])));
					default -> check("read " + key, ScriptedSecrets.outcome(this.cache, reference), read(key));
				}
			}
		}

		private void fail(Reason reason) {
			this.upstream.fail(reason);
			this.failure = reason;
			log("fail " + reason);
		}

		private long step() {
			int step = this.random.nextInt(STEPS.length + 3);
			return (step < STEPS.length) ? STEPS[step] : this.random.nextInt(6000);
		}

		private void advance(long monotonic, long wall) {
			this.clock.advanceMonotonic(Duration.ofMillis(monotonic));
			this.clock.advanceWall(Duration.ofMillis(wall));
			this.monotonic += monotonic;
			this.wall += wall;
			log("advance " + monotonic + "/" + wall);
		}

		private void check(String operation, String actual, String expected) {
			log(operation + " = " + actual);
			if (!actual.equals(expected) || this.upstream.calls() != this.calls) {
				throw new AssertionError("Seed " + this.seed + ", expected " + expected + " after " + this.calls
						+ " calls but got " + actual + " after " + this.upstream.calls() + ", TTL " + this.ttl
						+ (this.refreshAhead ? ", refresh-ahead" : "") + this.log);
			}
		}

		private void log(String text) {
			this.log.append("\n").append(text);
		}

		private void visit(Path path) {
			this.paths.merge(path, 1, Integer::sum);
		}

		private String read(int key) {
			Model model = this.models[key];
			String old = model.value;
			boolean usable = usable(model, model.failure);
			boolean waiting = model.failure != null && since(model.failedMonotonic,
					model.failedWall) < ((usable) ? model.window : Math.min(model.window, 5000));
			if (old != null && !model.outdated && age(model) < this.ttl) {
				long refreshAt = new CacheRules(Duration.ofMillis(this.ttl), Duration.ZERO).refreshAt(KEYS.get(key));
				if (this.refreshAhead && age(model) * 1_000_000 >= refreshAt && !waiting) {
					visit(Path.AHEAD);
					attempt(key, false);
				}
				else {
					visit(Path.FRESH);
				}
				return old;
			}
			if (waiting) {
				visit((usable) ? Path.STALE_IN_WINDOW : Path.FAILED_IN_WINDOW);
				return (usable) ? old : model.failure;
			}
			if (model.failure != null && usable) {
				visit(Path.STALE_PAST_WINDOW);
				attempt(key, false);
				return old;
			}
			attempt(key, false);
			visit((model.failure != null && model.value != null) ? Path.STALE_WAITED : Path.LOADED);
			return (model.answer != null) ? model.answer : (model.value != null) ? model.value : model.failure;
		}

		private String refresh(int key) {
			Model model = this.models[key];
			if (model.refreshed && since(model.refreshedMonotonic, model.refreshedWall) < 1000) {
				visit(Path.SHARED);
				return (model.failure != null) ? model.failure : model.value;
			}
			visit(Path.REFRESHED);
			attempt(key, true);
			return (model.answer != null) ? model.answer : model.failure;
		}

		private boolean outdate(Model model) {
			model.failure = null;
			model.failures = 0;
			model.refreshed = false;
			model.outdated = model.value != null;
			return model.outdated;
		}

		private void attempt(int key, boolean refresh) {
			Model model = this.models[key];
			this.calls++;
			model.refreshed = refresh;
			model.refreshedMonotonic = this.monotonic;
			model.refreshedWall = this.wall;
			if (this.failure == null) {
				String value = String.valueOf(this.version);
				if (model.value != null && !model.value.equals(value)) {
					visit(Path.OTHER_OUTDATED);
					outdate(this.models[1 - key]);
				}
				model.answer = value;
				model.value = (this.ttl > 0) ? value : null;
				model.refreshed &= this.ttl > 0;
				model.loadedMonotonic = this.monotonic;
				model.loadedWall = this.wall;
				model.outdated = false;
				model.failure = null;
				model.failures = 0;
				return;
			}
			model.answer = null;
			boolean definitive = List.of(DEFINITIVE).contains(this.failure);
			if (definitive || !usable(model, this.failure.name())) {
				model.value = null;
			}
			model.failure = this.failure.name();
			model.failures++;
			model.failedMonotonic = this.monotonic;
			model.failedWall = this.wall;
			model.window = 1000;
			for (int i = 1; i < model.failures; i++) {
				model.window = Math.min(model.window * 2, (model.value != null) ? 128_000 : 5000);
			}
			if (this.failure == Reason.NOT_FOUND) {
				model.window = 5000;
			}
		}

		private boolean usable(Model model, String failure) {
			long longest = ("AMBIGUOUS".equals(failure)) ? this.ttl : MAX_STALE;
			return this.ttl > 0 && model.value != null && age(model) <= this.ttl + longest;
		}

		private long age(Model model) {
			long wallAge = this.wall - model.loadedWall;
			long monotonicAge = this.monotonic - model.loadedMonotonic;
			return Math.max(monotonicAge, (wallAge < -2000) ? this.ttl : wallAge);
		}

		private long since(long monotonic, long wall) {
			return (this.wall - wall < -2000) ? Long.MAX_VALUE : Math.max(this.monotonic - monotonic, this.wall - wall);
		}

	}

	/**
	 * What the cache should know of a key.
	 */
	private static final class Model {

		private String value;

		private String answer;

		private long loadedMonotonic;

		private long loadedWall;

		private boolean outdated;

		private String failure;

		private int failures;

		private long failedMonotonic;

		private long failedWall;

		private long window;

		private boolean refreshed;

		private long refreshedMonotonic;

		private long refreshedWall;

	}

}
