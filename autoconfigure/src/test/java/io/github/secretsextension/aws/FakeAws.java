package io.github.secretsextension.aws;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClientBuilder;
import software.amazon.awssdk.services.ssm.SsmClientBuilder;

/**
 * A server that answers each call as it is told and remembers who called. Where no answer
 * is set it gives the secrets or parameters that were asked for.
 */
public final class FakeAws implements AutoCloseable {

	static {
		// Else each answer, sent as headers and body, waits 40 ms for an acknowledgement.
		System.setProperty("sun.net.httpserver.nodelay", "true");
	}

	private final HttpServer server;

	private final ExecutorService executor = Executors.newCachedThreadPool();

	private final List<Call> calls = new CopyOnWriteArrayList<>();

	private volatile Answer answer;

	/**
	 * Starts a server.
	 */
	public FakeAws() {
		try {
			this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.server.setExecutor(this.executor);
		this.server.createContext("/", this::handle);
		this.server.start();
	}

	/**
	 * Returns where the server listens.
	 */
	public URI endpoint() {
		return URI.create("http://127.0.0.1:" + this.server.getAddress().getPort());
	}

	/**
	 * Returns what makes clients call this server, with the access key {@code AKIA} and
	 * in the region {@code us-east-1}.
	 */
	ClientConfigurer configurer() {
		return configurer(StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIA", "key")));
	}

	ClientConfigurer configurer(AwsCredentialsProvider credentials) {
		return new ClientConfigurer() {

			@Override
			public void secretsManager(SecretsManagerClientBuilder builder, Region region) {
				builder.endpointOverride(endpoint()).region(Region.US_EAST_1).credentialsProvider(credentials);
			}

			@Override
			public void parameterStore(SsmClientBuilder builder, Region region) {
				builder.endpointOverride(endpoint()).region(Region.US_EAST_1).credentialsProvider(credentials);
			}

		};
	}

	/**
	 * Returns the calls so far.
	 */
	public List<Call> calls() {
		return this.calls;
	}

	/**
	 * Sets what every call gets.
	 */
	public void answer(int status, String body) {
		this.answer = (exchange, call) -> send(exchange, status, body);
	}

	/**
	 * Lets every call wait.
	 */
	public void hang() {
		this.answer = (exchange, call) -> {
			try {
				new CountDownLatch(1).await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		};
	}

	void answer(Answer answer) {
		this.answer = answer;
	}

	/**
	 * Refuses the calls that are signed with an access key.
	 * @param accessKey the key
	 * @param code the error code of the answer
	 */
	public void refuse(String accessKey, String code) {
		this.answer = (exchange, call) -> {
			if (call.accessKey().equals(accessKey)) {
				send(exchange, 400, "{\"__type\":\"" + code + "\",\"Message\":\"CANARY-text\"}");
			}
			else {
				give(exchange, call);
			}
		};
	}

	/**
	 * Gives what a call asks for.
	 */
	static void give(HttpExchange exchange, Call call) throws IOException {
		send(exchange, 200, answer(call.action(), call.body()));
	}

	private void handle(HttpExchange exchange) throws IOException {
		String request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
		Call call = new Call(exchange.getRequestURI().getPath(), exchange.getRequestHeaders().getFirst("Authorization"),
				exchange.getRequestHeaders().getFirst("X-Amz-Target"), request);
		this.calls.add(call);
		if (this.answer != null) {
			this.answer.to(exchange, call);
		}
		else {
			give(exchange, call);
		}
	}

	private static String answer(String action, String request) {
		return switch (action) {
			case "GetSecretValue" -> secret(id(request));
			case "BatchGetSecretValue" -> "{\"SecretValues\":[" + all(request, FakeAws::secret) + "],\"Errors\":[]}";
			case "GetParameter" -> "{\"Parameter\":" + parameter(id(request)) + "}";
			case "GetParameters" -> "{\"Parameters\":[" + all(request, FakeAws::parameter) + "]}";
			default -> throw new IllegalArgumentException(action);
		};
	}

	static String secret(String id) {
		return "{\"" + ((id.startsWith("arn:")) ? "ARN" : "Name") + "\":\"" + id + "\",\"SecretString\":\"CANARY-s\"}";
	}

	static String parameter(String id) {
		String identity = (id.startsWith("arn:")) ? "\"ARN\":\"" + id.replaceAll(":[0-9]+$", "") : "\"Name\":\"" + id;
		return "{" + identity + "\",\"Value\":\"CANARY-p\",\"Version\":1}";
	}

	private static String all(String request, UnaryOperator<String> entry) {
		return ids(request).stream().map(entry).collect(Collectors.joining(","));
	}

	/**
	 * Returns the ids that the body of a batch call names.
	 */
	static List<String> ids(String request) {
		String list = request.replaceAll(".*\"(SecretIdList|Names)\":\\[\"([^\\]]*)\"\\].*", "$2");
		return List.of(list.split("\",\""));
	}

	private static String id(String request) {
		return request.replaceAll(".*\"(SecretId|Name)\":\"([^\"]*)\".*", "$2");
	}

	static void send(HttpExchange exchange, int status, String body) throws IOException {
		byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
		exchange.getResponseHeaders().set("x-amzn-RequestId", "rid-1\u00e9CANARY<b>");
		exchange.sendResponseHeaders(status, bytes.length);
		exchange.getResponseBody().write(bytes);
		exchange.close();
	}

	@Override
	public void close() {
		this.executor.shutdownNow();
		this.server.stop(0);
	}

	/**
	 * One call.
	 */
	public record Call(String path, String authorization, String target, String body) {

		/**
		 * Returns what was called.
		 */
		public String action() {
			return this.target.substring(this.target.indexOf('.') + 1);
		}

		/**
		 * Returns the access key that signed the call.
		 */
		public String accessKey() {
			return this.authorization.replaceAll(".*Credential=([^/]*)/.*", "$1");
		}

		/**
		 * Returns the region that the call was signed for.
		 */
		public String region() {
			return this.authorization.replaceAll(".*Credential=[^/]*/[^/]*/([^/]*)/.*", "$1");
		}

	}

	/**
	 * What a call gets.
	 */
	interface Answer {

		void to(HttpExchange exchange, Call call) throws IOException;

	}

}
