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
		if (reference.id().contains(SECRETS_PATH)) {
			throw new SecretsException(Reason.NOT_TEXT, reference, "The secret behind this parameter has no text",
					"Read a binary secret from Secrets Manager itself: $<secret:…>.");
		}
		throw AwsFailures.emptyAnswer(reference, client);
	}

	private static boolean isAbout(SecretReference reference, Parameter answer) {
		String id = reference.id();
		String name = answer.name();
		String arn = answer.arn();
		if (!reference.isArn()) {
			return name == null || isSame(name, id) || id.equals(SECRETS_PATH + name);
		}
		boolean isSecret = id.contains(":parameter" + SECRETS_PATH);
		if (arn != null && !isSecret) {
			return arn.equals(id);
		}
		return name == null || name.equals(id) || isSame(name, id.substring(id.indexOf(":parameter/") + 10));
	}

	/**
	 * Returns whether two names mean one parameter: at the root the slash may be missing.
	 */
	private static boolean isSame(String name, String asked) {
		return withSlash(name).equals(withSlash(asked));
	}

	private static String withSlash(String name) {
		return (name.startsWith("/")) ? name : "/" + name;
	}

}
