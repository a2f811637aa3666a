package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsCacheSettings;
import io.github.secretsextension.SecretsCacheSettings.KindSettings;
import io.github.secretsextension.SecretsCacheStatistics;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.extension.ExtensionClientSettings;
import io.github.secretsextension.extension.ExtensionSecretsProvider;

import org.springframework.core.env.ConfigurableEnvironment;

/**
 * The provider that asks a running extension or agent, behind a cache that by default
 * keeps nothing but the failures of the last seconds.
 */
final class RemoteProviders {

	private RemoteProviders() {
	}

	/**
	 * Returns the settings of the client.
	 * @param environment holds Lambda's variables
	 * @param properties the settings
	 * @param merged what the extension has variables for
	 * @param token the token
	 * @param readyTimeout how long a read waits for an extension that is not ready
	 * @return the settings
	 * @throws SecretsException if the token cannot be sent
	 */
	static ExtensionClientSettings client(ConfigurableEnvironment environment, SecretsExtensionProperties properties,
			ExtensionSettings merged, String token, Duration readyTimeout) {
		SecretsExtensionProperties.Remote remote = properties.remote();
		try {
			return new ExtensionClientSettings(host(remote), port(properties, merged), token, merged.secretDeadline(),
					merged.parameterDeadline(), merged.maxConnections(), readyTimeout,
					LambdaRuntime.initializationType(environment));
		}
		catch (IllegalArgumentException ex) {
			throw new SecretsException(Reason.NOT_CONFIGURED, null, "The token of the extension cannot be sent",
					"Check 'secrets-extension.remote.token', AWS_TOKEN and AWS_SESSION_TOKEN: a token has no blanks"
							+ " and no control characters.");
		}
	}

	private static String host(SecretsExtensionProperties.Remote remote) {
		return (remote.host().equals("localhost")) ? "127.0.0.1" : remote.host();
	}

	/**
	 * Returns where the client looks for the extension or agent.
	 * @param properties the settings
	 * @param merged what the extension has variables for
	 * @return host and port, for a message
	 */
	static String address(SecretsExtensionProperties properties, ExtensionSettings merged) {
		return host(properties.remote()) + ":" + port(properties, merged);
	}

	private static int port(SecretsExtensionProperties properties, ExtensionSettings merged) {
		Integer port = properties.remote().port();
		return (port != null) ? port : merged.httpPort();
	}

	/**
	 * Checks that the client would not ask this application's own endpoint.
	 * @param properties the settings
	 * @param merged what the extension has variables for
	 * @throws SecretsException if both have one port
	 */
	static void checkOtherEndpoint(SecretsExtensionProperties properties, ExtensionSettings merged) {
		SecretsExtensionProperties.Endpoint endpoint = properties.endpoint();
		Integer port = endpoint.port();
		if (endpoint.enabled() && port(properties, merged) == ((port != null) ? port : merged.httpPort())) {
			throw new SecretsException(Reason.NOT_CONFIGURED, null,
					"'secrets-extension.mode=remote' would ask this application's own endpoint",
					"Set 'secrets-extension.mode=embedded', or 'secrets-extension.endpoint.port' to another port.");
		}
	}

	/**
	 * Creates the provider. It connects at the first read.
	 * @param client the settings of the client
	 * @param tokens supplies the token anew once it was rejected
	 * @param settings the settings of the cache
	 * @param executors makes what runs calls where values are kept
	 * @param clock the clocks
	 * @return the provider
	 */
	static SecretsCache create(ExtensionClientSettings client, Supplier<@Nullable String> tokens,
			SecretsCacheSettings settings, Function<Integer, Executor> executors, SecretsClock clock) {
		SecretsProvider extension = new ExtensionSecretsProvider(client, clock, tokens);
		boolean keeps = !settings.secrets().ttl().isZero() && settings.size() > 0;
		// A reader that waits for its own call anyway may as well make it: a hand-over
		// between threads takes as long as half a call.
		Executor executor = (keeps) ? executors.apply(client.maxConnections()) : Runnable::run;
		return new SecretsCache(extension, settings, clock, (kind) -> executor, SecretsProviderFactory::jitter);
	}

	/**
	 * Returns the settings of the cache.
	 * @param all the settings of a cache in front of AWS
	 * @param ttl how long an answer is kept
	 * @param merged what the extension has variables for
	 * @param statistics counts what happens, by kind
	 * @return the settings; nothing is refreshed ahead, and nothing served past its TTL
	 */
	static SecretsCacheSettings cache(SecretsCacheSettings all, Duration ttl, ExtensionSettings merged,
			Function<Kind, SecretsCacheStatistics> statistics) {
		boolean keeps = !ttl.isZero() && all.size() > 0;
		return new SecretsCacheSettings(
				new KindSettings(ttl, (keeps) ? merged.secretDeadline() : Duration.ZERO, statistics.apply(Kind.SECRET)),
				new KindSettings(ttl, (keeps) ? merged.parameterDeadline() : Duration.ZERO,
						statistics.apply(Kind.PARAMETER)),
				all.size(), all.maxBytes(), Duration.ZERO, Duration.ZERO, false, all.allowed(), all.pinned(),
				all.listener());
	}

	/**
	 * Returns the failure of an application that can ask nobody but the extension, and
	 * has no token for it.
	 */
	static SecretsException noToken(boolean lambda, @Nullable String initializationType) {
		if (lambda) {
			return new SecretsException(Reason.NOT_CONFIGURED, null,
					"There is no token for the extension: AWS_SESSION_TOKEN is not set",
					("snap-start".equals(initializationType))
							? "The extension does not support SnapStart: set 'secrets-extension.mode=embedded'."
							: "Do not clear this variable of Lambda's, or set 'secrets-extension.mode=embedded'.");
		}
		return new SecretsException(Reason.NOT_CONFIGURED, null, "There is no token for the extension or agent",
				"Set AWS_TOKEN or 'secrets-extension.remote.token' to the token, or to file:// and the path of the"
						+ " agent's token file. Outside Lambda AWS_SESSION_TOKEN is a live credential, and sent only"
						+ " with 'secrets-extension.remote.allow-aws-token=true'.");
	}

}
