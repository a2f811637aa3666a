package io.github.secretsextension.autoconfigure;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/**
 * The properties into which a reference went when they were bound. Thread-safe.
 * <p>
 * Names are kept without case, dashes and indexes: an endpoint shows map keys as they
 * are, and sets in any order, so that one element's index says nothing about another's.
 */
class BoundReferences implements ConfigurationPropertiesBindHandlerAdvisor {

	/** Before each binding that has begun. */
	private static final ThreadLocal<Map<ConfigurationPropertyName, Long>> READS = ThreadLocal
		.withInitial(HashMap::new);

	private final Set<String> names = ConcurrentHashMap.newKeySet();

	@Override
	public BindHandler apply(BindHandler handler) {
		return new Handler(handler);
	}

	/**
	 * Returns whether a reference went into a property, or into one that contains it.
	 * @param name the property's name, in any form
	 * @return {@code true} if its value is not to be shown
	 */
	boolean contain(String name) {
		if (this.names.isEmpty()) {
			return false;
		}
		String part = uniform(name);
		while (!this.names.contains(part)) {
			int dot = part.lastIndexOf('.');
			if (dot < 0) {
				return false;
			}
			part = part.substring(0, dot);
		}
		return true;
	}

	private static String uniform(String name) {
		String plain = name.toLowerCase(Locale.ROOT).replaceAll("[-_\\]]", "").replace('[', '.');
		return Arrays.stream(plain.split("\\."))
			.filter((element) -> !element.chars().allMatch(Character::isDigit))
			.collect(Collectors.joining("."));
	}

	private static void forget(ConfigurationPropertyName name) {
		Map<ConfigurationPropertyName, Long> reads = READS.get();
		reads.remove(name);
		if (reads.isEmpty()) {
			READS.remove();
		}
	}

	/**
	 * Compares the number of references that were read before and after each binding.
	 */
	private final class Handler extends AbstractBindHandler {

		Handler(BindHandler parent) {
			super(parent);
		}

		@Override
		public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target,
				BindContext context) {
			READS.get().put(name, ReferenceReads.count());
			return super.onStart(name, target, context);
		}

		@Override
		public @Nullable Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
				Object result) {
			ConfigurationProperty property = context.getConfigurationProperty();
			if (property != null && property.getName().equals(name)
					&& ReferenceReads.count() > READS.get().getOrDefault(name, -1L)) {
				BoundReferences.this.names.add(uniform(name.toString()));
			}
			return super.onSuccess(name, target, context, result);
		}

		@Override
		public @Nullable Object onFailure(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
				Exception error) throws Exception {
			forget(name);
			return super.onFailure(name, target, context, error);
		}

		@Override
		public void onFinish(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
				@Nullable Object result) throws Exception {
			forget(name);
			super.onFinish(name, target, context, result);
		}

	}

}
