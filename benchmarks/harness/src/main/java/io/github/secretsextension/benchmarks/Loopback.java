package io.github.secretsextension.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsProvider;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * Reads over the loopback interface: a warm remote read beside plainer clients, and the
 * endpoint under load beside the JDK's server.
 */
final class Loopback {

	private static final int REQUESTS = 5_000;

	private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));

	/**
	 * Measures a warm remote read.
	 * @param rounds how often, each client in turn
	 */
	void reads(int rounds) throws Exception {
		Map<String, List<Double>> medians = new LinkedHashMap<>();
		try (EndpointProcess endpoint = EndpointProcess.start(JAVA_HOME, "endpoint");
				Socket socket = new Socket(InetAddress.getLoopbackAddress(), endpoint.port());
				ConfigurableApplicationContext context = MeasuredApplication.start(Map.of("secrets-extension.mode",
						"remote", "secrets-extension.remote.port", String.valueOf(endpoint.port()),
						"secrets-extension.remote.token", EndpointProcess.TOKEN, "spring.main.banner-mode", "off"))) {
			socket.setTcpNoDelay(true);
			SecretsProvider provider = context.getBean(SecretsProvider.class);
			SecretReference reference = SecretReference.secret("bench");
			Map<String, Runnable> clients = new LinkedHashMap<>();
			clients.put("raw socket, kept alive", () -> raw(socket, endpoint.request()));
			clients.put("SecretsProvider.get, remote", () -> provider.get(reference));
			clients.put("HttpURLConnection", () -> url(endpoint.port()));
			for (int round = -1; round < rounds; round++) {
				Benchmarks.progress((round < 0) ? "warm-up" : "round " + (round + 1) + " of " + rounds);
				for (Map.Entry<String, Runnable> client : clients.entrySet()) {
					double median = median(client.getValue(), (round < 0) ? 4 * REQUESTS : REQUESTS);
					if (round >= 0) {
						medians.computeIfAbsent(client.getKey(), (key) -> new ArrayList<>()).add(median);
					}
				}
			}
		}
		Benchmarks.header("A remote read, warm, " + rounds + " rounds of " + REQUESTS, "client", "median us",
				"to raw socket");
		List<Double> raw = medians.values().iterator().next();
		medians.forEach(
				(client, own) -> Benchmarks.row(client, Spread.of(own).format(1), Spread.ratios(own, raw).format(2)));
	}

	private static double median(Runnable client, int requests) {
		List<Long> nanos = new ArrayList<>(requests);
		for (int i = 0; i < requests; i++) {
			long begin = System.nanoTime();
			client.run();
			nanos.add(System.nanoTime() - begin);
		}
		return Spread.of(nanos).median() / 1e3;
	}

	/** Reads until the body's last bracket: as little as a client can do. */
	private static void raw(Socket socket, byte[] request) {
		try {
			socket.getOutputStream().write(request);
			byte[] buffer = new byte[4096];
			InputStream input = socket.getInputStream();
			int length = 0;
			do {
				length += input.read(buffer, length, buffer.length - length);
			}
			while (buffer[length - 1] != '}' || buffer[length - 2] != '}');
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void url(int port) {
		try {
			HttpURLConnection connection = (HttpURLConnection) URI
				.create("http://127.0.0.1:" + port + EndpointProcess.TARGET)
				.toURL()
				.openConnection();
			connection.setRequestProperty("X-Aws-Parameters-Secrets-Token", EndpointProcess.TOKEN);
			try (InputStream input = connection.getInputStream()) {
				input.readAllBytes();
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Measures the endpoint under load.
	 * @param seconds how long each load lasts
	 * @param newerJavaHome where a JDK with virtual threads is
	 * @param agent AWS's agent, or {@code null} to leave it out
	 */
	void load(int seconds, Path newerJavaHome, Path agent) throws Exception {
		Map<String, List<Double>> throughputs = new LinkedHashMap<>();
		Map<String, List<Double>> slowest = new LinkedHashMap<>();
		for (int connections : new int[] { 8, 64 }) {
			for (int round = 0; round < 3; round++) {
				load(connections, seconds, "JDK's HttpServer, JDK 25, virtual threads", newerJavaHome, "jdk",
						throughputs, slowest);
				if (agent != null) {
					try (DelayedAws aws = new DelayedAws();
							EndpointProcess endpoint = EndpointProcess.startAgent(agent, aws)) {
						load(connections, seconds, "AWS's agent", endpoint, throughputs, slowest);
					}
				}
				load(connections, seconds, "our endpoint, JDK 25", newerJavaHome, "endpoint", throughputs, slowest);
				load(connections, seconds, "our endpoint, this JDK", JAVA_HOME, "endpoint", throughputs, slowest);
				load(connections, seconds, "JDK's HttpServer, this JDK, TCP_NODELAY set", JAVA_HOME, "jdk", throughputs,
						slowest);
			}
		}
		Benchmarks.header("The endpoint under load, 3 rounds of " + seconds + " s", "server", "answers per second",
				"99 % within us", "to the JDK's on JDK 25");
		throughputs
			.forEach((server, own) -> Benchmarks.row(server, Spread.of(own).format(0),
					Spread.of(slowest.get(server)).format(0),
					Spread.ratios(own, throughputs
						.get(server.substring(0, server.indexOf(':')) + ": JDK's HttpServer, JDK 25, virtual threads"))
						.format(2)));
	}

	private static void load(int connections, int seconds, String name, Path javaHome, String server,
			Map<String, List<Double>> throughputs, Map<String, List<Double>> slowest) throws Exception {
		try (EndpointProcess endpoint = EndpointProcess.start(javaHome, server)) {
			load(connections, seconds, name, endpoint, throughputs, slowest);
		}
	}

	private static void load(int connections, int seconds, String name, EndpointProcess endpoint,
			Map<String, List<Double>> throughputs, Map<String, List<Double>> slowest) throws Exception {
		String key = connections + " connections: " + name;
		Benchmarks.progress(key);
		EndpointLoad.run(endpoint, connections, 4_000);
		EndpointLoad.Result result = EndpointLoad.run(endpoint, connections, 1000L * seconds);
		throughputs.computeIfAbsent(key, (same) -> new ArrayList<>()).add(result.perSecond());
		slowest.computeIfAbsent(key, (same) -> new ArrayList<>()).add(result.ninetyNine());
	}

}
