package io.github.secretsextension.extension;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

import io.github.secretsextension.extension.FakeExtension.Personality;

/**
 * What the extension and the agent answer to a request, by all that is known of them.
 * Where nothing is known of the extension, it does as a server in Go does by itself.
 */
final class FakeService {

	private static final String SECRET_PATH = "/secretsmanager/get";

	private static final String PARAMETER_PATH = "/systemsmanager/parameters/get";

	private static final String REFERENCE_PATH = "/aws/reference/secretsmanager/";

	/** Of the agent: its own paths, behind which an id follows as it is. */
	private static final String PATH_PREFIX = "/v1/";

	private static final String PING = "/ping";

	/** By so much pings may exceed the limit of connections. */
	private static final int PING_EXCESS = 2;

	private static final Set<String> KEYS = Set.of("secretId", "versionId", "versionStage", "refreshNow", "roleArn");

	private static final Pattern REFRESH = Pattern.compile("(?i)true|false|1|0");

	private static final Pattern ROLE = Pattern.compile("arn:[\\w-]+:iam::\\d{12}:role/[\\w+=,.@/-]+");

	private static final List<String> TEXT = List.of("Content-Type: text/plain; charset=utf-8");

	private final boolean agent;

	private final String token;

	private final FakeStore store;

	FakeService(Personality personality, String token, FakeStore store) {
		this.agent = personality == Personality.AGENT;
		this.token = token;
		this.store = store;
	}

	/**
	 * Returns the answer to a request that is not served.
	 * @param excess by how much the open connections exceed their limit
	 * @param ready is asked, once, when nothing else speaks against the request
	 * @return the answer, or {@code null} for a request that is served
	 */
	FakeAnswer refusal(FakeRequest request, int excess, BooleanSupplier ready) {
		return (this.agent) ? refusalOfAgent(request, excess) : refusalOfExtension(request, excess, ready);
	}

	private FakeAnswer refusalOfExtension(FakeRequest request, int excess, BooleanSupplier ready) {
		if (excess > 0) {
			// Under many connections users saw it answer 400; with which text is not
			// known.
			return opaque();
		}
		if (!this.token.equals(request.header(FakeRequest.TOKEN_HEADER))) {
			return new FakeAnswer(401, List.of("Content-Type: text/plain", "X-Amzn-Errortype: AccessDeniedException"),
					"bad session token or header key");
		}
		if (!ready.getAsBoolean()) {
			return text(400, "not ready to serve traffic, please wait");
		}
		boolean secret = request.path().equals(SECRET_PATH);
		if (!secret && !isParameter(request)) {
			return text(404, "404 page not found\n");
		}
		if (!request.method().equals("GET")) {
			return text(405, "Method Not Allowed\n");
		}
		String id = request.first((secret) ? "secretId" : "name");
		return (id == null || id.isEmpty()) ? text(400, "CANARY-no id") : null;
	}

	private FakeAnswer refusalOfAgent(FakeRequest request, int excess) {
		boolean ping = request.path().equals(PING);
		if (excess > ((ping) ? PING_EXCESS : 0)) {
			return new FakeAnswer(429, "Connection limit exceeded");
		}
		if (!ping && request.header("X-Forwarded-For") != null) {
			return new FakeAnswer(400, "Forwarded");
		}
		String sent = request.header(FakeRequest.TOKEN_HEADER);
		if (!ping && !this.token.equals((sent != null) ? sent : request.header("X-Vault-Token"))) {
			return new FakeAnswer(403, "Bad Token");
		}
		if (!request.method().equals("GET")) {
			return new FakeAnswer(405, "Not allowed");
		}
		if (ping) {
			return new FakeAnswer(200, "healthy");
		}
		return (isOfAgent(request)) ? refusalOfQuery(request) : new FakeAnswer(404, "Not found");
	}

	private static boolean isOfAgent(FakeRequest request) {
		return request.path().equals(SECRET_PATH) || request.path().startsWith(PATH_PREFIX);
	}

	private static FakeAnswer refusalOfQuery(FakeRequest request) {
		boolean prefixed = request.path().startsWith(PATH_PREFIX);
		for (Map.Entry<String, String> parameter : request.parameters()) {
			String key = parameter.getKey();
			if (!KEYS.contains(key) || (prefixed && key.equals("secretId"))) {
				return new FakeAnswer(400, "unknown parameter: " + key);
			}
			if (key.equals("refreshNow") && !REFRESH.matcher(parameter.getValue()).matches()) {
				return new FakeAnswer(400, "invalid refreshNow value");
			}
			if (key.equals("roleArn") && !ROLE.matcher(parameter.getValue()).matches()) {
				return new FakeAnswer(400,
						"invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>");
			}
		}
		if (idOfAgent(request).isEmpty()) {
			return new FakeAnswer(400, (prefixed) ? "missing secret ID" : "missing parameter secretId");
		}
		return null;
	}

	private static String idOfAgent(FakeRequest request) {
		if (request.path().startsWith(PATH_PREFIX)) {
			return request.path().substring(PATH_PREFIX.length());
		}
		String id = request.last("secretId");
		return (id != null) ? id : "";
	}

	private static boolean isParameter(FakeRequest request) {
		return request.path().equals(PARAMETER_PATH) || request.path().equals(PARAMETER_PATH + "/");
	}

	/**
	 * Returns the answer to a request that is served.
	 */
	FakeAnswer value(FakeRequest request) {
		if (this.agent) {
			FakeStore.Secret secret = this.store.secret(idOfAgent(request), request.last("versionId"),
					request.last("versionStage"));
			return (secret != null) ? new FakeAnswer(200, FakeBodies.secretOfAgent(secret)) : missing(request);
		}
		String body = (isParameter(request)) ? parameter(request) : secret(request);
		return (body != null) ? new FakeAnswer(200, TEXT, body) : missing(request);
	}

	private String secret(FakeRequest request) {
		FakeStore.Secret secret = this.store.secret(request.first("secretId"), request.first("versionId"),
				request.first("versionStage"));
		return (secret != null) ? FakeBodies.secretOfExtension(secret) : null;
	}

	private String parameter(FakeRequest request) {
		String name = request.first("name");
		String selector = request.parameters()
			.stream()
			.filter((parameter) -> Set.of("version", "label").contains(parameter.getKey()))
			.map(Map.Entry::getValue)
			.findFirst()
			.orElse(null);
		boolean decrypted = "true".equals(request.first("withDecryption"));
		if (name.startsWith(REFERENCE_PATH)) {
			FakeStore.Secret secret = this.store.secret(name.substring(REFERENCE_PATH.length()), null, selector);
			return (secret != null && decrypted) ? FakeBodies.reference(secret, name, selector) : null;
		}
		FakeStore.Parameter parameter = this.store.parameter(name, selector);
		return (parameter != null) ? FakeBodies.parameter(parameter, selector, decrypted) : null;
	}

	private FakeAnswer missing(FakeRequest request) {
		return error(400, (isParameter(request)) ? "ParameterNotFound" : "ResourceNotFoundException");
	}

	/**
	 * Returns what becomes of an error of AWS.
	 */
	FakeAnswer error(int status, String code) {
		return (this.agent)
				? new FakeAnswer(status, "{\"__type\":\"" + code + "\",\"message\":\"CANARY-text \\\"a\\\\b\\\"\"}")
				: opaque();
	}

	private static FakeAnswer opaque() {
		return text(400, "an unexpected error occurred while executing request");
	}

	private static FakeAnswer text(int status, String body) {
		return new FakeAnswer(status, TEXT, body);
	}

}
