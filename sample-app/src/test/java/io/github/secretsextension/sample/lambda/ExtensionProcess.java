package io.github.secretsextension.sample.lambda;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A fake of AWS's extension as a process of its own, as the layer is one: the one that
 * the tests of the starter use.
 */
final class ExtensionProcess implements AutoCloseable {

	private static final Path CLASSES = Path.of("..", "autoconfigure", "target", "test-classes").toAbsolutePath();

	private static final String FAKE = "io.github.secretsextension.extension.FakeExtension";

	private final Process process;

	private final PrintWriter questions;

	private final BufferedReader answers;

	/**
	 * Starts an extension that is not ready.
	 * @param token what it expects
	 */
	ExtensionProcess(String token) throws IOException {
		this.process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
				CLASSES.toString(), FAKE, "EXTENSION", token, "0")
			.redirectError(ProcessBuilder.Redirect.INHERIT)
			.start();
		this.questions = new PrintWriter(this.process.outputWriter(StandardCharsets.UTF_8), true);
		this.answers = this.process.inputReader(StandardCharsets.UTF_8);
		tell("never-ready");
	}

	/**
	 * Tells it what to do, or asks what it has seen.
	 * @return its answer
	 */
	String tell(String line) throws IOException {
		this.questions.println(line);
		String answer = this.answers.readLine();
		if (answer == null) {
			throw new IllegalStateException("The fake extension ended at '" + line + "'");
		}
		return answer.substring("= ".length());
	}

	@Override
	public void close() {
		this.process.destroyForcibly().onExit().join();
	}

}
