package io.github.secretsextension.aws;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsClient;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

/**
 * The clients of one service, made at the first use of their region and kept.
 */
final class RegionalClients {

	/** More than AWS has regions: the name in an ARN may come from outside. */
	private static final int MOST_REGIONS = 64;

	private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,40}");

	private static final String DEFAULT = "";

	private final Function<@Nullable String, AwsClient> factory;

	private final Consumer<AwsClient> releaser;

	private final Map<String, AwsClient> clients = new ConcurrentHashMap<>();

	private volatile boolean closed;

	RegionalClients(Function<@Nullable String, AwsClient> factory, Consumer<AwsClient> releaser) {
		this.factory = factory;
		this.releaser = releaser;
	}

	/**
	 * Returns the client for a reference.
	 * @param reference a reference, whose ARN may name a region
	 * @return the client of that region, or the default one
	 */
	AwsClient get(SecretReference reference) {
		String region = reference.region();
		AwsClient client = (this.closed) ? null : this.clients.get((region != null) ? region : DEFAULT);
		return (client != null) ? client : create(reference, region);
	}

	private AwsClient create(SecretReference reference, @Nullable String region) {
		check(reference, region);
		AwsClient client;
		try {
			client = (region != null) ? this.clients.computeIfAbsent(region, this::regional)
					: this.clients.computeIfAbsent(DEFAULT, (key) -> this.factory.apply(null));
		}
		catch (RuntimeException | LinkageError ex) {
			throw AwsFailures.translate(reference, null, ex);
		}
		if (this.closed) {
			this.releaser.accept(client);
		}
		return client;
	}

	private void check(SecretReference reference, @Nullable String region) {
		if (this.closed) {
			throw new SecretsException(Reason.NOT_CONFIGURED, reference, "The provider is closed",
					"Read before the application shuts down.");
		}
		// It becomes part of a host name.
		if (region != null && (!REGION.matcher(region).matches() || this.clients.size() > MOST_REGIONS)) {
			throw new SecretsException(Reason.NOT_CONFIGURED, reference, "The ARN names no region of AWS",
					"Correct the ARN: its fourth part is the region, such as eu-west-1.");
		}
	}

	private AwsClient regional(String region) {
		AwsClient standard = this.clients.get(DEFAULT);
		return (standard != null && region.equals(AwsClients.regionOf(standard))) ? standard
				: this.factory.apply(region);
	}

	void close() {
		this.closed = true;
		this.clients.values().stream().distinct().forEach(this.releaser);
	}

}
