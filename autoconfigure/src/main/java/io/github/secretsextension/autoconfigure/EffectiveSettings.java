package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

import org.apache.commons.logging.impl.NoOpLog;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.actuate.SecretsCacheView.Setting;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * The settings that count, each with its origin: the property, else the extension's
 * environment variable, else the default. Tokens, values and ids are not among them.
 */
final class EffectiveSettings {

	private final ConfigurableEnvironment environment;

	private final Map<String, Setting> settings = new LinkedHashMap<>();

	private EffectiveSettings(ConfigurableEnvironment environment) {
		this.environment = environment;
	}

	static Map<String, Setting> of(ConfigurableEnvironment environment) {
		SecretsExtensionProperties properties = Binder.get(environment)
			.bindOrCreate("secrets-extension", SecretsExtensionProperties.class);
		// What there is to say of the variables was said when they were read first.
		ExtensionVariables variables = new ExtensionVariables(environment, new OnceLog(new NoOpLog()));
		EffectiveSettings all = new EffectiveSettings(environment);
		all.addCommon(properties);
		all.addMerged(properties, variables, ExtensionSettings.of(properties, variables));
		all.addEnds(properties, variables);
		return all.settings;
	}

	private void addCommon(SecretsExtensionProperties properties) {
		add("mode", properties.mode(), null);
		add("brace-syntax", properties.braceSyntax(), null);
		add("prefetch", properties.prefetch(), null);
		int allowed = properties.allow().size();
		add("allow", (allowed == 0) ? "everything" : allowed + ((allowed == 1) ? " entry" : " entries"), null);
		add("cache.max-bytes", properties.cache().maxBytes(), null);
		add("cache.max-stale", properties.cache().maxStale(), null);
		add("cache.stale-wait", properties.cache().staleWait(), null);
	}

	private void addMerged(SecretsExtensionProperties properties, ExtensionVariables variables,
			ExtensionSettings merged) {
		Boolean enabled = properties.cache().enabled();
		add("cache.enabled", (enabled != null) ? enabled : variables.cacheEnabled(), ExtensionVariables.CACHE_ENABLED);
		Integer size = properties.cache().size();
		add("cache.size", (size != null) ? size : variables.size(), ExtensionVariables.CACHE_SIZE);
		add("max-connections", merged.maxConnections(), ExtensionVariables.MAX_CONNECTIONS);
		add("secrets-manager.ttl", merged.secretTtl(), ExtensionVariables.SECRET_TTL);
		add("secrets-manager.deadline", merged.secretDeadline(), ExtensionVariables.SECRET_TIMEOUT, "deadline");
		add("parameter-store.ttl", merged.parameterTtl(), ExtensionVariables.PARAMETER_TTL);
		add("parameter-store.deadline", merged.parameterDeadline(), ExtensionVariables.PARAMETER_TIMEOUT, "deadline");
	}

	private void addEnds(SecretsExtensionProperties properties, ExtensionVariables variables) {
		SecretsExtensionProperties.Remote remote = properties.remote();
		Integer remotePort = remote.port();
		add("remote.host", remote.host(), null);
		add("remote.port", (remotePort != null) ? remotePort : variables.httpPort(), ExtensionVariables.HTTP_PORT);
		add("remote.ttl", remote.ttl(), null);
		add("remote.ready-timeout", remote.readyTimeout(), null);
		SecretsExtensionProperties.Endpoint endpoint = properties.endpoint();
		Integer port = endpoint.port();
		add("endpoint.enabled", endpoint.enabled(), null);
		add("endpoint.port", (port != null) ? port : variables.httpPort(), ExtensionVariables.HTTP_PORT);
	}

	/**
	 * Adds a setting.
	 * @param name the property without its prefix
	 * @param value the value that counts
	 * @param variable the variable of the same meaning, or {@code null}
	 * @param others properties that count before the variable
	 */
	private void add(String name, Object value, @Nullable String variable, String... others) {
		String origin = property("secrets-extension." + name, "property");
		for (String other : others) {
			String property = "secrets-extension." + other;
			origin = (origin != null) ? origin : property(property, "property " + property);
		}
		if (origin == null) {
			origin = (variable != null && ExtensionVariables.isTaken(this.environment, variable))
					? "environment variable " + variable : "default";
		}
		this.settings.put("secrets-extension." + name, new Setting(shown(value), origin));
	}

	private @Nullable String property(String name, String shown) {
		ConfigurationPropertyName property = ConfigurationPropertyName.of(name);
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(this.environment)) {
			ConfigurationProperty found = source.getConfigurationProperty(property);
			if (found != null) {
				return shown + ((found.getOrigin() != null) ? " (" + found.getOrigin() + ")" : "");
			}
			if (source.containsDescendantOf(property) == ConfigurationPropertyState.PRESENT) {
				return shown;
			}
		}
		return null;
	}

	private static Object shown(Object value) {
		if (value instanceof Duration duration) {
			return DurationStyle.SIMPLE.print(duration,
					(duration.getNano() == 0) ? ChronoUnit.SECONDS : ChronoUnit.MILLIS);
		}
		return (value instanceof Enum<?> constant) ? constant.name().toLowerCase(Locale.ROOT)
				: (value instanceof Integer || value instanceof Boolean) ? value : value.toString();
	}

}
