package io.github.secretsextension.autoconfigure;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * The provider of the bootstrap phase, which creates the real one at the first read. So
 * an application that reads nothing creates nothing.
 */
final class BootstrapSecretsProvider implements SecretsProvider {

	private static final String[] SETTINGS = { "secrets-extension", "spring.cloud.aws" };

	private final Function<Class<?>, @Nullable Object> bootstrap;

	private final Log log;

	private final Object lock = new Object();

	private final ThreadLocal<@Nullable Boolean> creating = new ThreadLocal<>();

	private volatile ConfigurableEnvironment environment;

	/** Only then may the settings still change, and are they kept to be compared. */
	private volatile boolean bootstrapping = true;

	private boolean owned;

	private @Nullable Map<String, String> settings;

	private volatile @Nullable SecretsProvider created;

	/**
	 * Creates a provider.
	 * @param environment holds the settings
	 * @param bootstrap looks up what was registered in the bootstrap phase
	 * @param log takes what the settings give cause for
	 */
	BootstrapSecretsProvider(ConfigurableEnvironment environment, Function<Class<?>, @Nullable Object> bootstrap,
			Log log) {
		this.environment = environment;
		this.bootstrap = bootstrap;
		this.log = log;
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
			if (this.created != null && !settings(environment).equals(this.settings)) {
				close();
			}
			this.settings = null;
		}
	}

	/**
	 * Returns what becomes the bean.
	 * @return this provider, or the one that stands in its place
	 */
	SecretsProvider bean() {
		SecretsProvider registered = (SecretsProvider) this.bootstrap.apply(SecretsProvider.class);
		return (registered != null) ? registered : this;
	}

	private SecretsProvider provider() {
		SecretsProvider provider = this.created;
		return (provider != null) ? provider : create();
	}

	/**
	 * Creates the provider without holding the lock: the bootstrap context has a lock of
	 * its own, which another thread may hold while it reads a reference.
	 */
	private SecretsProvider create() {
		if (this.creating.get() != null) {
			throw new SecretsException(Reason.NOT_CONFIGURED, null,
					"A setting of the clients that resolve references leads to a reference itself",
					"Write the value of that property itself.");
		}
		this.creating.set(Boolean.TRUE);
		try {
			ConfigurableEnvironment environment = this.environment;
			SecretsProvider bean = bean();
			SecretsProvider provider = new SecretsProviderFactory(environment, this.bootstrap, this.log)
				.create((bean != this) ? bean : null);
			return publish(provider, provider != bean, (this.bootstrapping) ? settings(environment) : null);
		}
		finally {
			this.creating.remove();
		}
	}

	private SecretsProvider publish(SecretsProvider provider, boolean owned, @Nullable Map<String, String> settings) {
		synchronized (this.lock) {
			SecretsProvider other = this.created;
			if (other == null) {
				this.created = provider;
				this.owned = owned;
				this.settings = settings;
				return provider;
			}
			if (owned) {
				provider.close();
			}
			return other;
		}
	}

	private static Map<String, String> settings(ConfigurableEnvironment environment) {
		// Without placeholders: a reference among them must not be asked.
		Binder binder = new Binder(ConfigurationPropertySources.get(environment));
		Map<String, String> settings = new TreeMap<>();
		for (String prefix : SETTINGS) {
			settings.putAll(binder.bind(prefix, Bindable.mapOf(String.class, String.class)).orElseGet(Map::of));
		}
		return settings;
	}

	@Override
	public SecretValue get(SecretReference reference) {
		return provider().get(reference);
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
		return provider().text(reference);
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
			if (provider != null && this.owned) {
				provider.close();
			}
		}
	}

}
