package io.github.secretsextension.sample.lambda;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.secretsextension.sample.SampleApplication;
import org.jspecify.annotations.Nullable;

import static org.awaitility.Awaitility.await;

/**
 * The sample behind HTTP, as on a laptop, but with secrets from AWS.
 */
final class SampleProcess implements AutoCloseable {

	static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

	private static final long LIMIT_SECONDS = 120;

	private final HttpClient http = HttpClient.newHttpClient();

	private final int port = MotoServer.freePort();

	private final Path log;

	private final Process process;

	SampleProcess(List<String> options, String classPath, URI aws) throws IOException {
		this.log = Files.createTempFile(Path.of("target"), "sample-", ".log");
		List<String> command = new ArrayList<>(List.of(JAVA));
		command.addAll(options);
		command.addAll(List.of("-cp", classPath, SampleApplication.class.getName()));
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
			.redirectOutput(this.log.toFile());
		setEnvironment(builder, aws);
		builder.environment().put("SERVER_PORT", Integer.toString(this.port));
		this.process = builder.start();
	}

	/**
	 * Sets the variables of a process that has nothing but AWS.
	 */
	static void setEnvironment(ProcessBuilder builder, URI aws) throws IOException {
		builder.environment().clear();
		builder.environment()
			.putAll(Map.of("AWS_REGION", MotoServer.REGION.id(), "AWS_ACCESS_KEY_ID", "test", "AWS_SECRET_ACCESS_KEY",
					"CREDENTIAL-key", "AWS_ENDPOINT_URL", aws.toString(), "AWS_EC2_METADATA_DISABLED", "true",
					"PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", Integer.toString(MotoServer.freePort())));
	}

	/**
	 * Returns the answer to an order, once the application has started.
	 */
	String answer(String order) throws IOException {
		HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + this.port + "/quote"))
			.header("Content-Type", "application/json")
			.POST(BodyPublishers.ofString(order))
			.build();
		HttpResponse<String> response = await().atMost(Duration.ofSeconds(LIMIT_SECONDS))
			.until(() -> send(request), (answer) -> answer != null || !this.process.isAlive());
		if (response == null || response.statusCode() != 200) {
			throw new IllegalStateException("The sample does not answer:\n" + log());
		}
		return response.body();
	}

	private @Nullable HttpResponse<String> send(HttpRequest request) throws InterruptedException {
		try {
			return this.http.send(request, BodyHandlers.ofString());
		}
		catch (IOException ex) {
			return null;
		}
	}

	/**
	 * Ends the application in good order, which writes its AOT cache where it has one.
	 */
	void stop() throws InterruptedException {
		this.process.destroy();
		if (!this.process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
			throw new IllegalStateException("The sample does not end");
		}
	}

	String log() throws IOException {
		return Files.readString(this.log);
	}

	@Override
	public void close() {
		this.process.destroyForcibly().onExit().join();
	}

}
