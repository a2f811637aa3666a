package io.github.secretsextension.autoconfigure;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsCache.KindSettings;
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

	private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(5);

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
		variables.warnOfMisspeltNames();
		return (properties.mode() == Mode.LOCAL) ? local(properties, variables) : embedded(properties, variables);
	}

	private static SecretsProvider refusing(String problem, String action) {
		return (reference) -> {
			throw new SecretsException(Reason.NOT_CONFIGURED, reference, problem, action);
		};
	}

	private SecretsProvider local(SecretsExtensionProperties properties, ExtensionVariables variables) {
		if (isLambda()) {
			this.log.warn("Inside Lambda, 'secrets-extension.mode=local' takes secrets from "
					+ "the deployment package, not from AWS");
		}
		LocalSecretsProvider local = new LocalSecretsProvider(properties.local(), this.clock);
		// No deadline and no thread: a file is read by who asks.
		Executor caller = Runnable::run;
		return new SecretsCache(local, settings(properties, variables, (kind) -> Duration.ZERO), this.clock,
				(kind) -> caller, SecretsProviderFactory::jitter);
	}

	private SecretsProvider embedded(SecretsExtensionProperties properties, ExtensionVariables variables) {
		if (!ClassUtils.isPresent("software.amazon.awssdk.services.secretsmanager.SecretsManagerClient", null)
				|| !ClassUtils.isPresent("software.amazon.awssdk.services.ssm.SsmClient", null)) {
			return refusing("The AWS SDK for Java is not on the class path",
					"Add software.amazon.awssdk:secretsmanager and :ssm, or set 'secrets-extension.mode=local'.");
		}
		Duration forSecrets = deadline(properties, variables.timeout(Kind.SECRET));
		Duration forParameters = deadline(properties, variables.timeout(Kind.PARAMETER));
		Function<Kind, Duration> deadlines = (kind) -> (kind == Kind.SECRET) ? forSecrets : forParameters;
		SecretsProvider aws = EmbeddedProviders.create(this.environment, this.bootstrap,
				longer(forSecrets, forParameters), this.clock, this.log);
		int maxConnections = variables.maxConnections();
		Map<Kind, Executor> executors = new EnumMap<>(Kind.class);
		for (Kind kind : Kind.values()) {
			executors.put(kind, executor(maxConnections, "secrets-extension-" + kind + "-"));
		}
		return new SecretsCache(aws, settings(properties, variables, deadlines), this.clock,
				(kind) -> Objects.requireNonNull(executors.get(kind)), SecretsProviderFactory::jitter);
	}

	private SecretsCache.Settings settings(SecretsExtensionProperties properties, ExtensionVariables variables,
			Function<Kind, Duration> deadlines) {
		SecretsExtensionProperties.Cache cache = properties.cache();
		Duration secretTtl = properties.secretsManager().ttl();
		Duration parameterTtl = properties.parameterStore().ttl();
		Integer size = cache.size();
		Boolean enabled = cache.enabled();
		boolean caching = (enabled != null) ? enabled : variables.cacheEnabled();
		SecretsCache.Settings settings = new SecretsCache.Settings(
				new KindSettings((secretTtl != null) ? secretTtl : variables.secretTtl(), deadlines.apply(Kind.SECRET)),
				new KindSettings((parameterTtl != null) ? parameterTtl : variables.parameterTtl(),
						deadlines.apply(Kind.PARAMETER)),
				(!caching) ? 0 : (size != null) ? size : variables.size(), cache.maxStale(), cache.staleWait(),
				isNeverFrozen(), new AllowedSecrets(properties.allow()), new StaleValuesLog(this.log));
		this.log.debug("Cache: " + settings);
		return settings;
	}

	private static Duration deadline(SecretsExtensionProperties properties, Duration variable) {
		Duration property = properties.deadline();
		return (property != null) ? property : (variable.isZero()) ? DEFAULT_DEADLINE : variable;
	}

	/** The clients of both services have one limit; the cache has one for each. */
	private static Duration longer(Duration one, Duration other) {
		boolean unlimited = one.isZero() || other.isZero();
		return (unlimited) ? Duration.ZERO : (one.compareTo(other) > 0) ? one : other;
	}

	private boolean isLambda() {
		return this.environment.getProperty("AWS_LAMBDA_RUNTIME_API") != null;
	}

	/**
	 * An ordinary function is frozen between invocations: a refresh would not end there.
	 */
	private boolean isNeverFrozen() {
		return !isLambda()
				|| "lambda-managed-instances".equals(this.environment.getProperty("AWS_LAMBDA_INITIALIZATION_TYPE"));
	}

	/**
	 * A generator of its own each time: one in a snapshot would be the same in all its
	 * clones.
	 */
	private static double jitter() {
		return (new SecureRandom().nextInt() >>> 1) / (double) Integer.MAX_VALUE;
	}

	private static Executor executor(int threads, String name) {
		AtomicInteger count = new AtomicInteger();
		ThreadPoolExecutor executor = new ThreadPoolExecutor(threads, threads, IDLE.toSeconds(), TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(QUEUE), (task) -> {
					Thread thread = new Thread(task, name + count.incrementAndGet());
					thread.setDaemon(true);
					return thread;
				});
		executor.allowCoreThreadTimeOut(true);
		return executor;
	}

}
