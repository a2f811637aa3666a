package io.github.secretsextension.autoconfigure;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvokerAdvisor;
import org.springframework.boot.actuate.info.EnvironmentInfoContributor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Auto-configuration that keeps what references stand for out of Spring Boot's endpoints.
 * It counts while references are switched off too: then reading one is an error.
 */
@AutoConfiguration
@ConditionalOnClass({ SanitizingFunction.class, OperationInvokerAdvisor.class })
public final class SecretsExtensionMaskingAutoConfiguration {

	@Bean
	static OperationInvokerAdvisor secretsExtensionReferenceReportAdvisor() {
		return new ReferenceReportAdvisor();
	}

	@Bean
	static BoundReferences secretsExtensionBoundReferences() {
		return new BoundReferences();
	}

	@Bean
	static SanitizingFunction secretsExtensionSanitizingFunction(ConfigurableEnvironment environment,
			BoundReferences bound) {
		return new ReferenceSanitizingFunction(environment, bound);
	}

	@Bean
	static BeanPostProcessor secretsExtensionInfoContributors(ConfigurableEnvironment environment) {
		return new BeanPostProcessor() {

			@Override
			public Object postProcessAfterInitialization(Object bean, String beanName) {
				// One of a class of its own may be asked for by that.
				return (bean.getClass() == EnvironmentInfoContributor.class)
						? new ReportingInfoContributor(environment, (EnvironmentInfoContributor) bean) : bean;
			}

		};
	}

}
