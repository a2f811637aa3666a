package io.github.secretsextension.autoconfigure;

import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * What users registered in the bootstrap context. Each type must be asked for while that
 * context may be used: not from a thread of ours, since it holds its lock while it
 * creates an instance.
 */
final class BootstrapInstances {

	private final Function<Class<?>, @Nullable Object> lookup;

	BootstrapInstances(Function<Class<?>, @Nullable Object> lookup) {
		this.lookup = lookup;
	}

	<T> @Nullable T get(Class<T> type) {
		return type.cast(this.lookup.apply(type));
	}

}
