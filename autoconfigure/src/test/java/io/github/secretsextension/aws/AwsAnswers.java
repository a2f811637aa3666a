package io.github.secretsextension.aws;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import io.github.secretsextension.aws.FaultServer.Answer;
import io.github.secretsextension.aws.FaultServer.Mode;

/**
 * The answers of a {@link FaultServer}, right and wrong ones.
 */
final class AwsAnswers {

	private static final int MOST_SECRETS = 20;

	private static final int MOST_PARAMETERS = 10;

	private static final int DEPTH = 10_000;

	/** What a client of HTTP sets by itself. */
	private static final Set<String> OWN_HEADERS = Set.of("host", "connection", "content-length", "expect", "upgrade");

	private final URI upstream;

	private final HttpClient http;

	private final Predicate<String> missing;

	private final Map<String, Version> versions = new ConcurrentHashMap<>();

	AwsAnswers(URI upstream, Predicate<String> missing) {
		this.upstream = upstream;
		this.http = (upstream != null) ? HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build() : null;
		this.missing = missing;
	}

	void put(String id, String text) {
		this.versions.compute(id, (same, old) -> new Version(text, (old != null) ? old.number() + 1 : 1));
	}

	/**
	 * Returns the right answer to a call, or a wrong one.
	 */
	Answer to(AwsCall call, Mode mode) {
		boolean secret = isSecret(call);
		return switch (mode) {
			case INTERNAL_ERROR -> error(500, (secret) ? "InternalServiceError" : "InternalServerError");
			case THROTTLED -> error(400, "ThrottlingException");
			case DENIED -> error(400, "AccessDeniedException");
			case NOT_FOUND -> error(400, (secret) ? "ResourceNotFoundException" : "ParameterNotFound");
			case HTML -> new Answer(200, "<html><body>CANARY-html</body></html>");
			case EMPTY -> new Answer(200, "{}");
			case NULLS -> new Answer(200, "{\"ARN\":null,\"Name\":null,\"SecretString\":null,\"SecretBinary\":null,"
					+ "\"SecretValues\":null,\"Errors\":null,\"Parameter\":null,\"Parameters\":null}");
			case TRUNCATED -> truncated(right(call));
			case OTHER -> values(call, List.of("other"));
			case DEEP -> new Answer(200, "{\"CANARY-\":".repeat(DEPTH) + "\"CANARY-\"" + "}".repeat(DEPTH));
			case REDIRECT -> new Answer(307, "{\"SecretString\":\"CANARY-redirect\"}");
			default -> right(call);
		};
	}

	private static boolean isSecret(AwsCall call) {
		return call.action().contains("Secret");
	}

	private static Answer error(int status, String code) {
		return new Answer(status, "{\"__type\":\"com.amazon#" + code
				+ "\",\"message\":\"CANARY-text\",\"Message\":\"CANARY-text\",\"SecretString\":\"CANARY-value\"}");
	}

	private static Answer truncated(Answer answer) {
		return new Answer(answer.status(), answer.body().substring(0, answer.body().length() - 2));
	}

	private Answer right(AwsCall call) {
		return (this.upstream != null) ? forward(call) : values(call, call.ids());
	}

	private Answer forward(AwsCall call) {
		HttpRequest.Builder request = HttpRequest.newBuilder(this.upstream.resolve(call.path()))
			.POST(HttpRequest.BodyPublishers.ofString(call.body()));
		call.headers()
			.entrySet()
			.stream()
			.filter((header) -> !OWN_HEADERS.contains(header.getKey().toLowerCase(Locale.ROOT)))
			.forEach((header) -> request.header(header.getKey(), header.getValue()));
		try {
			HttpResponse<String> response = this.http.send(request.build(), HttpResponse.BodyHandlers.ofString());
			return new Answer(response.statusCode(), response.body());
		}
		catch (IOException ex) {
			return error(503, "ServiceUnavailable");
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private Answer values(AwsCall call, List<String> ids) {
		Function<String, String> value = (id) -> (isSecret(call)) ? secret(call, id) : parameter(call, id);
		if (ids.size() > ((isSecret(call)) ? MOST_SECRETS : MOST_PARAMETERS)) {
			return error(400, "ValidationException");
		}
		return new Answer(200, switch (call.action()) {
			case "BatchGetSecretValue" -> "{\"SecretValues\":" + array(ids, this.missing.negate(), value)
					+ ",\"Errors\":" + array(ids, this.missing, AwsAnswers::batchError) + "}";
			case "GetParameters" -> "{\"Parameters\":" + array(ids, this.missing.negate(), value)
					+ ",\"InvalidParameters\":" + array(ids, this.missing, AwsAnswers::quote) + "}";
			case "GetParameter" -> "{\"Parameter\":" + value.apply(ids.get(0)) + "}";
			default -> value.apply(ids.get(0));
		});
	}

	private static String array(List<String> ids, Predicate<String> filter, Function<String, String> element) {
		return ids.stream().filter(filter).map(element).collect(Collectors.joining(",", "[", "]"));
	}

	private static String batchError(String id) {
		return "{\"SecretId\":" + quote(id)
				+ ",\"ErrorCode\":\"ResourceNotFoundException\",\"Message\":\"CANARY-text\"}";
	}

	private String secret(AwsCall call, String id) {
		Version version = this.versions.getOrDefault(id, new Version("CANARY-s", 1));
		boolean whole = id.matches("arn:.*-[A-Za-z0-9]{6}");
		String arn = (id.startsWith("arn:")) ? id
				: "arn:aws:secretsmanager:" + call.region() + ":123456789012:secret:" + id;
		String name = arn.replaceFirst("([^:]*:){6}", "");
		return "{\"ARN\":" + quote((whole) ? arn : arn + "-AbCdEf") + ",\"Name\":"
				+ quote((whole) ? name.substring(0, name.length() - 7) : name)
				+ ",\"VersionId\":\"00000000-0000-4000-8000-%012d\"".formatted(version.number())
				+ ",\"VersionStages\":[\"AWSCURRENT\"],\"SecretString\":" + quote(version.text()) + "}";
	}

	private String parameter(AwsCall call, String id) {
		Version version = this.versions.getOrDefault(id, new Version("CANARY-p", 1));
		String path = id.replaceFirst("arn:.*:parameter(?=/)", "");
		String name = path.replaceFirst(":.*", "");
		String prefix = (path.equals(id)) ? "arn:aws:ssm:" + call.region() + ":123456789012:parameter"
				: id.substring(0, id.length() - path.length());
		return "{\"ARN\":" + quote(prefix + ((name.startsWith("/")) ? name : "/" + name)) + ",\"Name\":" + quote(name)
				+ ",\"Selector\":" + quote(path.substring(name.length())) + ",\"Type\":\"String\",\"Version\":"
				+ version.number() + ",\"Value\":" + quote(version.text()) + "}";
	}

	private static String quote(String text) {
		return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
	}

	/**
	 * A text and its number.
	 */
	private record Version(String text, int number) {

	}

}
