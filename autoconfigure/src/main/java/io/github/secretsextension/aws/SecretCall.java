package io.github.secretsextension.aws;

import java.time.Instant;
import java.util.regex.Pattern;

import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.secretsmanager.model.GetSecretValueRequest;
import software.amazon.awssdk.services.secretsmanager.model.GetSecretValueResponse;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;

/**
 * One {@code GetSecretValue}, its answer checked.
 */
final class SecretCall {

	/** What AWS appends to a secret's name in its ARN. */
	private static final Pattern SUFFIX = Pattern.compile("-[A-Za-z0-9]{6}");

	private SecretCall() {
	}

	static SecretValue get(SecretsManagerClient client, SecretReference reference, Instant loadedAt) {
		GetSecretValueRequest request = GetSecretValueRequest.builder()
			.secretId(reference.id())
			.versionStage(reference.versionStage())
			.versionId(reference.versionId())
			.build();
		GetSecretValueResponse answer = client.getSecretValue(request);
		if (!isAbout(reference, answer)) {
			throw AwsFailures.otherAnswer(reference, client);
		}
		return value(reference, client, answer).name(answer.name())
			.arn(answer.arn())
			.versionId(answer.versionId())
			.versionStages(answer.versionStages())
			.loadedAt(loadedAt)
			.build();
	}

	private static SecretValue.Builder value(SecretReference reference, SecretsManagerClient client,
			GetSecretValueResponse answer) {
		if (answer.secretString() != null) {
			return SecretValue.builder().text(answer.secretString());
		}
		if (answer.secretBinary() != null) {
			return SecretValue.builder().bytes(answer.secretBinary().asByteArrayUnsafe());
		}
		throw AwsFailures.emptyAnswer(reference, client);
	}

	private static boolean isAbout(SecretReference reference, GetSecretValueResponse answer) {
		String id = reference.id();
		if (!reference.isArn()) {
			return answer.name() == null || answer.name().equals(id);
		}
		String arn = answer.arn();
		return arn == null || arn.equals(id)
				|| (arn.startsWith(id) && SUFFIX.matcher(arn.substring(id.length())).matches());
	}

}
