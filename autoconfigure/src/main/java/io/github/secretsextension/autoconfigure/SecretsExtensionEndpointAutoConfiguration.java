package io.github.secretsextension.autoconfigure;

import io.github.secretsextension.SecretsProvider;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Auto-configuration for the extension's HTTP endpoint, where anything is said of it.
 */
@AutoConfiguration(after = SecretsExtensionAutoConfiguration.class)
@ConditionalOnBooleanProperty(name = "secrets-extension.enabled", matchIfMissing = true)
@Conditional(SecretsExtensionEndpointAutoConfiguration.Settings.class)
public final class SecretsExtensionEndpointAutoConfiguration {

	@Bean
	static EndpointLifecycle secretsExtensionEndpoint(SecretsProvider provider, ConfigurableEnvironment environment,
			ApplicationContext context) {
		ApplicationContext parent = context.getParent();
		return new EndpointLifecycle(provider, environment,
				(parent != null) ? parent.getBeanProvider(EndpointLifecycle.class).getIfAvailable() : null);
	}

	/**
	 * A condition that any setting of the endpoint meets, a misspelt one too.
	 */
	static final class Settings extends SpringBootCondition {

		@Override
		public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
			boolean set = PropertyPresence.isAnyUnder(context.getEnvironment(), EndpointLifecycle.PREFIX);
			return new ConditionOutcome(set, ConditionMessage
				.of(((set) ? "a" : "no") + " property under '" + EndpointLifecycle.PREFIX + "' is set"));
		}

	}

}
