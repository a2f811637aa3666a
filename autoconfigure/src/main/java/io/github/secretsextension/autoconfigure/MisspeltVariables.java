package io.github.secretsextension.autoconfigure;

import java.util.Map;

import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * The names that are seen in public code and texts in place of the extension's variables,
 * and that do nothing.
 */
final class MisspeltVariables {

	private static final String PREFIX = "PARAMETERS_SECRETS_EXTENSION_";

	private static final String WRONG_PREFIX = "PARAMETERS_AND_SECRETS_EXTENSION_";

	private static final String SIZE = PREFIX + "CACHE_SIZE";

	private static final String ANY_TTL = "SECRETS_MANAGER_TTL' or 'SSM_PARAMETER_STORE_TTL";

	private static final Map<String, String> RIGHT_NAMES = Map.ofEntries(
			Map.entry(WRONG_PREFIX + "CACHE_ENABLED", PREFIX + "CACHE_ENABLED"),
			Map.entry(WRONG_PREFIX + "CACHE_SIZE", SIZE), Map.entry(WRONG_PREFIX + "HTTP_PORT", PREFIX + "HTTP_PORT"),
			Map.entry(WRONG_PREFIX + "LOG_LEVEL", PREFIX + "LOG_LEVEL"),
			Map.entry(WRONG_PREFIX + "MAX_CONNECTIONS", PREFIX + "MAX_CONNECTIONS"),
			Map.entry("PARAMETERS_SECRETS_CACHE_SIZE", SIZE), Map.entry(PREFIX + "MAX_CACHE_SIZE", SIZE),
			Map.entry(PREFIX + "CACHE_EXPIRATION", ANY_TTL), Map.entry(PREFIX + "CACHE_TTL", ANY_TTL),
			Map.entry(PREFIX + "TTL_SECONDS", ANY_TTL), Map.entry(PREFIX + "TTL_SECS", ANY_TTL),
			Map.entry(PREFIX + "SECRETS_MANAGER_TTL", "SECRETS_MANAGER_TTL"),
			Map.entry(PREFIX + "PARAMETER_STORE_TTL", "SSM_PARAMETER_STORE_TTL"));

	private MisspeltVariables() {
	}

	/**
	 * Warns of each such name among the process's environment variables.
	 * @param environment the environment
	 * @param log takes the warnings
	 */
	static void warn(ConfigurableEnvironment environment, OnceLog log) {
		if (environment.getPropertySources()
			.get(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME) instanceof EnumerablePropertySource<?> variables) {
			for (String name : variables.getPropertyNames()) {
				String right = RIGHT_NAMES.get(name);
				if (right != null) {
					log.warn("The environment variable '" + name + "' has no effect: it is called '" + right + "'");
				}
			}
		}
	}

}
