package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.autoconfigure.SecretsExtensionProperties.Mode;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.util.ClassUtils;

/**
 * A factory for the provider that the settings ask for: the mode's own, behind the cache.
 */
final class SecretsProviderFactory {

	private static final int QUEUE = 1000;

	private static final Duration IDLE = Duration.ofSeconds(5);

	private final ConfigurableEnvironment environment;

	private final Function<Class<?>, @Nullable Object> bootstrap;

	private final Log log;

	private final SecretsClock clock;

	SecretsProviderFactory(ConfigurableEnvironment environment, Function<Class<?>, @Nullable Object> bootstrap,
			Log log) {
		this.environment = environment;
		this.bootstrap = bootstrap;
		this.log = log;
		SecretsClock registered = (SecretsClock) bootstrap.apply(SecretsClock.class);
		this.clock = (registered != null) ? registered : SecretsClock.system();
	}

	/**
	 * Creates the provider.
	 * @param registered one that was registered in its place, or {@code null}
	 * @return the provider
	 */
	SecretsProvider create(@Nullable SecretsProvider registered) {
		SecretsExtensionProperties properties = Binder.get(this.environment)
			.bindOrCreate("secrets-extension", SecretsExtensionProperties.class);
		if (!properties.enabled()) {
			return refusing("The secrets extension is switched off",
					"Set 'secrets-extension.enabled=true', or remove the reference.");
		}
		if (Boolean.getBoolean("spring.aot.processing")) {
			return refusing("It was read during AOT processing, in which no secret is fetched",
					"Let no condition depend on a reference: conditions are evaluated at build time.");
		}
		if (registered != null) {
			return registered;
		}
		ExtensionVariables variables = new ExtensionVariables(this.environment, this.log);
		return (properties.mode() == Mode.LOCAL) ? local(properties, variables) : embedded(properties, variables);
	}

	private static SecretsProvider refusing(String problem, String action) {
		return (reference) -> {
			throw new SecretsException(Reason.NOT_CONFIGURED, reference, problem, action);
		};
	}

	private SecretsProvider local(SecretsExtensionProperties properties, ExtensionVariables variables) {
		if (this.environment.getProperty("AWS_LAMBDA_RUNTIME_API") != null) {
			this.log.warn("Inside Lambda, 'secrets-extension.mode=local' takes secrets from "
					+ "the deployment package, not from AWS");
		}
		LocalSecretsProvider local = new LocalSecretsProvider(properties.local(), this.clock);
		// No deadline and no thread: a file is read by who asks.
		return new SecretsCache(local, settings(properties, variables, Duration.ZERO), this.clock, Runnable::run);
	}

	private SecretsProvider embedded(SecretsExtensionProperties properties, ExtensionVariables variables) {
		if (!ClassUtils.isPresent("software.amazon.awssdk.services.secretsmanager.SecretsManagerClient", null)
				|| !ClassUtils.isPresent("software.amazon.awssdk.services.ssm.SsmClient", null)) {
			return refusing("The AWS SDK for Java is not on the class path",
					"Add software.amazon.awssdk:secretsmanager and :ssm, or set 'secrets-extension.mode=local'.");
		}
		SecretsProvider aws = EmbeddedProviders.create(this.environment, this.bootstrap, properties.deadline(),
				this.clock, this.log);
		return new SecretsCache(aws, settings(properties, variables, properties.deadline()), this.clock,
				executor(2 * variables.maxConnections()));
	}

	private static SecretsCache.Settings settings(SecretsExtensionProperties properties, ExtensionVariables variables,
			Duration deadline) {
		Duration secretTtl = properties.secretsManager().ttl();
		Duration parameterTtl = properties.parameterStore().ttl();
		Integer size = properties.cache().size();
		Boolean enabled = properties.cache().enabled();
		boolean caching = (enabled != null) ? enabled : variables.cacheEnabled();
		return new SecretsCache.Settings((secretTtl != null) ? secretTtl : variables.secretTtl(),
				(parameterTtl != null) ? parameterTtl : variables.parameterTtl(),
				(!caching) ? 0 : (size != null) ? size : variables.size(), deadline,
				new AllowedSecrets(properties.allow()));
	}

	private static Executor executor(int threads) {
		AtomicInteger count = new AtomicInteger();
		ThreadPoolExecutor executor = new ThreadPoolExecutor(threads, threads, IDLE.toSeconds(), TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(QUEUE), (task) -> {
					Thread thread = new Thread(task, "secrets-extension-" + count.incrementAndGet());
					thread.setDaemon(true);
					return thread;
				});
		executor.allowCoreThreadTimeOut(true);
		return executor;
	}

}
