package io.github.secretsextension.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * A server on the loopback interface that speaks as much of Secrets Manager and Parameter
 * Store as the benchmarks ask for, with a delay, an outage and a count of calls. Every
 * secret and parameter exists; its value begins with {@code CANARY-}.
 */
final class DelayedAws implements AutoCloseable {

	static {
		// Without it JDK 17's server answers on a kept connection after 40 ms.
		System.setProperty("sun.net.httpserver.nodelay", "true");
		System.setProperty("sun.net.httpserver.maxIdleConnections", "1000");
	}

	private static final String ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:";

	private static final String VERSION = "11111111-2222-3333-4444-555555555555";

	private static final Pattern IDS = Pattern
		.compile("\"(?:SecretId|SecretIdList|Name|Names)\":(\"[^\"]*\"|\\[[^\\]]*\\])");

	private static final Pattern TEXT = Pattern.compile("\"([^\"]*)\"");

	private final HttpServer server;

	private final AtomicInteger requests = new AtomicInteger();

	private final AtomicInteger calls = new AtomicInteger();

	private final AtomicInteger inFlight = new AtomicInteger();

	private final AtomicInteger mostInFlight = new AtomicInteger();

	private volatile long delayMillis;

	private volatile boolean down;

	private volatile String filler = "";

	DelayedAws() throws IOException {
		this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1000);
		this.server.setExecutor(Executors.newCachedThreadPool((task) -> {
			Thread thread = new Thread(task, "delayed-aws");
			thread.setDaemon(true);
			return thread;
		}));
		this.server.createContext("/", this::handle);
		this.server.start();
	}

	String endpoint() {
		return "http://127.0.0.1:" + this.server.getAddress().getPort();
	}

	/** Sets how long each answer takes. */
	void delay(long millis) {
		this.delayMillis = millis;
	}

	/** Sets whether each answer is an HTTP 500. */
	void down(boolean down) {
		this.down = down;
	}

	/** Sets how many characters each value has. */
	void valueLength(int length) {
		this.filler = "x".repeat(length);
	}

	/** Returns the calls since the last reset; an SDK's retries are not calls. */
	int calls() {
		return this.calls.get();
	}

	/** Returns the HTTP requests since the last reset, retries included. */
	int requests() {
		return this.requests.get();
	}

	/** Returns how many requests were under way at once since the last reset. */
	int mostInFlight() {
		return this.mostInFlight.get();
	}

	void reset() {
		this.calls.set(0);
		this.requests.set(0);
		this.mostInFlight.set(0);
	}

	private void handle(HttpExchange exchange) throws IOException {
		String request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
		String attempt = exchange.getRequestHeaders().getFirst("amz-sdk-request");
		this.requests.incrementAndGet();
		if (attempt == null || attempt.startsWith("attempt=1;")) {
			this.calls.incrementAndGet();
		}
		this.mostInFlight.accumulateAndGet(this.inFlight.incrementAndGet(), Math::max);
		try {
			Thread.sleep(this.delayMillis);
			if (this.down) {
				send(exchange, 500, "{\"__type\":\"InternalServiceError\"}");
			}
			else {
				answer(exchange, request);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		finally {
			this.inFlight.decrementAndGet();
		}
	}

	private void answer(HttpExchange exchange, String request) throws IOException {
		String target = exchange.getRequestHeaders().getFirst("X-Amz-Target");
		List<String> ids = ids(request);
		switch (target.substring(target.indexOf('.') + 1)) {
			case "GetSecretValue" -> send(exchange, 200, secret(ids.get(0)));
			case "BatchGetSecretValue" -> sendList(exchange, ids, 20, "SecretValues", this::secret);
			case "DescribeSecret" -> send(exchange, 200, description(ids.get(0)));
			case "GetParameter" -> send(exchange, 200, "{\"Parameter\":" + parameter(ids.get(0)) + "}");
			case "GetParameters" -> sendList(exchange, ids, 10, "Parameters", this::parameter);
			default -> send(exchange, 400, "{\"__type\":\"UnknownOperationException\"}");
		}
	}

	private void sendList(HttpExchange exchange, List<String> ids, int most, String name,
			Function<String, String> element) throws IOException {
		if (ids.size() > most) {
			send(exchange, 400, "{\"__type\":\"ValidationException\"}");
			return;
		}
		send(exchange, 200,
				"{\"" + name + "\":" + ids.stream().map(element).collect(Collectors.joining(",", "[", "]}")));
	}

	private static List<String> ids(String request) {
		Matcher ids = IDS.matcher(request);
		return (ids.find()) ? TEXT.matcher(ids.group(1)).results().map((id) -> id.group(1)).toList() : List.of();
	}

	private String secret(String id) {
		String value = value(id);
		return """
				{"ARN":"%s%s-AbCdEf","Name":"%s","VersionId":"%s","SecretString":"%s","VersionStages":["AWSCURRENT"],\
				"CreatedDate":1.7E9}""".formatted(ARN, id, id, VERSION, value);
	}

	private static String description(String id) {
		return """
				{"ARN":"%s%s-AbCdEf","Name":"%s","VersionIdsToStages":{"%s":["AWSCURRENT"]}}""".formatted(ARN, id, id,
				VERSION);
	}

	private String parameter(String name) {
		return """
				{"Name":"%s","Type":"SecureString","Value":"%s","Version":1,"DataType":"text",\
				"ARN":"arn:aws:ssm:eu-central-1:123456789012:parameter%s","LastModifiedDate":1.7E9}""".formatted(name,
				value(name), name);
	}

	private String value(String id) {
		String value = "CANARY-" + id;
		return (value.length() < this.filler.length()) ? value + this.filler.substring(value.length()) : value;
	}

	private static void send(HttpExchange exchange, int status, String body) throws IOException {
		byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
		exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.1");
		exchange.sendResponseHeaders(status, bytes.length);
		exchange.getResponseBody().write(bytes);
		exchange.close();
	}

	@Override
	public void close() {
		this.server.stop(0);
	}

}
