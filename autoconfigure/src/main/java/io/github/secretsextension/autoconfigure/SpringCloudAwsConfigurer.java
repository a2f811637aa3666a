package io.github.secretsextension.autoconfigure;

import java.util.function.Supplier;
import java.util.stream.Stream;

import io.awspring.cloud.autoconfigure.AwsSyncClientCustomizer;
import io.awspring.cloud.autoconfigure.config.parameterstore.ParameterStoreProperties;
import io.awspring.cloud.autoconfigure.config.parameterstore.SsmClientCustomizer;
import io.awspring.cloud.autoconfigure.config.secretsmanager.SecretsManagerClientCustomizer;
import io.awspring.cloud.autoconfigure.config.secretsmanager.SecretsManagerProperties;
import io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer;
import io.awspring.cloud.autoconfigure.core.AwsConnectionDetails;
import io.awspring.cloud.autoconfigure.core.AwsProperties;
import io.awspring.cloud.autoconfigure.core.CredentialsProperties;
import io.awspring.cloud.autoconfigure.core.CredentialsProviderAutoConfiguration;
import io.awspring.cloud.autoconfigure.core.RegionProperties;
import io.awspring.cloud.autoconfigure.core.RegionProviderAutoConfiguration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;
import org.springframework.util.function.SingletonSupplier;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClientBuilder;
import software.amazon.awssdk.services.ssm.SsmClientBuilder;

import io.github.secretsextension.aws.ClientConfigurer;

/**
 * The settings of Spring Cloud AWS, applied by its own configurer: what is not set there
 * is left to the SDK.
 */
final class SpringCloudAwsConfigurer implements ClientConfigurer {

	private final AwsProperties properties;

	private final SecretsManagerProperties secretsManager;

	private final ParameterStoreProperties parameterStore;

	private final SingletonSupplier<AwsRegionProvider> region;

	private final Supplier<AwsCredentialsProvider> newCredentials;

	private volatile SingletonSupplier<AwsCredentialsProvider> credentials;

	private final @Nullable AwsConnectionDetails connectionDetails;

	private final @Nullable AwsSyncClientCustomizer customizer;

	private final @Nullable SecretsManagerClientCustomizer secretsManagerCustomizer;

	private final @Nullable SsmClientCustomizer parameterStoreCustomizer;

	SpringCloudAwsConfigurer(Environment environment, BootstrapInstances instances) {
		Binder binder = Binder.get(environment);
		this.properties = binder.bindOrCreate(AwsProperties.CONFIG_PREFIX, AwsProperties.class);
		this.secretsManager = binder.bindOrCreate(SecretsManagerProperties.CONFIG_PREFIX,
				SecretsManagerProperties.class);
		this.parameterStore = binder.bindOrCreate(ParameterStoreProperties.CONFIG_PREFIX,
				ParameterStoreProperties.class);
		this.connectionDetails = instances.get(() -> AwsConnectionDetails.class);
		this.customizer = instances.get(() -> AwsSyncClientCustomizer.class);
		this.secretsManagerCustomizer = instances.get(() -> SecretsManagerClientCustomizer.class);
		this.parameterStoreCustomizer = instances.get(() -> SsmClientCustomizer.class);
		RegionProperties region = binder.bindOrCreate(RegionProperties.PREFIX, RegionProperties.class);
		this.region = new SingletonSupplier<>(instances.get(() -> AwsRegionProvider.class),
				() -> RegionProviderAutoConfiguration.createRegionProvider(region));
		CredentialsProperties credentials = binder.bindOrCreate(CredentialsProperties.PREFIX,
				CredentialsProperties.class);
		AwsCredentialsProvider registered = instances.get(() -> AwsCredentialsProvider.class);
		// As a lambda, because a client closes a provider that can be closed.
		this.newCredentials = (registered != null) ? () -> registered::resolveCredentials
				: () -> own(CredentialsProviderAutoConfiguration.createCredentialsProvider(credentials,
						this.region.obtain(), this.connectionDetails));
		this.credentials = SingletonSupplier.of(this.newCredentials);
	}

	/**
	 * Returns a provider that belongs to the clients here. The SDK's default one is one
	 * for all, keeps what it has found, and our clients would close it.
	 */
	private static AwsCredentialsProvider own(AwsCredentialsProvider created) {
		return (created instanceof DefaultCredentialsProvider shared) ? shared.toBuilder().build() : created;
	}

	@Override
	public void renewCredentials() {
		this.credentials = SingletonSupplier.of(this.newCredentials);
	}

	@Override
	public void secretsManager(SecretsManagerClientBuilder builder, @Nullable Region region) {
		configurer(region).configureSyncClient(builder, this.secretsManager, this.connectionDetails,
				Stream.ofNullable(this.secretsManagerCustomizer), Stream.ofNullable(this.customizer));
	}

	@Override
	public void parameterStore(SsmClientBuilder builder, @Nullable Region region) {
		configurer(region).configureSyncClient(builder, this.parameterStore, this.connectionDetails,
				Stream.ofNullable(this.parameterStoreCustomizer), Stream.ofNullable(this.customizer));
	}

	private AwsClientBuilderConfigurer configurer(@Nullable Region region) {
		AwsRegionProvider provider = (region != null) ? () -> region : this.region.obtain();
		return new AwsClientBuilderConfigurer(this.credentials.obtain(), provider, this.properties);
	}

}
