package io.github.secretsextension.autoconfigure;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.PropertySourceInfo;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.OriginLookup;
import org.springframework.boot.origin.OriginTrackedValue;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * A pass over property sources that puts a rewriting source in place of each enumerable
 * one that holds a reference. The new source has the old one's name and kind; nothing is
 * resolved in it.
 */
final class RewrittenPropertySources {

	private final ReferenceSeals seals;

	RewrittenPropertySources(ReferenceSeals seals) {
		this.seals = seals;
	}

	/**
	 * Rewrites what has not been rewritten yet.
	 * @param environment the environment whose sources are replaced
	 * @throws ReferenceResolutionException if a reference is malformed, or stands in a
	 * setting that is read before references can be resolved
	 */
	void replaceIn(ConfigurableEnvironment environment) {
		MutablePropertySources sources = environment.getPropertySources();
		for (PropertySource<?> source : sources) {
			if (source instanceof EnumerablePropertySource<?> enumerable && !isOurs(source)) {
				boolean holdsReference = check(enumerable);
				if (holdsReference || isMutable(source)) {
					sources.replace(source.getName(), rewritten(enumerable));
				}
			}
		}
	}

	private static boolean isOurs(PropertySource<?> source) {
		return source instanceof Rewritten || source instanceof ReferencePropertySource
				|| ConfigurationPropertySources.isAttachedConfigurationPropertySource(source);
	}

	/** System properties may be set at any time, and suppliers are not asked early. */
	private static boolean isMutable(PropertySource<?> source) {
		return source.getName().equals(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME)
				|| (source instanceof MapPropertySource map && map.getSource()
					.values()
					.stream()
					.anyMatch((value) -> value instanceof java.util.function.Supplier<?>));
	}

	private boolean check(EnumerablePropertySource<?> source) {
		boolean found = false;
		for (String name : source.getPropertyNames()) {
			Object value = rawValue(source, name);
			if (this.seals.concerns(value)) {
				found = true;
				ReferenceLocation location = new ReferenceLocation(name, OriginLookup.getOrigin(source, name));
				for (SealedReference reference : this.seals.note(String.valueOf(value), location)) {
					ReservedProperties.check(location, reference);
					if (reference.error() != null) {
						throw new ReferenceResolutionException(location, reference.error());
					}
				}
			}
		}
		return found;
	}

	private static @Nullable Object rawValue(EnumerablePropertySource<?> source, String name) {
		if (source instanceof MapPropertySource map) {
			Object value = map.getSource().get(name);
			return (value instanceof OriginTrackedValue tracked) ? tracked.getValue() : value;
		}
		return source.getProperty(name);
	}

	@SuppressWarnings("unchecked")
	private PropertySource<?> rewritten(EnumerablePropertySource<?> source) {
		if (source instanceof SystemEnvironmentPropertySource environment) {
			return new RewrittenSystemEnvironment(environment, this.seals);
		}
		if (source instanceof MapPropertySource map) {
			return new RewrittenMap(map, this.seals);
		}
		return new RewrittenEnumerable((EnumerablePropertySource<Object>) source, this.seals);
	}

	/**
	 * A source that shows references as sealed placeholders.
	 */
	interface Rewritten extends OriginLookup<String>, PropertySourceInfo {

		/**
		 * Returns the source as it was.
		 * @return the source with its references as they were written
		 */
		EnumerablePropertySource<?> original();

		@Override
		default @Nullable Origin getOrigin(String key) {
			return OriginLookup.getOrigin(original(), key);
		}

		@Override
		default boolean isImmutable() {
			return original() instanceof PropertySourceInfo info && info.isImmutable();
		}

		@Override
		default @Nullable String getPrefix() {
			return (original() instanceof PropertySourceInfo info) ? info.getPrefix() : null;
		}

		default @Nullable Object rewrite(ReferenceSeals seals, String name) {
			return seals.rewrite(original().getProperty(name), () -> new ReferenceLocation(name, getOrigin(name)));
		}

	}

	/**
	 * A rewritten map, which later writers may cast to its kind and change.
	 */
	private static final class RewrittenMap extends MapPropertySource implements Rewritten {

		private final MapPropertySource original;

		private final ReferenceSeals seals;

		RewrittenMap(MapPropertySource original, ReferenceSeals seals) {
			super(original.getName(), original.getSource());
			this.original = original;
			this.seals = seals;
		}

		@Override
		public EnumerablePropertySource<?> original() {
			return this.original;
		}

		@Override
		public @Nullable Object getProperty(String name) {
			return rewrite(this.seals, name);
		}

		@Override
		public boolean containsProperty(String name) {
			return this.original.containsProperty(name);
		}

		@Override
		public String[] getPropertyNames() {
			return this.original.getPropertyNames();
		}

	}

	/**
	 * A rewritten source of any other kind.
	 */
	private static final class RewrittenEnumerable extends EnumerablePropertySource<Object> implements Rewritten {

		private final EnumerablePropertySource<Object> original;

		private final ReferenceSeals seals;

		RewrittenEnumerable(EnumerablePropertySource<Object> original, ReferenceSeals seals) {
			super(original.getName(), original.getSource());
			this.original = original;
			this.seals = seals;
		}

		@Override
		public EnumerablePropertySource<?> original() {
			return this.original;
		}

		@Override
		public @Nullable Object getProperty(String name) {
			return rewrite(this.seals, name);
		}

		@Override
		public boolean containsProperty(String name) {
			return this.original.containsProperty(name);
		}

		@Override
		public String[] getPropertyNames() {
			return this.original.getPropertyNames();
		}

	}

	/**
	 * A rewritten copy of the system environment: Boot reads the map itself, past
	 * {@code getProperty}, and only once.
	 */
	private static final class RewrittenSystemEnvironment extends SystemEnvironmentPropertySource implements Rewritten {

		private final SystemEnvironmentPropertySource original;

		RewrittenSystemEnvironment(SystemEnvironmentPropertySource original, ReferenceSeals seals) {
			super(original.getName(), copy(original.getSource(), seals));
			this.original = original;
		}

		private static Map<String, Object> copy(Map<String, Object> source, ReferenceSeals seals) {
			Map<String, Object> copy = new LinkedHashMap<>();
			source.forEach((name, value) -> copy.put(name,
					Objects.requireNonNull(seals.rewrite(value, () -> new ReferenceLocation(name, null)))));
			return copy;
		}

		@Override
		public EnumerablePropertySource<?> original() {
			return this.original;
		}

		@Override
		public boolean isImmutable() {
			return true;
		}

	}

}
