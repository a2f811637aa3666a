package io.github.secretsextension.aws;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsClient;

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
	 * Returns the client for a call.
	 * @param asked what the call asks for, whose ARN may name a region
	 * @return the client of that region, or the default one
	 */
	AwsClient get(Asked asked) {
		String region = asked.region();
		AwsClient client = (this.closed) ? null : this.clients.get((region != null) ? region : DEFAULT);
		return (client != null) ? client : create(asked, region);
	}

	private AwsClient create(Asked asked, @Nullable String region) {
		check(asked, region);
		AwsClient client;
		try {
			client = (region != null) ? this.clients.computeIfAbsent(region, this::regional)
					: this.clients.computeIfAbsent(DEFAULT, (key) -> this.factory.apply(null));
		}
		catch (RuntimeException | LinkageError ex) {
			throw AwsFailures.translate(asked, null, ex);
		}
		if (this.closed) {
			this.releaser.accept(client);
		}
		return client;
	}

	private void check(Asked asked, @Nullable String region) {
		if (this.closed) {
			throw new SecretsException(Reason.NOT_CONFIGURED, asked.reference(), "The provider is closed",
					"Read before the application shuts down.");
		}
		// It becomes part of a host name.
		if (region != null && (!REGION.matcher(region).matches() || this.clients.size() > MOST_REGIONS)) {
			throw new SecretsException(Reason.NOT_CONFIGURED, asked.reference(), "The ARN names no region of AWS",
					"Correct the ARN: its fourth part is the region, such as eu-west-1.");
		}
	}

	/**
	 * Returns a name for the client that serves a call. No client is made, so before the
	 * default one is, its region has a name of its own.
	 * @param asked what the call asks for
	 * @return the name
	 */
	String name(Asked asked) {
		String region = asked.region();
		AwsClient standard = this.clients.get(DEFAULT);
		if (region == null || (standard != null && region.equals(AwsClients.regionOf(standard)))) {
			return DEFAULT;
		}
		return region;
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
