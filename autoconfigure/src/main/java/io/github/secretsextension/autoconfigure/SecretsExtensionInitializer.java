package io.github.secretsextension.autoconfigure;

import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;

/**
 * An initializer that makes references resolvable in a context which no
 * {@code SpringApplication} starts, such as that of an {@code ApplicationContextRunner}.
 * In one that was started so it does nothing.
 */
public final class SecretsExtensionInitializer
		implements ApplicationContextInitializer<ConfigurableApplicationContext> {

	@Override
	public void initialize(ConfigurableApplicationContext context) {
		ConfigurableEnvironment environment = context.getEnvironment();
		for (PropertySource<?> source : environment.getPropertySources()) {
			if (source instanceof ReferencePropertySource) {
				return;
			}
		}
		ReferenceResolution.withoutBootstrap(environment).attachTo(context);
	}

}
