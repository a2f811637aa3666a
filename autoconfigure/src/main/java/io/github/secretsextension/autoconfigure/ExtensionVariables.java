package io.github.secretsextension.autoconfigure;

import java.time.Duration;

import org.apache.commons.logging.Log;

import org.springframework.core.env.Environment;

/**
 * The environment variables of the AWS Parameters and Secrets Lambda Extension. A value
 * that the extension would not take is not an error here, since both may read the same
 * variable: it is logged, and the extension's default counts.
 */
final class ExtensionVariables {

	private static final int MAX_TTL_SECONDS = 300;

	private static final int MAX_SIZE = 1000;

	private static final int DEFAULT_CONNECTIONS = 3;

	private final Environment environment;

	private final Log log;

	ExtensionVariables(Environment environment, Log log) {
		this.environment = environment;
		this.log = log;
	}

	Duration secretTtl() {
		return Duration.ofSeconds(number("SECRETS_MANAGER_TTL", MAX_TTL_SECONDS, 0, MAX_TTL_SECONDS));
	}

	Duration parameterTtl() {
		return Duration.ofSeconds(number("SSM_PARAMETER_STORE_TTL", MAX_TTL_SECONDS, 0, MAX_TTL_SECONDS));
	}

	int size() {
		return number("PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE", MAX_SIZE, 0, MAX_SIZE);
	}

	int maxConnections() {
		return number("PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS", DEFAULT_CONNECTIONS, 1, Integer.MAX_VALUE);
	}

	boolean cacheEnabled() {
		String name = "PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED";
		String value = this.environment.getProperty(name);
		if (value == null || value.equalsIgnoreCase("true")) {
			return true;
		}
		if (!value.equalsIgnoreCase("false")) {
			this.log.warn("'" + name + "' is neither true nor false: the cache stays enabled");
			return true;
		}
		return false;
	}

	private int number(String name, int defaultValue, int min, int max) {
		String value = this.environment.getProperty(name);
		if (value == null) {
			return defaultValue;
		}
		try {
			int number = Integer.parseInt(value.trim());
			if (number >= min) {
				return (number > max) ? clamped(name, max) : number;
			}
		}
		catch (NumberFormatException ex) {
			// Warned of below, like a number that is too small.
		}
		this.log.warn("'" + name + "' is not a whole number from " + min + " on: " + defaultValue + " is used");
		return defaultValue;
	}

	private int clamped(String name, int max) {
		this.log.warn("'" + name + "' exceeds the extension's limit: " + max + " is used");
		return max;
	}

}
