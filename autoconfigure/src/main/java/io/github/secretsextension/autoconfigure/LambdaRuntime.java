package io.github.secretsextension.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.core.env.Environment;

/**
 * What the environment variables of Lambda say of this process.
 */
final class LambdaRuntime {

	private static final String INITIALIZATION_TYPE = "AWS_LAMBDA_INITIALIZATION_TYPE";

	private LambdaRuntime() {
	}

	static boolean isPresent(Environment environment) {
		return environment.getProperty("AWS_LAMBDA_RUNTIME_API") != null;
	}

	/**
	 * Returns how this process was started.
	 * @return Lambda's word for it, or {@code null} outside Lambda
	 */
	static @Nullable String initializationType(Environment environment) {
		return environment.getProperty(INITIALIZATION_TYPE);
	}

	/**
	 * Returns whether a snapshot of the process will be taken, or was.
	 */
	static boolean isSnapStart(Environment environment) {
		return "snap-start".equals(environment.getProperty(INITIALIZATION_TYPE));
	}

	/**
	 * Returns whether work in the background goes on: an ordinary function is frozen
	 * between invocations, and a refresh would not end there.
	 */
	static boolean isNeverFrozen(Environment environment) {
		return !isPresent(environment)
				|| "lambda-managed-instances".equals(environment.getProperty(INITIALIZATION_TYPE));
	}

}
