package io.github.secretsextension.aws;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;

/**
 * The division of references into groups that one call each can read.
 * <p>
 * Up to three of one kind and client stay single: the right to read one secret or
 * parameter is enough for them, which is all that many policies grant.
 */
final class Batches {

	private static final int FEWEST = 4;

	/** The most ids that {@code BatchGetSecretValue} takes. */
	private static final int MOST_SECRETS = 20;

	/** The most names that {@code GetParameters} takes. */
	private static final int MOST_PARAMETERS = 10;

	private Batches() {
	}

	/**
	 * Divides references into groups.
	 * @param references references without field and default
	 * @param client returns a name for the client that serves a reference
	 * @return the groups
	 */
	static List<Set<SecretReference>> of(Set<SecretReference> references, Function<SecretReference, String> client) {
		List<Set<SecretReference>> groups = new ArrayList<>();
		Map<Call, List<SecretReference>> calls = new LinkedHashMap<>();
		for (SecretReference reference : references) {
			if (isSingle(reference)) {
				groups.add(Set.of(reference));
			}
			else {
				Call call = new Call(reference.kind(), client.apply(reference));
				calls.computeIfAbsent(call, (key) -> new ArrayList<>()).add(reference);
			}
		}
		calls.forEach((call, together) -> {
			int most = (together.size() < FEWEST) ? 1 : (call.kind() == Kind.SECRET) ? MOST_SECRETS : MOST_PARAMETERS;
			for (int i = 0; i < together.size(); i += most) {
				groups.add(new LinkedHashSet<>(together.subList(i, Math.min(i + most, together.size()))));
			}
		});
		return groups;
	}

	/**
	 * Returns whether a reference needs a call of its own: only that call takes a
	 * selector, and only its answer tells a secret that is read through Parameter Store
	 * from a parameter.
	 */
	private static boolean isSingle(SecretReference reference) {
		return reference.versionStage() != null || reference.versionId() != null || reference.version() != null
				|| reference.label() != null || !reference.withDecryption() || ParameterCall.isSecret(reference);
	}

	/**
	 * What references in one call have in common.
	 */
	private record Call(Kind kind, String client) {

	}

}
