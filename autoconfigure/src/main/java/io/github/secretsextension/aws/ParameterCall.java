package io.github.secretsextension.aws;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.GetParameterRequest;
import software.amazon.awssdk.services.ssm.model.GetParametersRequest;
import software.amazon.awssdk.services.ssm.model.Parameter;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

/**
 * One {@code GetParameter} or {@code GetParameters}, its answer checked.
 */
final class ParameterCall {

	/** Parameters under this path are secrets of Secrets Manager. */
	private static final String SECRETS_PATH = "/aws/reference/secretsmanager/";

	private ParameterCall() {
	}

	static SecretValue get(SsmClient client, SecretReference reference, Instant loadedAt) {
		GetParameterRequest request = GetParameterRequest.builder()
			.name(selected(reference))
			.withDecryption(reference.withDecryption())
			.build();
		Parameter answer = client.getParameter(request).parameter();
		if (answer == null) {
			throw AwsFailures.emptyAnswer(reference, client);
		}
		if (!reference.isAnsweredBy(answer.name(), answer.arn())) {
			throw AwsFailures.otherAnswer(reference, client);
		}
		if (!reference.isAnsweredByVersion(null, answer.version())) {
			throw AwsFailures.otherVersion(reference, client);
		}
		return value(text(reference, client, answer), answer, loadedAt);
	}

	static Map<SecretReference, SecretValue> getAll(SsmClient client, Set<SecretReference> batch, Instant loadedAt) {
		GetParametersRequest request = GetParametersRequest.builder()
			.names(batch.stream().map(SecretReference::id).distinct().toList())
			.withDecryption(true)
			.build();
		Map<SecretReference, SecretValue> values = new HashMap<>();
		for (Parameter answer : client.getParameters(request).parameters()) {
			if (answer.value() == null) {
				continue;
			}
			SecretValue value = value(answer.value(), answer, loadedAt);
			for (SecretReference reference : batch) {
				// Among several answers only one that says what it is about is about it.
				String identity = (reference.isArn()) ? answer.arn() : answer.name();
				if (reference.id().equals(identity) && reference.isAnsweredBy(answer.name(), answer.arn())) {
					values.put(reference, value);
				}
			}
		}
		return values;
	}

	private static SecretValue value(String text, Parameter answer, Instant loadedAt) {
		return SecretValue.builder()
			.text(text)
			.name(answer.name())
			.arn(answer.arn())
			.version(answer.version())
			.type(answer.typeAsString())
			.dataType(answer.dataType())
			.sourceResult(answer.sourceResult())
			.createdAt(answer.lastModifiedDate())
			.loadedAt(loadedAt)
			.build();
	}

	/**
	 * Returns whether a parameter is in truth a secret of Secrets Manager.
	 * @param reference a reference
	 * @return {@code true} for a path that Parameter Store keeps for secrets
	 */
	static boolean isSecret(SecretReference reference) {
		return reference.kind() == Kind.PARAMETER && reference.id().contains(SECRETS_PATH);
	}

	private static String selected(SecretReference reference) {
		Object selector = (reference.version() != null) ? reference.version() : reference.label();
		return (selector != null) ? reference.id() + ":" + selector : reference.id();
	}

	private static String text(SecretReference reference, SsmClient client, Parameter answer) {
		if (answer.value() != null) {
			return answer.value();
		}
		if (isSecret(reference)) {
			throw new SecretsException(Reason.NOT_TEXT, reference, "The secret behind this parameter has no text",
					"Read a binary secret from Secrets Manager itself: $<secret:…>.");
		}
		throw AwsFailures.emptyAnswer(reference, client);
	}

}
