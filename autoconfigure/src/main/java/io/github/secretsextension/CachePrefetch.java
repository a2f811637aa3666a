package io.github.secretsextension;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsException.Reason;

/**
 * A prefetch of references of one kind: their flights are in the cache from the start, so
 * that readers wait for what is left. What it does not bring is forgotten, and the first
 * read asks for it.
 */
final class CachePrefetch {

	/** After these a call for each value would fare no better. */
	private static final Set<Reason> HOPELESS = EnumSet.of(Reason.THROTTLED, Reason.TIMEOUT, Reason.UNREACHABLE,
			Reason.CREDENTIALS, Reason.NOT_READY);

	/** These took their time already: who waits gets them, and does not wait twice. */
	private static final Set<Reason> SHARED = EnumSet.of(Reason.TIMEOUT, Reason.UNREACHABLE, Reason.NOT_READY);

	/** So that a prefetch of many does not fill the queue. */
	private static final int MOST_AT_ONCE = 8;

	/** To make a client may ask a container or an instance for credentials. */
	private static final Duration LONGEST_PREPARATION = Duration.ofSeconds(30);

	private final Kind kind;

	private final SecretsProvider upstream;

	private final SecretsCacheSettings settings;

	private final SecretsClock clock;

	private final CacheCalls calls;

	private final ConcurrentMap<SecretReference, CompletableFuture<CacheEntry>> entries;

	private final Map<SecretReference, CacheFlight> flights = new LinkedHashMap<>();

	private final Queue<Set<SecretReference>> waiting = new ConcurrentLinkedQueue<>();

	private final Set<SecretReference> begun = ConcurrentHashMap.newKeySet();

	private final AtomicInteger made = new AtomicInteger();

	private final AtomicBoolean refused = new AtomicBoolean();

	CachePrefetch(Kind kind, SecretsProvider upstream, SecretsCacheSettings settings, SecretsClock clock,
			CacheCalls calls, ConcurrentMap<SecretReference, CompletableFuture<CacheEntry>> entries) {
		this.kind = kind;
		this.upstream = upstream;
		this.settings = settings;
		this.clock = clock;
		this.calls = calls;
		this.entries = entries;
	}

	/**
	 * Puts the flights of these references into the cache.
	 */
	void register(Collection<SecretReference> references) {
		for (SecretReference reference : references) {
			SecretReference key = reference.key();
			if (key.kind() == this.kind && this.settings.isCaching(this.kind)
					&& this.settings.allowed().allows(reference)) {
				CacheFlight flight = new CacheFlight(CacheEntry.NONE, this.clock, false);
				if (this.entries.putIfAbsent(key, flight) == null) {
					this.flights.put(key, flight);
					this.calls.track(key, flight);
				}
			}
		}
	}

	/**
	 * Makes the calls for what was registered, in the background.
	 * @param batch whether one call may ask for several values
	 */
	void start(boolean batch) {
		if (this.flights.isEmpty()) {
			return;
		}
		CompletableFuture<?> all = CompletableFuture.allOf(this.flights.values().toArray(CompletableFuture<?>[]::new));
		long startedNanos = this.clock.nanoTime();
		all.whenComplete((nothing, failure) -> this.settings.listener()
			.onPrefetched(this.kind, this.flights.size(), found(), this.made.get(),
					Duration.ofNanos(this.clock.nanoTime() - startedNanos)));
		CompletableFuture<?> prepared = new CompletableFuture<>();
		CacheCalls.limit(prepared, LONGEST_PREPARATION, this::giveUpRest);
		submit(() -> {
			try {
				this.calls.prepare(this.flights.keySet().iterator().next());
			}
			finally {
				prepared.complete(null);
			}
			enqueue(batches(batch));
			next();
		});
	}

	private int found() {
		return (int) this.flights.values().stream().filter((flight) -> flight.join().value() != null).count();
	}

	/**
	 * Makes one call. The next one queues anew, behind reads that came meanwhile.
	 */
	private void next() {
		Set<SecretReference> keys = this.waiting.poll();
		if (keys == null) {
			return;
		}
		try {
			fetch(keys);
		}
		catch (Throwable ex) {
			fail(keys, CacheFailures.known(keys.iterator().next(), ex));
		}
		if (!this.waiting.isEmpty()) {
			submit(this::next);
		}
	}

	private void submit(Runnable step) {
		try {
			this.calls.execute(this.kind, () -> {
				try {
					step.run();
				}
				catch (Throwable ex) {
					giveUpRest();
				}
			});
		}
		catch (RejectedExecutionException | Error ex) {
			giveUpRest();
		}
	}

	private void fail(Set<SecretReference> keys, SecretsException failure) {
		keys.forEach((key) -> giveUp(key, failure));
		if (HOPELESS.contains(failure.getReason())) {
			// An extension that is not ready is not ready for any of them.
			giveUpRest((failure.getReason() == Reason.NOT_READY) ? failure : null);
		}
	}

	private void giveUpRest() {
		giveUpRest(null);
	}

	/**
	 * Gives up what no call was made for.
	 */
	private void giveUpRest(@Nullable SecretsException failure) {
		this.waiting.clear();
		this.flights.keySet()
			.stream()
			.filter((key) -> !this.begun.contains(key))
			.forEach((key) -> giveUp(key, failure));
	}

	private List<Set<SecretReference>> batches(boolean batch) {
		if (batch && this.upstream instanceof BatchSecretsProvider several) {
			return several.batches(this.flights.keySet());
		}
		return singles(this.flights.keySet());
	}

	private static List<Set<SecretReference>> singles(Set<SecretReference> keys) {
		List<Set<SecretReference>> singles = new ArrayList<>();
		keys.forEach((key) -> singles.add(Set.of(key)));
		return singles;
	}

	/**
	 * Lets others take what waits, but for one that the caller goes on with itself.
	 */
	private void enqueue(List<Set<SecretReference>> batches) {
		this.waiting.addAll(batches);
		batches.stream().skip(1).limit(MOST_AT_ONCE - 1).forEach((other) -> submit(this::next));
	}

	private void fetch(Set<SecretReference> batch) {
		if (batch.stream().allMatch((key) -> flight(key).isDone())) {
			return;
		}
		this.begun.addAll(batch);
		this.made.incrementAndGet();
		Duration deadline = this.settings.of(this.kind).deadline();
		CompletableFuture<?> call = new CompletableFuture<>();
		CacheCalls.limit(call, deadline, () -> fail(batch, CacheFailures.timeout(batch.iterator().next(), deadline)));
		try {
			if (batch.size() == 1 || !(this.upstream instanceof BatchSecretsProvider several)) {
				batch.forEach((key) -> this.calls.call(key, flight(key)));
			}
			else {
				fetch(several, batch);
			}
		}
		catch (SecretsException ex) {
			if (batch.size() == 1 || HOPELESS.contains(ex.getReason())) {
				throw ex;
			}
			if (this.refused.compareAndSet(false, true)) {
				this.settings.listener().onBatchRefused(this.kind, ex);
			}
			this.begun.removeAll(batch);
			enqueue(singles(batch));
		}
		finally {
			call.complete(null);
		}
	}

	private void fetch(BatchSecretsProvider several, Set<SecretReference> batch) {
		long nanos = this.clock.nanoTime();
		long millis = this.clock.currentTimeMillis();
		boolean success = false;
		Map<SecretReference, SecretValue> values;
		try {
			values = several.getAll(batch);
			success = true;
		}
		finally {
			this.calls.called(this.kind, success, nanos);
		}
		for (SecretReference key : batch) {
			SecretValue value = values.get(key);
			if (value != null) {
				this.calls.land(key, flight(key), value, nanos, millis);
			}
			else {
				giveUp(key, null);
			}
		}
	}

	private CacheFlight flight(SecretReference key) {
		return Objects.requireNonNull(this.flights.get(key));
	}

	private void giveUp(SecretReference key, @Nullable SecretsException failure) {
		CacheFlight flight = flight(key);
		if (!flight.isDone()) {
			this.entries.remove(key, flight);
			flight.land((failure != null && SHARED.contains(failure.getReason()))
					? CacheEntry.NONE.failed(failure, false, false, 0, 0, 0) : CacheEntry.NONE);
		}
	}

}
