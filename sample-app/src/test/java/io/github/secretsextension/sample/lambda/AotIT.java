package io.github.secretsextension.sample.lambda;

import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.github.secretsextension.sample.SampleApplication;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The sample with what Spring Boot's {@code process-aot} generates for it, and with the
 * AOT cache of the JDK.
 */
class AotIT {

	private static final String CANARY = "CANARY-";

	private static final String CREDENTIAL = "CREDENTIAL-";

	/** Begins the internal names under which references are resolved. */
	private static final String SEAL = "\uE000";

	private static final String ORDER = "{\"item\":\"desk\",\"quantity\":2}";

	private static final String SIGNATURE = "01cf3efe4a6b3053fbe19ba915cd2c0036a325717d9269049862edec5da82cdb";

	private static final Path UNPACKED = Path.of("target/secrets-extension-sample-app-lambda");

	private static final String AOT = "-Dspring.aot.enabled=true";

	private static final int FIRST_WITH_CACHE = 25;

	private static final String APPLICATION = AotProcessing.applicationClassPath();

	private static MotoServer aws;

	private static @Nullable String awsProblem;

	private static AotProcessing processing;

	private static long callsWhileProcessing;

	private static String processed;

	@TempDir
	private static Path folder;

	@BeforeAll
	static void startAws() throws Exception {
		try {
			aws = MotoServer.start();
		}
		catch (IOException ex) {
			if (Boolean.parseBoolean(System.getenv("CI"))) {
				throw ex;
			}
			awsProblem = ex.getMessage();
			return;
		}
		aws.createParameter("/app/url", "jdbc:postgresql://db/CANARY-url");
		aws.createSecret("prod/db", "{\"username\":\"CANARY-user\",\"password\":\"CANARY-password\"}");
		aws.createSecret("prod/api-key", "CANARY-api-key");
		aws.createSecret("prod/signing-key", "CANARY-signing-key-1");
		process();
	}

	private static void process() throws Exception {
		processing = new AotProcessing(folder.resolve("aot"), APPLICATION);
		long calls = aws.calls();
		int status = processing.process(SampleApplication.class.getName(), aws.uri());
		callsWhileProcessing = aws.calls() - calls;
		assertThat(status).as(processing.log()).isZero();
		processed = processing.compile() + File.pathSeparator + APPLICATION;
	}

	@AfterAll
	static void stopAws() {
		if (aws != null) {
			aws.close();
		}
	}

	@BeforeEach
	void assumeAws() {
		assumeTrue(awsProblem == null, awsProblem);
	}

	@Test
	void processesWithoutACallAndKeepsNothing() throws Exception {
		assertThat(callsWhileProcessing).isZero();
		assertThat(processing.log()).doesNotContain(CANARY, CREDENTIAL, SEAL);
		assertThat(processing.files()).extracting((file) -> file.getFileName().toString())
			.contains("SampleApplication__ApplicationContextInitializer.class", "QuoteFunction__BeanDefinitions.java",
					"reachability-metadata.json");
		for (Path file : processing.files()) {
			assertHoldsNoSecret(file);
			assertThat(holds(file, SEAL, StandardCharsets.UTF_8)).as("a sealed name in %s", file).isFalse();
			assertThat(holds(file, "\\ue000", StandardCharsets.UTF_8)).as("a sealed name in %s", file).isFalse();
		}
	}

	@Test
	void answersAsWithoutProcessing() throws Exception {
		String plain = answer(List.of(), APPLICATION, "Starting SampleApplication");
		assertThat(plain).contains(SIGNATURE, "sha256:152fc2df", "sha256:2609e631", "CANARY-user");
		long calls = aws.calls();
		assertThat(answer(List.of(AOT), processed, "Starting AOT-processed SampleApplication")).isEqualTo(plain);
		assertThat(aws.calls()).as("calls are counted").isGreaterThan(calls);
	}

	/**
	 * Processed with the class path of Lambda, which has no web server.
	 */
	@Test
	void answersInLambda() throws Exception {
		Path taskRoot = Files.createDirectory(folder.resolve("task"));
		FileSystemUtils.copyRecursively(UNPACKED, taskRoot);
		AotProcessing lambda = new AotProcessing(folder.resolve("lambda"), lambdaClassPath(taskRoot));
		assertThat(lambda.process(SampleApplication.class.getName(), aws.uri())).as(lambda.log()).isZero();
		Path generated = lambda.compile();
		Files.move(generated, taskRoot.resolve("lib").resolve(generated.getFileName()));
		Path log = Files.createTempFile(Path.of("target"), "lambda-aot-", ".log").toAbsolutePath();
		try (LambdaProcess function = new LambdaProcess(Path.of(System.getProperty("java.home")), taskRoot, aws.uri(),
				log, Map.of("JAVA_TOOL_OPTIONS", AOT))) {
			assertThat(function.invoke(ORDER).body()).contains(SIGNATURE, "CANARY-user");
			assertThat(function.log()).contains("Starting AOT-processed").doesNotContain(CANARY, CREDENTIAL);
		}
	}

	private static String lambdaClassPath(Path taskRoot) throws IOException {
		try (Stream<Path> libraries = Files.list(taskRoot.resolve("lib"))) {
			return Stream.concat(Stream.of(taskRoot), libraries)
				.map(Path::toString)
				.collect(Collectors.joining(File.pathSeparator));
		}
	}

	/**
	 * The build does not know which settings there will be: they are checked at the
	 * start, which they are not where they are lazy.
	 */
	@Test
	void leavesTheCheckOfSettingsToTheStart() throws Exception {
		assertThat(processing.files())
			.filteredOn((file) -> file.endsWith("SecretsExtensionProperties__BeanDefinitions.java"))
			.singleElement()
			.satisfies((file) -> assertThat(file).content().doesNotContain("setLazyInit"));
	}

	@Test
	void answersFromTheCacheOfTheJdkWhichHoldsNoSecret() throws Exception {
		int version = Runtime.version().feature();
		assumeTrue(version >= FIRST_WITH_CACHE, () -> "JDK " + version + " has no -XX:AOTCacheOutput");
		Path cache = folder.resolve("sample.aot");
		String trained;
		try (SampleProcess sample = new SampleProcess(List.of(AOT, "-XX:AOTCacheOutput=" + cache), processed,
				aws.uri())) {
			trained = sample.answer(ORDER);
			sample.stop();
			assertThat(cache).as(sample.log()).isNotEmptyFile();
		}
		assertHoldsNoSecret(cache);
		assertThat(holds(cache, "$<secret:prod/api-key>", StandardCharsets.ISO_8859_1)).as("a constant is found")
			.isTrue();
		// In this mode the JDK ends where it cannot use the cache.
		assertThat(answer(List.of(AOT, "-XX:AOTCache=" + cache, "-XX:AOTMode=on"), processed,
				"Starting AOT-processed SampleApplication"))
			.isEqualTo(trained);
	}

	@Test
	void refusesAConditionThatNeedsAReference() throws Exception {
		Path source = Files.writeString(folder.resolve("ConditionalApplication.java"), """
				import org.springframework.boot.SpringApplication;
				import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
				import org.springframework.context.annotation.Bean;

				@org.springframework.boot.SpringBootConfiguration
				@org.springframework.boot.autoconfigure.EnableAutoConfiguration
				public class ConditionalApplication {

					public static void main(String[] args) {
						SpringApplication.run(ConditionalApplication.class, args);
					}

					@Bean
					@ConditionalOnProperty("app.database.password")
					Object guarded() {
						return new Object();
					}

				}
				""");
		Path classes = Files.createDirectory(folder.resolve("conditional-classes"));
		AotProcessing.compile(List.of(source), APPLICATION, classes);
		AotProcessing conditional = new AotProcessing(folder.resolve("conditional"),
				classes + File.pathSeparator + APPLICATION);
		long calls = aws.calls();
		assertThat(conditional.process("ConditionalApplication", aws.uri())).as(conditional.log()).isPositive();
		assertThat(aws.calls()).isEqualTo(calls);
		assertThat(conditional.log())
			.contains("'$<secret:prod/db#password>' in property 'app.database.password'", "during AOT processing",
					"Let no condition depend on a reference: conditions are evaluated at build time.")
			.doesNotContain(CANARY, CREDENTIAL, SEAL);
	}

	private static String answer(List<String> options, String classPath, String logged) throws Exception {
		try (SampleProcess sample = new SampleProcess(options, classPath, aws.uri())) {
			String answer = sample.answer(ORDER);
			assertThat(sample.log()).contains(logged).doesNotContain(CANARY, CREDENTIAL);
			return answer;
		}
	}

	/**
	 * Asserts it of a file and of a heap in it, in which the JDK keeps texts in bytes or
	 * in pairs of bytes.
	 */
	private static void assertHoldsNoSecret(Path file) throws IOException {
		for (String marker : List.of(CANARY, CREDENTIAL)) {
			for (Charset charset : List.of(StandardCharsets.ISO_8859_1, StandardCharsets.UTF_16LE)) {
				assertThat(holds(file, marker, charset)).as("%s in %s", marker, file).isFalse();
			}
		}
	}

	private static boolean holds(Path file, String text, Charset charset) throws IOException {
		// One character for each byte.
		String content = Files.readString(file, StandardCharsets.ISO_8859_1);
		return content.contains(new String(text.getBytes(charset), StandardCharsets.ISO_8859_1));
	}

}
