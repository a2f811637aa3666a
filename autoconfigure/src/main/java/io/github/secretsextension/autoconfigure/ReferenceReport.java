package io.github.secretsextension.autoconfigure;

import java.util.List;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * A mark on the thread that reads properties in order to report them: it gets references
 * as they were written, and nobody is asked for their values. What else such a thread
 * comes to do meanwhile, as to create a bean for a sanitizing function, is no report.
 */
final class ReferenceReport {

	private static final ThreadLocal<@Nullable Boolean> CURRENT = new ThreadLocal<>();

	/** Where a report begins: what stands above it on the stack is done for it. */
	private static final String ACTUATOR = "org.springframework.boot.actuate.";

	/** What a report goes through on its way to a property; of ours the sources. */
	private static final List<String> RESOLVERS = List.of("org.springframework.core.", "org.springframework.util.",
			"org.springframework.boot.context.properties.", "org.springframework.boot.env.",
			"org.springframework.cloud.", ReferenceReport.class.getPackageName() + ".Re", "java.", "jdk.", "sun.");

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
	 * Returns whether what this thread does is to report properties.
	 * @return {@code true} within {@link #during}, for the reporter itself
	 */
	static boolean isCurrent() {
		return CURRENT.get() != null && StackWalker.getInstance()
			.walk((frames) -> frames.map(StackWalker.StackFrame::getClassName)
				.filter((name) -> RESOLVERS.stream().noneMatch(name::startsWith))
				.findFirst()
				.filter((name) -> name.startsWith(ACTUATOR))
				.isPresent());
	}

}
