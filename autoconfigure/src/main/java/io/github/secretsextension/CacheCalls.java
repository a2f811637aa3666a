package io.github.secretsextension;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsException.Reason;

/**
 * The upstream calls of a cache: each runs on its kind's executor, ends at the deadline,
 * and lands in the flight that readers wait for.
 */
final class CacheCalls {

	/**
	 * How many failures are remembered where no value is kept; then all are forgotten.
	 */
	private static final int MOST_FAILURES = 1000;

	private static final Duration LONGEST_END = Duration.ofMillis(100);

	private final SecretsProvider upstream;

	private final SecretsCacheSettings settings;

	private final SecretsClock clock;

	private final Function<SecretReference, CacheRules> rules;

	private final Function<Kind, ? extends Executor> executors;

	private final DoubleSupplier jitter;

	private final ConcurrentMap<SecretReference, CompletableFuture<CacheEntry>> entries;

	private final Map<CacheFlight, SecretReference> flights = new ConcurrentHashMap<>();

	/** The kinds whose client the current thread is making. */
	private final ThreadLocal<Set<Kind>> preparing = ThreadLocal.withInitial(() -> EnumSet.noneOf(Kind.class));

	private volatile boolean closed;

	CacheCalls(SecretsProvider upstream, SecretsCacheSettings settings, SecretsClock clock,
			Function<SecretReference, CacheRules> rules, Function<Kind, ? extends Executor> executors,
			DoubleSupplier jitter, ConcurrentMap<SecretReference, CompletableFuture<CacheEntry>> entries) {
		this.upstream = upstream;
		this.settings = settings;
		this.clock = clock;
		this.rules = rules;
		this.executors = executors;
		this.jitter = jitter;
		this.entries = entries;
	}

	/**
	 * Creates what the first call of a kind needs.
	 */
	void prepare(SecretReference key) {
		Set<Kind> kinds = this.preparing.get();
		boolean first = kinds.add(key.kind());
		try {
			this.upstream.prepare(key);
		}
		finally {
			if (first) {
				kinds.remove(key.kind());
			}
		}
	}

	/**
	 * Returns whether the current thread is creating what a call needs, so that to wait
	 * for that call would be to wait for itself.
	 */
	boolean isPreparing(SecretReference key) {
		return this.preparing.get().contains(key.kind());
	}

	/**
	 * Starts the call of a flight that is in the cache.
	 */
	void start(SecretReference key, CacheFlight flight) {
		track(key, flight);
		Duration deadline = this.settings.of(key.kind()).deadline();
		limit(flight, deadline, () -> fail(key, flight, CacheFailures.timeout(key, deadline)));
		SecretsCall watch = watch(key.kind());
		try {
			execute(key.kind(), () -> fly(key, flight, watch));
		}
		catch (RejectedExecutionException ex) {
			fail(key, flight, (this.closed) ? CacheFailures.closed(key) : CacheFailures.fullQueue(key));
		}
		catch (Error ex) {
			// No thread to be had: nobody else would end what readers wait for.
			fail(key, flight, CacheFailures.known(key, ex));
		}
	}

	/**
	 * Remembers a flight until it lands: one that is under way fails when the cache is
	 * closed.
	 */
	void track(SecretReference key, CacheFlight flight) {
		this.flights.put(flight, key);
		flight.whenComplete((entry, failure) -> {
			this.flights.remove(flight);
			if (!this.rules.apply(key).isCaching() && entry.value() != null) {
				this.entries.remove(key, flight);
			}
			else if (!this.settings.isCaching() && this.entries.size() > MOST_FAILURES) {
				this.entries.values().removeIf(CompletableFuture::isDone);
			}
		});
	}

	void execute(Kind kind, Runnable call) {
		this.executors.apply(kind).execute(call);
	}

	/**
	 * Runs something at the deadline of a call that has not ended by then.
	 */
	static void limit(CompletableFuture<?> call, Duration deadline, Runnable late) {
		if (deadline.isZero()) {
			return;
		}
		// Not on the call itself: the map forgets one that ends exceptionally, and a
		// time-out is to be remembered like any failure.
		CompletableFuture<Object> timer = new CompletableFuture<>().orTimeout(TimeUnit.NANOSECONDS.convert(deadline),
				TimeUnit.NANOSECONDS);
		timer.whenComplete((nothing, timeout) -> {
			if (timeout != null) {
				late.run();
			}
		});
		call.whenComplete((result, failure) -> timer.complete(call));
	}

	private void fly(SecretReference key, CacheFlight flight, @Nullable SecretsCall watch) {
		if (flight.isDone()) {
			// The deadline passed in the queue: the call would serve nobody.
			return;
		}
		try {
			if (this.closed) {
				throw CacheFailures.closed(key);
			}
			call(key, flight, watch);
		}
		catch (Throwable ex) {
			fail(key, flight, CacheFailures.known(key, ex));
		}
	}

	/**
	 * Makes a call and lands its value.
	 */
	void call(SecretReference key, CacheFlight flight, @Nullable SecretsCall watch) {
		// The moment before the call: a value is never taken for younger than it is.
		long nanos = this.clock.nanoTime();
		long millis = this.clock.currentTimeMillis();
		SecretValue value = counted(key.kind(), watch, () -> {
			SecretValue answer = this.upstream.get(key);
			if (answer == null) {
				throw CacheFailures.noValue(key);
			}
			return answer;
		});
		land(key, flight, value, nanos, millis);
	}

	/**
	 * Returns the watch on a call that the current thread causes.
	 */
	@Nullable SecretsCall watch(Kind kind) {
		return this.settings.of(kind).statistics().call();
	}

	/**
	 * Makes a call, which is counted and watched.
	 */
	<T> T counted(Kind kind, @Nullable SecretsCall watch, Supplier<T> call) {
		long startedNanos = this.clock.nanoTime();
		Reason failure = Reason.SERVICE_ERROR;
		if (watch != null) {
			watch.begin();
		}
		try {
			T result = call.get();
			failure = null;
			return result;
		}
		catch (SecretsException ex) {
			failure = ex.getReason();
			throw ex;
		}
		finally {
			this.settings.of(kind)
				.statistics()
				.called(failure, this.clock.nanoTime() - startedNanos, this.clock.currentTimeMillis());
			if (watch != null) {
				watch.end(failure);
			}
		}
	}

	/**
	 * Lands a value, unless the flight ended before.
	 */
	void land(SecretReference key, CacheFlight flight, SecretValue value, long nanos, long millis) {
		if (flight.isDone()) {
			return;
		}
		CacheEntry previous = flight.previous();
		// First, so that who waits for this call finds the others outdated.
		outdateOthers(key, previous, value);
		this.settings.listener().onLoaded(key, value);
		if (flight.land(CacheEntry.loaded(value, nanos, millis)) && previous.stale() && isCurrent(key, flight)) {
			this.settings.listener().onRecovered(key);
		}
	}

	void fail(SecretReference key, CacheFlight flight, SecretsException failure) {
		CacheEntry previous = flight.previous();
		CacheRules rules = this.rules.apply(key);
		long age = previous.age(this.clock, rules.ttl());
		boolean keepsValue = failure.getReason().isTransient() && rules.isServable(previous, age, failure.getReason())
				&& !this.closed;
		boolean stale = keepsValue && !rules.isFresh(previous, age);
		long backOff = CacheRules.backOff(failure.getReason(), previous.failures() + 1, keepsValue,
				this.jitter.getAsDouble());
		boolean landed = flight.land(previous.failed(failure, keepsValue, stale, this.clock.nanoTime(),
				this.clock.currentTimeMillis(), backOff));
		if (landed && stale && !previous.stale() && isCurrent(key, flight)) {
			this.settings.listener().onStale(key, failure);
		}
	}

	private boolean isCurrent(SecretReference key, CacheFlight flight) {
		return this.entries.get(key) == flight;
	}

	/**
	 * Where a secret shows a new version, its other stages may have moved too, and what
	 * is known of it under another id is old.
	 */
	private void outdateOthers(SecretReference key, CacheEntry previous, SecretValue value) {
		SecretValue old = previous.value();
		if (old == null || key.kind() != Kind.SECRET || value.versionId() == null
				|| value.versionId().equals(old.versionId())) {
			return;
		}
		this.entries.forEach((other, flight) -> {
			if (other.kind() == Kind.SECRET && other.versionId() == null && !other.equals(key)
					&& isOlder(key, value, other, CacheFlight.entry(flight).value())) {
				outdate(this.entries, other);
			}
		});
	}

	private static boolean isOlder(SecretReference key, SecretValue value, SecretReference other,
			@Nullable SecretValue known) {
		if (other.id().equals(key.id())) {
			return true;
		}
		if (known == null || value.arn() == null || !value.arn().equals(known.arn())) {
			return false;
		}
		return !key.isSameVersion(other) || !Objects.equals(value.versionId(), known.versionId());
	}

	static boolean outdate(ConcurrentMap<SecretReference, CompletableFuture<CacheEntry>> entries, SecretReference key) {
		boolean[] had = new boolean[1];
		entries.computeIfPresent(key, (same, present) -> {
			// A call under way began before: its result is for those who wait for it.
			CacheEntry entry = CacheFlight.entry(present);
			had[0] = entry.value() != null;
			return (had[0]) ? CacheFlight.landed(entry.outdate()) : null;
		});
		return had[0];
	}

	/**
	 * Stops the threads and gives up the calls under way.
	 */
	void close() {
		this.closed = true;
		List<ExecutorService> services = Arrays.stream(Kind.values())
			.map(this.executors)
			.filter(ExecutorService.class::isInstance)
			.map(ExecutorService.class::cast)
			.toList();
		services.forEach(ExecutorService::shutdownNow);
		this.flights.forEach((flight, key) -> fail(key, flight, CacheFailures.closed(key)));
		services.forEach(CacheCalls::awaitEnd);
	}

	/**
	 * Waits until idle threads have ended: while one lives, so do the buffers that its
	 * latest answer was parsed in. An interrupt may not reach one that makes a call.
	 */
	private static void awaitEnd(ExecutorService service) {
		try {
			service.awaitTermination(LONGEST_END.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
