package io.github.secretsextension.autoconfigure;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.boot.context.properties.bind.BindableRuntimeHintsRegistrar;
import org.springframework.util.ClassUtils;

/**
 * Runtime hints for the settings, which are bound by hand before there are beans, and for
 * classes that are looked for by name.
 */
class SecretsExtensionRuntimeHints implements RuntimeHintsRegistrar {

	private static final String SPRING_CLOUD_AWS = "io.awspring.cloud.autoconfigure.";

	private static final List<String> LOOKED_FOR = List.of(
			"software.amazon.awssdk.services.secretsmanager.SecretsManagerClient",
			"software.amazon.awssdk.services.ssm.SsmClient", SPRING_CLOUD_AWS + "core.AwsClientBuilderConfigurer",
			"io.awspring.cloud.core.SpringCloudClientConfiguration");

	private static final List<String> BOUND = List.of(SPRING_CLOUD_AWS + "core.AwsProperties",
			SPRING_CLOUD_AWS + "core.RegionProperties", SPRING_CLOUD_AWS + "core.CredentialsProperties",
			SPRING_CLOUD_AWS + "config.secretsmanager.SecretsManagerProperties",
			SPRING_CLOUD_AWS + "config.parameterstore.ParameterStoreProperties");

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		BindableRuntimeHintsRegistrar.forTypes(SecretsExtensionProperties.class).registerHints(hints);
		LOOKED_FOR.forEach((name) -> hints.reflection().registerTypeIfPresent(classLoader, name));
		Class<?>[] bound = BOUND.stream()
			.filter((name) -> ClassUtils.isPresent(name, classLoader))
			.map((name) -> ClassUtils.resolveClassName(name, classLoader))
			.toArray(Class<?>[]::new);
		if (bound.length > 0) {
			BindableRuntimeHintsRegistrar.forTypes(bound).registerHints(hints);
		}
	}

}
