package io.github.secretsextension.autoconfigure;

import java.util.Map;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsProvider;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier;
import org.springframework.boot.bootstrap.ConfigurableBootstrapContext;
import org.springframework.boot.logging.DeferredLogFactory;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * An environment post-processor that makes references in the application's properties
 * resolvable: the last one, so that it sees what the others added. The context is
 * prepared when the bootstrap phase ends.
 */
class SecretsExtensionEnvironmentPostProcessor implements EnvironmentPostProcessor, Ordered {

	private static final String LOG_LEVEL_SOURCE = "secretsExtensionLogLevel";

	private final DeferredLogFactory logs;

	private final ConfigurableBootstrapContext bootstrap;

	SecretsExtensionEnvironmentPostProcessor(DeferredLogFactory logs, ConfigurableBootstrapContext bootstrap) {
		this.logs = logs;
		this.bootstrap = bootstrap;
	}

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		// A Spring Cloud refresh comes here again, with a copy of the environment.
		ReferenceResolution resolution = this.bootstrap.getOrElse(ReferenceResolution.class, null);
		if (resolution != null) {
			resolution.applyTo(environment);
			return;
		}
		applyLogLevel(environment);
		resolution = register(environment);
		resolution.applyTo(environment);
		resolution.prefetch();
	}

	/**
	 * Sets the extension's log level where Boot's logging reads it, behind everything
	 * that the application says of this logger.
	 */
	private void applyLogLevel(ConfigurableEnvironment environment) {
		OnceLog log = new OnceLog(this.logs.getLog(SecretsProvider.class));
		String level = new ExtensionVariables(environment, log).logLevel();
		if (level != null) {
			environment.getPropertySources()
				.addLast(new MapPropertySource(LOG_LEVEL_SOURCE,
						Map.of("logging.level.io.github.secretsextension", level)));
		}
	}

	private ReferenceResolution register(ConfigurableEnvironment environment) {
		Function<Class<?>, @Nullable Object> lookup = this::lookup;
		ReferenceResolution resolution = new ReferenceResolution(environment, lookup,
				this.logs.getLog(SecretsProvider.class));
		this.bootstrap.registerIfAbsent(SecretsProvider.class, InstanceSupplier.of(resolution.bootstrapProvider()));
		this.bootstrap.register(ReferenceResolution.class, InstanceSupplier.of(resolution));
		this.bootstrap.addCloseListener((event) -> resolution.attachTo(event.getApplicationContext()));
		return resolution;
	}

	@SuppressWarnings("unchecked")
	private @Nullable Object lookup(Class<?> type) {
		return this.bootstrap.getOrElse((Class<Object>) type, null);
	}

	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE;
	}

}
