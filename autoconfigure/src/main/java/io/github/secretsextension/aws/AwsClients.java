package io.github.secretsextension.aws;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsClient;
import software.amazon.awssdk.awscore.AwsServiceClientConfiguration;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;

/**
 * A supplier of the clients of one {@link AwsSecretsProvider}.
 * <p>
 * It is asked once per service and region, at the first read, from any thread; what it
 * returns is kept until the provider is closed or its credentials are renewed.
 */
public interface AwsClients {

	/**
	 * Returns a client of Secrets Manager.
	 * @param region the region, or {@code null} for the default region
	 * @return the client
	 */
	SecretsManagerClient secretsManager(@Nullable String region);

	/**
	 * Returns a client of Systems Manager.
	 * @param region the region, or {@code null} for the default region
	 * @return the client
	 */
	SsmClient parameterStore(@Nullable String region);

	/**
	 * Lets go of the credentials that clients have had so far, because AWS refused them
	 * or they could not be loaded: clients that are asked for from now on load them anew.
	 * What belongs to somebody else is kept. Callers hold a lock: it must not load
	 * anything itself.
	 */
	default void renewCredentials() {
	}

	/**
	 * Takes back a client that this supplier gave out: closes it, unless it belongs to
	 * somebody else.
	 * @param client the client, which the provider no longer uses
	 */
	default void release(AwsClient client) {
		client.close();
	}

	/**
	 * Returns the region that a client calls.
	 * @param client the client
	 * @return the region's name, or {@code null} when the client does not tell, as a
	 * test's stub
	 */
	static @Nullable String regionOf(AwsClient client) {
		try {
			AwsServiceClientConfiguration configuration = client.serviceClientConfiguration();
			Region region = (configuration != null) ? configuration.region() : null;
			return (region != null) ? region.id() : null;
		}
		catch (UnsupportedOperationException ex) {
			return null;
		}
	}

}
