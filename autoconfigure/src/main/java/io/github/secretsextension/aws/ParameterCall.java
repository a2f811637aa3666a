package io.github.secretsextension.aws;

import java.time.Instant;

import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.GetParameterRequest;
import software.amazon.awssdk.services.ssm.model.Parameter;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

/**
 * One {@code GetParameter}, its answer checked.
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
		if (!isAbout(reference, answer)) {
			throw AwsFailures.otherAnswer(reference, client);
		}
		return SecretValue.builder()
			.text(text(reference, client, answer))
			.name(answer.name())
			.arn(answer.arn())
			.version(answer.version())
			.type(answer.typeAsString())
			.loadedAt(loadedAt)
			.build();
	}

	private static String selected(SecretReference reference) {
		Object selector = (reference.version() != null) ? reference.version() : reference.label();
		return (selector != null) ? reference.id() + ":" + selector : reference.id();
	}

	private static String text(SecretReference reference, SsmClient client, Parameter answer) {
		if (answer.value() != null) {
			return answer.value();
		}
		if (reference.id().contains(SECRETS_PATH.substring(1))) {
			throw new SecretsException(Reason.NOT_TEXT, reference, "The secret behind this parameter has no text",
					"Read a binary secret from Secrets Manager itself: $<secret:…>.");
		}
		throw AwsFailures.emptyAnswer(reference, client);
	}

	private static boolean isAbout(SecretReference reference, Parameter answer) {
		String id = reference.id();
		String name = answer.name();
		if (!reference.isArn()) {
			return name == null || name.equals(id);
		}
		String arn = answer.arn();
		return id.equals(arn) || id.equals(name) || (arn == null && name == null)
				|| (name != null && (arn == null || name.startsWith(SECRETS_PATH)) && id.endsWith(path(name)));
	}

	private static String path(String name) {
		return ":parameter" + ((name.startsWith("/")) ? name : "/" + name);
	}

}
