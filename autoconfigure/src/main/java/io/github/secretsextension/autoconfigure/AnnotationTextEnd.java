package io.github.secretsextension.autoconfigure;

import java.util.concurrent.atomic.AtomicBoolean;

import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.util.StringValueResolver;

/**
 * A post-processor that adds the last resolver of annotation texts. It has no order, and
 * so runs behind all placeholder configurers, which have one.
 */
class AnnotationTextEnd implements BeanFactoryPostProcessor {

	private static final String BEAN_NAME = "secretsExtensionAnnotationTextEnd";

	private final StringValueResolver last;

	private final AtomicBoolean added = new AtomicBoolean();

	AnnotationTextEnd(StringValueResolver last) {
		this.last = last;
	}

	void register(ConfigurableListableBeanFactory beanFactory) {
		beanFactory.registerSingleton(BEAN_NAME, this);
	}

	/**
	 * Runs the registered post-processor of a bean factory, if it did not run by itself:
	 * it does not where it was registered after the names of all were collected.
	 * @param beanFactory the context's bean factory
	 */
	static void run(ConfigurableListableBeanFactory beanFactory) {
		if (beanFactory.containsSingleton(BEAN_NAME)) {
			beanFactory.getBean(BEAN_NAME, AnnotationTextEnd.class).postProcessBeanFactory(beanFactory);
		}
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		if (this.added.compareAndSet(false, true)) {
			beanFactory.addEmbeddedValueResolver(this.last);
		}
	}

}
