package io.github.secretsextension.autoconfigure;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.autoconfigure.SecretsExtensionProperties.Mode;

/**
 * The settings that the extension has variables for, each from its property, else from
 * its variable, else its default. All are read in every mode, so that a bad variable is
 * noticed wherever the application starts.
 *
 * @param secretTtl how long a secret is served; zero does not cache
 * @param parameterTtl how long a parameter is served; zero does not cache
 * @param size how many values are kept; zero does not cache
 * @param secretDeadline how long a call for a secret may take; zero for no limit
 * @param parameterDeadline how long a call for a parameter may take; zero for no limit
 * @param maxConnections how many calls may be made at a time, for each service
 * @param httpPort the port of the extension's HTTP endpoint
 */
record ExtensionSettings(Duration secretTtl, Duration parameterTtl, int size, Duration secretDeadline,
		Duration parameterDeadline, int maxConnections, int httpPort) {

	private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(5);

	/**
	 * Merges properties and variables. A variable that a property stands for is not read.
	 * @param properties the properties, which win
	 * @param variables the variables
	 * @return the settings that count
	 */
	static ExtensionSettings of(SecretsExtensionProperties properties, ExtensionVariables variables) {
		SecretsExtensionProperties.SecretsManager secrets = properties.secretsManager();
		SecretsExtensionProperties.ParameterStore parameters = properties.parameterStore();
		Integer maxConnections = properties.maxConnections();
		return new ExtensionSettings(ttl(secrets.ttl(), Kind.SECRET, variables),
				ttl(parameters.ttl(), Kind.PARAMETER, variables), size(properties.cache(), variables),
				deadline(secrets.deadline(), properties.deadline(), Kind.SECRET, variables),
				deadline(parameters.deadline(), properties.deadline(), Kind.PARAMETER, variables),
				(maxConnections != null) ? maxConnections : variables.maxConnections(), variables.httpPort());
	}

	private static Duration ttl(@Nullable Duration property, Kind kind, ExtensionVariables variables) {
		return (property != null) ? property : variables.ttl(kind);
	}

	private static int size(SecretsExtensionProperties.Cache properties, ExtensionVariables variables) {
		Boolean enabled = properties.enabled();
		Integer size = properties.size();
		int merged = (size != null) ? size : variables.size();
		return ((enabled != null) ? enabled : variables.cacheEnabled()) ? merged : 0;
	}

	private static Duration deadline(@Nullable Duration own, @Nullable Duration common, Kind kind,
			ExtensionVariables variables) {
		Duration property = (own != null) ? own : common;
		if (property != null) {
			return property;
		}
		Duration variable = variables.timeout(kind);
		// The extension's "no time-out": a read that hangs helps nobody.
		return (variable.isZero()) ? DEFAULT_DEADLINE : variable;
	}

	Duration ttl(Kind kind) {
		return (kind == Kind.SECRET) ? this.secretTtl : this.parameterTtl;
	}

	Duration deadline(Kind kind) {
		return (kind == Kind.SECRET) ? this.secretDeadline : this.parameterDeadline;
	}

	/**
	 * Returns the settings as a sentence for the log.
	 * @param properties the other settings of the cache
	 * @return one line
	 */
	String describe(SecretsExtensionProperties properties) {
		SecretsExtensionProperties.Cache cache = properties.cache();
		boolean caching = this.size > 0 && !(this.secretTtl.isZero() && this.parameterTtl.isZero());
		String kept = (!caching) ? "keeps nothing"
				: "keeps " + this.size + " values and " + cache.maxBytes().toBytes() + " bytes at most, secrets for "
						+ text(this.secretTtl) + ", parameters for " + text(this.parameterTtl) + ", and up to "
						+ text(cache.maxStale()) + " longer while they cannot be read anew";
		String calls = (properties.mode() == Mode.LOCAL) ? ""
				: "; " + this.maxConnections + " calls at a time to each service, time limit for a secret: "
						+ limit(this.secretDeadline) + ", for a parameter: " + limit(this.parameterDeadline);
		return "Cache: " + kept + calls + "; port " + this.httpPort;
	}

	private static String limit(Duration deadline) {
		return (deadline.isZero()) ? "none" : text(deadline);
	}

	private static String text(Duration duration) {
		return (duration.getNano() == 0) ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
	}

}
