package io.github.secretsextension.autoconfigure;

import java.util.Collection;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;

import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.PrintableText;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;

/**
 * A watch over what is in a snapshot: the properties that were resolved before it, and
 * the versions of their values. It holds names and versions, never a value. Thread-safe.
 */
final class SnapshotWatch {

	/** More than a configuration names; nested placeholders could make any number. */
	private static final int MOST = 1000;

	private final Log log;

	private final Map<SecretReference, Collection<ReferenceLocation>> resolved = new ConcurrentHashMap<>();

	private final Map<SecretReference, String> versions = new ConcurrentHashMap<>();

	private final Map<SecretReference, String> inSnapshot = new ConcurrentHashMap<>();

	private final Function<SecretReference, String> names;

	/**
	 * Creates a watch.
	 * @param log takes the warning and the errors
	 * @param names tells how a value may be named
	 */
	SnapshotWatch(Log log, Function<SecretReference, String> names) {
		this.log = log;
		this.names = names;
	}

	/**
	 * Notes that properties were resolved.
	 * @param reference what they hold
	 * @param locations where it stands
	 */
	void onResolved(SecretReference reference, Collection<ReferenceLocation> locations) {
		if (!this.resolved.containsKey(reference) && this.resolved.size() < MOST) {
			this.resolved.put(reference, locations);
		}
	}

	/**
	 * Notes the version of a value that came from upstream.
	 * @param key the value's key
	 * @param value the value
	 */
	void onLoaded(SecretReference key, SecretValue value) {
		String version = version(value);
		String old = (version != null) ? this.inSnapshot.get(key) : null;
		if (version == null || old == null) {
			if (version != null && this.versions.size() < MOST) {
				this.versions.put(key, version);
			}
			return;
		}
		if (!version.equals(old) && this.inSnapshot.remove(key, old)) {
			this.log.error("'" + this.names.apply(key)
					+ "' has another version now than in the snapshot that this process started from. "
					+ "What took its value before the snapshot still holds the old one: " + properties(key)
					+ ". Publish a new version of the function, and read such a secret where it is used: "
					+ "SecretsProvider.text(…) or Environment.getProperty(…).");
		}
	}

	private static @Nullable String version(SecretValue value) {
		return (value.versionId() != null) ? value.versionId()
				: (value.version() != null) ? String.valueOf(value.version()) : null;
	}

	/**
	 * Warns, before a snapshot, of what will be in it.
	 */
	void beforeSnapshot() {
		if (this.resolved.isEmpty()) {
			return;
		}
		this.resolved.keySet().forEach((reference) -> {
			String version = this.versions.get(reference.key());
			if (version != null) {
				this.inSnapshot.put(reference.key(), version);
			}
		});
		this.log.warn("A snapshot that is taken now holds what beans took from these properties, and keeps it when "
				+ "the secret rotates: " + properties(null)
				+ ". Read a secret that must not be in it where it is used: SecretsProvider.text(…) or "
				+ "Environment.getProperty(…).");
	}

	private String properties(@Nullable SecretReference key) {
		return this.resolved.entrySet()
			.stream()
			.filter((entry) -> key == null || entry.getKey().key().equals(key))
			.flatMap((entry) -> entry.getValue().stream())
			.map(ReferenceLocation::property)
			.map((property) -> (property != null) ? "'" + PrintableText.name(property) + "'" : "an annotation")
			.collect(Collectors.toCollection(TreeSet::new))
			.stream()
			.collect(Collectors.joining(", "));
	}

}
