package io.github.secretsextension.sample.lambda;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.ParameterType;

/**
 * Secrets Manager and Parameter Store as moto plays them, in a process of its own.
 */
final class MotoServer implements AutoCloseable {

	/**
	 * That of the names that a fake extension knows, which is not asked for another one.
	 */
	static final Region REGION = Region.US_EAST_1;

	private static final Duration START = Duration.ofSeconds(30);

	private static final Path LOG = Path.of("target", "moto-server.log");

	private final HttpClient http = HttpClient.newHttpClient();

	private final Process process;

	private final URI uri;

	private final SecretsManagerClient secrets;

	private final SsmClient parameters;

	private MotoServer(List<String> command, int port) throws IOException, InterruptedException {
		this.uri = URI.create("http://127.0.0.1:" + port);
		this.process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(LOG.toFile()).start();
		awaitStart();
		this.secrets = configure(SecretsManagerClient.builder()).build();
		this.parameters = configure(SsmClient.builder()).build();
	}

	/**
	 * Starts a server on a free port, by its command or as a Python module.
	 * @throws IOException if neither can be started
	 */
	static MotoServer start() throws IOException, InterruptedException {
		int port = freePort();
		List<String> options = List.of("-H", "127.0.0.1", "-p", Integer.toString(port));
		try {
			return new MotoServer(join(List.of("moto_server"), options), port);
		}
		catch (IOException ex) {
			return new MotoServer(join(List.of("python3", "-m", "moto.server"), options), port);
		}
	}

	private static List<String> join(List<String> command, List<String> options) {
		return Stream.concat(command.stream(), options.stream()).toList();
	}

	static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0)) {
			return socket.getLocalPort();
		}
	}

	private void awaitStart() throws IOException, InterruptedException {
		long deadline = System.nanoTime() + START.toNanos();
		while (System.nanoTime() < deadline) {
			try {
				post("/moto-api/reset");
				return;
			}
			catch (IOException ex) {
				if (this.process.waitFor(100, TimeUnit.MILLISECONDS)) {
					throw new IOException(
							"moto_server ended: install it by pip install 'moto[server]', or see target/moto-server.log",
							ex);
				}
			}
		}
		close();
		throw new IOException("moto_server does not answer: see target/moto-server.log");
	}

	private <B extends AwsClientBuilder<B, ?>> B configure(B builder) {
		return builder.endpointOverride(this.uri)
			.region(REGION)
			.credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")));
	}

	URI uri() {
		return this.uri;
	}

	/**
	 * Returns how many calls its log shows so far, of whatever kind.
	 */
	long calls() throws IOException {
		try (Stream<String> lines = Files.lines(LOG)) {
			return lines.filter((line) -> line.contains(" HTTP/1.1")).count();
		}
	}

	/**
	 * Forgets every secret and parameter.
	 */
	void reset() throws IOException, InterruptedException {
		post("/moto-api/reset");
	}

	private void post(String path) throws IOException, InterruptedException {
		HttpRequest request = HttpRequest.newBuilder(this.uri.resolve(path))
			.POST(HttpRequest.BodyPublishers.noBody())
			.build();
		this.http.send(request, BodyHandlers.discarding());
	}

	/**
	 * Creates a secret.
	 * @return the id of its first version
	 */
	String createSecret(String name, String value) {
		return this.secrets.createSecret((secret) -> secret.name(name).secretString(value)).versionId();
	}

	/**
	 * Rotates a secret.
	 * @return the id of its new version
	 */
	String rotateSecret(String name, String value) {
		return this.secrets.putSecretValue((secret) -> secret.secretId(name).secretString(value)).versionId();
	}

	void createParameter(String name, String value) {
		this.parameters
			.putParameter((parameter) -> parameter.name(name).value(value).type(ParameterType.SECURE_STRING));
	}

	@Override
	public void close() {
		this.process.descendants().forEach(ProcessHandle::destroy);
		this.process.destroy();
	}

}
