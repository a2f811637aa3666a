package io.github.secretsextension.autoconfigure;

import java.util.function.Function;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;

import org.springframework.core.env.ConfigurableEnvironment;

/**
 * What gives the clients of this application another region or identity than an extension
 * beside it has: a name would then mean one secret here and another one there.
 */
final class OwnIdentity {

	private static final String[] REGIONS = { "spring.cloud.aws.region.static",
			"spring.cloud.aws.secretsmanager.region", "spring.cloud.aws.parameterstore.region" };

	private static final String[] ALWAYS_OWN = { "spring.cloud.aws.credentials", "spring.cloud.aws.region.profile" };

	private OwnIdentity() {
	}

	/**
	 * Returns what differs.
	 * @param environment holds the settings and variables
	 * @param bootstrap returns what is registered in the bootstrap phase under a type
	 * @return the name of a property or type, or {@code null} if nothing is known to
	 * differ
	 */
	static @Nullable String find(ConfigurableEnvironment environment, Function<Class<?>, @Nullable Object> bootstrap) {
		String shared = sharedRegion(environment);
		for (String property : REGIONS) {
			String region = environment.getProperty(property);
			if (region != null && shared != null && !region.equals(shared)) {
				return "'" + property + "'";
			}
		}
		for (String prefix : ALWAYS_OWN) {
			if (PropertyPresence.isAnyUnder(environment, prefix)) {
				return "'" + prefix + ".*'";
			}
		}
		return registered(new BootstrapInstances(bootstrap));
	}

	private static @Nullable String sharedRegion(ConfigurableEnvironment environment) {
		String region = ExtensionVariables.value(environment, "AWS_REGION");
		return (region != null) ? region : ExtensionVariables.value(environment, "AWS_DEFAULT_REGION");
	}

	private static @Nullable String registered(BootstrapInstances instances) {
		if (instances.get(() -> SecretsManagerClient.class) != null) {
			return "a registered SecretsManagerClient";
		}
		if (instances.get(() -> SsmClient.class) != null) {
			return "a registered SsmClient";
		}
		if (instances.get(() -> AwsCredentialsProvider.class) != null) {
			return "a registered AwsCredentialsProvider";
		}
		return (instances.get(() -> AwsRegionProvider.class) != null) ? "a registered AwsRegionProvider" : null;
	}

}
