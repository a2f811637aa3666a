package io.github.secretsextension.autoconfigure;

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * A mark on the thread that reads properties in order to report them: it gets references
 * as they were written, and nobody is asked for their values.
 */
final class ReferenceReport {

	private static final ThreadLocal<@Nullable Boolean> CURRENT = new ThreadLocal<>();

	private ReferenceReport() {
	}

	/**
	 * Runs an action that reports properties.
	 * @param <T> the type of its result
	 * @param action the action
	 * @return its result
	 */
	static <T extends @Nullable Object> T during(Supplier<T> action) {
		Boolean outer = CURRENT.get();
		CURRENT.set(Boolean.TRUE);
		try {
			return action.get();
		}
		finally {
			if (outer == null) {
				CURRENT.remove();
			}
		}
	}

	/**
	 * Returns whether this thread reports properties.
	 * @return {@code true} within {@link #during}
	 */
	static boolean isCurrent() {
		return CURRENT.get() != null;
	}

}
