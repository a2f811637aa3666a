package io.github.secretsextension.autoconfigure;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.PrintableText;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsCacheSettings;
import io.github.secretsextension.SecretsCacheSettings.KindSettings;
import io.github.secretsextension.SecretsCacheStatistics;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.aws.DefaultAwsClients;
import io.github.secretsextension.extension.ExtensionClientSettings;
import io.github.secretsextension.extension.FallbackSecretsProvider;
import io.github.secretsextension.autoconfigure.SecretsExtensionProperties.Mode;
import io.github.secretsextension.autoconfigure.SecretsExtensionProperties.Prefetch;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.util.ClassUtils;

/**
 * A factory for the provider that the settings ask for: the mode's own, behind the cache.
 */
final class SecretsProviderFactory {

	static final String AOT = "spring.aot.processing";

	private static final int QUEUE = 1000;

	private static final Duration IDLE = Duration.ofSeconds(5);

	private final Function<Class<?>, @Nullable Object> bootstrap;

	private final Predicate<SecretReference> pinned;

	private final SecretsCacheSettings.Listener listener;

	private final Function<Kind, SecretsCacheStatistics> statistics;

	private final FallbackLog fallbackLog;

	private final StartLog startLog;

	private final Log log;

	private final OnceLog onceLog;

	private volatile @Nullable String how;

	/**
	 * Creates a factory.
	 * @param bootstrap looks up what was registered in the bootstrap phase
	 * @param pinned tells the keys that the configuration names
	 * @param listener hears what happens in the cache
	 * @param statistics counts what happens in it, by kind
	 * @param fallbackLog hears what the extension could not answer
	 * @param startLog hears where values come from
	 * @param log takes what the settings give cause for
	 */
	SecretsProviderFactory(Function<Class<?>, @Nullable Object> bootstrap, Predicate<SecretReference> pinned,
			SecretsCacheSettings.Listener listener, Function<Kind, SecretsCacheStatistics> statistics,
			FallbackLog fallbackLog, StartLog startLog, Log log) {
		this.bootstrap = bootstrap;
		this.pinned = pinned;
		this.listener = listener;
		this.statistics = statistics;
		this.fallbackLog = fallbackLog;
		this.startLog = startLog;
		this.log = log;
		this.onceLog = new OnceLog(log);
	}

	/**
	 * Returns how references are to be read ahead.
	 * @param environment holds the settings
	 * @return {@code OFF} also where no reference could be read, or none need be
	 */
	Prefetch prefetch(ConfigurableEnvironment environment) {
		// Under SnapStart there is no start to shorten, and what nobody reads would be in
		// memory at the snapshot.
		boolean needed = !Boolean.getBoolean(AOT) && !LambdaRuntime.isSnapStart(environment)
				&& environment.getProperty("secrets-extension.enabled", Boolean.class, Boolean.TRUE)
				&& !isMode(Mode.LOCAL, environment) && !(isMode(Mode.REMOTE, environment) && !keepsRemote(environment));
		return (needed)
				? Binder.get(environment).bind("secrets-extension.prefetch", Prefetch.class).orElse(Prefetch.AUTO)
				: Prefetch.OFF;
	}

	private static boolean isMode(Mode mode, ConfigurableEnvironment environment) {
		return mode.name().equalsIgnoreCase(environment.getProperty("secrets-extension.mode"));
	}

	private static boolean keepsRemote(ConfigurableEnvironment environment) {
		Duration ttl = Binder.get(environment)
			.bind("secrets-extension.remote.ttl", Duration.class)
			.orElse(Duration.ZERO);
		return !ttl.isZero();
	}

	/**
	 * Loads classes that will be needed, on any thread.
	 * @param environment holds the settings
	 * @throws LinkageError if a module is missing
	 */
	void preload(ConfigurableEnvironment environment) {
		if (!isMode(Mode.REMOTE, environment)) {
			DefaultAwsClients.preload();
		}
	}

	/**
	 * Binds the settings and asks the bootstrap context, on the calling thread.
	 * @param environment holds the settings
	 * @param registered one that was registered in its place, or {@code null}
	 * @return makes the provider, on any thread
	 */
	Supplier<SecretsProvider> bind(ConfigurableEnvironment environment, @Nullable SecretsProvider registered) {
		SecretsExtensionProperties properties = Binder.get(environment)
			.bindOrCreate("secrets-extension", SecretsExtensionProperties.class);
		if (!properties.enabled()) {
			return refusing("The secrets extension is switched off",
					"Set 'secrets-extension.enabled=true', or remove the reference.");
		}
		if (Boolean.getBoolean(AOT)) {
			return refusing("It was read during AOT processing, in which no secret is fetched",
					"Let no condition depend on a reference: conditions are evaluated at build time.");
		}
		if (registered != null) {
			return () -> registered;
		}
		MisspeltVariables.warn(environment, this.onceLog);
		ExtensionSettings merged = ExtensionSettings.of(properties, new ExtensionVariables(environment, this.onceLog));
		if (this.log.isDebugEnabled()) {
			this.onceLog.debug(properties.describe());
			this.onceLog.debug(merged.describe(properties));
		}
		return switch (properties.mode()) {
			case LOCAL -> local(environment, properties, merged);
			case EMBEDDED ->
				telling(Mode.EMBEDDED, "values are read in-process", embedded(environment, properties, merged));
			case REMOTE -> telling(Mode.REMOTE,
					"values are read from the extension or agent at " + RemoteProviders.address(properties, merged),
					remote(environment, properties, merged));
			case AUTO -> auto(environment, properties, merged);
		};
	}

	private Supplier<SecretsProvider> remote(ConfigurableEnvironment environment, SecretsExtensionProperties properties,
			ExtensionSettings merged) {
		RemoteProviders.checkOtherEndpoint(properties, merged);
		String token = ExtensionToken.toSend(environment, properties.remote());
		if (token == null) {
			throw RemoteProviders.noToken(LambdaRuntime.isPresent(environment),
					LambdaRuntime.initializationType(environment));
		}
		return remote(environment, properties, merged, token, properties.remote().readyTimeout(), this.statistics);
	}

	private Supplier<SecretsProvider> remote(ConfigurableEnvironment environment, SecretsExtensionProperties properties,
			ExtensionSettings merged, String token, Duration readyTimeout,
			Function<Kind, SecretsCacheStatistics> statistics) {
		ExtensionClientSettings client = RemoteProviders.client(environment, properties, merged, token, readyTimeout);
		SecretsCacheSettings settings = RemoteProviders.cache(
				settings(environment, properties, merged, merged::deadline), properties.remote().ttl(), merged,
				statistics);
		SecretsClock clock = clock();
		return () -> RemoteProviders.create(client, () -> ExtensionToken.anew(environment, properties.remote()),
				settings, (threads) -> executor(threads, "secrets-extension-remote-"), clock);
	}

	private Supplier<SecretsProvider> auto(ConfigurableEnvironment environment, SecretsExtensionProperties properties,
			ExtensionSettings merged) {
		Supplier<SecretsProvider> embedded = embedded(environment, properties, merged);
		// An endpoint of our own must not be asked by itself.
		String token = (properties.endpoint().enabled()) ? null : tokenToTry(environment, properties);
		if (token == null) {
			return telling(Mode.AUTO, "values are read in-process, because " + ((properties.endpoint().enabled())
					? "this application's own endpoint is enabled" : "there is no token for an extension or agent"),
					embedded);
		}
		String own = OwnIdentity.find(environment, this.bootstrap);
		if (own != null) {
			return telling(Mode.AUTO,
					"values are read in-process, because " + own
							+ " may give this application's clients another region or identity than the extension has",
					embedded);
		}
		Supplier<SecretsProvider> remote = remote(environment, properties, merged, token, Duration.ZERO,
				this.fallbackLog::remote);
		SecretsClock clock = clock();
		return telling(Mode.AUTO,
				"values are read from the extension or agent at " + RemoteProviders.address(properties, merged)
						+ ", and in-process whenever it cannot answer",
				() -> new FallbackSecretsProvider(remote.get(), embedded.get(), clock, merged::ttl, this.fallbackLog));
	}

	private @Nullable String tokenToTry(ConfigurableEnvironment environment, SecretsExtensionProperties properties) {
		try {
			return ExtensionToken.toTry(environment, properties.remote());
		}
		catch (SecretsException ex) {
			// An agent beside may write its file later than this process starts.
			this.onceLog.warn(ex.getProblem() + ", so that no extension or agent is asked. " + ex.getAction());
			return null;
		}
	}

	private Supplier<SecretsProvider> telling(Mode mode, String how, Supplier<SecretsProvider> provider) {
		return () -> {
			this.how = how;
			this.startLog.mode("Mode " + mode.name().toLowerCase(Locale.ROOT) + ": " + how);
			return provider.get();
		};
	}

	/**
	 * Returns how the provider that was made last reads values, and why so.
	 * @return the second half of a sentence, or {@code null} if none was made
	 */
	@Nullable String how() {
		return this.how;
	}

	private static Supplier<SecretsProvider> refusing(String problem, String action) {
		return () -> (reference) -> {
			throw new SecretsException(Reason.NOT_CONFIGURED, reference, problem, action);
		};
	}

	SecretsClock clock() {
		SecretsClock registered = (SecretsClock) this.bootstrap.apply(SecretsClock.class);
		return (registered != null) ? registered : SecretsClock.system();
	}

	private Supplier<SecretsProvider> local(ConfigurableEnvironment environment, SecretsExtensionProperties properties,
			ExtensionSettings merged) {
		if (LambdaRuntime.isPresent(environment)) {
			this.onceLog.warn("Inside Lambda, 'secrets-extension.mode=local' takes secrets from "
					+ "the deployment package, not from AWS");
		}
		SecretsClock clock = clock();
		LocalSecretsProvider local = new LocalSecretsProvider(properties.local(), clock);
		// No deadline and no thread: a file is read by who asks.
		Executor caller = Runnable::run;
		SecretsCacheSettings settings = settings(environment, properties, merged, (kind) -> Duration.ZERO);
		return telling(Mode.LOCAL,
				"values are read from "
						+ ((properties.local().location() != null)
								? "'" + PrintableText.name(properties.local().location()) + "' and " : "")
						+ "properties",
				() -> new SecretsCache(local, settings, clock, (kind) -> caller, SecretsProviderFactory::jitter));
	}

	private Supplier<SecretsProvider> embedded(ConfigurableEnvironment environment,
			SecretsExtensionProperties properties, ExtensionSettings merged) {
		ClassLoader classLoader = SecretsProviderFactory.class.getClassLoader();
		if (!ClassUtils.isPresent("software.amazon.awssdk.services.secretsmanager.SecretsManagerClient", classLoader)
				|| !ClassUtils.isPresent("software.amazon.awssdk.services.ssm.SsmClient", classLoader)) {
			return refusing("The AWS SDK for Java is not on the class path",
					"Add software.amazon.awssdk:secretsmanager and :ssm, or set 'secrets-extension.mode=local'.");
		}
		SecretsClock clock = clock();
		SecretsProvider aws = EmbeddedProviders.create(environment, this.bootstrap,
				longer(merged.secretDeadline(), merged.parameterDeadline()), clock, this.log, this.startLog::onCall);
		SecretsCacheSettings settings = settings(environment, properties, merged, merged::deadline);
		int maxConnections = merged.maxConnections();
		return () -> {
			Map<Kind, Executor> executors = new EnumMap<>(Kind.class);
			for (Kind kind : Kind.values()) {
				executors.put(kind, executor(maxConnections, "secrets-extension-" + kind + "-"));
			}
			return new SecretsCache(aws, settings, clock, (kind) -> Objects.requireNonNull(executors.get(kind)),
					SecretsProviderFactory::jitter);
		};
	}

	private SecretsCacheSettings settings(ConfigurableEnvironment environment, SecretsExtensionProperties properties,
			ExtensionSettings merged, Function<Kind, Duration> deadlines) {
		SecretsExtensionProperties.Cache cache = properties.cache();
		return new SecretsCacheSettings(kind(Kind.SECRET, merged, deadlines), kind(Kind.PARAMETER, merged, deadlines),
				merged.size(), cache.maxBytes().toBytes(), cache.maxStale(), cache.staleWait(),
				LambdaRuntime.isNeverFrozen(environment), new AllowedSecrets(properties.allow()), this.pinned,
				this.listener);
	}

	private KindSettings kind(Kind kind, ExtensionSettings merged, Function<Kind, Duration> deadlines) {
		return new KindSettings(merged.ttl(kind), deadlines.apply(kind), this.statistics.apply(kind));
	}

	/** The clients of both services have one limit; the cache has one for each. */
	private static Duration longer(Duration one, Duration other) {
		boolean unlimited = one.isZero() || other.isZero();
		return (unlimited) ? Duration.ZERO : (one.compareTo(other) > 0) ? one : other;
	}

	/**
	 * A generator of its own each time: one in a snapshot would be the same in all its
	 * clones.
	 */
	static double jitter() {
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
