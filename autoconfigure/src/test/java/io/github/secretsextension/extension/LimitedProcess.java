package io.github.secretsextension.extension;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * An {@link EndpointProbe} that may open a few files only.
 */
final class LimitedProcess implements AutoCloseable {

	private final Process process;

	private final PrintWriter questions;

	private final BufferedReader answers;

	LimitedProcess(int files) throws IOException {
		String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
		this.process = new ProcessBuilder("sh", "-c", "ulimit -n " + files + " && exec \"$0\" \"$@\"", java,
				"-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), EndpointProbe.class.getName())
			.redirectError(ProcessBuilder.Redirect.INHERIT)
			.start();
		this.questions = new PrintWriter(this.process.outputWriter(StandardCharsets.UTF_8), true);
		this.answers = this.process.inputReader(StandardCharsets.UTF_8);
	}

	String ask(String question) throws IOException {
		this.questions.println(question);
		String answer = this.answers.readLine();
		if (answer == null) {
			throw new IllegalStateException("The process ended at '" + question + "'");
		}
		return answer.substring("= ".length());
	}

	@Override
	public void close() {
		this.process.destroyForcibly().onExit().join();
	}

}
