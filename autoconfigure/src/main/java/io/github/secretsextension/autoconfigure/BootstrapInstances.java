package io.github.secretsextension.autoconfigure;

import java.util.function.Function;
import java.util.function.Supplier;

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

	/**
	 * Returns the instance that is registered under a type.
	 * @param type supplies the type, whose module may be missing
	 * @return the instance, or {@code null} when there is none
	 */
	<T> @Nullable T get(Supplier<Class<T>> type) {
		Class<T> present;
		try {
			present = type.get();
		}
		catch (NoClassDefFoundError ex) {
			return null;
		}
		return present.cast(this.lookup.apply(present));
	}

}
