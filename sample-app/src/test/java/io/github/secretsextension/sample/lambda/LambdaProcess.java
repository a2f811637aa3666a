package io.github.secretsextension.sample.lambda;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.github.secretsextension.sample.SampleApplication;
import io.github.secretsextension.sample.lambda.MiniRuntimeApi.Answer;

/**
 * The unpacked function under Lambda's Java runtime client, with the command line and the
 * environment that Lambda gives it.
 */
final class LambdaProcess implements AutoCloseable {

	/** The session token, which the extension expects too. */
	static final String TOKEN = "CREDENTIAL-token";

	private static final long LIMIT_SECONDS = 90;

	private static final Path RUNTIME = Path.of("target", "ric").toAbsolutePath();

	private static final String HANDLER = "org.springframework.cloud.function.adapter.aws.FunctionInvoker::handleRequest";

	private final MiniRuntimeApi api = new MiniRuntimeApi();

	private final Path log;

	private final Process process;

	LambdaProcess(Path javaHome, Path taskRoot, URI aws, Path log, Map<String, String> variables) throws IOException {
		this.log = log;
		ProcessBuilder builder = new ProcessBuilder(command(javaHome)).directory(taskRoot.toFile())
			.redirectErrorStream(true)
			.redirectOutput(log.toFile());
		builder.environment().clear();
		builder.environment().putAll(environment(taskRoot, aws));
		builder.environment().putAll(variables);
		this.process = builder.start();
	}

	private static List<String> command(Path javaHome) {
		return List.of(javaHome.resolve("bin/java").toString(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
				"-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac", "-cp", RUNTIME + "/*",
				"com.amazonaws.services.lambda.runtime.api.client.AWSLambda", HANDLER);
	}

	private Map<String, String> environment(Path taskRoot, URI aws) throws IOException {
		return Map.ofEntries(Map.entry("AWS_LAMBDA_RUNTIME_API", this.api.address()),
				Map.entry("AWS_LAMBDA_FUNCTION_NAME", "quote"), Map.entry("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
				Map.entry("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
				Map.entry("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
				Map.entry("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/quote"),
				Map.entry("AWS_LAMBDA_LOG_STREAM_NAME", "test"), Map.entry("_HANDLER", HANDLER),
				Map.entry("LAMBDA_TASK_ROOT", taskRoot.toString()), Map.entry("TZ", ":UTC"),
				Map.entry("AWS_REGION", MotoServer.REGION.id()), Map.entry("AWS_ACCESS_KEY_ID", "test"),
				Map.entry("AWS_SECRET_ACCESS_KEY", "CREDENTIAL-key"), Map.entry("AWS_SESSION_TOKEN", TOKEN),
				Map.entry("AWS_ENDPOINT_URL", aws.toString()),
				// No layer: nothing listens there.
				Map.entry("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", Integer.toString(MotoServer.freePort())),
				Map.entry("MAIN_CLASS", SampleApplication.class.getName()), Map.entry("SECRETS_MANAGER_TTL", "1"));
	}

	/**
	 * Returns the answer to an event, starting time included.
	 */
	Answer invoke(String event) throws Exception {
		return unlessItEnds(this.api.invoke(event));
	}

	/**
	 * Returns the report of a failed start.
	 */
	String initError() throws Exception {
		return unlessItEnds(this.api.initError());
	}

	/**
	 * Waits until INIT has ended.
	 */
	void awaitInitialized() throws Exception {
		unlessItEnds(this.api.initialized());
	}

	/**
	 * Waits until the function is ready for a snapshot.
	 */
	void awaitCheckpoint() throws Exception {
		unlessItEnds(this.api.checkpoint());
	}

	/**
	 * Lets the function go on as after the restore of a snapshot.
	 */
	void restore() {
		this.api.restore();
	}

	private <T> T unlessItEnds(CompletableFuture<T> expected) throws Exception {
		CompletableFuture.anyOf(expected, this.process.onExit()).get(LIMIT_SECONDS, TimeUnit.SECONDS);
		if (!expected.isDone()) {
			throw new IllegalStateException(
					"The runtime ended with status " + this.process.exitValue() + ":\n" + log());
		}
		return expected.get();
	}

	int exitStatus() throws InterruptedException {
		return (this.process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) ? this.process.exitValue() : -1;
	}

	String log() throws IOException {
		return Files.readString(this.log);
	}

	@Override
	public void close() {
		this.process.destroyForcibly().onExit().join();
		this.api.close();
	}

}
