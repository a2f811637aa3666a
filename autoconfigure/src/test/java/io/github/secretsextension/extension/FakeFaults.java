package io.github.secretsextension.extension;

import java.util.List;

import io.github.secretsextension.extension.FakeExtension.Mode;

/**
 * The wrong answers of a {@link FakeExtension}: what is wrong with them stands in the
 * body or the status.
 */
final class FakeFaults {

	private static final int DEPTH = 10_000;

	private FakeFaults() {
	}

	/**
	 * Returns the answer in a mode.
	 * @param right the right answer, which is returned where the mode concerns the
	 * connection only
	 */
	static FakeAnswer apply(Mode mode, FakeAnswer right, FakeService service, String trap) {
		String body = right.body();
		boolean secret = !body.startsWith("{\"Parameter\"");
		return switch (mode) {
			case THROTTLED -> service.error(400, "ThrottlingException");
			case DENIED -> service.error(400, "AccessDeniedException");
			case INTERNAL_ERROR -> service.error(500, "InternalServiceError");
			case HTML -> right.withBody("<html><body>CANARY-html</body></html>");
			case NO_BODY -> right.withBody("");
			case EMPTY -> right.withBody("{}");
			case NULLS -> right.withBody((secret)
					? "{\"ARN\":null,\"Name\":null,\"SecretBinary\":null,\"SecretString\":null,\"VersionId\":null}"
					: "{\"Parameter\":{\"ARN\":null,\"Name\":null,\"Value\":null},\"ResultMetadata\":{}}");
			case TRUNCATED -> right.withBody(body.substring(0, body.length() - 2));
			case TWICE -> right.withBody(body + body);
			case OTHER -> right.withBody(body.replaceFirst("\"ARN\":\"[^\"]*\"", "\"ARN\":\"arn:CANARY-other\"")
				.replaceFirst("\"Name\":\"[^\"]*\"", "\"Name\":\"CANARY-other\""));
			case BOTH -> right.withBody("{\"SecretString\":\"CANARY-text\",\"SecretBinary\":\"Q0FOQVJZLQ==\"}");
			case BAD_BASE64 -> right.withBody("{\"SecretBinary\":\"CANARY-*\"}");
			case NUMBER -> right.withBody((secret) ? "{\"SecretString\":1}" : "{\"Parameter\":{\"Value\":1}}");
			case ARRAY -> right.withBody("[" + body + "]");
			case DUPLICATE -> right.withBody((secret) ? "{\"SecretString\":\"CANARY-1\",\"SecretString\":\"CANARY-2\"}"
					: "{\"Parameter\":{\"Value\":\"CANARY-1\",\"Value\":\"CANARY-2\"}}");
			case DEEP -> right.withBody("{\"CANARY-\":".repeat(DEPTH) + "\"CANARY-\"" + "}".repeat(DEPTH));
			case REDIRECT -> new FakeAnswer(307, List.of("Location: " + trap), body);
			default -> right;
		};
	}

}
