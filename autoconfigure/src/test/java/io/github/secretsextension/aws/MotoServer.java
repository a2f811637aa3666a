package io.github.secretsextension.aws;

import java.io.File;
import java.io.IOException;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A JUnit extension that runs one {@code moto_server} for all tests of the JVM, on a free
 * port of the loopback address.
 * <p>
 * Where moto is not installed ({@code pip install 'moto[server]'}) the tests are skipped,
 * but fail when the environment variable {@code CI} is {@code true}.
 */
public final class MotoServer implements ExecutionCondition, BeforeAllCallback {

	private static final Duration START_LIMIT = Duration.ofSeconds(60);

	private static URI endpoint;

	/**
	 * Returns where the server listens.
	 */
	public static URI endpoint() {
		return endpoint;
	}

	@Override
	public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
		Running running = running(context);
		if (running.process != null || "true".equals(System.getenv("CI"))) {
			return ConditionEvaluationResult.enabled("moto must run");
		}
		return ConditionEvaluationResult.disabled(running.problem + "; pip install 'moto[server]'");
	}

	@Override
	public void beforeAll(ExtensionContext context) {
		Running running = running(context);
		if (running.process == null) {
			throw new IllegalStateException(running.problem);
		}
		endpoint = running.endpoint;
	}

	private static Running running(ExtensionContext context) {
		return context.getRoot()
			.getStore(ExtensionContext.Namespace.create(MotoServer.class))
			.computeIfAbsent(Running.class, (key) -> start(), Running.class);
	}

	private static Running start() {
		List<String> problems = new ArrayList<>();
		for (List<String> command : List.of(List.of("moto_server"), List.of("python3", "-m", "moto.server"))) {
			try {
				return start(command);
			}
			catch (IOException ex) {
				problems.add(command.get(0) + ": " + ex.getMessage());
			}
		}
		return new Running(null, null, "moto_server cannot be started: " + String.join("; ", problems));
	}

	private static Running start(List<String> command) throws IOException {
		int port = freePort();
		List<String> line = new ArrayList<>(command);
		line.addAll(List.of("-H", "127.0.0.1", "-p", String.valueOf(port)));
		Process process = new ProcessBuilder(line).redirectErrorStream(true)
			.redirectOutput(new File("target", "moto-server.log"))
			.start();
		Running running = new Running(process, URI.create("http://127.0.0.1:" + port), null);
		Runtime.getRuntime().addShutdownHook(new Thread(running::close));
		try {
			await(process, running.endpoint);
			return running;
		}
		catch (IOException ex) {
			running.close();
			throw ex;
		}
	}

	private static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
	}

	private static void await(Process process, URI endpoint) throws IOException {
		long end = System.nanoTime() + START_LIMIT.toNanos();
		while (System.nanoTime() < end) {
			if (!process.isAlive()) {
				throw new IOException("it ended with " + process.exitValue() + ", see target/moto-server.log");
			}
			if (answers(endpoint)) {
				return;
			}
			pause();
		}
		throw new IOException("no answer within " + START_LIMIT.toSeconds() + " s, see target/moto-server.log");
	}

	private static boolean answers(URI endpoint) throws IOException {
		HttpURLConnection connection = (HttpURLConnection) endpoint.resolve("/moto-api/data.json")
			.toURL()
			.openConnection();
		connection.setConnectTimeout(1000);
		connection.setReadTimeout(5000);
		try {
			return connection.getResponseCode() == 200;
		}
		catch (ConnectException ex) {
			return false;
		}
		finally {
			connection.disconnect();
		}
	}

	private static void pause() {
		try {
			Thread.sleep(100);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * The process, killed when JUnit closes its store.
	 */
	private static final class Running implements AutoCloseable {

		private final Process process;

		private final URI endpoint;

		private final String problem;

		private Running(Process process, URI endpoint, String problem) {
			this.process = process;
			this.endpoint = endpoint;
			this.problem = problem;
		}

		@Override
		public void close() {
			if (this.process != null) {
				// A launcher, as pyenv's, may have started the server as its child.
				this.process.descendants().forEach(ProcessHandle::destroyForcibly);
				this.process.destroyForcibly();
			}
		}

	}

}
