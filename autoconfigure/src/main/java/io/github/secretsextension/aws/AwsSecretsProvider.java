package io.github.secretsextension.aws;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

import software.amazon.awssdk.awscore.AwsClient;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;

import io.github.secretsextension.BatchSecretsProvider;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;

/**
 * A {@link BatchSecretsProvider} that asks AWS itself: one call of {@code GetSecretValue}
 * or {@code GetParameter} for each read, {@code BatchGetSecretValue} or
 * {@code GetParameters} for each batch, without a cache.
 * <p>
 * Clients are made at the first read that needs them, one for each service and region;
 * {@link #prepare(SecretReference)} makes them ahead. When the process's credentials have
 * expired or cannot be loaded, all clients are replaced by new ones with new credentials,
 * and the call is tried once more. An answer without a value, or about another secret
 * than the one asked for, is a failure. Failures carry the service's error code and
 * request id, never its text. Thread-safe.
 */
public final class AwsSecretsProvider implements BatchSecretsProvider {

	/**
	 * Who looked longer than this for credentials, and found none, has no time to look
	 * again before the deadline: only the next read does.
	 */
	private static final long LONG_SEARCH = Duration.ofSeconds(2).toNanos();

	private final RenewableClients clients;

	private final SecretsClock clock;

	/**
	 * Creates a provider. No client is made yet.
	 * @param clients supplies the clients
	 * @param clock tells when a value was read
	 */
	public AwsSecretsProvider(AwsClients clients, SecretsClock clock) {
		this.clients = new RenewableClients(clients);
		this.clock = clock;
	}

	@Override
	public void prepare(SecretReference reference) {
		this.clients.use(Asked.of(reference)).close();
	}

	@Override
	public SecretValue get(SecretReference reference) {
		// A lambda for each kind, whose client's class may be missing.
		return (reference.kind() == Kind.SECRET)
				? call(Asked.of(reference), (client) -> SecretCall.get((SecretsManagerClient) client, reference, now()))
				: call(Asked.of(reference), (client) -> ParameterCall.get((SsmClient) client, reference, now()));
	}

	@Override
	public List<Set<SecretReference>> batches(Set<SecretReference> references) {
		return Batches.of(references, (reference) -> this.clients.nameOfClient(Asked.of(reference)));
	}

	/**
	 * Returns the values of one group. One that AWS does not give, that has no value, or
	 * whose answer does not prove by name or ARN to be about it, is missing.
	 */
	@Override
	public Map<SecretReference, SecretValue> getAll(Set<SecretReference> batch) {
		if (batch.isEmpty()) {
			return Map.of();
		}
		Asked asked = Asked.of(batch);
		return (asked.kind() == Kind.SECRET)
				? call(asked, (client) -> SecretCall.getAll((SecretsManagerClient) client, batch, now()))
				: call(asked, (client) -> ParameterCall.getAll((SsmClient) client, batch, now()));
	}

	private <T> T call(Asked asked, Call<T> call) {
		return call(asked, call, false);
	}

	private <T> T call(Asked asked, Call<T> call, boolean renewed) {
		try (RenewableClients.Use use = this.clients.use(asked)) {
			long start = this.clock.nanoTime();
			try {
				return call.to(use.client());
			}
			catch (SecretsException ex) {
				throw ex;
			}
			catch (RuntimeException | LinkageError ex) {
				if (renewed || !AwsFailures.isOfCredentials(ex)) {
					throw AwsFailures.translate(asked, use.client(), ex);
				}
				use.renew();
				if (!(ex instanceof AwsServiceException) && this.clock.nanoTime() - start > LONG_SEARCH) {
					throw AwsFailures.translate(asked, use.client(), ex);
				}
			}
		}
		return call(asked, call, true);
	}

	/**
	 * Returns the time before a call, so that a value is never taken for younger than it
	 * is.
	 */
	private Instant now() {
		return Instant.ofEpochMilli(this.clock.currentTimeMillis());
	}

	/**
	 * Closes the clients that were made; later reads fail.
	 */
	@Override
	public void close() {
		this.clients.close();
	}

	/**
	 * One call of a service.
	 */
	private interface Call<T> {

		T to(AwsClient client);

	}

}
