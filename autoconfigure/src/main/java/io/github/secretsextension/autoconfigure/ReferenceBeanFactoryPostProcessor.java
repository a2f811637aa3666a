package io.github.secretsextension.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.config.PlaceholderConfigurerSupport;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.core.env.ConfigurableEnvironment;

import io.github.secretsextension.SecretsProvider;

/**
 * The last pass over a context: all bean definitions and property sources are there, and
 * Spring's own placeholder configurer has not run yet.
 */
final class ReferenceBeanFactoryPostProcessor implements BeanFactoryPostProcessor {

	private static final String TARGET_CLASS = "org.springframework.aop.framework.autoproxy.AutoProxyUtils.originalTargetClass";

	private static final String SPRING_CLOUD_AWS = "io.awspring.cloud.autoconfigure.";

	private static final String ADVISOR = "secretsExtensionBindHandlerAdvisor";

	private final ReferenceResolution resolution;

	private final ConfigurableEnvironment environment;

	ReferenceBeanFactoryPostProcessor(ReferenceResolution resolution, ConfigurableEnvironment environment) {
		this.resolution = resolution;
		this.environment = environment;
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		this.resolution.applyTo(this.environment);
		ReferencePropertySource.setConditionsRun(this.environment, false);
		addValueResolvers(beanFactory);
		guardValues(beanFactory);
		if (beanFactory.getBeanNamesForType(SecretsProvider.class, true, false).length == 0) {
			this.resolution.registerProvider(beanFactory);
		}
		deferSpringCloudAws(beanFactory);
		deferOwnSettings(beanFactory);
	}

	/**
	 * Keeps values that are not accepted out of the exceptions that say so.
	 */
	private void guardValues(ConfigurableListableBeanFactory beanFactory) {
		ValueFailures failures = new ValueFailures(this.resolution.seals(), this.environment.getPropertySources());
		ConfigurationPropertiesBindHandlerAdvisor advisor = (handler) -> new ReferenceBindHandler(handler, failures);
		beanFactory.registerSingleton(ADVISOR, advisor);
		if (beanFactory instanceof DefaultListableBeanFactory listable) {
			ReferenceAutowireCandidateResolver.addTo(listable, this.resolution.seals(),
					this.environment.getPropertySources(), failures);
		}
	}

	private void addValueResolvers(ConfigurableListableBeanFactory beanFactory) {
		if (beanFactory.hasEmbeddedValueResolver() && !this.resolution.seals().isEmpty()) {
			throw new IllegalStateException("A placeholder configurer was added to the context by hand: it would "
					+ "resolve references unguarded. Declare it as a static @Bean method instead.");
		}
		AnnotationTextResolver resolver = new AnnotationTextResolver(this.resolution.seals());
		beanFactory.addEmbeddedValueResolver(resolver.first());
		if (beanFactory.getBeanNamesForType(PlaceholderConfigurerSupport.class, true, false).length == 0) {
			// Spring adds its default only where there is no resolver at all.
			beanFactory.addEmbeddedValueResolver(this.environment::resolvePlaceholders);
		}
		new AnnotationTextEnd(resolver.last()).register(beanFactory);
	}

	/**
	 * Makes the clients and settings of Spring Cloud AWS lazy: references do not use
	 * these beans, and creating them costs a third of a second whether or not anyone else
	 * does.
	 */
	private void deferSpringCloudAws(ConfigurableListableBeanFactory beanFactory) {
		for (String name : beanFactory.getBeanDefinitionNames()) {
			BeanDefinition definition = beanFactory.getBeanDefinition(name);
			if (isSpringCloudAwsCore(definition.getBeanClassName())
					|| isSpringCloudAwsCore(definition.getFactoryBeanName())) {
				definition.setLazyInit(true);
				// Else Spring searches each of the client's methods for @EventListener,
				// and
				// the JVM loads hundreds of request and response classes for that.
				definition.setAttribute(TARGET_CLASS, Object.class);
			}
		}
	}

	/**
	 * Makes our own settings lazy where none is set: to bind nothing but defaults takes
	 * tens of milliseconds. One that is set is checked as the application starts, and
	 * what is set then is not known during AOT processing.
	 */
	private void deferOwnSettings(ConfigurableListableBeanFactory beanFactory) {
		if (!Boolean.getBoolean(SecretsProviderFactory.AOT)
				&& !PropertyPresence.isAnyUnder(this.environment, "secrets-extension")) {
			for (String name : beanFactory.getBeanNamesForType(SecretsExtensionProperties.class, true, false)) {
				beanFactory.getBeanDefinition(name).setLazyInit(true);
			}
		}
	}

	private static boolean isSpringCloudAwsCore(@Nullable String name) {
		return name != null && name.startsWith(SPRING_CLOUD_AWS) && (name.startsWith("core.", SPRING_CLOUD_AWS.length())
				|| name.startsWith("config.", SPRING_CLOUD_AWS.length()));
	}

}
