package io.github.secretsextension.aws;

import java.net.URI;
import java.time.Duration;

import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClientBuilder;
import software.amazon.awssdk.services.ssm.SsmClientBuilder;

import io.github.secretsextension.SecretsClock;

/**
 * The clients that an application gets, at an endpoint of a test.
 */
final class TestClients {

	static final AwsCredentialsProvider CREDENTIALS = StaticCredentialsProvider
		.create(AwsBasicCredentials.create("AKIA", "key"));

	private TestClients() {
	}

	static AwsSecretsProvider provider(URI endpoint, Duration deadline) {
		return new AwsSecretsProvider(clients(endpoint, deadline), SecretsClock.system());
	}

	/**
	 * Returns a provider whose clients make a given number of attempts, not the SDK's.
	 */
	static AwsSecretsProvider provider(URI endpoint, Duration deadline, int attempts) {
		return new AwsSecretsProvider(new DefaultAwsClients(deadline, configurer(endpoint, CREDENTIALS, attempts)),
				SecretsClock.system());
	}

	static AwsClients clients(URI endpoint, Duration deadline) {
		return new DefaultAwsClients(deadline, configurer(endpoint, CREDENTIALS));
	}

	static ClientConfigurer configurer(URI endpoint, AwsCredentialsProvider credentials) {
		return configurer(endpoint, credentials, 0);
	}

	private static ClientConfigurer configurer(URI endpoint, AwsCredentialsProvider credentials, int attempts) {
		return new ClientConfigurer() {

			@Override
			public void secretsManager(SecretsManagerClientBuilder builder, Region region) {
				configure(builder);
			}

			@Override
			public void parameterStore(SsmClientBuilder builder, Region region) {
				configure(builder);
			}

			private void configure(AwsClientBuilder<?, ?> builder) {
				builder.endpointOverride(endpoint).region(Region.US_EAST_1).credentialsProvider(credentials);
				if (attempts > 0) {
					builder.overrideConfiguration((configuration) -> configuration
						.retryStrategy((strategy) -> strategy.maxAttempts(attempts)));
				}
			}

		};
	}

}
