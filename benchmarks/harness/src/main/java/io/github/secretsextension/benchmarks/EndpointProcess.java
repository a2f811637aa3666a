package io.github.secretsextension.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import com.sun.net.httpserver.HttpServer;

/**
 * A server of the extension's protocol in a JVM of its own, so that it shares neither
 * compiler nor garbage collector with who asks it: the starter's endpoint with one local
 * secret, or the JDK's {@code HttpServer} that answers the same.
 */
public final class EndpointProcess implements AutoCloseable {

	static final String TOKEN = "bench";

	static final String TARGET = "/secretsmanager/get?secretId=bench";

	private static final String VALUE = "CANARY-" + "x".repeat(253);

	private static final String BODY = "{\"ARN\":null,\"CreatedDate\":null,\"Name\":\"bench\",\"SecretBinary\":null,"
			+ "\"SecretString\":\"" + VALUE
			+ "\",\"VersionId\":null,\"VersionStages\":[\"AWSCURRENT\"],\"ResultMetadata\":{}}";

	private final Process process;

	private final int port;

	private EndpointProcess(Process process, int port) {
		this.process = process;
		this.port = port;
	}

	static EndpointProcess start(Path javaHome, String server) throws IOException {
		Process process = new ProcessBuilder(javaHome.resolve("bin/java").toString(),
				"-Dsun.net.httpserver.nodelay=true", "-cp", System.getProperty("java.class.path"),
				EndpointProcess.class.getName(), server)
			.redirectError(ProcessBuilder.Redirect.INHERIT)
			.start();
		BufferedReader output = new BufferedReader(
				new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
		for (String line = output.readLine(); line != null; line = output.readLine()) {
			if (line.startsWith("PORT ")) {
				return new EndpointProcess(process, Integer.parseInt(line.substring(5)));
			}
		}
		throw new IllegalStateException("The server '" + server + "' did not start");
	}

	/**
	 * Starts AWS's agent, which keeps its answers for 300 s.
	 * @param binary the agent
	 * @param aws where it reads the secret
	 */
	static EndpointProcess startAgent(Path binary, DelayedAws aws) throws IOException, InterruptedException {
		int port;
		try (ServerSocket free = new ServerSocket(0)) {
			port = free.getLocalPort();
		}
		Path configuration = Files.createTempFile("agent", ".toml");
		Files.writeString(configuration, """
				http_port = "%d"
				region = "eu-central-1"
				log_to_file = false
				log_level = "ERROR"
				validate_credentials = false
				""".formatted(port));
		ProcessBuilder builder = new ProcessBuilder(binary.toString(), "--config", configuration.toString())
			.redirectOutput(ProcessBuilder.Redirect.DISCARD)
			.redirectError(ProcessBuilder.Redirect.INHERIT);
		builder.environment()
			.putAll(Map.of("AWS_TOKEN", TOKEN, "AWS_ENDPOINT_URL", aws.endpoint(), "AWS_ACCESS_KEY_ID", "key",
					"AWS_SECRET_ACCESS_KEY", "key", "AWS_EC2_METADATA_DISABLED", "true"));
		EndpointProcess agent = new EndpointProcess(builder.start(), port);
		for (int i = 0; i < 100; i++) {
			try {
				new Socket(InetAddress.getLoopbackAddress(), port).close();
				return agent;
			}
			catch (ConnectException ex) {
				Thread.sleep(50);
			}
		}
		agent.close();
		throw new IllegalStateException("The agent '" + binary + "' did not start");
	}

	int port() {
		return this.port;
	}

	byte[] request() {
		return ("GET " + TARGET + " HTTP/1.1\r\nHost: 127.0.0.1:" + this.port + "\r\nX-Aws-Parameters-Secrets-Token: "
				+ TOKEN + "\r\n\r\n")
			.getBytes(StandardCharsets.US_ASCII);
	}

	@Override
	public void close() {
		this.process.destroy();
	}

	/**
	 * Runs the server until the process is ended.
	 * @param args {@code endpoint} or {@code jdk}
	 * @throws Exception if it does not start
	 */
	public static void main(String[] args) throws Exception {
		String port = (args[0].equals("endpoint")) ? endpoint() : jdk();
		System.out.println("PORT " + port);
		System.out.flush();
		Thread.currentThread().join();
	}

	private static String endpoint() {
		return String.valueOf(MeasuredApplication
			.start(Map.of("secrets-extension.mode", "local", "secrets-extension.local.secrets[bench]", VALUE,
					"secrets-extension.endpoint.enabled", "true", "secrets-extension.endpoint.port", "0",
					"secrets-extension.endpoint.token", TOKEN, "secrets-extension.allow", "bench",
					"spring.main.banner-mode", "off"))
			.getEnvironment()
			.getProperty("local.secrets-extension.endpoint.port"));
	}

	private static String jdk() throws Exception {
		HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		byte[] body = BODY.getBytes(StandardCharsets.UTF_8);
		server.createContext("/secretsmanager/get", (exchange) -> {
			boolean known = TOKEN.equals(exchange.getRequestHeaders().getFirst("X-Aws-Parameters-Secrets-Token"));
			exchange.getResponseHeaders().set("Content-Type", "application/json");
			exchange.sendResponseHeaders((known) ? 200 : 401, body.length);
			try (OutputStream output = exchange.getResponseBody()) {
				output.write(body);
			}
		});
		server.setExecutor(threads());
		server.start();
		return String.valueOf(server.getAddress().getPort());
	}

	private static ExecutorService threads() throws ReflectiveOperationException {
		try {
			return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
		}
		catch (NoSuchMethodException ex) {
			return Executors.newCachedThreadPool();
		}
	}

}
