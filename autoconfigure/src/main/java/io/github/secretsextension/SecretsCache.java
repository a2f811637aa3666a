package io.github.secretsextension;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

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

	private final SecretsProvider upstream;

	private final Settings settings;

	private final SecretsClock clock;

	private final Executor executor;

	private final AsyncCache<SecretReference, Entry> entries;

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
			.maximumSize(Math.max(settings.size(), 1))
			.executor(Runnable::run)
			.buildAsync();
	}

	@Override
	public SecretValue get(SecretReference reference) {
		SecretReference key = reference.key();
		CompletableFuture<Entry> flight = this.entries.getIfPresent(key);
		if (flight == null || (flight.isDone() && !isFresh(key, flight))) {
			flight = load(key, flight);
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

	private CompletableFuture<Entry> load(SecretReference key, @Nullable CompletableFuture<Entry> old) {
		checkAllowed(key);
		this.upstream.prepare(key);
		ConcurrentMap<SecretReference, CompletableFuture<Entry>> map = this.entries.asMap();
		CompletableFuture<Entry> flight = new CompletableFuture<>();
		CompletableFuture<Entry> present = (old != null && map.replace(key, old, flight)) ? null
				: map.putIfAbsent(key, flight);
		if (present != null) {
			return present;
		}
		start(key, flight, (old != null && !old.isCompletedExceptionally()) ? old.join().failures() : 0);
		return flight;
	}

	private void checkAllowed(SecretReference reference) {
		if (!this.settings.allowed().allows(reference)) {
			throw new SecretsException(Reason.REFUSED, reference, "'secrets-extension.allow' does not name it",
					"Add it, or a prefix of it that ends in '*', to 'secrets-extension.allow'.");
		}
	}

	private void start(SecretReference key, CompletableFuture<Entry> flight, int failuresBefore) {
		if (!this.settings.deadline().isZero()) {
			flight.orTimeout(this.settings.deadline().toNanos(), TimeUnit.NANOSECONDS);
		}
		try {
			this.executor.execute(() -> fly(key, flight, failuresBefore));
		}
		catch (RejectedExecutionException ex) {
			flight.complete(entry(failuresBefore + 1, null, new SecretsException(Reason.THROTTLED, key,
					"The queue for upstream calls is full",
					"Read fewer secrets at a time, or raise " + "PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS.")));
		}
		flight.whenComplete((entry, failure) -> settle(key, flight, failuresBefore, entry, failure));
	}

	private void fly(SecretReference key, CompletableFuture<Entry> flight, int failuresBefore) {
		try {
			SecretValue value = this.upstream.get(key);
			flight.complete(entry(0, value, null));
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

	private void settle(SecretReference key, CompletableFuture<Entry> flight, int failuresBefore, @Nullable Entry entry,
			@Nullable Throwable failure) {
		ConcurrentMap<SecretReference, CompletableFuture<Entry>> map = this.entries.asMap();
		if (failure != null) {
			// Late flights are forgotten by the cache; what is remembered is the
			// time-out.
			map.putIfAbsent(key, CompletableFuture.completedFuture(entry(failuresBefore + 1, null, timeout(key))));
		}
		else if (entry != null && entry.value() != null && ttl(key).isZero()) {
			map.remove(key, flight);
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
			throw (ex.getCause() instanceof TimeoutException) ? timeout(reference)
					: new SecretsException(Reason.SERVICE_ERROR, reference, "The call was given up", "Read again.");
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

	private boolean isFresh(SecretReference key, CompletableFuture<Entry> done) {
		if (done.isCompletedExceptionally()) {
			return false;
		}
		Entry entry = done.join();
		long age = age(entry);
		SecretsException failure = entry.failure();
		if (failure != null) {
			long window = (failure.getReason() == Reason.NOT_FOUND) ? LONGEST_FAILURE_WINDOW_SECONDS
					: Math.min(1L << Math.min(entry.failures() - 1, 3), LONGEST_FAILURE_WINDOW_SECONDS);
			return age < TimeUnit.SECONDS.toNanos(window);
		}
		return age < ttl(key).toNanos();
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
		this.entries.synchronous().invalidateAll();
		if (this.executor instanceof ExecutorService service) {
			service.shutdownNow();
		}
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
