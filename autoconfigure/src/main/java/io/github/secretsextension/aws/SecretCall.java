package io.github.secretsextension.aws;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.secretsmanager.model.BatchGetSecretValueRequest;
import software.amazon.awssdk.services.secretsmanager.model.BatchGetSecretValueResponse;
import software.amazon.awssdk.services.secretsmanager.model.GetSecretValueRequest;
import software.amazon.awssdk.services.secretsmanager.model.GetSecretValueResponse;
import software.amazon.awssdk.services.secretsmanager.model.SecretValueEntry;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;

/**
 * One {@code GetSecretValue} or {@code BatchGetSecretValue}, its answer checked.
 */
final class SecretCall {

	private SecretCall() {
	}

	static SecretValue get(SecretsManagerClient client, SecretReference reference, Instant loadedAt) {
		GetSecretValueRequest request = GetSecretValueRequest.builder()
			.secretId(reference.id())
			.versionStage(reference.versionStage())
			.versionId(reference.versionId())
			.build();
		GetSecretValueResponse answer = client.getSecretValue(request);
		if (!reference.isAnsweredBy(answer.name(), answer.arn())) {
			throw AwsFailures.otherAnswer(reference, client);
		}
		if (!reference.isAnsweredByVersion(answer.versionId(), null)) {
			throw AwsFailures.otherVersion(reference, client);
		}
		SecretValue.Builder value = value(answer.secretString(), answer.secretBinary());
		if (value == null) {
			throw AwsFailures.emptyAnswer(reference, client);
		}
		return value.name(answer.name())
			.arn(answer.arn())
			.versionId(answer.versionId())
			.versionStages(answer.versionStages())
			.createdAt(answer.createdDate())
			.loadedAt(loadedAt)
			.build();
	}

	static Map<SecretReference, SecretValue> getAll(SecretsManagerClient client, Set<SecretReference> batch,
			Instant loadedAt) {
		List<String> ids = batch.stream().map(SecretReference::id).distinct().toList();
		BatchGetSecretValueRequest request = BatchGetSecretValueRequest.builder().secretIdList(ids).build();
		Map<SecretReference, SecretValue> values = new HashMap<>();
		// A page without a secret helps nobody: so there is no more than one for each.
		for (int page = 0; page < ids.size(); page++) {
			BatchGetSecretValueResponse answer = client.batchGetSecretValue(request);
			answer.secretValues().forEach((entry) -> put(entry, batch, loadedAt, values));
			if (answer.nextToken() == null) {
				break;
			}
			request = request.toBuilder().nextToken(answer.nextToken()).build();
		}
		return values;
	}

	private static void put(SecretValueEntry entry, Set<SecretReference> batch, Instant loadedAt,
			Map<SecretReference, SecretValue> values) {
		SecretValue.Builder builder = value(entry.secretString(), entry.secretBinary());
		if (builder == null) {
			return;
		}
		SecretValue value = builder.name(entry.name())
			.arn(entry.arn())
			.versionId(entry.versionId())
			.versionStages(entry.versionStages())
			.createdAt(entry.createdDate())
			.loadedAt(loadedAt)
			.build();
		for (SecretReference reference : batch) {
			// Among several answers only one that says what it is about is about it.
			String identity = (reference.isArn()) ? entry.arn() : entry.name();
			if (identity != null && reference.isAnsweredBy(entry.name(), entry.arn())) {
				values.put(reference, value);
			}
		}
	}

	private static SecretValue.@Nullable Builder value(@Nullable String text, @Nullable SdkBytes bytes) {
		if (text != null) {
			return SecretValue.builder().text(text);
		}
		return (bytes != null) ? SecretValue.builder().bytes(bytes.asByteArrayUnsafe()) : null;
	}

}
