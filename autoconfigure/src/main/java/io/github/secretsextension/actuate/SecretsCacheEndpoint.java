package io.github.secretsextension.actuate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.CachedSecret;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.actuate.SecretsCacheDescriptors.CacheDescriptor;
import io.github.secretsextension.actuate.SecretsCacheDescriptors.EntryDescriptor;
import io.github.secretsextension.actuate.SecretsCacheDescriptors.KindDescriptor;

import org.springframework.boot.actuate.endpoint.Access;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;

/**
 * An {@link Endpoint @Endpoint} that shows the secrets cache, all but the values. An
 * entry has an opaque id; what is not in the cache is not there for it, and asked for
 * nowhere.
 */
@Endpoint(id = "secretscache", defaultAccess = Access.READ_ONLY)
public final class SecretsCacheEndpoint {

	private static final long RELOAD_INTERVAL = TimeUnit.SECONDS.toNanos(1);

	private final SecretsCacheView view;

	private final Show showIds;

	private final OpaqueIds ids = new OpaqueIds();

	private @Nullable Moment reloaded;

	/**
	 * Creates an endpoint.
	 * @param view what it shows
	 * @param showIds when it shows which secret an entry is
	 */
	public SecretsCacheEndpoint(SecretsCacheView view, Show showIds) {
		this.view = view;
		this.showIds = showIds;
	}

	/**
	 * Returns the mode, the settings, the counters and the entries.
	 * @return what is known
	 */
	@ReadOperation
	public CacheDescriptor cache() {
		return cache(this.showIds.isShown(true));
	}

	/**
	 * Returns one entry.
	 * @param id its id
	 * @return the entry, or {@code null} if there is none
	 */
	@ReadOperation
	public @Nullable EntryDescriptor entry(@Selector String id) {
		return entry(id, this.showIds.isShown(true));
	}

	/**
	 * Reads one entry anew.
	 * @param id its id
	 * @return the entry as it is then, or {@code null} if there is none
	 */
	@WriteOperation
	public @Nullable EntryDescriptor refresh(@Selector String id) {
		Found found = find(id);
		return (found != null) ? refresh(found, this.showIds.isShown(true)).entry() : null;
	}

	/**
	 * Makes the next read of each entry ask upstream, at most once a second.
	 */
	@DeleteOperation
	public void reloadAll() {
		if (isReloadDue()) {
			for (SecretsCacheView.Source source : this.view.sources()) {
				SecretsCache cache = source.cache().get();
				if (cache != null) {
					cache.entries().forEach((entry) -> cache.outdate(entry.key()));
				}
			}
		}
	}

	/**
	 * Makes the next read of one entry ask upstream.
	 * @param id its id
	 * @return whether there is such an entry
	 */
	@DeleteOperation
	public boolean reload(@Selector String id) {
		Found found = find(id);
		if (found != null) {
			found.cache().outdate(found.entry().key());
		}
		return found != null;
	}

	private synchronized boolean isReloadDue() {
		SecretsClock clock = this.view.clock();
		Moment last = this.reloaded;
		if (last != null && clock.since(last.nanos(), last.millis(), Long.MAX_VALUE) < RELOAD_INTERVAL) {
			return false;
		}
		this.reloaded = new Moment(clock.nanoTime(), clock.currentTimeMillis());
		return true;
	}

	CacheDescriptor cache(boolean showIds) {
		Comparator<EntryDescriptor> order = Comparator.comparing(EntryDescriptor::kind);
		// The order of what is hidden would tell something of it.
		order = order.thenComparing((entry) -> (entry.reference() != null) ? entry.reference() : entry.id());
		List<EntryDescriptor> entries = all().stream().map((found) -> describe(found, showIds)).sorted(order).toList();
		return new CacheDescriptor(this.view.mode(), this.view.settings(), KindDescriptor.of(this.view, Kind.SECRET),
				KindDescriptor.of(this.view, Kind.PARAMETER), entries);
	}

	@Nullable EntryDescriptor entry(String id, boolean showIds) {
		Found found = find(id);
		return (found != null) ? describe(found, showIds) : null;
	}

	private EntryDescriptor describe(Found found, boolean showIds) {
		return EntryDescriptor.of(found.id(), found.source(), found.entry(),
				(showIds) ? this.view.shown(found.entry().key()) : null);
	}

	/**
	 * Reads an entry anew.
	 */
	Refreshed refresh(Found found, boolean showIds) {
		boolean success = true;
		try {
			found.cache().refresh(found.entry().key());
		}
		catch (SecretsException ex) {
			// What the entry says of it is enough, and names nothing.
			success = false;
		}
		return new Refreshed(entry(found.id(), showIds), success);
	}

	@Nullable Found find(String id) {
		return all().stream().filter((found) -> found.id().equals(id)).findFirst().orElse(null);
	}

	private List<Found> all() {
		List<Found> all = new ArrayList<>();
		for (SecretsCacheView.Source source : this.view.sources()) {
			SecretsCache cache = source.cache().get();
			if (cache != null) {
				cache.entries().forEach((entry) -> all.add(found(source, cache, entry)));
			}
		}
		return all;
	}

	private Found found(SecretsCacheView.Source source, SecretsCache cache, CachedSecret entry) {
		SecretReference key = entry.key();
		return new Found(this.ids.of(source.name(), key), source.name(), cache, entry);
	}

	/**
	 * An entry, and where it was found.
	 */
	record Found(String id, String source, SecretsCache cache, CachedSecret entry) {

	}

	/**
	 * An entry after an attempt to read it anew, if it is still there.
	 */
	record Refreshed(@Nullable EntryDescriptor entry, boolean success) {

	}

	/**
	 * A moment by both clocks.
	 */
	private record Moment(long nanos, long millis) {

	}

}
