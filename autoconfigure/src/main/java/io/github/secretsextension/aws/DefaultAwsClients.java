package io.github.secretsextension.aws;

import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;

/**
 * The clients that are built here: the SDK's default chains, one light HTTP client, and a
 * time limit on every call.
 * <p>
 * Region, credentials, endpoint, retry mode and number of attempts are never set here:
 * they come from the {@link ClientConfigurer}, else from the SDK's environment variables,
 * system properties and profile. Only a host that no packet reaches gets at most two
 * attempts, so that it is reported in time, unless the configurer sets an HTTP client.
 */
public final class DefaultAwsClients implements AwsClients {

	private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

	private static final Duration LONGEST_SOCKET_TIMEOUT = Duration.ofSeconds(30);

	private final Duration deadline;

	private final ClientConfigurer configurer;

	private final boolean keepConnections;

	private final CallerListener listener;

	/**
	 * Creates the clients' supplier.
	 * @param deadline how long one call may take, with its retries; zero for no limit
	 */
	public DefaultAwsClients(Duration deadline) {
		this(deadline, new ClientConfigurer() {
		});
	}

	/**
	 * Creates the clients' supplier.
	 * @param deadline how long one call may take, with its retries; zero for no limit
	 * @param configurer configures each client first
	 */
	public DefaultAwsClients(Duration deadline, ClientConfigurer configurer) {
		this(deadline, configurer, true);
	}

	/**
	 * Creates the clients' supplier.
	 * @param deadline how long one call may take, with its retries; zero for no limit
	 * @param configurer configures each client first
	 * @param keepConnections whether a connection stays open for later calls, and with it
	 * what it read last
	 */
	public DefaultAwsClients(Duration deadline, ClientConfigurer configurer, boolean keepConnections) {
		this(deadline, configurer, keepConnections, (region, credentials) -> {
		});
	}

	/**
	 * Creates the clients' supplier.
	 * @param deadline how long one call may take, with its retries; zero for no limit
	 * @param configurer configures each client first
	 * @param keepConnections whether a connection stays open for later calls, and with it
	 * what it read last
	 * @param listener hears as whom AWS is called
	 */
	public DefaultAwsClients(Duration deadline, ClientConfigurer configurer, boolean keepConnections,
			CallerListener listener) {
		this.deadline = deadline;
		this.configurer = configurer;
		this.keepConnections = keepConnections;
		this.listener = listener;
	}

	@Override
	public SecretsManagerClient secretsManager(@Nullable String region) {
		return build(SecretsManagerClient::builder, this.configurer::secretsManager, region);
	}

	@Override
	public SsmClient parameterStore(@Nullable String region) {
		return build(SsmClient::builder, this.configurer::parameterStore, region);
	}

	@Override
	public void renewCredentials() {
		this.configurer.renewCredentials();
	}

	private <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> C build(Supplier<B> builders,
			BiConsumer<B, @Nullable Region> callback, @Nullable String regionName) {
		Region region = (regionName != null) ? Region.of(regionName) : null;
		try {
			return configure(builders.get().httpClientBuilder(httpClient()), callback, region).build();
		}
		catch (IllegalArgumentException ex) {
			// A callback that sets an HTTP client, not a builder of one: the SDK refuses
			// to have both, and does not tell before.
			return configure(builders.get(), callback, region).build();
		}
	}

	private <B extends AwsClientBuilder<B, C>, C> B configure(B builder, BiConsumer<B, @Nullable Region> callback,
			@Nullable Region region) {
		callback.accept(builder, region);
		if (region != null) {
			builder.region(region);
		}
		builder.overrideConfiguration(completed(builder.overrideConfiguration()));
		return builder;
	}

	private ClientOverrideConfiguration completed(ClientOverrideConfiguration configuration) {
		ClientOverrideConfiguration.Builder completed = configuration.toBuilder()
			.addExecutionInterceptor(new CalledHost.Interceptor())
			.addExecutionInterceptor(new CallerInterceptor(this.listener));
		boolean shorter = configuration.apiCallTimeout()
			.filter((timeout) -> timeout.compareTo(this.deadline) < 0)
			.isPresent();
		if (!this.deadline.isZero() && !shorter) {
			completed.apiCallTimeout(this.deadline);
		}
		return completed.build();
	}

	/**
	 * Loads classes that every client needs, which takes longer than to make one. It
	 * reads no setting and makes no call.
	 * @throws LinkageError if a module of the SDK is missing
	 */
	public static void preload() {
		UrlConnectionHttpClient.builder().build().close();
		SecretsManagerClient.builder();
	}

	private SdkHttpClient.Builder<?> httpClient() {
		boolean limited = !this.deadline.isZero() && this.deadline.compareTo(LONGEST_SOCKET_TIMEOUT) < 0;
		SdkHttpClient.Builder<?> client = UrlConnectionHttpClient.builder()
			.connectionTimeout(CONNECT_TIMEOUT)
			.socketTimeout((limited) ? this.deadline : LONGEST_SOCKET_TIMEOUT);
		return new WrappedHttpClientBuilder(
				(this.keepConnections) ? client : new WrappedHttpClientBuilder(client, SingleUseHttpClient::new),
				FirstContactHttpClient::new);
	}

}
