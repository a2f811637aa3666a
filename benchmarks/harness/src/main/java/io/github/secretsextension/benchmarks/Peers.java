package io.github.secretsextension.benchmarks;

import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

import com.amazonaws.secretsmanager.caching.SecretCache;
import com.amazonaws.secretsmanager.caching.SecretCacheConfiguration;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * The libraries that are compared. All have the same HTTP client, the same time limit on
 * a call and the same TTL.
 */
class Peers {

	/** Powertools' default, which only a single read can change. */
	static final Duration TTL = Duration.ofSeconds(5);

	/**
	 * Short, because some libraries make their readers wait for it one after the other.
	 */
	static final Duration DEADLINE = Duration.ofSeconds(1);

	private Peers() {
	}

	/**
	 * Starts an application with the starter that reads from a server.
	 */
	static ConfigurableApplicationContext application(DelayedAws aws, Map<String, String> properties) {
		Map<String, String> all = new HashMap<>(Map.of("secrets-extension.mode", "embedded",
				"spring.cloud.aws.region.static", "eu-central-1", "spring.cloud.aws.credentials.access-key", "test",
				"spring.cloud.aws.credentials.secret-key", "test", "spring.cloud.aws.endpoint", aws.endpoint()));
		all.putAll(properties);
		return MeasuredApplication.start(all);
	}

	static SecretsManagerClient client(DelayedAws aws, Duration deadline) {
		return SecretsManagerClient.builder()
			.endpointOverride(URI.create(aws.endpoint()))
			.region(Region.EU_CENTRAL_1)
			.credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
			.httpClient(UrlConnectionHttpClient.builder()
				.connectionTimeout(Duration.ofSeconds(1))
				.socketTimeout(deadline)
				.build())
			.overrideConfiguration((configuration) -> configuration.apiCallTimeout(deadline))
			.build();
	}

	static List<Peer> all() {
		return List.of(new Peer("starter", Peers::starter), new Peer("no cache", Peers::noCache),
				new Peer("Caffeine with a loader", Peers::caffeine), new Peer("Powertools", Peers::powertools),
				new Peer("aws-secretsmanager-caching-java", Peers::cachingJava));
	}

	private static Reader starter(DelayedAws aws) {
		ConfigurableApplicationContext context = application(aws, Map.of("secrets-extension.secrets-manager.ttl",
				TTL.toMillis() + "ms", "secrets-extension.deadline", DEADLINE.toMillis() + "ms"));
		SecretsProvider provider = context.getBean(SecretsProvider.class);
		return new Reader((id) -> provider.get(SecretReference.secret(id)).text(), context::close);
	}

	private static Reader noCache(DelayedAws aws) {
		SecretsManagerClient client = client(aws, DEADLINE);
		return new Reader((id) -> read(client, id), client::close);
	}

	private static Reader caffeine(DelayedAws aws) {
		SecretsManagerClient client = client(aws, DEADLINE);
		Cache<String, String> cache = Caffeine.newBuilder().maximumSize(1000).expireAfterWrite(TTL).build();
		return new Reader((id) -> cache.get(id, (key) -> read(client, key)), client::close);
	}

	private static String read(SecretsManagerClient client, String id) {
		return client.getSecretValue((request) -> request.secretId(id)).secretString();
	}

	private static Reader powertools(DelayedAws aws) {
		SecretsManagerClient client = client(aws, DEADLINE);
		return new Reader(powertools(client)::get, client::close);
	}

	static software.amazon.lambda.powertools.parameters.secrets.SecretsProvider powertools(
			SecretsManagerClient client) {
		return software.amazon.lambda.powertools.parameters.secrets.SecretsProvider.builder()
			.withClient(client)
			.build();
	}

	private static Reader cachingJava(DelayedAws aws) {
		SecretsManagerClient client = client(aws, DEADLINE);
		SecretCache cache = new SecretCache(
				new SecretCacheConfiguration().withClient(client).withCacheItemTTL(TTL.toMillis()));
		return new Reader(cache::getSecretString, cache::close);
	}

	/**
	 * A library.
	 *
	 * @param name the name in the table
	 * @param start starts it with an empty cache
	 */
	record Peer(String name, Function<DelayedAws, Reader> start) {

	}

	/**
	 * A library that is running.
	 *
	 * @param read reads a secret
	 * @param stop ends it
	 */
	record Reader(UnaryOperator<String> read, Runnable stop) implements AutoCloseable {

		@Override
		public void close() {
			this.stop.run();
		}

	}

}
