package io.github.secretsextension.sample.lambda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

import io.github.secretsextension.sample.Quote;
import io.github.secretsextension.sample.QuoteRequest;
import io.github.secretsextension.sample.lambda.MiniRuntimeApi.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The zip that is deployed, in the runtime it is deployed to.
 * <p>
 * It runs on the Java of the build and on those that
 * {@code -Dsecrets-extension.test.java-homes=/path/to/one,/path/to/another} names.
 */
class LambdaRuntimeIT {

	private static final Path ZIP = Path.of("target/secrets-extension-sample-app-lambda.zip");

	private static final String CANARY = "CANARY-";

	private static final String CREDENTIAL = "CREDENTIAL-";

	private static final String PAYLOAD = "PAYLOAD-";

	private static final String DATABASE = "{\"username\":\"app\",\"password\":\"CANARY-password\"}";

	private static final JsonMapper JSON = new JsonMapper();

	private static MotoServer aws;

	private static @Nullable String awsProblem;

	@TempDir
	private static Path taskRoot;

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
		}
	}

	@BeforeAll
	static void unpack() throws IOException {
		try (InputStream file = Files.newInputStream(ZIP); ZipInputStream zip = new ZipInputStream(file)) {
			for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
				Path target = taskRoot.resolve(entry.getName());
				Files.createDirectories((entry.isDirectory()) ? target : target.getParent());
				if (!entry.isDirectory()) {
					Files.copy(zip, target);
				}
			}
		}
	}

	@AfterAll
	static void stopAws() {
		if (aws != null) {
			aws.close();
		}
	}

	static Stream<Path> javaHomes() {
		Stream<String> others = Arrays.stream(System.getProperty("secrets-extension.test.java-homes", "").split(","));
		return Stream.concat(Stream.of(System.getProperty("java.home")), others)
			.filter((home) -> !home.isBlank())
			.map((home) -> realPath(Path.of(home.trim())))
			.distinct();
	}

	private static Path realPath(Path path) {
		try {
			return path.toRealPath();
		}
		catch (IOException ex) {
			throw new IllegalArgumentException("No Java home: " + path, ex);
		}
	}

	@BeforeEach
	void createParameter() throws Exception {
		assumeTrue(awsProblem == null, awsProblem);
		aws.reset();
		aws.createParameter("/app/url", "jdbc:postgresql://db/quotes");
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("javaHomes")
	void answersAndFollowsARotation(Path javaHome) throws Exception {
		String first = createSecrets();
		try (LambdaProcess function = start(javaHome)) {
			Quote before = quote(function);
			assertThat(before.keyVersion()).isEqualTo(first);
			assertThat(before.signature())
				.isEqualTo("437f4125c8134d223bf96a112129a63596df1d96f29981c459b41f6be93dd216");
			assertThat(before.startedWith()).containsEntry("database", "app@jdbc:postgresql://db/quotes")
				.containsEntry("databasePassword", "sha256:152fc2df")
				.containsEntry("apiKey", "sha256:2609e631");
			String second = aws.rotateSecret("prod/signing-key", "CANARY-signing-key-2");
			Quote after = await().atMost(Duration.ofSeconds(20))
				.until(() -> quote(function), (quote) -> second.equals(quote.keyVersion()));
			assertThat(after.signature()).isEqualTo("ac14ab74ff9012d76c083a8cc5bde96c72326530e1511a449b32756cc173b88f");
			assertThat(function.log()).contains("Started SampleApplication")
				.doesNotContain(CANARY, CREDENTIAL, PAYLOAD);
		}
	}

	/**
	 * The variable lets a bean take the key that the function reads where it uses it, so
	 * that the cache holds it before the snapshot, and its rotation concerns what is in
	 * there. By its age it would not be read anew.
	 */
	@ParameterizedTest(name = "{0}")
	@MethodSource("javaHomes")
	void readsAnewAfterASnapshotAndTellsWhatIsInIt(Path javaHome) throws Exception {
		createSecrets();
		try (LambdaProcess function = start(javaHome, Map.of("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start",
				"APP_DATABASE_PASSWORD", "$<secret:prod/signing-key>", "SECRETS_MANAGER_TTL", "300"))) {
			function.awaitCheckpoint();
			assertThat(function.log()).contains("Started SampleApplication");
			assertThat(function.log().lines().filter((line) -> line.contains("A snapshot that is taken now")))
				.singleElement()
				.asString()
				.contains("WARN", "'APP_DATABASE_PASSWORD'", "'app.database.url'", "an annotation");
			String second = aws.rotateSecret("prod/signing-key", "CANARY-signing-key-2");
			function.restore();
			assertThat(quote(function).keyVersion()).isEqualTo(second);
			assertThat(quote(function).keyVersion()).isEqualTo(second);
			assertThat(function.log().lines().filter((line) -> line.contains("has another version now")))
				.singleElement()
				.asString()
				.contains("ERROR", "$<secret:prod/signing-key>", "'APP_DATABASE_PASSWORD'")
				.doesNotContain("app.database.url");
			assertThat(function.log()).doesNotContain(CANARY, CREDENTIAL, PAYLOAD);
		}
	}

	/**
	 * What the extension gives differs from what AWS gives, so that the signature tells
	 * whom the function asked.
	 */
	@ParameterizedTest(name = "{0}")
	@MethodSource("javaHomes")
	void asksTheExtensionFromTheFirstInvocationOn(Path javaHome) throws Exception {
		String ofAws = createSecrets();
		try (ExtensionProcess extension = new ExtensionProcess(LambdaProcess.TOKEN);
				LambdaProcess function = startBeside(extension, javaHome)) {
			extension.tell("secret prod/signing-key CANARY-signing-key-2");
			function.awaitInitialized();
			String duringInit = extension.tell("targets");
			assertThat(duringInit).as("asked during INIT").isNotEmpty().doesNotContain("signing-key");
			extension.tell("ready");
			Quote quote = quote(function);
			assertThat(quote.signature()).as("signed with the key that the extension gave")
				.isEqualTo("ac14ab74ff9012d76c083a8cc5bde96c72326530e1511a449b32756cc173b88f");
			assertThat(quote.keyVersion()).isNotEqualTo(ofAws);
			assertThat(quote.startedWith()).as("read in-process during INIT")
				.containsEntry("apiKey", "sha256:2609e631");
			assertThat(extension.tell("targets").substring(duringInit.length()).trim())
				.matches("(/secretsmanager/get\\?secretId=prod%2Fsigning-key ?)+");
			assertThat(extension.tell("tokens")).isEqualTo(extension.tell("requests"));
			assertThat(function.log()).contains("Values are read in-process", "is not ready")
				.doesNotContain(CANARY, CREDENTIAL, PAYLOAD);
			extension.tell("die");
			assertThat(quote(function).keyVersion()).as("from AWS, as the extension died").isEqualTo(ofAws);
			assertThat(function.log()).doesNotContain(CANARY, CREDENTIAL, PAYLOAD);
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("javaHomes")
	void remoteModeExplainsThatTheExtensionIsNotReadyDuringInit(Path javaHome) throws Exception {
		try (ExtensionProcess extension = new ExtensionProcess(LambdaProcess.TOKEN);
				LambdaProcess function = startBeside(extension, javaHome,
						Map.entry("SECRETS_EXTENSION_MODE", "remote"))) {
			assertThat(function.initError()).as("what Lambda is told").isNotEmpty().doesNotContain(CANARY, CREDENTIAL);
			assertThat(function.log())
				.contains("APPLICATION FAILED TO START", "is not ready", "'secrets-extension.mode=auto'")
				.doesNotContain(CANARY, CREDENTIAL);
			assertThat(Integer.parseInt(extension.tell("requests"))).isGreaterThan(3);
		}
	}

	@SafeVarargs
	private LambdaProcess startBeside(ExtensionProcess extension, Path javaHome, Map.Entry<String, String>... others)
			throws IOException {
		Map<String, String> variables = new HashMap<>(Map.ofEntries(others));
		variables.put("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", extension.tell("port"));
		return start(javaHome, variables);
	}

	private static String createSecrets() throws Exception {
		aws.createSecret("prod/db", DATABASE);
		aws.createSecret("prod/api-key", "CANARY-api-key");
		return aws.createSecret("prod/signing-key", "CANARY-signing-key-1");
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("javaHomes")
	void doesNotLogAnEventItCannotRead(Path javaHome) throws Exception {
		aws.createSecret("prod/db", DATABASE);
		aws.createSecret("prod/api-key", "CANARY-api-key");
		try (LambdaProcess function = start(javaHome)) {
			Answer answer = function.invoke("{\"item\":\"PAYLOAD-desk\",\"quantity\":\"PAYLOAD-two\"}");
			assertThat(answer.isError()).isTrue();
			assertThat(function.log()).doesNotContain(CANARY, CREDENTIAL, PAYLOAD);
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("javaHomes")
	void reportsAFailedStartOfAnAnnotation(Path javaHome) throws Exception {
		aws.createSecret("prod/db", DATABASE);
		assertFailedStart(javaHome, "'$<secret:prod/api-key>' in an annotation");
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("javaHomes")
	void reportsAFailedStartOfARecord(Path javaHome) throws Exception {
		aws.createSecret("prod/db", "{\"username\":\"CANARY-user\"}");
		assertFailedStart(javaHome, "'$<secret:prod/db#password>' in property 'app.database.password'");
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("javaHomes")
	void reportsASecretThatCannotBeBound(Path javaHome) throws Exception {
		createSecrets();
		assertFailedStart(javaHome, Map.of("SPRING_TASK_EXECUTION_POOL_CORESIZE", "$<secret:prod/api-key>"),
				"The value of '$<secret:prod/api-key>' in property 'spring.task.execution.pool.core-size' ("
						+ "System Environment Property \"SPRING_TASK_EXECUTION_POOL_CORESIZE\") cannot become a int");
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("javaHomes")
	void reportsASecretThatCannotBeInjected(Path javaHome) throws Exception {
		createSecrets();
		String file = PortApplication.class.getName().replace('.', '/') + ".class";
		Files.createDirectories(taskRoot.resolve(file).getParent());
		Files.copy(Path.of("target/test-classes", file), taskRoot.resolve(file), StandardCopyOption.REPLACE_EXISTING);
		assertFailedStart(javaHome,
				Map.of("APP_PORT", "$<secret:prod/api-key>", "MAIN_CLASS", PortApplication.class.getName()),
				"in an annotation of " + PortApplication.class.getName()
						+ ".port, which comes from '$<secret:prod/api-key>' in property 'app.port'");
	}

	@Test
	void packsNeitherAWebServerNorWhatTheRuntimeHas() throws IOException {
		try (Stream<Path> libraries = Files.list(taskRoot.resolve("lib"))) {
			assertThat(libraries).extracting((library) -> library.getFileName().toString())
				.isNotEmpty()
				.noneMatch((name) -> name.matches("(tomcat|spring-webmvc|netty|aws-lambda-java|.*-test).*"));
		}
	}

	private void assertFailedStart(Path javaHome, String expected) throws Exception {
		assertFailedStart(javaHome, Map.of(), expected);
	}

	private void assertFailedStart(Path javaHome, Map<String, String> variables, String expected) throws Exception {
		try (LambdaProcess function = start(javaHome, variables)) {
			assertThat(function.initError()).as("what Lambda is told").isNotEmpty().doesNotContain(CANARY);
			assertThat(function.exitStatus()).isNotZero();
			assertThat(function.log()).contains("APPLICATION FAILED TO START")
				.contains(expected)
				.doesNotContain(CANARY, CREDENTIAL);
		}
	}

	@Test
	void logsNoSecretAtTheFinestLevel() throws Exception {
		createSecrets();
		try (LambdaProcess function = start(javaHomes().findFirst().orElseThrow(),
				Map.of("LOGGING_LEVEL_ROOT", "TRACE"))) {
			quote(function);
			assertThat(function.log()).contains(" TRACE ").doesNotContain(CANARY);
		}
	}

	private LambdaProcess start(Path javaHome) throws IOException {
		return start(javaHome, Map.of());
	}

	private LambdaProcess start(Path javaHome, Map<String, String> variables) throws IOException {
		Path log = Files.createTempFile(Path.of("target"), "lambda-runtime-", ".log").toAbsolutePath();
		return new LambdaProcess(javaHome, taskRoot, aws.uri(), log, variables);
	}

	private Quote quote(LambdaProcess function) throws Exception {
		Answer answer = function.invoke(JSON.writeValueAsString(new QuoteRequest(PAYLOAD + "desk", 2)));
		assertThat(answer.isError()).as(answer.body()).isFalse();
		return JSON.readValue(answer.body(), Quote.class);
	}

}
