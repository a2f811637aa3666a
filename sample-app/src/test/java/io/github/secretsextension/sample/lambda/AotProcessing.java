package io.github.secretsextension.sample.lambda;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * What the goal {@code process-aot} of Spring Boot's plugin does, in one folder: the
 * application's processing in a process of its own, and the compilation of its sources.
 */
final class AotProcessing {

	private static final long LIMIT_SECONDS = 120;

	private final Path folder;

	private final String classPath;

	private final Path log;

	AotProcessing(Path folder, String classPath) {
		this.folder = folder;
		this.classPath = classPath;
		this.log = folder.resolveSibling(folder.getFileName() + ".log");
	}

	/**
	 * Returns the class path of this test without its own classes: the sample with what
	 * it is provided with on a laptop.
	 */
	static String applicationClassPath() {
		return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
			.filter((entry) -> !entry.endsWith("test-classes") && !entry.endsWith("test-classes/"))
			.collect(Collectors.joining(File.pathSeparator));
	}

	/**
	 * Processes an application.
	 * @return the exit status
	 */
	int process(String mainClass, URI aws) throws IOException, InterruptedException {
		ProcessBuilder builder = new ProcessBuilder(SampleProcess.JAVA, "-cp", this.classPath,
				"org.springframework.boot.SpringApplicationAotProcessor", mainClass, path("sources"), path("resources"),
				path("classes"), "group", "artifact")
			.redirectErrorStream(true)
			.redirectOutput(this.log.toFile());
		SampleProcess.setEnvironment(builder, aws);
		Process process = builder.start();
		try {
			return (process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) ? process.exitValue() : -1;
		}
		finally {
			process.destroyForcibly();
		}
	}

	private String path(String name) {
		return this.folder.resolve(name).toString();
	}

	String log() throws IOException {
		return Files.readString(this.log);
	}

	/**
	 * Compiles the generated sources.
	 * @return everything that was generated, as a jar
	 */
	Path compile() throws IOException {
		compile(files("sources"), this.classPath, this.folder.resolve("classes"));
		Path jar = this.folder.resolveSibling(this.folder.getFileName() + ".jar");
		try (OutputStream file = Files.newOutputStream(jar); JarOutputStream output = new JarOutputStream(file)) {
			for (String name : List.of("classes", "resources")) {
				for (Path path : files(name)) {
					output.putNextEntry(new JarEntry(this.folder.resolve(name).relativize(path).toString()));
					Files.copy(path, output);
				}
			}
		}
		return jar;
	}

	static void compile(List<Path> sources, String classPath, Path target) throws IOException {
		JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
		StringWriter problems = new StringWriter();
		try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
			List<String> options = List.of("-cp", classPath + File.pathSeparator + target, "-d", target.toString(),
					"--release", "17", "-proc:none", "-nowarn");
			if (!compiler.getTask(problems, files, null, options, null, files.getJavaFileObjectsFromPaths(sources))
				.call()) {
				throw new IllegalStateException("The sources cannot be compiled:\n" + problems);
			}
		}
	}

	/**
	 * Returns everything that was generated, and compiled.
	 */
	List<Path> files() throws IOException {
		return files("");
	}

	private List<Path> files(String name) throws IOException {
		try (Stream<Path> files = Files.walk(this.folder.resolve(name))) {
			return files.filter(Files::isRegularFile).toList();
		}
	}

}
