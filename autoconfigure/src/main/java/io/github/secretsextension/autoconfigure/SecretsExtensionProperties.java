package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.util.Assert;
import org.springframework.util.unit.DataSize;

import io.github.secretsextension.PrintableText;

/**
 * Configuration properties for the secrets extension. Where a property is not set, the
 * extension's environment variable of the same meaning counts, then the default.
 *
 * @param enabled Whether references are resolved. While they are not, reading one is an
 * error.
 * @param mode Where values come from.
 * @param braceSyntax Whether ${secret:…} and ${param:…} are references too.
 * @param allow Ids, or prefixes that end in '*', that may be asked for at all, optionally
 * with 'secret:' or 'param:' in front. An empty list allows everything.
 * @param deadline Longest time that one upstream call may take. Zero lifts the limit.
 * @param maxConnections Upstream calls at a time, for each service.
 * @param prefetch Whether known references are fetched while the application starts.
 * @param cache Cache.
 * @param secretsManager Secrets Manager.
 * @param parameterStore Parameter Store.
 * @param remote A running AWS Parameters and Secrets Lambda Extension, or AWS's agent.
 * @param endpoint The extension's HTTP endpoint, opened by this application.
 * @param local Values for development and tests, without AWS.
 */
@ConfigurationProperties("secrets-extension")
public record SecretsExtensionProperties(@DefaultValue("true") boolean enabled, @DefaultValue("auto") Mode mode,
		@DefaultValue("true") boolean braceSyntax, @DefaultValue List<String> allow,
		@DurationUnit(ChronoUnit.SECONDS) @Nullable Duration deadline, @Nullable Integer maxConnections,
		@DefaultValue("auto") Prefetch prefetch, @DefaultValue Cache cache, @DefaultValue SecretsManager secretsManager,
		@DefaultValue ParameterStore parameterStore, @DefaultValue Remote remote, @DefaultValue Endpoint endpoint,
		@DefaultValue Local local) {

	private static final Pattern LOOPBACK = Pattern
		.compile("127(\\.(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)){3}|::1|localhost");

	private static final int MAX_PORT = 65535;

	public SecretsExtensionProperties {
		checkNotNegative(deadline, "secrets-extension.deadline");
		checkNotNegative(secretsManager.ttl(), "secrets-extension.secrets-manager.ttl");
		checkNotNegative(secretsManager.deadline(), "secrets-extension.secrets-manager.deadline");
		checkNotNegative(parameterStore.ttl(), "secrets-extension.parameter-store.ttl");
		checkNotNegative(parameterStore.deadline(), "secrets-extension.parameter-store.deadline");
		checkNotNegative(remote.ttl(), "secrets-extension.remote.ttl");
		checkNotNegative(remote.readyTimeout(), "secrets-extension.remote.ready-timeout");
		// A token goes to no other machine.
		Assert.isTrue(LOOPBACK.matcher(remote.host()).matches(),
				"'secrets-extension.remote.host' must be a loopback address: 127.0.0.1, ::1 or localhost");
		checkPort(remote.port(), 1, "secrets-extension.remote.port");
		checkPort(endpoint.port(), 0, "secrets-extension.endpoint.port");
		checkNotNegative(cache.maxStale(), "secrets-extension.cache.max-stale");
		checkNotNegative(cache.staleWait(), "secrets-extension.cache.stale-wait");
		Assert.isTrue(maxConnections == null || maxConnections >= 1,
				"'secrets-extension.max-connections' must be at least 1");
		Assert.isTrue(cache.size() == null || cache.size() >= 0, "'secrets-extension.cache.size' must not be negative");
		Assert.isTrue(cache.maxBytes().toBytes() > 0, "'secrets-extension.cache.max-bytes' must be positive");
	}

	private static void checkNotNegative(@Nullable Duration duration, String name) {
		Assert.isTrue(duration == null || !duration.isNegative(), () -> "'" + name + "' must not be negative");
	}

	private static void checkPort(@Nullable Integer port, int least, String name) {
		Assert.isTrue(port == null || (port >= least && port <= MAX_PORT),
				() -> "'" + name + "' must be a port from " + least + " to " + MAX_PORT);
	}

	/**
	 * Returns the settings that are none of the cache's as a sentence for the log,
	 * without tokens and values.
	 */
	String describe() {
		return "Settings: mode " + name(this.mode) + ", prefetch " + name(this.prefetch) + ", brace syntax "
				+ ((this.braceSyntax) ? "on" : "off") + "; allowed: "
				+ ((this.allow.isEmpty()) ? "everything" : PrintableText.name(String.join(", ", this.allow)))
				+ "; answers of an extension or agent are kept for " + this.remote.ttl().toMillis()
				+ " ms, and waited for " + this.remote.readyTimeout().toMillis()
				+ " ms until it is ready; own endpoint " + ((this.endpoint.enabled()) ? "on" : "off");
	}

	private static String name(Enum<?> constant) {
		return constant.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Where values come from.
	 */
	public enum Mode {

		/** From a running extension or agent where it answers, else in-process. */
		AUTO,

		/** From a running extension or agent only. */
		REMOTE,

		/** In-process, from AWS. */
		EMBEDDED,

		/** From a file and from properties, without AWS. */
		LOCAL

	}

	/**
	 * Whether known references are fetched while the application starts.
	 */
	public enum Prefetch {

		/** In the background, in calls for several values where that saves any. */
		AUTO,

		/** In the background, each by a call of its own. */
		SINGLE,

		/** Each when it is read. */
		OFF

	}

	/**
	 * Settings of the cache.
	 *
	 * @param enabled Whether values are kept at all.
	 * @param size Largest number of values to keep. Zero keeps none.
	 * @param maxBytes Most memory that values may take.
	 * @param maxStale How long past its TTL a value is served while its source fails.
	 * @param staleWait How long a read waits for a newer value where there is an old one.
	 */
	public record Cache(@Nullable Boolean enabled, @Nullable Integer size, @DefaultValue("16MB") DataSize maxBytes,
			@DefaultValue("1h") @DurationUnit(ChronoUnit.SECONDS) Duration maxStale,
			@DefaultValue("1s") @DurationUnit(ChronoUnit.SECONDS) Duration staleWait) {

	}

	/**
	 * Settings of Secrets Manager.
	 *
	 * @param ttl How long a secret is served from the cache. Zero does not cache secrets.
	 * @param deadline Longest time that one call for a secret may take, in place of the
	 * deadline of both services.
	 */
	public record SecretsManager(@DurationUnit(ChronoUnit.SECONDS) @Nullable Duration ttl,
			@DurationUnit(ChronoUnit.SECONDS) @Nullable Duration deadline) {

	}

	/**
	 * Settings of Parameter Store.
	 *
	 * @param ttl How long a parameter is served from the cache. Zero does not cache
	 * parameters.
	 * @param deadline Longest time that one call for a parameter may take, in place of
	 * the deadline of both services.
	 */
	public record ParameterStore(@DurationUnit(ChronoUnit.SECONDS) @Nullable Duration ttl,
			@DurationUnit(ChronoUnit.SECONDS) @Nullable Duration deadline) {

	}

	/**
	 * A running extension or agent.
	 *
	 * @param host Loopback address at which the extension or agent listens.
	 * @param port Port at which the extension or agent listens.
	 * @param token Token that the extension or agent expects. By default an environment
	 * variable, inside Lambda AWS_SESSION_TOKEN.
	 * @param allowAwsToken Whether AWS_SESSION_TOKEN and
	 * AWS_CONTAINER_AUTHORIZATION_TOKEN may be sent to the agent outside Lambda too,
	 * where they are live credentials.
	 * @param ttl How long the extension's or agent's answers are kept here. By default
	 * not at all, since it has a cache of its own.
	 * @param readyTimeout How long a read waits for an extension that is not ready, in
	 * mode 'remote'.
	 */
	public record Remote(@DefaultValue("127.0.0.1") String host, @Nullable Integer port, @Nullable String token,
			@DefaultValue("false") boolean allowAwsToken,
			@DefaultValue("0s") @DurationUnit(ChronoUnit.SECONDS) Duration ttl,
			@DefaultValue("2s") @DurationUnit(ChronoUnit.SECONDS) Duration readyTimeout) {

		/**
		 * Returns a text that does not show the token.
		 */
		@Override
		public String toString() {
			return "Remote[host=" + this.host + ", port=" + this.port + "]";
		}

	}

	/**
	 * The extension's endpoint, opened by this application at 127.0.0.1.
	 *
	 * @param enabled Whether the application opens the extension's endpoint at 127.0.0.1.
	 * @param port Port to listen at, 0 for any that is free.
	 * @param token Token that clients of the endpoint must send. By default an
	 * environment variable, inside Lambda AWS_SESSION_TOKEN.
	 */
	public record Endpoint(@DefaultValue("false") boolean enabled, @Nullable Integer port, @Nullable String token) {

		/**
		 * Returns a text that does not show the token.
		 */
		@Override
		public String toString() {
			return "Endpoint[enabled=" + this.enabled + ", port=" + this.port + "]";
		}

	}

	/**
	 * Values of the local mode.
	 *
	 * @param location YAML or properties file of the local mode, with 'secrets' and
	 * 'parameters'.
	 * @param secrets Secrets of the local mode by name. A text, or keys and values that
	 * become a JSON object.
	 * @param parameters Parameters of the local mode by name.
	 */
	public record Local(@Nullable String location, @DefaultValue Map<String, Object> secrets,
			@DefaultValue Map<String, String> parameters) {

		/**
		 * Returns a text that shows no value.
		 */
		@Override
		public String toString() {
			return "Local[location=" + this.location + "]";
		}

	}

}
