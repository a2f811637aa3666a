package io.github.secretsextension;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsException.Reason;

/**
 * A TTL cache in front of another {@link SecretsProvider}.
 * <p>
 * Concurrent reads of one key share one upstream call, also when it fails. A failure is
 * remembered for one to five seconds, in which reads make no call. Age is the larger of
 * the monotonic and the wall-clock age since the value was loaded, so that neither a
 * frozen sandbox nor a clock that was set makes a value last longer. Every call ends at
 * the deadline; the creation of clients, which comes first, does not count.
 */
public final class SecretsCache implements SecretsProvider {

	private static final long BACKWARDS_TOLERANCE_MILLIS = 2_000;

	private static final long LONGEST_FAILURE_WINDOW_SECONDS = 5;

	/** Where no value is kept, failures still are. */
	private static final int FAILURES_WITHOUT_CACHING = 1000;

	private final SecretsProvider upstream;

	private final Settings settings;

	private final SecretsClock clock;

	private final Executor executor;

	private final AsyncCache<SecretReference, Entry> entries;

	/** All flights, also those that a refresh overtook. */
	private final Map<CompletableFuture<Entry>, SecretReference> flights = new ConcurrentHashMap<>();

	private volatile boolean closed;

	/**
	 * Creates a cache.
	 * @param upstream where to read what is not cached
	 * @param settings the settings
	 * @param clock the clocks by which values age
	 * @param executor what runs upstream calls; it is shut down with the cache if it is
	 * an {@link ExecutorService}
	 */
	public SecretsCache(SecretsProvider upstream, Settings settings, SecretsClock clock, Executor executor) {
		this.upstream = upstream;
		this.settings = settings;
		this.clock = clock;
		this.executor = executor;
		this.entries = Caffeine.newBuilder()
			.maximumSize((settings.size() > 0) ? settings.size() : FAILURES_WITHOUT_CACHING)
			.executor(Runnable::run)
			.buildAsync();
	}

	@Override
	public SecretValue get(SecretReference reference) {
		SecretReference key = reference.key();
		CompletableFuture<Entry> flight = this.entries.getIfPresent(key);
		if (flight == null || (flight.isDone() && !isFresh(key, flight.join()))) {
			flight = load(reference, flight);
		}
		return await(reference, flight);
	}

	@Override
	public SecretValue refresh(SecretReference reference) {
		SecretReference key = reference.key();
		checkAllowed(reference);
		this.upstream.prepare(key);
		CompletableFuture<Entry> flight = new CompletableFuture<>();
		// A flight that began before is no longer in the map: its result cannot come
		// back.
		this.entries.asMap().put(key, flight);
		start(key, flight, 0);
		return await(reference, flight);
	}

	private CompletableFuture<Entry> load(SecretReference reference, @Nullable CompletableFuture<Entry> old) {
		SecretReference key = reference.key();
		checkAllowed(reference);
		this.upstream.prepare(key);
		ConcurrentMap<SecretReference, CompletableFuture<Entry>> map = this.entries.asMap();
		CompletableFuture<Entry> flight = new CompletableFuture<>();
		CompletableFuture<Entry> present = (old != null && map.replace(key, old, flight)) ? null
				: map.putIfAbsent(key, flight);
		if (present != null) {
			return present;
		}
		start(key, flight, (old != null) ? old.join().failures() : 0);
		return flight;
	}

	private void checkAllowed(SecretReference reference) {
		if (!this.settings.allowed().allows(reference)) {
			throw new SecretsException(Reason.REFUSED, reference, "'secrets-extension.allow' does not name it",
					"Add it, or a prefix of it that ends in '*', to 'secrets-extension.allow'.");
		}
	}

	private void start(SecretReference key, CompletableFuture<Entry> flight, int failuresBefore) {
		this.flights.put(flight, key);
		limit(key, flight, failuresBefore);
		try {
			this.executor.execute(() -> fly(key, flight, failuresBefore));
		}
		catch (RejectedExecutionException ex) {
			flight.complete(entry(failuresBefore + 1, null, (this.closed) ? closed(key) : fullQueue(key)));
		}
		flight.whenComplete((entry, failure) -> {
			this.flights.remove(flight);
			if (ttl(key).isZero() && entry.value() != null) {
				this.entries.asMap().remove(key, flight);
			}
		});
	}

	private void limit(SecretReference key, CompletableFuture<Entry> flight, int failuresBefore) {
		if (this.settings.deadline().isZero()) {
			return;
		}
		// Not on the flight itself: the map forgets one that ends exceptionally, and a
		// time-out is to be remembered like any failure.
		CompletableFuture<Object> timer = new CompletableFuture<>()
			.orTimeout(TimeUnit.NANOSECONDS.convert(this.settings.deadline()), TimeUnit.NANOSECONDS);
		timer.whenComplete((nothing, timeout) -> {
			if (timeout != null) {
				flight.complete(entry(failuresBefore + 1, null, timeout(key)));
			}
		});
		flight.whenComplete((entry, failure) -> timer.complete(key));
	}

	private void fly(SecretReference key, CompletableFuture<Entry> flight, int failuresBefore) {
		if (flight.isDone()) {
			// The deadline passed in the queue: the call would serve nobody.
			return;
		}
		try {
			SecretValue value = this.upstream.get(key);
			flight.complete((value != null) ? entry(0, value, null) : entry(failuresBefore + 1, null,
					new SecretsException(Reason.BAD_ANSWER, key, "There is no value", "Read again.")));
		}
		catch (SecretsException ex) {
			flight.complete(entry(failuresBefore + 1, null, ex));
		}
		catch (Throwable ex) {
			// Neither message nor cause: they are not ours and could hold anything.
			flight.complete(entry(failuresBefore + 1, null,
					new SecretsException(Reason.SERVICE_ERROR, key,
							"The provider failed with " + ex.getClass().getName(),
							"Set 'logging.level.io.github.secretsextension=debug' and look at what it does.")));
		}
	}

	private Entry entry(int failures, @Nullable SecretValue value, @Nullable SecretsException failure) {
		return new Entry(failures, value, failure, this.clock.nanoTime(), this.clock.currentTimeMillis());
	}

	private SecretValue await(SecretReference reference, CompletableFuture<Entry> flight) {
		Entry entry;
		try {
			entry = flight.get();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new SecretsException(Reason.INTERRUPTED, reference, "The waiting thread was interrupted",
					"The call goes on; read again.");
		}
		catch (ExecutionException ex) {
			throw new SecretsException(Reason.SERVICE_ERROR, reference, "The call was given up", "Read again.");
		}
		SecretValue value = entry.value();
		if (value == null) {
			throw entry.rethrow(reference);
		}
		return value;
	}

	private SecretsException timeout(SecretReference reference) {
		return new SecretsException(Reason.TIMEOUT, reference,
				"No answer within " + this.settings.deadline().toMillis() + " ms",
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

	private boolean isFresh(SecretReference key, Entry entry) {
		long age = age(entry);
		SecretsException failure = entry.failure();
		if (failure != null) {
			long window = (failure.getReason() == Reason.NOT_FOUND) ? LONGEST_FAILURE_WINDOW_SECONDS
					: Math.min(1L << Math.min(entry.failures() - 1, 3), LONGEST_FAILURE_WINDOW_SECONDS);
			return age < TimeUnit.SECONDS.toNanos(window);
		}
		return age < TimeUnit.NANOSECONDS.convert(ttl(key));
	}

	private long age(Entry entry) {
		long monotonic = this.clock.nanoTime() - entry.loadedNanos();
		long wall = this.clock.currentTimeMillis() - entry.loadedMillis();
		return (wall < -BACKWARDS_TOLERANCE_MILLIS) ? Long.MAX_VALUE
				: Math.max(monotonic, TimeUnit.MILLISECONDS.toNanos(wall));
	}

	private Duration ttl(SecretReference key) {
		if (this.settings.size() == 0) {
			return Duration.ZERO;
		}
		return (key.kind() == Kind.SECRET) ? this.settings.secretTtl() : this.settings.parameterTtl();
	}

	@Override
	public void prepare(SecretReference reference) {
		this.upstream.prepare(reference);
	}

	/**
	 * Drops all values and stops the threads; calls under way are given up.
	 */
	@Override
	public void close() {
		this.closed = true;
		if (this.executor instanceof ExecutorService service) {
			service.shutdownNow();
		}
		this.flights.forEach((flight, key) -> flight.complete(entry(1, null, closed(key))));
		this.entries.synchronous().invalidateAll();
		this.upstream.close();
	}

	/**
	 * Settings of a cache.
	 *
	 * @param secretTtl how long a secret is served; zero does not cache secrets
	 * @param parameterTtl how long a parameter is served; zero does not cache parameters
	 * @param size how many values are kept; zero does not cache
	 * @param deadline how long an upstream call may take, queue included; zero for no
	 * limit
	 * @param allowed what may be read
	 */
	public record Settings(Duration secretTtl, Duration parameterTtl, int size, Duration deadline,
			AllowedSecrets allowed) {

	}

	/**
	 * A value or the failure to get it, and when that was.
	 */
	private record Entry(int failures, @Nullable SecretValue value, @Nullable SecretsException failure,
			long loadedNanos, long loadedMillis) {

		SecretsException rethrow(SecretReference reference) {
			return (this.failure != null) ? this.failure.withReference(reference)
					: new SecretsException(Reason.BAD_ANSWER, reference, "There is no value", "Read again.");
		}

	}

}
