package io.github.secretsextension.autoconfigure;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.PropertySourceInfo;
import org.springframework.boot.env.RandomValuePropertySource;
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
			if (!isOurs(source)) {
				boolean holdsReference = !(source instanceof EnumerablePropertySource<?> listed) || check(listed);
				if (holdsReference || isMutable(source)) {
					sources.replace(source.getName(), rewritten(source));
				}
			}
		}
	}

	private static boolean isOurs(PropertySource<?> source) {
		return source instanceof Rewritten || source instanceof ReferencePropertySource
				|| source instanceof PropertySource.StubPropertySource || source instanceof RandomValuePropertySource
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
				ReferenceLocation location = ReferenceLocation.of(source, name);
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
	private PropertySource<?> rewritten(PropertySource<?> source) {
		if (source instanceof SystemEnvironmentPropertySource environment) {
			return new RewrittenSystemEnvironment(environment, this.seals);
		}
		if (source instanceof MapPropertySource map) {
			return new RewrittenMap(map, this.seals);
		}
		if (source instanceof EnumerablePropertySource<?> enumerable) {
			return new RewrittenEnumerable((EnumerablePropertySource<Object>) enumerable, this.seals);
		}
		return new RewrittenOther((PropertySource<Object>) source, this.seals);
	}

	/**
	 * A source that shows references as sealed placeholders.
	 */
	interface Rewritten extends OriginLookup<String>, PropertySourceInfo {

		/**
		 * Returns the source as it was.
		 * @return the source with its references as they were written
		 */
		PropertySource<?> original();

		/**
		 * Returns the seals on the references in it.
		 * @return the seals
		 */
		ReferenceSeals seals();

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

		default @Nullable Object rewrite(String name) {
			return seals().rewrite(original().getProperty(name), () -> ReferenceLocation.of(original(), name));
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
		public ReferenceSeals seals() {
			return this.seals;
		}

		@Override
		public @Nullable Object getProperty(String name) {
			return rewrite(name);
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
		public ReferenceSeals seals() {
			return this.seals;
		}

		@Override
		public @Nullable Object getProperty(String name) {
			return rewrite(name);
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
	 * A rewritten source that cannot list its names.
	 */
	private static final class RewrittenOther extends PropertySource<Object> implements Rewritten {

		private final PropertySource<Object> original;

		private final ReferenceSeals seals;

		RewrittenOther(PropertySource<Object> original, ReferenceSeals seals) {
			super(original.getName(), original.getSource());
			this.original = original;
			this.seals = seals;
		}

		@Override
		public PropertySource<?> original() {
			return this.original;
		}

		@Override
		public ReferenceSeals seals() {
			return this.seals;
		}

		@Override
		public @Nullable Object getProperty(String name) {
			return rewrite(name);
		}

		@Override
		public boolean containsProperty(String name) {
			return this.original.containsProperty(name);
		}

	}

	/**
	 * A rewritten copy of the system environment: Boot reads the map itself, past
	 * {@code getProperty}, and only once.
	 */
	private static final class RewrittenSystemEnvironment extends SystemEnvironmentPropertySource implements Rewritten {

		private final SystemEnvironmentPropertySource original;

		private final ReferenceSeals seals;

		RewrittenSystemEnvironment(SystemEnvironmentPropertySource original, ReferenceSeals seals) {
			super(original.getName(), copy(original.getSource(), seals));
			this.original = original;
			this.seals = seals;
		}

		private static Map<String, Object> copy(Map<String, Object> source, ReferenceSeals seals) {
			Map<String, Object> copy = new LinkedHashMap<>();
			source.forEach((name, value) -> copy.put(name, Objects.requireNonNull(seals.rewrite(value,
					() -> new ReferenceLocation(name, StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME)))));
			return copy;
		}

		@Override
		public EnumerablePropertySource<?> original() {
			return this.original;
		}

		@Override
		public ReferenceSeals seals() {
			return this.seals;
		}

		@Override
		public boolean isImmutable() {
			return true;
		}

	}

}
