package io.github.secretsextension.aws;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClientBuilder;
import software.amazon.awssdk.services.ssm.SsmClientBuilder;

/**
 * A callback that configures the builders of {@link DefaultAwsClients}.
 * <p>
 * What it leaves unset comes from the SDK's own chains. The region of an ARN is set after
 * it and wins; so does the deadline, over a longer time limit. It may be called more than
 * once for one client.
 */
public interface ClientConfigurer {

	/**
	 * Configures a client of Secrets Manager.
	 * @param builder the builder
	 * @param region the region the client is for, or {@code null} for the default region,
	 * which is the configurer's to choose
	 */
	default void secretsManager(SecretsManagerClientBuilder builder, @Nullable Region region) {
	}

	/**
	 * Configures a client of Systems Manager.
	 * @param builder the builder
	 * @param region the region the client is for, or {@code null} for the default region,
	 * which is the configurer's to choose
	 */
	default void parameterStore(SsmClientBuilder builder, @Nullable Region region) {
	}

	/**
	 * Lets go of a credentials provider that builders have been given, so that the next
	 * ones are given a new one.
	 */
	default void renewCredentials() {
	}

}
