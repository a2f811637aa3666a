package io.github.secretsextension.sample.lambda;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * A Lambda Runtime API for one runtime process: what its client needs to start, to take
 * invocations and to report.
 */
final class MiniRuntimeApi implements AutoCloseable {

	private static final String RUNTIME = "/2018-06-01/runtime/";

	private static final String FUNCTION_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:quote";

	private final BlockingQueue<Invocation> waiting = new LinkedBlockingQueue<>();

	private final Map<String, Invocation> running = new ConcurrentHashMap<>();

	private final CompletableFuture<String> initError = new CompletableFuture<>();

	private final CompletableFuture<Void> initialized = new CompletableFuture<>();

	private final CompletableFuture<Void> checkpoint = new CompletableFuture<>();

	private final CompletableFuture<Void> restore = new CompletableFuture<>();

	private final ExecutorService threads = Executors.newCachedThreadPool();

	private final HttpServer server;

	MiniRuntimeApi() throws IOException {
		this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.server.setExecutor(this.threads);
		this.server.createContext(RUNTIME, this::handle);
		this.server.start();
	}

	/**
	 * Returns what {@code AWS_LAMBDA_RUNTIME_API} has to be.
	 */
	String address() {
		return "127.0.0.1:" + this.server.getAddress().getPort();
	}

	/**
	 * Returns the answer to an event, which the runtime may still have to give.
	 */
	CompletableFuture<Answer> invoke(String event) {
		Invocation invocation = new Invocation(event, new CompletableFuture<>());
		this.waiting.add(invocation);
		return invocation.answer();
	}

	/**
	 * Returns the report of a failed start, if it comes to that.
	 */
	CompletableFuture<String> initError() {
		return this.initError;
	}

	/**
	 * Returns when the runtime asks for its first event.
	 */
	CompletableFuture<Void> initialized() {
		return this.initialized;
	}

	/**
	 * Returns when the runtime is ready for a snapshot, as one that is started with the
	 * initialization type {@code snap-start} becomes.
	 */
	CompletableFuture<Void> checkpoint() {
		return this.checkpoint;
	}

	/**
	 * Lets a runtime go on that is ready for a snapshot.
	 */
	void restore() {
		this.restore.complete(null);
	}

	private void handle(HttpExchange exchange) throws IOException {
		try (exchange) {
			String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
			String[] path = exchange.getRequestURI().getPath().substring(RUNTIME.length()).split("/");
			switch (path[path.length - 1]) {
				case "next" -> {
					if (path[0].equals("restore")) {
						this.checkpoint.complete(null);
						this.restore.join();
						exchange.sendResponseHeaders(200, -1);
					}
					else {
						next(exchange);
					}
				}
				case "response" -> answer(exchange, path[1], new Answer(false, body));
				case "error" -> error(exchange, path, body);
				default -> exchange.sendResponseHeaders(404, -1);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void next(HttpExchange exchange) throws IOException, InterruptedException {
		this.initialized.complete(null);
		Invocation invocation = this.waiting.take();
		String id = Integer.toString(this.running.size() + 1);
		this.running.put(id, invocation);
		exchange.getResponseHeaders().set("Content-Type", "application/json");
		exchange.getResponseHeaders().set("Lambda-Runtime-Aws-Request-Id", id);
		exchange.getResponseHeaders().set("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN);
		exchange.getResponseHeaders()
			.set("Lambda-Runtime-Deadline-Ms", Long.toString(System.currentTimeMillis() + 30_000));
		byte[] event = invocation.event().getBytes(StandardCharsets.UTF_8);
		exchange.sendResponseHeaders(200, event.length);
		exchange.getResponseBody().write(event);
	}

	private void error(HttpExchange exchange, String[] path, String body) throws IOException {
		if (!path[0].equals("init")) {
			answer(exchange, path[1], new Answer(true, body));
			return;
		}
		exchange.sendResponseHeaders(202, -1);
		this.initError.complete(body);
	}

	private void answer(HttpExchange exchange, String id, Answer answer) throws IOException {
		exchange.sendResponseHeaders(202, -1);
		this.running.get(id).answer().complete(answer);
	}

	@Override
	public void close() {
		restore();
		this.server.stop(0);
		this.threads.shutdownNow();
	}

	record Answer(boolean isError, String body) {
	}

	private record Invocation(String event, CompletableFuture<Answer> answer) {
	}

}
