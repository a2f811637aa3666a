package io.github.secretsextension;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsException.Reason;

/**
 * A TTL cache in front of another {@link SecretsProvider}.
 * <ul>
 * <li>Age is the larger of the monotonic and the wall-clock age since the call for the
 * value began, so that neither a frozen sandbox nor a clock that was set makes a value
 * last longer.</li>
 * <li>Concurrent reads of one key share one upstream call, also when it fails; an
 * interrupt frees the reader, not the call. A slow key does not delay others.</li>
 * <li>Past its TTL a value is served only while the latest attempt failed in a way that
 * says nothing about the secret, or is late, and at most for max-stale. A secret that is
 * gone or denied is dropped at once.</li>
 * <li>After a failure no attempt is made for a while: 1 to 5 seconds without a value, 1
 * to 128 with an old one.</li>
 * <li>Every call ends at the deadline, its time in the queue included; the creation of
 * clients, which comes first, does not count.</li>
 * </ul>
 */
public final class SecretsCache implements SecretsProvider {

	/**
	 * How many failures are remembered where no value is kept: one would push out
	 * another's.
	 */
	private static final int FAILURES_WITHOUT_CACHING = 1000;

	/** A second refresh within this time gets the first one's result. */
	private static final long REFRESH_INTERVAL = TimeUnit.SECONDS.toNanos(1);

	private final SecretsProvider upstream;

	private final Settings settings;

	private final SecretsClock clock;

	private final Function<Kind, ? extends Executor> executors;

	private final DoubleSupplier jitter;

	private final Map<Kind, CacheRules> rules = new EnumMap<>(Kind.class);

	private final AsyncCache<SecretReference, CacheEntry> entries;

	private final Map<Flight, SecretReference> flights = new ConcurrentHashMap<>();

	private volatile boolean closed;

	/**
	 * Creates a cache.
	 * @param upstream where to read what is not cached
	 * @param settings the settings
	 * @param clock the clocks by which values age
	 * @param executors what runs the upstream calls of each kind; shut down with the
	 * cache if it is an {@link ExecutorService}
	 * @param jitter random numbers from 0 to 1
	 */
	public SecretsCache(SecretsProvider upstream, Settings settings, SecretsClock clock,
			Function<Kind, ? extends Executor> executors, DoubleSupplier jitter) {
		this.upstream = upstream;
		this.settings = settings;
		this.clock = clock;
		this.executors = executors;
		this.jitter = jitter;
		for (Kind kind : Kind.values()) {
			Duration ttl = (settings.size() > 0) ? settings.of(kind).ttl() : Duration.ZERO;
			this.rules.put(kind, new CacheRules(ttl, settings.maxStale()));
		}
		this.entries = Caffeine.newBuilder()
			.maximumSize((settings.size() > 0) ? settings.size() : FAILURES_WITHOUT_CACHING)
			.executor(Runnable::run)
			.buildAsync();
	}

	@Override
	public SecretValue get(SecretReference reference) {
		SecretReference key = reference.key();
		while (true) {
			CompletableFuture<CacheEntry> present = this.entries.getIfPresent(key);
			if (present instanceof Flight flight && !flight.isDone()) {
				return join(reference, flight);
			}
			CacheEntry entry = entry(present);
			CacheRules.Decision decision = decide(key, entry);
			Flight flight = (decision.loads()) ? load(reference, present, entry) : null;
			SecretValue value = entry.value();
			if (value != null && decision.serves()) {
				return value;
			}
			if (!decision.loads()) {
				return fail(reference, entry);
			}
			if (flight != null) {
				return join(reference, flight);
			}
			// Another reader was faster: what it brought decides.
		}
	}

	/**
	 * Returns what is known without the call that is under way.
	 */
	private static CacheEntry entry(@Nullable CompletableFuture<CacheEntry> present) {
		if (present == null) {
			return CacheEntry.NONE;
		}
		// In this order: a flight that lands forgets what was before it.
		CacheEntry previous = ((Flight) present).previous();
		return (present.isDone()) ? present.join() : previous;
	}

	private CacheRules.Decision decide(SecretReference key, CacheEntry entry) {
		CacheRules rules = rules(key);
		return rules.decide(entry, entry.age(this.clock, rules.ttl()),
				(entry.failure() != null) ? entry.sinceFailure(this.clock) : 0,
				(this.settings.refreshAhead()) ? rules.refreshAt(key) : Long.MAX_VALUE);
	}

	private CacheRules rules(SecretReference key) {
		CacheRules rules = this.rules.get(key.kind());
		if (rules == null) {
			throw new IllegalStateException("Every kind has rules");
		}
		return rules;
	}

	/**
	 * Waits for a call, or only for a while if there is an old value.
	 */
	private SecretValue join(SecretReference reference, Flight flight) {
		SecretReference key = reference.key();
		CacheEntry previous = flight.previous();
		SecretValue old = previous.value();
		CacheRules rules = rules(key);
		if (old != null && rules.isServable(previous, previous.age(this.clock, rules.ttl()))) {
			CacheRules.Decision decision = decide(key, previous);
			boolean wait = decision == CacheRules.Decision.LOAD_AND_WAIT;
			long late = this.settings.staleWait().toNanos() - (this.clock.nanoTime() - flight.startedNanos());
			if (!wait || !await(reference, flight, late)) {
				return old;
			}
		}
		else {
			await(reference, flight, Long.MAX_VALUE);
		}
		return result(reference, flight.join());
	}

	private SecretValue result(SecretReference reference, CacheEntry entry) {
		SecretValue value = entry.value();
		boolean serve = value != null && (entry.failure() == null
				|| rules(reference).isServable(entry, entry.age(this.clock, rules(reference).ttl())));
		return (value != null && serve) ? value : fail(reference, entry);
	}

	private static SecretValue fail(SecretReference reference, CacheEntry entry) {
		SecretsException failure = entry.failure();
		throw (failure != null) ? failure.withReference(reference)
				: new SecretsException(Reason.BAD_ANSWER, reference, "There is no value", "Read again.");
	}

	/**
	 * Waits for a call.
	 * @return whether it ended in time
	 */
	private static boolean await(SecretReference reference, Flight flight, long nanos) {
		if (nanos <= 0) {
			return flight.isDone();
		}
		try {
			flight.get(nanos, TimeUnit.NANOSECONDS);
			return true;
		}
		catch (TimeoutException ex) {
			return false;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new SecretsException(Reason.INTERRUPTED, reference, "The waiting thread was interrupted",
					"The call goes on; read again.");
		}
		catch (ExecutionException ex) {
			throw new SecretsException(Reason.SERVICE_ERROR, reference, "The call was given up", "Read again.");
		}
	}

	/**
	 * Starts a call, unless what is known changed meanwhile.
	 */
	private @Nullable Flight load(SecretReference reference, @Nullable CompletableFuture<CacheEntry> present,
			CacheEntry previous) {
		SecretReference key = reference.key();
		SecretsException unprepared = null;
		try {
			prepare(reference);
		}
		catch (RuntimeException ex) {
			if (previous.value() == null) {
				throw ex;
			}
			unprepared = (ex instanceof SecretsException known) ? known : unknown(key, ex);
		}
		Flight flight = new Flight(previous, this.clock, false);
		ConcurrentMap<SecretReference, CompletableFuture<CacheEntry>> map = this.entries.asMap();
		if ((present != null) ? !map.replace(key, present, flight) : map.putIfAbsent(key, flight) != null) {
			return null;
		}
		if (unprepared != null) {
			fail(key, flight, unprepared);
		}
		else {
			start(key, flight);
		}
		return flight;
	}

	@Override
	public SecretValue refresh(SecretReference reference) {
		SecretReference key = reference.key();
		prepare(reference);
		@Nullable Flight[] own = new @Nullable Flight[1];
		CompletableFuture<CacheEntry> present = this.entries.asMap().compute(key, (same, current) -> {
			if (current instanceof Flight flight && flight.isShared(this.clock)) {
				own[0] = null;
				return flight;
			}
			// A load that began before is no longer in the map: its result cannot come
			// back.
			own[0] = new Flight(entry(current), this.clock, true);
			return own[0];
		});
		Flight flight = (Flight) present;
		if (flight == own[0]) {
			start(key, flight);
		}
		await(reference, flight, Long.MAX_VALUE);
		CacheEntry entry = flight.join();
		SecretValue value = entry.value();
		return (value != null && entry.failure() == null) ? value : fail(reference, entry);
	}

	/**
	 * Makes the next read of a key ask upstream, whatever the age of its value.
	 * @param reference a reference to the value
	 * @return whether there was a value
	 */
	public boolean outdate(SecretReference reference) {
		boolean[] had = new boolean[1];
		this.entries.asMap().computeIfPresent(reference.key(), (key, present) -> {
			// A call under way began before: its result is for those who wait for it.
			CacheEntry entry = entry(present);
			had[0] = entry.value() != null;
			return (had[0]) ? Flight.landed(entry.outdate()) : null;
		});
		return had[0];
	}

	@Override
	public void prepare(SecretReference reference) {
		if (!this.settings.allowed().allows(reference)) {
			throw new SecretsException(Reason.REFUSED, reference, "'secrets-extension.allow' does not name it",
					"Add it, or a prefix of it that ends in '*', to 'secrets-extension.allow'.");
		}
		this.upstream.prepare(reference.key());
	}

	private void start(SecretReference key, Flight flight) {
		this.flights.put(flight, key);
		flight.whenComplete((entry, failure) -> {
			this.flights.remove(flight);
			if (!rules(key).isCaching() && entry.value() != null) {
				this.entries.asMap().remove(key, flight);
			}
		});
		limit(key, flight);
		try {
			executor(key).execute(() -> fly(key, flight));
		}
		catch (RejectedExecutionException ex) {
			fail(key, flight, (this.closed) ? closed(key) : fullQueue(key));
		}
	}

	private Executor executor(SecretReference key) {
		return this.executors.apply(key.kind());
	}

	private void limit(SecretReference key, Flight flight) {
		Duration deadline = this.settings.of(key.kind()).deadline();
		if (deadline.isZero()) {
			return;
		}
		// Not on the flight itself: the map forgets one that ends exceptionally, and a
		// time-out is to be remembered like any failure.
		CompletableFuture<Object> timer = new CompletableFuture<>().orTimeout(TimeUnit.NANOSECONDS.convert(deadline),
				TimeUnit.NANOSECONDS);
		timer.whenComplete((nothing, timeout) -> {
			if (timeout != null) {
				fail(key, flight, timeout(key, deadline));
			}
		});
		flight.whenComplete((entry, failure) -> timer.complete(key));
	}

	private void fly(SecretReference key, Flight flight) {
		if (flight.isDone()) {
			// The deadline passed in the queue: the call would serve nobody.
			return;
		}
		// The moment before the call: a value is never taken for younger than it is.
		long nanos = this.clock.nanoTime();
		long millis = this.clock.currentTimeMillis();
		CacheEntry previous = flight.previous();
		try {
			if (this.closed) {
				throw closed(key);
			}
			SecretValue value = this.upstream.get(key);
			if (value == null) {
				fail(key, flight, new SecretsException(Reason.BAD_ANSWER, key, "There is no value", "Read again."));
			}
			else if (!flight.isDone()) {
				// First, so that who waits for this call finds the others outdated.
				outdateOtherStages(key, previous, value);
				if (flight.land(CacheEntry.loaded(value, nanos, millis)) && previous.stale()
						&& isCurrent(key, flight)) {
					this.settings.listener().onRecovered(key);
				}
			}
		}
		catch (SecretsException ex) {
			fail(key, flight, ex);
		}
		catch (Throwable ex) {
			fail(key, flight, unknown(key, ex));
		}
	}

	private void fail(SecretReference key, Flight flight, SecretsException failure) {
		CacheEntry previous = flight.previous();
		CacheRules rules = rules(key);
		long age = previous.age(this.clock, rules.ttl());
		boolean keepsValue = CacheRules.isTransient(failure.getReason()) && rules.isServable(previous, age)
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

	private boolean isCurrent(SecretReference key, Flight flight) {
		return this.entries.asMap().get(key) == flight;
	}

	/**
	 * Where a secret shows a new version, its other stages may have moved too.
	 */
	private void outdateOtherStages(SecretReference key, CacheEntry previous, SecretValue value) {
		SecretValue old = previous.value();
		if (old == null || key.kind() != Kind.SECRET || value.versionId() == null
				|| value.versionId().equals(old.versionId())) {
			return;
		}
		for (SecretReference other : this.entries.asMap().keySet()) {
			if (other.kind() == Kind.SECRET && other.id().equals(key.id()) && other.versionId() == null
					&& !other.equals(key)) {
				outdate(other);
			}
		}
	}

	private static SecretsException unknown(SecretReference reference, Throwable failure) {
		// Neither message nor cause: they are not ours and could hold anything.
		return new SecretsException(Reason.SERVICE_ERROR, reference,
				"The provider failed with " + failure.getClass().getName(),
				"Set 'logging.level.io.github.secretsextension=debug' and look at what it does.");
	}

	private static SecretsException timeout(SecretReference reference, Duration deadline) {
		return new SecretsException(Reason.TIMEOUT, reference, "No answer within " + deadline.toMillis() + " ms",
				"Check that the service can be reached: a function in a VPC needs an interface endpoint or NAT. "
						+ "The limit is 'secrets-extension.deadline'.");
	}

	private static SecretsException fullQueue(SecretReference reference) {
		return new SecretsException(Reason.THROTTLED, reference, "The queue for upstream calls is full",
				"Read fewer secrets at a time, or raise PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS.");
	}

	private static SecretsException closed(SecretReference reference) {
		return new SecretsException(Reason.SERVICE_ERROR, reference, "The cache was closed",
				"Read while the application runs.");
	}

	/**
	 * Drops all values and stops the threads; calls under way are given up.
	 */
	@Override
	public void close() {
		this.closed = true;
		for (Kind kind : Kind.values()) {
			if (this.executors.apply(kind) instanceof ExecutorService service) {
				service.shutdownNow();
			}
		}
		this.flights.forEach((flight, key) -> fail(key, flight, closed(key)));
		this.entries.synchronous().invalidateAll();
		this.upstream.close();
	}

	/**
	 * A call under way, or one that ended: what the cache holds for a key.
	 */
	private static final class Flight extends CompletableFuture<CacheEntry> {

		private final long startedNanos;

		private final long startedMillis;

		private final boolean refresh;

		private volatile CacheEntry previous;

		private Flight(CacheEntry previous, long startedNanos, long startedMillis, boolean refresh) {
			this.previous = previous;
			this.startedNanos = startedNanos;
			this.startedMillis = startedMillis;
			this.refresh = refresh;
		}

		Flight(CacheEntry previous, SecretsClock clock, boolean refresh) {
			this(previous, clock.nanoTime(), clock.currentTimeMillis(), refresh);
		}

		static Flight landed(CacheEntry entry) {
			Flight flight = new Flight(CacheEntry.NONE, 0, 0, false);
			flight.complete(entry);
			return flight;
		}

		/**
		 * Ends the call and forgets what was before it: a value that was replaced or is
		 * gone must not stay in memory.
		 */
		boolean land(CacheEntry entry) {
			boolean first = complete(entry);
			this.previous = CacheEntry.NONE;
			return first;
		}

		/**
		 * Returns what was known before the call, nothing once it ended.
		 */
		CacheEntry previous() {
			return this.previous;
		}

		long startedNanos() {
			return this.startedNanos;
		}

		boolean isShared(SecretsClock clock) {
			return this.refresh && (!isDone() || CacheEntry.elapsed(clock, this.startedNanos, this.startedMillis,
					Long.MAX_VALUE) < REFRESH_INTERVAL);
		}

	}

	/**
	 * What happens to values that are past their TTL.
	 */
	public interface Listener {

		/**
		 * Hears that a value past its TTL will be served, once until it was read anew.
		 * @param key the value's key
		 * @param failure why there is no newer one
		 */
		default void onStale(SecretReference key, SecretsException failure) {
		}

		/**
		 * Hears that such a value was read anew.
		 * @param key the value's key
		 */
		default void onRecovered(SecretReference key) {
		}

	}

	/**
	 * Settings of one kind of secret.
	 *
	 * @param ttl how long a value is served; zero does not cache
	 * @param deadline how long an upstream call may take, queue included; zero for no
	 * limit
	 */
	public record KindSettings(Duration ttl, Duration deadline) {

	}

	/**
	 * Settings of a cache.
	 *
	 * @param secrets settings of secrets
	 * @param parameters settings of parameters
	 * @param size how many values are kept; zero does not cache
	 * @param maxStale how long past its TTL a value is served while upstream fails
	 * @param staleWait how long a reader waits for a newer value where there is an old
	 * one
	 * @param refreshAhead whether a value is refreshed in the background before its TTL
	 * ends
	 * @param allowed what may be read
	 * @param listener hears of values past their TTL
	 */
	public record Settings(KindSettings secrets, KindSettings parameters, int size, Duration maxStale,
			Duration staleWait, boolean refreshAhead, AllowedSecrets allowed, Listener listener) {

		KindSettings of(Kind kind) {
			return (kind == Kind.SECRET) ? this.secrets : this.parameters;
		}

	}

}
