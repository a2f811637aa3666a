package io.github.secretsextension.aws;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.StreamSupport;

import javax.net.ssl.SSLContext;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A server that gives the secrets and parameters it was told, one by one or several at
 * once, counts them, and leaves connections open as AWS does.
 */
public final class StoredAws implements AutoCloseable {

	private static final JsonMapper JSON = new JsonMapper();

	private final HttpServer server;

	private final ExecutorService executor = Executors.newCachedThreadPool();

	private final Map<String, Map<String, Object>> values = new ConcurrentHashMap<>();

	private final Map<String, Integer> given = new ConcurrentHashMap<>();

	/**
	 * Starts a server.
	 * @param tls makes it one of HTTPS, {@code null} of HTTP
	 */
	public StoredAws(@Nullable SSLContext tls) {
		InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
		try {
			this.server = (tls != null) ? HttpsServer.create(address, 0) : HttpServer.create(address, 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		if (this.server instanceof HttpsServer https) {
			https.setHttpsConfigurator(new HttpsConfigurator(tls));
		}
		this.server.setExecutor(this.executor);
		this.server.createContext("/", this::handle);
		this.server.start();
	}

	/**
	 * Returns where the server listens.
	 */
	public URI endpoint() {
		return URI.create(((this.server instanceof HttpsServer) ? "https" : "http") + "://127.0.0.1:"
				+ this.server.getAddress().getPort());
	}

	/**
	 * Sets a secret.
	 * @param name its name, which is not that of a parameter
	 * @param version its version
	 * @param text its text
	 */
	public void secret(String name, String version, String text) {
		this.values.put(name, Map.of("Name", name, "VersionId", version, "SecretString", text));
	}

	/**
	 * Sets a binary secret.
	 * @param name its name, which is not that of a parameter
	 * @param version its version
	 * @param bytes its bytes
	 */
	public void secret(String name, String version, byte[] bytes) {
		this.values.put(name,
				Map.of("Name", name, "VersionId", version, "SecretBinary", Base64.getEncoder().encodeToString(bytes)));
	}

	/**
	 * Sets a parameter.
	 * @param name its name, which is not that of a secret
	 * @param version its version
	 * @param text its text
	 */
	public void parameter(String name, long version, String text) {
		this.values.put(name, Map.of("Name", name, "Version", version, "Type", "SecureString", "Value", text));
	}

	/**
	 * Returns how often a value was given.
	 * @param name its name
	 */
	public int given(String name) {
		return this.given.getOrDefault(name, 0);
	}

	private void handle(HttpExchange exchange) throws IOException {
		JsonNode request = JSON.readTree(exchange.getRequestBody().readAllBytes());
		String target = exchange.getRequestHeaders().getFirst("X-Amz-Target");
		Object answer = switch (target.substring(target.indexOf('.') + 1)) {
			case "GetSecretValue" -> value(request.get("SecretId").asString());
			case "BatchGetSecretValue" -> Map.of("SecretValues", values(request.get("SecretIdList")));
			case "GetParameter" -> Map.of("Parameter", value(request.get("Name").asString()));
			case "GetParameters" -> Map.of("Parameters", values(request.get("Names")));
			default -> throw new IOException(target);
		};
		byte[] body = JSON.writeValueAsBytes(answer);
		exchange.sendResponseHeaders(200, body.length);
		exchange.getResponseBody().write(body);
		exchange.close();
	}

	private List<Map<String, Object>> values(JsonNode names) {
		return StreamSupport.stream(names.spliterator(), false).map((name) -> value(name.asString())).toList();
	}

	private Map<String, Object> value(String name) {
		this.given.merge(name, 1, Integer::sum);
		return this.values.get(name);
	}

	@Override
	public void close() {
		this.executor.shutdownNow();
		this.server.stop(0);
	}

}
