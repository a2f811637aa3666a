package io.github.secretsextension.autoconfigure;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MutablePropertySources;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsCacheStatistics;
import io.github.secretsextension.SecretsProvider;

/**
 * The resolution of references in one application: the seals, the property source that
 * opens them, and the provider that the source asks. It is applied to the environment as
 * often as property sources may have been added.
 */
final class ReferenceResolution {

	private static final String BEAN_NAME = "secretsExtensionReferences";

	private static final String LIFECYCLE_BEAN_NAME = "secretsExtensionSnapshotLifecycle";

	private static final String PROVIDER_BEAN_NAME = "secretsProvider";

	private final ReferenceSeals seals;

	private final SnapshotWatch snapshot;

	private final Map<Kind, SecretsCacheStatistics> statistics = new EnumMap<>(Kind.class);

	private final FallbackLog fallbackLog;

	private final BootstrapSecretsProvider provider;

	private final ReferencePropertySource source;

	private final RewrittenPropertySources rewrittenSources;

	private volatile boolean closed;

	/**
	 * Creates a resolution.
	 * @param environment holds the settings
	 * @param bootstrap looks up what was registered in the bootstrap phase
	 * @param log takes what the settings give cause for, and what happens in the cache
	 */
	ReferenceResolution(ConfigurableEnvironment environment, Function<Class<?>, @Nullable Object> bootstrap, Log log) {
		this.seals = new ReferenceSeals(
				environment.getProperty("secrets-extension.brace-syntax", Boolean.class, Boolean.TRUE));
		this.snapshot = new SnapshotWatch(log, this.seals::shown);
		for (Kind kind : Kind.values()) {
			this.statistics.put(kind, new SecretsCacheStatistics());
		}
		this.fallbackLog = new FallbackLog(log);
		StartLog startLog = new StartLog(log);
		this.provider = new BootstrapSecretsProvider(environment, bootstrap,
				new SecretsProviderFactory(bootstrap, this.seals::isConfigured,
						new CacheLog(log, this.snapshot, this.seals::shown, startLog), this::statistics,
						this.fallbackLog, startLog, log));
		this.source = new ReferencePropertySource(this.seals, this.provider, this.snapshot,
				this.provider.resolvedTexts());
		this.rewrittenSources = new RewrittenPropertySources(this.seals);
	}

	/**
	 * Creates the resolution of a context that had no bootstrap phase.
	 * @param environment the context's environment
	 * @return the resolution, not applied yet
	 */
	static ReferenceResolution withoutBootstrap(ConfigurableEnvironment environment) {
		ReferenceResolution resolution = new ReferenceResolution(environment, (type) -> null,
				LogFactory.getLog(SecretsProvider.class));
		resolution.provider.useEnvironment(environment);
		return resolution;
	}

	BootstrapSecretsProvider bootstrapProvider() {
		return this.provider;
	}

	@Nullable SecretsCache cache() {
		return this.provider.cache();
	}

	SecretsCacheStatistics statistics(Kind kind) {
		return Objects.requireNonNull(this.statistics.get(kind));
	}

	/**
	 * Returns what counts the calls to the extension or agent, where both it and AWS are
	 * asked.
	 */
	SecretsCacheStatistics remoteStatistics(Kind kind) {
		return this.fallbackLog.remote(kind);
	}

	long fallbacks(Kind kind) {
		return this.fallbackLog.fallbacks(kind);
	}

	/**
	 * Starts to read the references that are known by now in the background.
	 */
	void prefetch() {
		this.provider.prefetch(this.seals.configured());
	}

	ReferenceSeals seals() {
		return this.seals;
	}

	SecretsProvider provider() {
		return this.provider.bean();
	}

	/**
	 * Rewrites the sources of an environment and puts the reference source in front.
	 * @param environment an environment of this application, possibly not its last
	 */
	void applyTo(ConfigurableEnvironment environment) {
		this.rewrittenSources.replaceIn(environment);
		MutablePropertySources sources = environment.getPropertySources();
		if (!sources.contains(this.source.getName())) {
			sources.addFirst(this.source);
		}
	}

	/**
	 * Prepares a context that has not been refreshed.
	 * @param context the context, its environment final but for sources yet to come
	 */
	void attachTo(ConfigurableApplicationContext context) {
		ConfigurableEnvironment environment = context.getEnvironment();
		applyTo(environment);
		this.provider.useEnvironment(environment);
		prefetch();
		ReferencePropertySource.setConditionsRun(environment, true);
		context.addBeanFactoryPostProcessor(new ReferenceBeanFactoryPostProcessor(this, environment));
		context.addApplicationListener((ContextClosedEvent event) -> closing(context, event));
		if (context instanceof GenericApplicationContext generic) {
			register(generic.getBeanFactory());
			// Registered first, so it ends last: until then others may read.
			generic.getDefaultListableBeanFactory().registerDisposableBean(BEAN_NAME, this.provider::end);
		}
	}

	/**
	 * Makes this known to the context, from which the auto-configuration takes it.
	 * @param beanFactory the context's bean factory
	 */
	void register(ConfigurableListableBeanFactory beanFactory) {
		beanFactory.registerSingleton(BEAN_NAME, this);
		beanFactory.registerSingleton(LIFECYCLE_BEAN_NAME, new SnapshotLifecycle(this));
	}

	/**
	 * Lets go of everything: no read is answered any more.
	 */
	void close() {
		this.closed = true;
		this.provider.end();
	}

	/**
	 * Drops values and clients, and warns of what will be in the snapshot all the same.
	 */
	void beforeSnapshot() {
		if (!this.closed) {
			this.snapshot.beforeSnapshot();
		}
		this.provider.close();
	}

	private void closing(ConfigurableApplicationContext context, ContextClosedEvent event) {
		// A child's end is told its parent too.
		if (event.getApplicationContext() == context) {
			this.closed = true;
			if (!(context instanceof GenericApplicationContext)) {
				// It may be refreshed again, with another bean factory.
				this.provider.close();
			}
		}
	}

	/**
	 * Makes the provider a bean, where no auto-configuration did.
	 * @param beanFactory the context's bean factory
	 */
	void registerProvider(ConfigurableListableBeanFactory beanFactory) {
		beanFactory.registerSingleton(PROVIDER_BEAN_NAME, provider());
	}

}
