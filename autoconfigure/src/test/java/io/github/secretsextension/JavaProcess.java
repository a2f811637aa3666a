package io.github.secretsextension;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * A program of a test in a JVM of its own, of the same Java and class path, which the
 * test asks line by line.
 */
public final class JavaProcess implements AutoCloseable {

	private static final String ANSWER = "= ";

	private static final long LIMIT_SECONDS = 90;

	private final Process process;

	private final PrintWriter questions;

	private final BufferedReader output;

	private final StringBuilder log = new StringBuilder();

	/**
	 * Starts a program.
	 * @param program its main class, which calls {@link #serve}
	 * @param options options of the JVM
	 * @param variables environment variables; of the test's own those of AWS, Spring and
	 * Java are left out
	 * @param arguments the program's arguments
	 * @throws IOException if there is no such Java
	 */
	public JavaProcess(Class<?> program, List<String> options, Map<String, String> variables, String... arguments)
			throws IOException {
		this(program, (jar) -> true, options, variables, arguments);
	}

	/**
	 * Starts a program with a part of the class path.
	 * @param program its main class, which calls {@link #serve}
	 * @param jars tells by their file names which jars stay
	 * @param options options of the JVM
	 * @param variables environment variables
	 * @param arguments the program's arguments
	 * @throws IOException if there is no such Java
	 */
	public JavaProcess(Class<?> program, Predicate<String> jars, List<String> options, Map<String, String> variables,
			String... arguments) throws IOException {
		String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
			.filter((entry) -> jars.test(new File(entry).getName()))
			.collect(Collectors.joining(File.pathSeparator));
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.add("-XX:TieredStopAtLevel=1");
		command.addAll(options);
		command.addAll(List.of("-cp", classPath, program.getName()));
		command.addAll(List.of(arguments));
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
		builder.environment()
			.keySet()
			.removeIf((name) -> name.matches("(AWS|SPRING|JAVA|JDK|SECRETS|SSM|PARAMETERS)_.*"));
		builder.environment().putAll(variables);
		this.process = builder.start();
		// A read of its output has no limit of its own.
		this.process.onExit()
			.completeOnTimeout(this.process, LIMIT_SECONDS, TimeUnit.SECONDS)
			.thenAccept(Process::destroyForcibly);
		this.questions = new PrintWriter(this.process.outputWriter(StandardCharsets.UTF_8), true);
		this.output = this.process.inputReader(StandardCharsets.UTF_8);
	}

	/**
	 * Answers the questions of the test until it has no more: what a program's main
	 * method does.
	 * @param answers gives the answer to a question
	 */
	public static void serve(UnaryOperator<String> answers) {
		BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		try {
			for (String question = questions.readLine(); question != null; question = questions.readLine()) {
				System.out.println(ANSWER + answers.apply(question));
			}
		}
		catch (IOException | RuntimeException | Error ex) {
			ex.printStackTrace();
			// Other threads may keep it alive.
			Runtime.getRuntime().halt(1);
		}
	}

	/**
	 * Returns the answer to a question.
	 * @param question a line
	 * @return a line
	 * @throws IllegalStateException if the program ends without one
	 */
	public String ask(String question) {
		this.questions.println(question);
		try {
			for (String line = this.output.readLine(); line != null; line = this.output.readLine()) {
				if (line.startsWith(ANSWER)) {
					return line.substring(ANSWER.length());
				}
				this.log.append(line).append('\n');
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		throw new IllegalStateException("The program ended, or took too long:\n" + this.log);
	}

	/**
	 * Returns what the program printed beside its answers, up to the latest one.
	 * @return the lines
	 */
	public String log() {
		return this.log.toString();
	}

	@Override
	public void close() {
		this.process.destroyForcibly().onExit().join();
	}

}
