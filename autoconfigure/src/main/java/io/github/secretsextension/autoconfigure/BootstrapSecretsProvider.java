package io.github.secretsextension.autoconfigure;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.autoconfigure.SecretsExtensionProperties.Prefetch;
import io.github.secretsextension.extension.FallbackSecretsProvider;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * The provider of the bootstrap phase, which creates the real one at the first read, or
 * ahead of it in the background if there is something to prefetch. So an application that
 * reads nothing creates nothing.
 */
final class BootstrapSecretsProvider implements SecretsProvider {

	private static final String[] SETTINGS = { "secrets-extension", "spring.cloud.aws" };

	private final Function<Class<?>, @Nullable Object> bootstrap;

	private final SecretsProviderFactory factory;

	private final ResolvedTexts resolvedTexts = new ResolvedTexts();

	private final Object lock = new Object();

	private final ThreadLocal<@Nullable Boolean> creating = new ThreadLocal<>();

	private volatile ConfigurableEnvironment environment;

	/** Only then may the settings still change, and are they kept to be compared. */
	private volatile boolean bootstrapping = true;

	private boolean owned;

	private @Nullable Map<String, String> settings;

	private final Set<SecretReference> prefetched = new HashSet<>();

	private volatile boolean ended;

	private volatile @Nullable SecretsProvider created;

	/** What a thread of ours is creating; {@code null} is its result if that failed. */
	private volatile @Nullable CompletableFuture<@Nullable SecretsProvider> early;

	/**
	 * Creates a provider.
	 * @param environment holds the settings
	 * @param bootstrap looks up what was registered in the bootstrap phase
	 * @param factory makes the real provider
	 */
	BootstrapSecretsProvider(ConfigurableEnvironment environment, Function<Class<?>, @Nullable Object> bootstrap,
			SecretsProviderFactory factory) {
		this.environment = environment;
		this.bootstrap = bootstrap;
		this.factory = factory;
	}

	/**
	 * Goes over to the environment of the context, as the bootstrap phase ends; a
	 * provider made from other settings is dropped.
	 * @param environment the environment to take settings from
	 */
	void useEnvironment(ConfigurableEnvironment environment) {
		synchronized (this.lock) {
			this.environment = environment;
			this.bootstrapping = false;
			if (this.settings != null && !settings(environment).equals(this.settings)) {
				close();
			}
			if (this.created == null && this.early == null) {
				this.prefetched.clear();
			}
			this.settings = null;
		}
	}

	/**
	 * Returns what becomes the bean.
	 * @return this provider, or the one that stands in its place
	 */
	SecretsProvider bean() {
		SecretsProvider registered = registered();
		return (registered != null) ? registered : this;
	}

	private @Nullable SecretsProvider registered() {
		SecretsProvider registered = (SecretsProvider) this.bootstrap.apply(SecretsProvider.class);
		return (registered != this) ? registered : null;
	}

	/**
	 * Starts to read references in the background, the creation of the provider included.
	 * @param references what the configuration names; what was asked for before is left
	 * out
	 */
	void prefetch(Set<SecretReference> references) {
		synchronized (this.lock) {
			references.removeAll(this.prefetched);
			if (references.isEmpty()) {
				return;
			}
			this.prefetched.addAll(references);
		}
		try {
			Prefetch prefetch = this.factory.prefetch(this.environment);
			if (prefetch != Prefetch.OFF && guarded(this::registered) == null) {
				startEarly((provider) -> provider.prefetch(references, prefetch == Prefetch.AUTO));
			}
		}
		catch (RuntimeException | LinkageError ex) {
			// Settings may still change; if not, the first read fails in the same way.
		}
	}

	private void startEarly(Consumer<SecretsProvider> start) {
		CompletableFuture<@Nullable SecretsProvider> early;
		SecretsProvider created;
		synchronized (this.lock) {
			early = this.early;
			created = this.created;
		}
		if (early != null) {
			early.thenAccept((provider) -> {
				if (provider != null) {
					start.accept(provider);
				}
			});
		}
		else if (created == null) {
			createEarly(start);
		}
		else {
			start.accept(created);
		}
	}

	/**
	 * Creates the provider in a thread. The settings are bound here, because that asks
	 * the bootstrap context, and without holding the lock, because that has a lock too.
	 */
	private void createEarly(Consumer<SecretsProvider> start) {
		CompletableFuture<Supplier<SecretsProvider>> bound = new CompletableFuture<>();
		CompletableFuture<@Nullable SecretsProvider> early = new CompletableFuture<>();
		Thread thread = new Thread(() -> {
			try {
				early.complete(publish(create(bound, start), early));
			}
			finally {
				early.complete(null);
			}
		}, "secrets-extension-start");
		thread.setDaemon(true);
		thread.start();
		try {
			ConfigurableEnvironment environment = this.environment;
			Supplier<SecretsProvider> supplier = bind(environment, null);
			Map<String, String> settings = (this.bootstrapping) ? settings(environment) : null;
			synchronized (this.lock) {
				if (this.created == null && this.early == null && this.environment == environment) {
					this.early = early;
					this.settings = settings;
					bound.complete(supplier);
				}
			}
		}
		finally {
			bound.cancel(false);
		}
	}

	private @Nullable SecretsProvider create(CompletableFuture<Supplier<SecretsProvider>> bound,
			Consumer<SecretsProvider> start) {
		try {
			this.factory.preload(this.environment);
			SecretsProvider provider = bound.join().get();
			// Before it is published, so that each reader finds what is under way.
			start.accept(provider);
			return provider;
		}
		catch (RuntimeException | Error ex) {
			// The first read fails in the same way, and tells whom it concerns.
			return null;
		}
	}

	/**
	 * Publishes what a thread created, unless settings changed meanwhile, the application
	 * ended, or a reader was faster.
	 */
	private @Nullable SecretsProvider publish(@Nullable SecretsProvider provider,
			CompletableFuture<@Nullable SecretsProvider> early) {
		SecretsProvider other;
		synchronized (this.lock) {
			boolean current = this.early == early;
			this.early = (current) ? null : this.early;
			if (provider != null && current && this.created == null) {
				this.created = provider;
				this.owned = true;
				return provider;
			}
			other = this.created;
		}
		if (provider != null) {
			provider.close();
		}
		return other;
	}

	private SecretsProvider provider() {
		while (true) {
			SecretsProvider provider = this.created;
			if (provider != null) {
				return provider;
			}
			if (this.ended) {
				throw ended();
			}
			if (this.creating.get() != null) {
				throw new SecretsException(Reason.NOT_CONFIGURED, null,
						"A setting of the clients that resolve references leads to a reference itself",
						"Write the value of that property itself.");
			}
			CompletableFuture<@Nullable SecretsProvider> early = this.early;
			if (early == null) {
				return create();
			}
			early.join();
		}
	}

	/**
	 * Creates the provider without holding the lock: the bootstrap context has a lock of
	 * its own, which another thread may hold while it reads a reference.
	 */
	private SecretsProvider create() {
		ConfigurableEnvironment environment = this.environment;
		SecretsProvider registered = guarded(this::registered);
		SecretsProvider provider = bind(environment, registered).get();
		return publish(provider, provider != registered, (this.bootstrapping) ? settings(environment) : null);
	}

	private Supplier<SecretsProvider> bind(ConfigurableEnvironment environment, @Nullable SecretsProvider registered) {
		return guarded(() -> this.factory.bind(environment, registered));
	}

	/**
	 * Returns what must not read a reference on its way, or it would wait for itself.
	 */
	private <T extends @Nullable Object> T guarded(Supplier<T> step) {
		this.creating.set(Boolean.TRUE);
		try {
			return step.get();
		}
		finally {
			this.creating.remove();
		}
	}

	private SecretsProvider publish(SecretsProvider provider, boolean owned, @Nullable Map<String, String> settings) {
		synchronized (this.lock) {
			SecretsProvider other = this.created;
			if (other == null && !this.ended) {
				this.created = provider;
				this.owned = owned;
				this.settings = settings;
				return provider;
			}
			if (owned) {
				provider.close();
			}
			if (other == null) {
				throw ended();
			}
			return other;
		}
	}

	private static Map<String, String> settings(ConfigurableEnvironment environment) {
		// Without placeholders: a reference among them must not be asked.
		Binder binder = new Binder(ConfigurationPropertySources.get(environment));
		Map<String, String> settings = new TreeMap<>(ExtensionVariables.values(environment));
		for (String prefix : SETTINGS) {
			settings.putAll(binder.bind(prefix, Bindable.mapOf(String.class, String.class)).orElseGet(Map::of));
		}
		return settings;
	}

	/**
	 * Returns the cache that values are read through.
	 * @return the cache, or {@code null} if none was made or another provider stands in
	 * its place
	 */
	@Nullable SecretsCache cache() {
		SecretsProvider created = this.created;
		SecretsProvider provider = (created instanceof FallbackSecretsProvider fallback) ? fallback.embedded()
				: created;
		return (provider instanceof SecretsCache cache) ? cache : null;
	}

	/**
	 * Returns what is remembered of the texts that were answered.
	 * @return the memory
	 */
	ResolvedTexts resolvedTexts() {
		return this.resolvedTexts;
	}

	/**
	 * Returns the cache in front of the extension or agent, where another is asked too.
	 * @return the cache, or {@code null} if there is none
	 */
	@Nullable SecretsCache remoteCache() {
		return (this.created instanceof FallbackSecretsProvider fallback
				&& fallback.remote() instanceof SecretsCache cache) ? cache : null;
	}

	/**
	 * Returns how values are read, and why so.
	 * @return the second half of a sentence, or {@code null} if nothing was read yet
	 */
	@Nullable String how() {
		return this.factory.how();
	}

	/**
	 * Returns the clocks by which values age.
	 */
	SecretsClock clock() {
		return this.factory.clock();
	}

	@Override
	public SecretValue get(SecretReference reference) {
		return provider().get(reference);
	}

	/**
	 * Creates nothing, and waits for nothing that is being created: nothing is at hand
	 * then.
	 */
	@Override
	public @Nullable SecretValue getIfFresh(SecretReference reference) {
		SecretsProvider created = this.created;
		return (created != null) ? created.getIfFresh(reference) : null;
	}

	@Override
	public SecretValue refresh(SecretReference reference) {
		return provider().refresh(reference);
	}

	@Override
	public void prepare(SecretReference reference) {
		provider().prepare(reference);
	}

	@Override
	public String text(SecretReference reference) {
		String text = provider().text(reference);
		this.resolvedTexts.onResolved(reference, text);
		return text;
	}

	private static SecretsException ended() {
		return new SecretsException(Reason.NOT_CONFIGURED, null, "The application has ended",
				"Read before its context is closed.");
	}

	/**
	 * Asks no extension from now on whose place this application's own endpoint has
	 * taken: settings that came after the provider was made may have opened it.
	 */
	void onOwnEndpoint() {
		CompletableFuture<@Nullable SecretsProvider> early = this.early;
		if (early != null) {
			early.thenAccept(this::dropFallback);
		}
		dropFallback(this.created);
	}

	private void dropFallback(@Nullable SecretsProvider provider) {
		if (provider instanceof FallbackSecretsProvider && provider == this.created) {
			close();
		}
	}

	/**
	 * Closes the created provider, if there is one and it is ours; no read makes another.
	 */
	void end() {
		this.ended = true;
		close();
	}

	/**
	 * Closes the created provider, if there is one and it is ours; the next read creates
	 * another.
	 */
	@Override
	public void close() {
		synchronized (this.lock) {
			SecretsProvider provider = this.created;
			this.created = null;
			this.early = null;
			if (provider != null && this.owned) {
				provider.close();
			}
		}
	}

}
