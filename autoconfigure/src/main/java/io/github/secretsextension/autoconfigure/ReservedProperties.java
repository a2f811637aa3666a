package io.github.secretsextension.autoconfigure;

import java.util.List;
import java.util.Locale;

/**
 * The properties that cannot hold a reference: those that are read before references can
 * be resolved, and those from which the clients that resolve them are made.
 */
final class ReservedProperties {

	private static final List<String> READ_BEFORE = List.of("spring.config.", "spring.profiles.");

	private static final List<String> READ_BY_CLIENTS = List.of("secretsextension.", "secrets.extension.",
			"spring.cloud.aws.region.", "spring.cloud.aws.credentials.", "spring.cloud.aws.endpoint.",
			"spring.cloud.aws.fipsenabled.", "spring.cloud.aws.fips.enabled.", "spring.cloud.aws.dualstackenabled.",
			"spring.cloud.aws.dualstack.enabled.", "spring.cloud.aws.defaultsmode.", "spring.cloud.aws.defaults.mode.",
			"spring.cloud.aws.secretsmanager.", "spring.cloud.aws.parameterstore.");

	private ReservedProperties() {
	}

	/**
	 * Checks that a reference may stand where it stands.
	 * @param location the place
	 * @param reference the reference
	 * @throws ReferenceResolutionException if it may not
	 */
	static void check(ReferenceLocation location, SealedReference reference) {
		String property = location.property();
		if (property == null) {
			return;
		}
		String name = property.toLowerCase(Locale.ROOT).replace("-", "").replace('_', '.').replace('[', '.') + ".";
		if (READ_BEFORE.stream().anyMatch(name::startsWith)) {
			throw new ReferenceResolutionException(location, reference.shown(),
					"this property is read before references can be resolved",
					"Write its value itself, or take it from an environment variable.");
		}
		if (READ_BY_CLIENTS.stream().anyMatch(name::startsWith)) {
			throw new ReferenceResolutionException(location, reference.shown(),
					"this property configures the clients that resolve references",
					"Write its value itself, or take it from an environment variable.");
		}
	}

}
