package io.github.secretsextension.autoconfigure;

import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.DefaultSingletonBeanRegistry;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * A post-processor that makes references resolvable in a context which was not prepared
 * before its refresh. Conditions have read the references' own text by then.
 */
class LateReferences implements BeanFactoryPostProcessor, PriorityOrdered {

	private final ConfigurableEnvironment environment;

	LateReferences(ConfigurableEnvironment environment) {
		this.environment = environment;
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		if (beanFactory.getBeanNamesForType(ReferenceResolution.class, false, false).length > 0) {
			return;
		}
		ReferenceResolution resolution = ReferenceResolution.withoutBootstrap(this.environment);
		resolution.register(beanFactory);
		if (beanFactory instanceof DefaultSingletonBeanRegistry registry) {
			registry.registerDisposableBean(LateReferences.class.getName(), resolution::close);
		}
		new ReferenceBeanFactoryPostProcessor(resolution, this.environment).postProcessBeanFactory(beanFactory);
	}

	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

}
