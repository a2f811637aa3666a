package io.github.secretsextension.extension;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.AwsErrorKind;
import io.github.secretsextension.JsonDocument;
import io.github.secretsextension.MalformedJsonException;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

/**
 * What an answer without a value, or none at all, means. Nothing of an answer is repeated
 * but its status and an error code, cut down to harmless characters.
 */
final class ExtensionFailures {

	private static final int LONGEST_CODE = 60;

	private static final String IN_PROCESS = "set 'secrets-extension.mode=auto', which reads in-process whenever the"
			+ " extension cannot answer";

	private final ExtensionClientSettings settings;

	private final String subject;

	ExtensionFailures(ExtensionClientSettings settings) {
		this.settings = settings;
		this.subject = "The extension or agent at " + settings.address();
	}

	/**
	 * Returns what an answer means whose status is not 200.
	 */
	SecretsException answered(SecretReference reference, ExtensionAnswer answer) {
		int status = answer.status();
		// Nothing of an error's text is shown, so it need not be right.
		String text = answer.lenientText();
		if (status == 400 && text.strip().equals(ExtensionProtocol.NOT_READY)) {
			return notReady(reference);
		}
		String code = code(text);
		if (status == 401 || (status == 403 && code == null)) {
			return rejected(reference, status);
		}
		if (code != null) {
			return coded(reference, status, code);
		}
		String problem = this.subject + " answered with status " + status;
		return switch (status) {
			case 400 -> opaque(reference, problem);
			case 404 -> new SecretsException(Reason.UNSUPPORTED, reference,
					problem + ": it does not know the path for a " + reference.kind(),
					"The agent has no parameters; use the extension's layer, or " + IN_PROCESS + ".");
			case 429 -> new SecretsException(Reason.THROTTLED, reference, problem + ": it has too many connections",
					"Raise its limit, or lower 'secrets-extension.max-connections'.");
			case 504 -> new SecretsException(Reason.TIMEOUT, reference, problem + ": AWS did not answer it in time",
					"Check that it can reach AWS: a VPC needs an interface endpoint or NAT.");
			default ->
				(status >= 500) ? new SecretsException(Reason.SERVICE_ERROR, reference, problem, "Look into its log.")
						: badAnswer(reference, "it answered with status " + status);
		};
	}

	private SecretsException notReady(SecretReference reference) {
		String type = this.settings.initializationType();
		String surroundings = "";
		if ("provisioned-concurrency".equals(type)) {
			surroundings = " With provisioned concurrency INIT ends long before the first invocation,"
					+ " so that no waiting helps.";
		}
		else if ("lambda-managed-instances".equals(type)) {
			surroundings = " Lambda managed instances initialize before any invocation, so that no waiting helps.";
		}
		return new SecretsException(Reason.NOT_READY, reference,
				this.subject + " is not ready: it answers only from the first invocation on, not during INIT, in"
						+ " which an application starts",
				"Set 'secrets-extension.mode=auto', which reads in-process until then, or 'embedded', or read the"
						+ " secret lazily, inside the handler." + surroundings);
	}

	private SecretsException rejected(SecretReference reference, int status) {
		String snapStart = ("snap-start".equals(this.settings.initializationType()))
				? "The extension does not support SnapStart, under which this function runs: set"
						+ " 'secrets-extension.mode=embedded'."
				: "The extension does not support SnapStart: use 'secrets-extension.mode=embedded' there.";
		return new SecretsException(Reason.TOKEN_REJECTED, reference,
				this.subject + " does not accept the token (status " + status + ")",
				"In Lambda the token is AWS_SESSION_TOKEN; 'secrets-extension.remote.token' and AWS_TOKEN come before"
						+ " it, and must be what the other side was started with. " + snapStart);
	}

	private SecretsException opaque(SecretReference reference, String problem) {
		return new SecretsException(Reason.AMBIGUOUS, reference,
				problem + " and does not tell whether the " + reference.kind()
						+ " is missing or denied, or AWS could not be asked",
				"Look into its log. " + permission(reference) + " A default does not apply here.");
	}

	private SecretsException coded(SecretReference reference, int status, String code) {
		AwsErrorKind kind = AwsErrorKind.of(code, status);
		Reason reason = switch (code) {
			case "TimeoutError" -> Reason.TIMEOUT;
			case "ConnectionError" -> Reason.SERVICE_ERROR;
			default -> kind.reason();
		};
		String problem = this.subject + " answered '" + code + "' (status " + status + ")";
		return new SecretsException(reason, reference, problem, switch (reason) {
			case NOT_FOUND -> "Check name, account, region and version.";
			case DENIED -> permission(reference);
			case THROTTLED -> "Raise the TTL of the other side, or the quota.";
			case CREDENTIALS -> "Check where the other side takes its credentials from.";
			case TIMEOUT -> "Check that it can reach AWS: a VPC needs an interface endpoint or NAT.";
			default -> "Look into its log.";
		});
	}

	private static String permission(SecretReference reference) {
		String action = (reference.kind() == Kind.SECRET) ? "'secretsmanager:GetSecretValue'" : "'ssm:GetParameter'";
		return "Its role needs " + action + ", and 'kms:Decrypt' if a key of your own encrypts the value; a policy for"
				+ " some names answers 'denied' for a missing one too.";
	}

	/**
	 * Returns what it means that there is no answer.
	 */
	SecretsException unanswered(SecretReference reference, Duration limit, IOException failure) {
		boolean interrupted = failure instanceof ClosedByInterruptException
				|| (failure instanceof InterruptedIOException && !(failure instanceof SocketTimeoutException));
		if (interrupted || Thread.currentThread().isInterrupted()) {
			Thread.currentThread().interrupt();
			return interrupted(reference);
		}
		if (failure instanceof ConnectTimeoutException connect) {
			return new SecretsException(Reason.TIMEOUT, reference,
					this.subject + " took no connection within " + connect.millis() + " ms",
					"Look into its log: it may hang, or have more connections than it can serve.");
		}
		if (failure instanceof SocketTimeoutException) {
			return new SecretsException(Reason.TIMEOUT, reference,
					this.subject + " did not answer within " + limit.toMillis() + " ms",
					"Look into its log. The limit is 'secrets-extension.deadline', the service's own deadline or "
							+ ((reference.kind() == Kind.SECRET) ? "SECRETS_MANAGER" : "SSM_PARAMETER_STORE")
							+ "_TIMEOUT_MILLIS.");
		}
		if (failure instanceof MalformedAnswerException) {
			return badAnswer(reference, String.valueOf(failure.getMessage()));
		}
		if (failure instanceof UnknownHostException) {
			return new SecretsException(Reason.NOT_CONFIGURED, reference,
					"'" + this.settings.host() + "' is no loopback address, and the token goes to no other",
					"Set 'secrets-extension.remote.host' to 127.0.0.1 or ::1.");
		}
		if (failure instanceof ConnectException) {
			return new SecretsException(Reason.UNREACHABLE, reference,
					"Nothing listens at " + this.settings.address() + ", where the extension or agent should",
					"Add the layer 'AWS-Parameters-and-Secrets-Lambda-Extension' to the function, or start the agent;"
							+ " if it has another port, set PARAMETERS_SECRETS_EXTENSION_HTTP_PORT or"
							+ " 'secrets-extension.remote.port'; or " + IN_PROCESS + ".");
		}
		return new SecretsException(Reason.UNREACHABLE, reference,
				this.subject + " broke the connection (" + failure.getClass().getName() + ")",
				"Look into its log: it may have ended. Or " + IN_PROCESS + ".");
	}

	SecretsException interrupted(SecretReference reference) {
		return new SecretsException(Reason.INTERRUPTED, reference, "The calling thread was interrupted", "Read again.");
	}

	SecretsException closed(SecretReference reference) {
		return new SecretsException(Reason.SERVICE_ERROR, reference, "The client of the extension was closed",
				"Read while the application runs.");
	}

	SecretsException badAnswer(SecretReference reference, String problem) {
		return new SecretsException(Reason.BAD_ANSWER, reference, this.subject + " gave no usable answer: " + problem,
				"Check what listens there.");
	}

	/** The agent answers as AWS does, with the code in {@code __type}. */
	private static @Nullable String code(String text) {
		if (!text.startsWith("{")) {
			return null;
		}
		Map<String, @Nullable Object> error;
		try {
			error = JsonDocument.parse(text);
		}
		catch (MalformedJsonException ex) {
			// The agent of version 2.0 did not escape the message, which comes last.
			return code(text, "\"__type\":\"");
		}
		return (error.get("__type") instanceof String type) ? harmless(type) : null;
	}

	private static @Nullable String code(String text, String before) {
		int start = text.indexOf(before) + before.length();
		int end = text.indexOf('"', start);
		return (start >= before.length() && end > start) ? harmless(text.substring(start, end)) : null;
	}

	private static @Nullable String harmless(String type) {
		String code = type.substring(type.lastIndexOf('#') + 1);
		boolean harmless = !code.isEmpty() && code.length() <= LONGEST_CODE
				&& code.chars().allMatch((c) -> c < 128 && (Character.isLetterOrDigit(c) || c == '_' || c == '.'));
		return (harmless) ? code : null;
	}

}
