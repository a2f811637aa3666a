package io.github.secretsextension.autoconfigure;

import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.core.env.Environment;

/**
 * A look at which properties there are, without a look at their values.
 */
final class PropertyPresence {

	private PropertyPresence() {
	}

	/**
	 * Returns whether any property is set under a prefix.
	 * @param environment the environment
	 * @param prefix the prefix
	 * @return {@code false} also for sources that cannot list their names
	 */
	static boolean isAnyUnder(Environment environment, String prefix) {
		ConfigurationPropertyName name = ConfigurationPropertyName.of(prefix);
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			if (source.containsDescendantOf(name) == ConfigurationPropertyState.PRESENT) {
				return true;
			}
		}
		return false;
	}

}
