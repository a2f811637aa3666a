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

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * A server that answers each call as it is told and remembers who called. Where no answer
 * is set it gives the secret or parameter that was asked for.
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
	 * Returns the calls so far.
	 */
	public List<Call> calls() {
		return this.calls;
	}

	/**
	 * Sets what every call gets.
	 */
	public void answer(int status, String body) {
		this.answer = (exchange) -> send(exchange, status, body);
	}

	/**
	 * Lets every call wait.
	 */
	public void hang() {
		this.answer = (exchange) -> {
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

	private void handle(HttpExchange exchange) throws IOException {
		String request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
		String target = exchange.getRequestHeaders().getFirst("X-Amz-Target");
		this.calls.add(new Call(exchange.getRequestURI().getPath(),
				exchange.getRequestHeaders().getFirst("Authorization"), target, request));
		if (this.answer != null) {
			this.answer.to(exchange);
			return;
		}
		send(exchange, 200, (target.startsWith("secretsmanager")) ? secret(request) : parameter(request));
	}

	private static String secret(String request) {
		return "{\"Name\":\"" + id(request) + "\",\"SecretString\":\"CANARY-s\"}";
	}

	private static String parameter(String request) {
		String id = id(request);
		String identity = (id.startsWith("arn:")) ? "\"ARN\":\"" + id.replaceAll(":[0-9]+$", "") : "\"Name\":\"" + id;
		return "{\"Parameter\":{" + identity + "\",\"Value\":\"CANARY-p\",\"Version\":1}}";
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

		void to(HttpExchange exchange) throws IOException;

	}

}
