package io.github.secretsextension.aws;

import java.time.Instant;

import software.amazon.awssdk.awscore.AwsClient;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsProvider;

/**
 * A {@link SecretsProvider} that asks AWS itself: one call of {@code GetSecretValue} or
 * {@code GetParameter} for each read, without a cache.
 * <p>
 * Clients are made at the first read that needs them, one for each service and region;
 * {@link #prepare(SecretReference)} makes them ahead. An answer without a value, or about
 * another secret than the one asked for, is a failure. Failures carry the service's error
 * code and request id, never its text. Thread-safe.
 */
public final class AwsSecretsProvider implements SecretsProvider {

	private final RegionalClients secretsManager;

	private final RegionalClients parameterStore;

	private final SecretsClock clock;

	/**
	 * Creates a provider. No client is made yet.
	 * @param clients supplies the clients
	 * @param clock tells when a value was read
	 */
	public AwsSecretsProvider(AwsClients clients, SecretsClock clock) {
		// Not method references: linking one loads the client's class, and an application
		// that reads no parameters may leave the module out.
		this.secretsManager = new RegionalClients((region) -> clients.secretsManager(region), clients::release);
		this.parameterStore = new RegionalClients((region) -> clients.parameterStore(region), clients::release);
		this.clock = clock;
	}

	@Override
	public void prepare(SecretReference reference) {
		clients(reference).get(reference);
	}

	private RegionalClients clients(SecretReference reference) {
		return (reference.kind() == Kind.SECRET) ? this.secretsManager : this.parameterStore;
	}

	@Override
	public SecretValue get(SecretReference reference) {
		return (reference.kind() == Kind.SECRET) ? secret(reference) : parameter(reference);
	}

	private SecretValue secret(SecretReference reference) {
		SecretsManagerClient client = (SecretsManagerClient) this.secretsManager.get(reference);
		return call(reference, client, () -> SecretCall.get(client, reference, now()));
	}

	private SecretValue parameter(SecretReference reference) {
		SsmClient client = (SsmClient) this.parameterStore.get(reference);
		return call(reference, client, () -> ParameterCall.get(client, reference, now()));
	}

	private SecretValue call(SecretReference reference, AwsClient client, Call call) {
		try {
			return call.get();
		}
		catch (SecretsException ex) {
			throw ex;
		}
		catch (RuntimeException | LinkageError ex) {
			throw AwsFailures.translate(reference, client, ex);
		}
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
		this.secretsManager.close();
		this.parameterStore.close();
	}

	/**
	 * One call of a service.
	 */
	private interface Call {

		SecretValue get();

	}

}
