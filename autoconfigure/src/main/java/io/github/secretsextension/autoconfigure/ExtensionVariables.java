package io.github.secretsextension.autoconfigure;

import java.math.BigInteger;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;

import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;

/**
 * The environment variables of the AWS Parameters and Secrets Lambda Extension. A value
 * that the extension would not take is not an error here, since both may read the same
 * variable: it is logged, and the extension's default counts. Any property source may
 * hold them, so that a test can set them; they are taken as they are written, because a
 * placeholder or a reference in them would mean nothing to the extension.
 */
final class ExtensionVariables {

	static final String CACHE_ENABLED = "PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED";

	static final String CACHE_SIZE = "PARAMETERS_SECRETS_EXTENSION_CACHE_SIZE";

	static final String HTTP_PORT = "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT";

	private static final String LOG_LEVEL = "PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL";

	static final String MAX_CONNECTIONS = "PARAMETERS_SECRETS_EXTENSION_MAX_CONNECTIONS";

	static final String SECRET_TTL = "SECRETS_MANAGER_TTL";

	static final String SECRET_TIMEOUT = "SECRETS_MANAGER_TIMEOUT_MILLIS";

	static final String PARAMETER_TTL = "SSM_PARAMETER_STORE_TTL";

	static final String PARAMETER_TIMEOUT = "SSM_PARAMETER_STORE_TIMEOUT_MILLIS";

	static final List<String> NAMES = List.of(CACHE_ENABLED, CACHE_SIZE, HTTP_PORT, LOG_LEVEL, MAX_CONNECTIONS,
			SECRET_TTL, SECRET_TIMEOUT, PARAMETER_TTL, PARAMETER_TIMEOUT);

	private static final int MAX_TTL_SECONDS = 300;

	private static final int MAX_SIZE = 1000;

	private static final int MAX_PORT = 65535;

	private static final int DEFAULT_CONNECTIONS = 3;

	private static final int DEFAULT_PORT = 2773;

	private static final Map<String, String> LOG_LEVELS = Map.of("debug", "DEBUG", "info", "INFO", "warn", "WARN",
			"error", "ERROR", "none", "OFF");

	private final ConfigurableEnvironment environment;

	private final OnceLog log;

	ExtensionVariables(ConfigurableEnvironment environment, OnceLog log) {
		this.environment = environment;
		this.log = log;
	}

	/**
	 * Returns what is set, to be compared.
	 * @param environment the environment
	 * @return the values as they are written, by the variables' names
	 */
	static Map<String, String> values(ConfigurableEnvironment environment) {
		Map<String, String> values = new LinkedHashMap<>();
		for (String name : NAMES) {
			String value = value(environment, name);
			if (value != null) {
				values.put(name, value);
			}
		}
		return values;
	}

	/**
	 * Returns whether values are kept at all.
	 * @return {@code true} unless the variable says otherwise
	 */
	boolean cacheEnabled() {
		String value = value(CACHE_ENABLED);
		if (value == null || value.equalsIgnoreCase("true")) {
			return true;
		}
		if (!value.equalsIgnoreCase("false")) {
			this.log.warn("'" + CACHE_ENABLED + "' is neither true nor false: the cache stays enabled");
			return true;
		}
		return false;
	}

	/**
	 * Returns how many values are kept.
	 * @return a number from 0 to 1000
	 */
	int size() {
		return number(CACHE_SIZE, MAX_SIZE, 0, MAX_SIZE);
	}

	/**
	 * Returns how long a value is served.
	 * @param kind the kind of value
	 * @return 0 to 300 seconds
	 */
	Duration ttl(Kind kind) {
		return Duration
			.ofSeconds(number((kind == Kind.SECRET) ? SECRET_TTL : PARAMETER_TTL, MAX_TTL_SECONDS, 0, MAX_TTL_SECONDS));
	}

	/**
	 * Returns the limit of one call.
	 * @param kind the kind of value
	 * @return the limit, or zero if there is none of the extension's
	 */
	Duration timeout(Kind kind) {
		return Duration
			.ofMillis(number((kind == Kind.SECRET) ? SECRET_TIMEOUT : PARAMETER_TIMEOUT, 0, 0, Integer.MAX_VALUE));
	}

	/**
	 * Returns how many upstream calls may be made at a time, for each service.
	 * @return a number from 1 on
	 */
	int maxConnections() {
		return number(MAX_CONNECTIONS, DEFAULT_CONNECTIONS, 1, Integer.MAX_VALUE);
	}

	/**
	 * Returns the port of the extension's HTTP endpoint.
	 * @return a number from 1 to 65535
	 */
	int httpPort() {
		String value = value(HTTP_PORT);
		BigInteger number = (value != null) ? number(value) : BigInteger.valueOf(DEFAULT_PORT);
		if (number != null && number.signum() > 0 && number.compareTo(BigInteger.valueOf(MAX_PORT)) <= 0) {
			return number.intValue();
		}
		this.log.warn("'" + HTTP_PORT + "' is no port from 1 to " + MAX_PORT + ": " + DEFAULT_PORT + " is used");
		return DEFAULT_PORT;
	}

	/**
	 * Returns the level for this library's loggers.
	 * @return a level of Spring Boot's, or {@code null} to leave them alone
	 */
	@Nullable String logLevel() {
		String value = value(LOG_LEVEL);
		String level = (value != null) ? LOG_LEVELS.get(value.toLowerCase(Locale.ROOT)) : null;
		if (value != null && level == null) {
			this.log.warn("'" + LOG_LEVEL + "' is none of debug, info, warn, error and none: it has no effect");
		}
		return level;
	}

	private int number(String name, int defaultValue, int min, int max) {
		String value = value(name);
		if (value == null) {
			return defaultValue;
		}
		BigInteger number = number(value);
		if (number == null || number.compareTo(BigInteger.valueOf(min)) < 0) {
			this.log.warn("'" + name + "' is not a whole number from " + min + " on: " + defaultValue + " is used");
			return defaultValue;
		}
		if (number.compareTo(BigInteger.valueOf(max)) > 0) {
			this.log.warn("'" + name + "' exceeds the limit: " + max + " is used");
			return max;
		}
		return number.intValue();
	}

	private static @Nullable BigInteger number(String value) {
		try {
			return new BigInteger(value);
		}
		catch (NumberFormatException ex) {
			return null;
		}
	}

	/**
	 * Returns whether a variable is set to something that is not passed over.
	 * @param environment the environment
	 * @param name one of the variables for numbers and truth values
	 * @return {@code true} also if the value is beyond its limit
	 */
	static boolean isTaken(ConfigurableEnvironment environment, String name) {
		String value = value(environment, name);
		if (value == null) {
			return false;
		}
		BigInteger number = number(value);
		return switch (name) {
			case CACHE_ENABLED -> value.equalsIgnoreCase("true") || value.equalsIgnoreCase("false");
			case HTTP_PORT ->
				number != null && number.signum() > 0 && number.compareTo(BigInteger.valueOf(MAX_PORT)) <= 0;
			case MAX_CONNECTIONS, SECRET_TIMEOUT, PARAMETER_TIMEOUT -> number != null && number.signum() > 0;
			default -> number != null && number.signum() >= 0;
		};
	}

	private @Nullable String value(String name) {
		return value(this.environment, name);
	}

	/**
	 * Returns a variable as it is written, from whichever property source has it.
	 */
	static @Nullable String value(ConfigurableEnvironment environment, String name) {
		for (PropertySource<?> source : environment.getPropertySources()) {
			Object value = source.getProperty(name);
			if (value != null) {
				return value.toString().strip();
			}
		}
		return null;
	}

}
