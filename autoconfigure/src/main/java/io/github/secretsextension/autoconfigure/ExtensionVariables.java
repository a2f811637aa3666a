package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;

import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;

import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * The environment variables of the AWS Parameters and Secrets Lambda Extension. A value
 * that the extension would not take is not an error here, since both may read the same
 * variable: it is logged, and the extension's default counts.
 */
final class ExtensionVariables {

	private static final int MAX_TTL_SECONDS = 300;

	private static final int MAX_SIZE = 1000;

	private static final int DEFAULT_CONNECTIONS = 3;

	private static final String PREFIX = "PARAMETERS_SECRETS_EXTENSION_";

	private static final String MISSPELT_PREFIX = "PARAMETERS_AND_SECRETS_EXTENSION_";

	private static final Map<String, String> MISSPELT_NAMES = Map.of("PARAMETERS_SECRETS_CACHE_SIZE",
			"PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE", "PARAMETERS_SECRETS_EXTENSION_CACHE_EXPIRATION",
			"SECRETS_MANAGER_TTL or SSM_PARAMETER_STORE_TTL");

	private static final Map<String, String> LOG_LEVELS = Map.of("debug", "DEBUG", "info", "INFO", "warn", "WARN",
			"error", "ERROR", "none", "OFF");

	private final ConfigurableEnvironment environment;

	private final Log log;

	ExtensionVariables(ConfigurableEnvironment environment, Log log) {
		this.environment = environment;
		this.log = log;
	}

	/**
	 * Returns the limit of one call.
	 * @param kind the kind of secret
	 * @return the limit, or zero if there is none of the extension's
	 */
	Duration timeout(Kind kind) {
		return Duration.ofMillis(
				number((kind == Kind.SECRET) ? "SECRETS_MANAGER_TIMEOUT_MILLIS" : "SSM_PARAMETER_STORE_TIMEOUT_MILLIS",
						0, 0, Integer.MAX_VALUE));
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

	/**
	 * Returns the level for this library's loggers.
	 * @return a level of Spring Boot's, or {@code null} to leave them alone
	 */
	@Nullable String logLevel() {
		String name = "PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL";
		String value = this.environment.getProperty(name);
		String level = (value != null) ? LOG_LEVELS.get(value.trim().toLowerCase(Locale.ROOT)) : null;
		if (value != null && level == null) {
			this.log.warn("'" + name + "' is none of debug, info, warn, error and none: info is used");
		}
		return level;
	}

	/**
	 * Warns of names that are known to be taken for the extension's, and do nothing.
	 */
	void warnOfMisspeltNames() {
		PropertySource<?> source = this.environment.getPropertySources()
			.get(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME);
		if (!(source instanceof EnumerablePropertySource<?> variables)) {
			return;
		}
		for (String name : variables.getPropertyNames()) {
			String right = (name.startsWith(MISSPELT_PREFIX)) ? PREFIX + name.substring(MISSPELT_PREFIX.length())
					: MISSPELT_NAMES.get(name);
			if (right != null) {
				this.log.warn("The environment variable '" + name + "' has no effect: it is called '" + right + "'");
			}
		}
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
