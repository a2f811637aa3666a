package io.github.secretsextension.autoconfigure;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsClient;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;

import io.github.secretsextension.aws.AwsClients;

/**
 * The clients that users registered in the bootstrap context, else our own.
 * <p>
 * A registered client serves its own region; one that does not tell its region, as a
 * test's stub, serves all. It is never closed here.
 */
final class BootstrapAwsClients implements AwsClients {

	private final @Nullable SecretsManagerClient secretsManager;

	private final @Nullable SsmClient parameterStore;

	private final AwsClients own;

	BootstrapAwsClients(BootstrapInstances instances, AwsClients own) {
		this.secretsManager = instances.get(() -> SecretsManagerClient.class);
		this.parameterStore = instances.get(() -> SsmClient.class);
		this.own = own;
	}

	@Override
	public SecretsManagerClient secretsManager(@Nullable String region) {
		return (this.secretsManager != null && serves(this.secretsManager, region)) ? this.secretsManager
				: this.own.secretsManager(region);
	}

	@Override
	public SsmClient parameterStore(@Nullable String region) {
		return (this.parameterStore != null && serves(this.parameterStore, region)) ? this.parameterStore
				: this.own.parameterStore(region);
	}

	private static boolean serves(AwsClient client, @Nullable String region) {
		String served = AwsClients.regionOf(client);
		return region == null || served == null || served.equals(region);
	}

	@Override
	public void renewCredentials() {
		this.own.renewCredentials();
	}

	@Override
	public void release(AwsClient client) {
		if (client != this.secretsManager && client != this.parameterStore) {
			this.own.release(client);
		}
	}

}
