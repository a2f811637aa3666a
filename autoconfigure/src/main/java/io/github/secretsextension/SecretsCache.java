package io.github.secretsextension;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleSupplier;
import java.util.function.Function;

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
 * <li>Values are bounded by number and by bytes.</li>
 * </ul>
 */
public final class SecretsCache implements SecretsProvider {

	private final SecretsProvider upstream;

	private final SecretsCacheSettings settings;

	private final SecretsClock clock;

	private final CacheRules secretRules;

	private final CacheRules parameterRules;

	private final ConcurrentMap<SecretReference, CompletableFuture<CacheEntry>> entries;

	private final Map<SecretReference, SecretReference> namesByArn = new ConcurrentHashMap<>();

	private final CacheCalls calls;

	/**
	 * Creates a cache.
	 * @param upstream where to read what is not cached
	 * @param settings the settings
	 * @param clock the clocks by which values age
	 * @param executors what runs the upstream calls of each kind; shut down with the
	 * cache if it is an {@link ExecutorService}
	 * @param jitter random numbers from 0 to 1
	 */
	public SecretsCache(SecretsProvider upstream, SecretsCacheSettings settings, SecretsClock clock,
			Function<Kind, ? extends Executor> executors, DoubleSupplier jitter) {
		this.upstream = upstream;
		this.settings = settings;
		this.clock = clock;
		this.secretRules = CacheRules.of(settings, Kind.SECRET);
		this.parameterRules = CacheRules.of(settings, Kind.PARAMETER);
		// Caffeine's classes take a tenth of a second to load: not where nothing is kept.
		this.entries = (settings.isCaching()) ? BoundedEntries.create(settings) : new ConcurrentHashMap<>();
		this.calls = new CacheCalls(upstream, settings, clock, this::rules, executors, jitter, this.entries);
	}

	@Override
	public SecretValue get(SecretReference reference) {
		SecretReference key = reference.key();
		boolean waited = false;
		while (true) {
			CompletableFuture<CacheEntry> present = this.entries.get(key);
			if (present == null && key.isArn()) {
				SecretValue value = valueByName(key);
				if (value != null) {
					return value;
				}
			}
			CacheFlight flight = (present != null && !present.isDone()) ? (CacheFlight) present : null;
			if (flight == null) {
				CacheEntry entry = CacheFlight.entry(present);
				CacheRules rules = rules(key);
				long age = entry.age(this.clock, rules.ttl());
				CacheRules.Decision decision = decide(key, entry, rules, age);
				flight = (decision.loads()) ? load(reference, present, entry) : null;
				SecretValue value = entry.value();
				if (value != null && decision.serves()) {
					count(key, waited, !rules.isFresh(entry, age));
					return value;
				}
				if (!decision.loads()) {
					statistics(key).miss();
					return fail(reference, entry);
				}
			}
			if (flight != null) {
				boolean own = flight != present;
				waited = true;
				SecretValue value = join(reference, flight, own);
				if (value != null) {
					return value;
				}
			}
			// Another reader was faster, or a prefetch came to nothing: once more.
		}
	}

	@Override
	public @Nullable SecretValue getIfFresh(SecretReference reference) {
		SecretReference key = reference.key();
		if (!this.settings.allowed().allows(reference)) {
			throw CacheFailures.refused(reference);
		}
		CacheEntry entry = CacheFlight.entry(this.entries.get(key));
		SecretValue value = entry.value();
		CacheRules rules = rules(key);
		if (value == null) {
			return null;
		}
		long age = entry.age(this.clock, rules.ttl());
		if (!rules.isFresh(entry, age) || decide(key, entry, rules, age) != CacheRules.Decision.SERVE) {
			return null;
		}
		statistics(key).hit();
		return value;
	}

	private CacheRules.Decision decide(SecretReference key, CacheEntry entry, CacheRules rules, long age) {
		return rules.decide(entry, age, (entry.failure() != null) ? entry.sinceFailure(this.clock) : 0,
				(this.settings.refreshAhead()) ? rules.refreshAt(key) : Long.MAX_VALUE);
	}

	private CacheRules rules(SecretReference key) {
		return (key.kind() == Kind.SECRET) ? this.secretRules : this.parameterRules;
	}

	private SecretsCacheStatistics statistics(SecretReference key) {
		return this.settings.of(key.kind()).statistics();
	}

	private void count(SecretReference key, boolean waited, boolean stale) {
		SecretsCacheStatistics statistics = statistics(key);
		if (stale) {
			statistics.staleHit();
		}
		else if (waited) {
			statistics.miss();
		}
		else {
			statistics.hit();
		}
	}

	/**
	 * Returns the value that is known under a name, if an answer proved that the name is
	 * that of an ARN. The other way round no answer proves anything: which region and
	 * account a name belongs to is the client's to decide.
	 */
	private @Nullable SecretValue valueByName(SecretReference arn) {
		SecretReference name = this.namesByArn.get(arn);
		if (name == null) {
			name = findName(arn);
		}
		if (name != null && this.settings.allowed().allows(arn)) {
			try {
				SecretValue value = get(name);
				if (arn.id().equals(value.arn())) {
					this.namesByArn.put(arn, name);
					return value;
				}
			}
			catch (SecretsException ex) {
				// Whether it concerns the ARN as well only a call of its own tells.
			}
			this.namesByArn.remove(arn);
		}
		return null;
	}

	private @Nullable SecretReference findName(SecretReference arn) {
		for (Map.Entry<SecretReference, CompletableFuture<CacheEntry>> candidate : this.entries.entrySet()) {
			SecretReference key = candidate.getKey();
			SecretValue value = CacheFlight.entry(candidate.getValue()).value();
			if (value != null && arn.id().equals(value.arn()) && !key.isArn() && key.isSameVersion(arn)) {
				return key;
			}
		}
		return null;
	}

	/**
	 * Waits for a call, or only for a while if there is an old value.
	 * @return the value, or {@code null} if the call tells nothing: a prefetch, or one
	 * that another reader made and was interrupted in
	 */
	private @Nullable SecretValue join(SecretReference reference, CacheFlight flight, boolean own) {
		SecretReference key = reference.key();
		CacheEntry previous = flight.previous();
		SecretValue old = previous.value();
		CacheRules rules = rules(key);
		long age = previous.age(this.clock, rules.ttl());
		SecretsException failure = previous.failure();
		if (old != null && rules.isServable(previous, age, (failure != null) ? failure.getReason() : null)) {
			boolean wait = decide(key, previous, rules, age) == CacheRules.Decision.LOAD_AND_WAIT;
			long late = this.settings.staleWait().toNanos() - (this.clock.nanoTime() - flight.startedNanos());
			if (!wait || !await(reference, flight, late)) {
				count(key, false, !rules.isFresh(previous, age));
				return old;
			}
		}
		else {
			await(reference, flight, Long.MAX_VALUE);
		}
		CacheEntry entry = flight.join();
		if (entry == CacheEntry.NONE || (!own && entry.isInterrupted())) {
			return null;
		}
		return result(reference, entry);
	}

	private SecretValue result(SecretReference reference, CacheEntry entry) {
		SecretsException failure = entry.failure();
		SecretValue value = entry.value();
		boolean serve = value != null && (failure == null || rules(reference).isServable(entry,
				entry.age(this.clock, rules(reference).ttl()), failure.getReason()));
		if (value == null || !serve) {
			statistics(reference).miss();
			return fail(reference, entry);
		}
		count(reference, true, failure != null && entry.stale());
		return value;
	}

	private static SecretValue fail(SecretReference reference, CacheEntry entry) {
		SecretsException failure = entry.failure();
		throw (failure != null) ? failure.withReference(reference) : CacheFailures.noValue(reference);
	}

	/**
	 * Waits for a call.
	 * @return whether it ended in time
	 */
	private boolean await(SecretReference reference, CacheFlight flight, long nanos) {
		if (nanos <= 0 || flight.isDone()) {
			return flight.isDone();
		}
		if (this.calls.isPreparing(reference)) {
			throw CacheFailures.recursion(reference);
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
			throw CacheFailures.interrupted(reference);
		}
		catch (ExecutionException ex) {
			throw CacheFailures.known(reference, ex);
		}
	}

	/**
	 * Starts a call, unless what is known changed meanwhile.
	 */
	private @Nullable CacheFlight load(SecretReference reference, @Nullable CompletableFuture<CacheEntry> present,
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
			unprepared = CacheFailures.known(key, ex);
		}
		CacheFlight flight = new CacheFlight(previous, this.clock, false);
		if ((present != null) ? !this.entries.replace(key, present, flight)
				: this.entries.putIfAbsent(key, flight) != null) {
			return null;
		}
		if (unprepared != null) {
			this.calls.fail(key, flight, unprepared);
		}
		else {
			this.calls.start(key, flight);
		}
		return flight;
	}

	@Override
	public SecretValue refresh(SecretReference reference) {
		SecretReference key = reference.key();
		prepare(reference);
		while (true) {
			@Nullable CacheFlight[] own = new @Nullable CacheFlight[1];
			CompletableFuture<CacheEntry> present = this.entries.compute(key, (same, current) -> {
				if (current instanceof CacheFlight flight && flight.isShared(this.clock)) {
					own[0] = null;
					return flight;
				}
				// A load that began before is no longer in the map: its result cannot
				// come back.
				own[0] = new CacheFlight(CacheFlight.entry(current), this.clock, true);
				return own[0];
			});
			CacheFlight flight = (CacheFlight) present;
			if (flight == own[0]) {
				this.calls.start(key, flight);
			}
			await(reference, flight, Long.MAX_VALUE);
			CacheEntry entry = flight.join();
			SecretValue value = entry.value();
			if (value != null && entry.failure() == null) {
				return value;
			}
			if (flight == own[0] || !entry.isInterrupted()) {
				return fail(reference, entry);
			}
			// Another caller made the call, and was interrupted in it: once more.
		}
	}

	/**
	 * Makes the next read of a key ask upstream, whatever the age of its value.
	 * @param reference a reference to the value
	 * @return whether there was a value
	 */
	public boolean outdate(SecretReference reference) {
		return CacheCalls.outdate(this.entries, reference.key());
	}

	/**
	 * Makes the next read of every key of one kind ask upstream.
	 * @param kind the kind
	 * @return whether there was a value
	 */
	public boolean outdateAll(Kind kind) {
		return this.entries.keySet().stream().filter((key) -> key.kind() == kind && outdate(key)).count() > 0;
	}

	/**
	 * Starts to read references in the background. A read waits for what is under way. A
	 * failure is not remembered.
	 * @param references what will be read; what is not allowed or not cached, or already
	 * there, is left out
	 * @param batch whether one call may ask for several values, where upstream has such
	 * calls
	 */
	@Override
	public void prefetch(Collection<SecretReference> references, boolean batch) {
		List<CachePrefetch> prefetches = new ArrayList<>();
		for (Kind kind : Kind.values()) {
			prefetches.add(new CachePrefetch(kind, this.upstream, this.settings, this.clock, this.calls, this.entries));
		}
		prefetches.forEach((prefetch) -> prefetch.register(references));
		prefetches.forEach((prefetch) -> prefetch.start(batch));
	}

	@Override
	public void prepare(SecretReference reference) {
		if (!this.settings.allowed().allows(reference)) {
			throw CacheFailures.refused(reference);
		}
		this.calls.prepare(reference.key());
	}

	/**
	 * Returns how many values of one kind are kept.
	 * @param kind the kind
	 * @return the number, possibly a moment old
	 */
	public int size(Kind kind) {
		return (int) this.entries.entrySet()
			.stream()
			.filter((entry) -> entry.getKey().kind() == kind && CacheFlight.entry(entry.getValue()).value() != null)
			.count();
	}

	/**
	 * Drops all values and stops the threads; calls under way are given up.
	 */
	@Override
	public void close() {
		this.calls.close();
		this.entries.clear();
		this.namesByArn.clear();
		this.upstream.close();
	}

}
