package io.github.secretsextension.extension;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The secrets and parameters of a {@link FakeExtension}, with their versions, stages and
 * labels.
 */
final class FakeStore {

	static final String CURRENT = "AWSCURRENT";

	private static final String PREVIOUS = "AWSPREVIOUS";

	private static final String SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";

	private static final String PARAMETER_ARN = "arn:aws:ssm:us-east-1:123456789012:parameter";

	private static final String ARN_SUFFIX = "-AbCdEf";

	/** 2022-11-16T08:22:40.499Z. */
	private static final long FIRST_MILLIS = 1_668_586_960_499L;

	private final Map<String, List<Secret>> secrets = new LinkedHashMap<>();

	private final Map<String, List<Parameter>> parameters = new LinkedHashMap<>();

	/**
	 * Adds a version of a secret, text or bytes, with stages that move to it; with none
	 * it is the current one.
	 * @return its id
	 */
	synchronized String putSecret(String name, Object value, String... stages) {
		List<Secret> versions = this.secrets.computeIfAbsent(name, (key) -> new ArrayList<>());
		String id = "00000000-0000-4000-8000-%012d".formatted(versions.size() + 1);
		versions.add(new Secret(name, secretArn(name), id, (value instanceof String text) ? text : null,
				(value instanceof byte[] bytes) ? bytes.clone() : null, new LinkedHashSet<>(),
				FIRST_MILLIS + versions.size()));
		for (String stage : (stages.length > 0) ? stages : new String[] { CURRENT }) {
			moveStage(name, stage, id);
		}
		return id;
	}

	/**
	 * Moves a stage to a version. What loses {@code AWSCURRENT} gets {@code AWSPREVIOUS}.
	 */
	synchronized void moveStage(String name, String stage, String versionId) {
		for (Secret version : List.copyOf(this.secrets.get(name))) {
			boolean had = version.stages().remove(stage);
			if (had && stage.equals(CURRENT) && !version.id().equals(versionId)) {
				moveStage(name, PREVIOUS, version.id());
			}
			if (version.id().equals(versionId)) {
				version.stages().add(stage);
			}
		}
	}

	/**
	 * Adds a version of a parameter.
	 */
	synchronized void putParameter(String name, String type, String value) {
		List<Parameter> versions = this.parameters.computeIfAbsent(name, (key) -> new ArrayList<>());
		versions.add(new Parameter(name, parameterArn(name), versions.size() + 1, type, value, new LinkedHashSet<>(),
				FIRST_MILLIS + versions.size()));
	}

	/**
	 * Gives a version of a parameter a label.
	 */
	synchronized void label(String name, long version, String label) {
		this.parameters.get(name).forEach((parameter) -> parameter.labels().remove(label));
		this.parameters.get(name).get((int) version - 1).labels().add(label);
	}

	/**
	 * Finds a version of a secret by its name, its ARN, or that without its suffix.
	 * @return the version, or {@code null} if there is none
	 */
	synchronized Secret secret(String id, String versionId, String stage) {
		String wanted = (versionId == null && stage == null) ? CURRENT : stage;
		return this.secrets.entrySet()
			.stream()
			.filter((secret) -> Set.of(secret.getKey(), secretArn(secret.getKey()), SECRET_ARN + secret.getKey())
				.contains(id))
			.flatMap((secret) -> secret.getValue().stream())
			.filter((version) -> versionId == null || version.id().equals(versionId))
			.filter((version) -> wanted == null || version.stages().contains(wanted))
			.findFirst()
			.map(Secret::copy)
			.orElse(null);
	}

	/**
	 * Finds a version of a parameter by its name or ARN.
	 * @param selector a number, a label, or {@code null} for the latest
	 * @return the version, or {@code null} if there is none
	 */
	synchronized Parameter parameter(String id, String selector) {
		return this.parameters.entrySet()
			.stream()
			.filter((parameter) -> parameter.getKey().equals(id) || parameterArn(parameter.getKey()).equals(id))
			.flatMap((parameter) -> parameter.getValue().stream())
			.filter((version) -> selector == null || version.labels().contains(selector)
					|| selector.equals(String.valueOf(version.version())))
			.reduce((former, latter) -> latter)
			.orElse(null);
	}

	static String secretArn(String name) {
		return SECRET_ARN + name + ARN_SUFFIX;
	}

	static String parameterArn(String name) {
		return PARAMETER_ARN + ((name.startsWith("/")) ? name : "/" + name);
	}

	/**
	 * One version of a secret.
	 */
	record Secret(String name, String arn, String id, String text, byte[] bytes, Set<String> stages, long millis) {

		Secret copy() {
			return new Secret(this.name, this.arn, this.id, this.text, this.bytes, new LinkedHashSet<>(this.stages),
					this.millis);
		}

	}

	/**
	 * One version of a parameter.
	 */
	record Parameter(String name, String arn, long version, String type, String value, Set<String> labels,
			long millis) {

	}

}
