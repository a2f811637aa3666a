package io.github.secretsextension;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A {@link SecretsProvider} that can read several references with one call of its
 * service, as {@code BatchGetSecretValue} and {@code GetParameters} do.
 */
public interface BatchSecretsProvider extends SecretsProvider {

	/**
	 * Divides references into groups, each of which one call can read. It makes no call.
	 * @param references references without field and default, of any kind
	 * @return the groups; one that holds a single reference is read with
	 * {@link #get(SecretReference)}
	 */
	List<Set<SecretReference>> batches(Set<SecretReference> references);

	/**
	 * Returns the values of one group. What is missing in the result could not be read in
	 * this way, for a reason that only a call of its own tells.
	 * @param batch a group that {@link #batches(Set)} made
	 * @return values by reference, possibly fewer than asked for
	 * @throws SecretsException if the call as a whole failed
	 */
	Map<SecretReference, SecretValue> getAll(Set<SecretReference> batch);

}
