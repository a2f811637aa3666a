package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.JavaProcess;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.extension.FakeExtension;
import io.github.secretsextension.extension.FakeExtension.Mode;
import io.github.secretsextension.extension.FakeExtension.Personality;
import io.github.secretsextension.extension.FakeRequest;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

/**
 * Tests for an application whose values come from a running extension or agent.
 */
@ExtendWith(OutputCaptureExtension.class)
@Timeout(60)
class RemoteModeTests {

	private static final Map<String, String> LAMBDA = Map.of("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1");

	private final List<FakeExtension> extensions = new ArrayList<>();

	@TempDir
	private Path folder;

	@AfterEach
	void close() {
		this.extensions.forEach(FakeExtension::close);
	}

	private FakeExtension extension(Personality personality) {
		FakeExtension extension = new FakeExtension(personality);
		extension.putSecret("db", "{\"password\":\"CANARY-db\"}");
		extension.putParameter("/app/url", "String", "CANARY-url");
		this.extensions.add(extension);
		return extension;
	}

	private static TestApplication application(FakeExtension extension) {
		return new TestApplication(TestApplication.Empty.class).property("secrets-extension.mode", "remote")
			.property("secrets-extension.remote.port", String.valueOf(extension.port()))
			.property("a", "$<secret:db#password>");
	}

	private static TestApplication withToken(FakeExtension extension) {
		return application(extension).property("secrets-extension.remote.token", FakeExtension.TOKEN);
	}

	@ParameterizedTest
	@EnumSource(Personality.class)
	void eachReadAsksTheOtherSide(Personality personality) {
		FakeExtension extension = extension(personality);
		try (ConfigurableApplicationContext context = withToken(extension).run()) {
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-db");
			extension.putSecret("db", "{\"password\":\"CANARY-next\"}");
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-next");
			assertThat(context.getBean(SecretsProvider.class).text("secret:db#password")).isEqualTo("CANARY-next");
		}
		assertThat(extension.requests()).hasSize(3).allMatch(FakeRequest::hasToken);
	}

	@Test
	void parametersComeDecryptedFromTheExtension() {
		FakeExtension extension = extension(Personality.EXTENSION);
		try (ConfigurableApplicationContext context = withToken(extension).property("b", "$<param:/app/url>").run()) {
			assertThat(context.getEnvironment().getProperty("b")).isEqualTo("CANARY-url");
		}
		assertThat(extension.requests()).singleElement()
			.extracting(FakeRequest::target)
			.isEqualTo("/systemsmanager/parameters/get?name=%2Fapp%2Furl&withDecryption=true");
	}

	@Test
	void answersAreKeptForTheTtlThatIsSet() {
		FakeExtension extension = extension(Personality.EXTENSION);
		try (ConfigurableApplicationContext context = withToken(extension)
			.property("secrets-extension.remote.ttl", "300s")
			.run()) {
			for (int i = 0; i < 10; i++) {
				assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-db");
			}
			assertThat(extension.requests()).hasSize(1);
			extension.putSecret("db", "{\"password\":\"CANARY-next\"}");
			SecretsProvider provider = context.getBean(SecretsProvider.class);
			provider.refresh(io.github.secretsextension.SecretReference.secret("db"));
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-next");
		}
	}

	@Test
	void extensionThatBecomesReadyIsWaitedFor() {
		FakeExtension extension = extension(Personality.EXTENSION);
		extension.readyAfter(3);
		try (ConfigurableApplicationContext context = withToken(extension).run()) {
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-db");
		}
		assertThat(extension.requests()).hasSize(4);
	}

	@Test
	void closeLetsAReaderGo() {
		FakeExtension extension = extension(Personality.EXTENSION);
		extension.mode(Mode.HANG);
		ConfigurableApplicationContext context = withToken(extension).property("secrets-extension.deadline", "50s")
			.run();
		SecretsProvider provider = context.getBean(SecretsProvider.class);
		CompletableFuture<Throwable> reader = CompletableFuture
			.supplyAsync(() -> catchThrowable(() -> provider.text("secret:db")));
		await().until(() -> !extension.requests().isEmpty());
		context.close();
		assertThat(reader).succeedsWithin(Duration.ofSeconds(2));
		assertThat(reader.join()).hasMessageContaining("was closed");
		await().until(() -> extension.connections() == 0);
	}

	/**
	 * However many there are: those that are read ahead take one budget in all.
	 */
	@Test
	void extensionThatIsNeverReadyIsWaitedForOnceAlsoWhereAnswersAreKept() {
		FakeExtension extension = extension(Personality.EXTENSION);
		extension.neverReady();
		TestApplication application = withToken(extension).property("secrets-extension.remote.ttl", "60s")
			.property("secrets-extension.remote.ready-timeout", "1s");
		for (int i = 0; i < 30; i++) {
			application.property("many." + i, "$<secret:db" + i + ">");
		}
		try (ConfigurableApplicationContext context = application.run()) {
			long start = System.nanoTime();
			assertThat(catchThrowable(() -> context.getEnvironment().getProperty("many.29")))
				.hasMessageContaining("not during INIT");
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(2500));
		}
	}

	@Test
	void tokenOfLambdaIsTheSessionToken() {
		FakeExtension extension = extension(Personality.EXTENSION);
		TestApplication application = application(extension).variable("AWS_SESSION_TOKEN", FakeExtension.TOKEN)
			.variable("AWS_TOKEN", " ");
		LAMBDA.forEach(application::variable);
		try (ConfigurableApplicationContext context = application.run()) {
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-db");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN" })
	void credentialsDoNotGoOutOutsideLambda(String variable, CapturedOutput output) {
		FakeExtension extension = extension(Personality.EXTENSION);
		TestApplication application = application(extension).variable(variable, FakeExtension.TOKEN);
		assertThat(catchThrowable(() -> application.property("app.text", "$<secret:db>").run().getBean("none")))
			.isNotNull();
		try (ConfigurableApplicationContext context = application(extension).variable(variable, FakeExtension.TOKEN)
			.run()) {
			assertThat(catchThrowable(() -> context.getEnvironment().getProperty("a")))
				.hasMessageContaining("There is no token for the extension or agent")
				.hasMessageContaining("secrets-extension.remote.allow-aws-token");
		}
		assertThat(extension.acceptedConnections()).isZero();
		try (ConfigurableApplicationContext context = application(extension).variable(variable, FakeExtension.TOKEN)
			.property("secrets-extension.remote.allow-aws-token", "true")
			.run()) {
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-db");
		}
		assertThat(output).doesNotContain(FakeExtension.TOKEN);
	}

	@Test
	void tokenMayStandInFile() throws IOException {
		FakeExtension extension = extension(Personality.AGENT);
		Path file = Files.writeString(this.folder.resolve("token"), FakeExtension.TOKEN + "\n");
		try (ConfigurableApplicationContext context = application(extension).variable("AWS_TOKEN", "file://" + file)
			.run()) {
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-db");
		}
		try (ConfigurableApplicationContext context = application(extension)
			.variable("AWS_TOKEN", "file://" + file + ".missing")
			.run()) {
			assertThat(catchThrowable(() -> context.getEnvironment().getProperty("a")))
				.hasMessageContaining("The file that 'AWS_TOKEN' names cannot be read (NoSuchFileException)");
		}
	}

	/**
	 * An agent makes a new token each time it starts.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "remote", "auto" })
	void tokenFileIsReadAnewOnceTheTokenIsRejected(String mode) throws IOException {
		FakeExtension agent = extension(Personality.AGENT);
		Path file = Files.writeString(this.folder.resolve("token"), FakeExtension.TOKEN);
		try (ConfigurableApplicationContext context = application(agent).variable("AWS_TOKEN", "file://" + file)
			.property("secrets-extension.mode", mode)
			.run()) {
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-db");
			int port = agent.port();
			agent.close();
			FakeExtension restarted = new FakeExtension(Personality.AGENT, "CANARY-new-token", port);
			this.extensions.add(restarted);
			restarted.putSecret("db", "{\"password\":\"CANARY-next\"}");
			Files.writeString(file, "CANARY-new-token\n");
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-next");
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-next");
			assertThat(restarted.requests()).hasSize(3);
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("failures")
	void failedStartSaysWhatToDo(String name, FailingStart start, List<String> expected, CapturedOutput output) {
		FakeExtension extension = extension(Personality.EXTENSION);
		TestApplication application = new TestApplication(TestApplication.Empty.class, StartupFailureTests.Reader.class)
			.property("secrets-extension.mode", "remote")
			.property("secrets-extension.remote.port", String.valueOf(extension.port()))
			.property("secrets-extension.remote.ready-timeout", "100ms")
			.property("app.text", "$<secret:db#password>");
		LAMBDA.forEach(application::variable);
		start.prepare(extension, application);
		assertThat(catchThrowable(() -> application.run().close())).isNotNull();
		assertThat(output.toString()).contains("APPLICATION FAILED TO START", "'app.text'", "application.yml] - ")
			.contains(expected)
			.doesNotContain(FakeSecrets.CANARY);
	}

	static Stream<Arguments> failures() {
		return Stream.of(Arguments.of("not ready", (FailingStart) (extension, application) -> {
			extension.neverReady();
			application.variable("AWS_SESSION_TOKEN", FakeExtension.TOKEN);
		}, List.of("is not ready: it answers only from the first invocation on, not during INIT",
				"'secrets-extension.mode=auto'", "'embedded'", "inside the handler")),
				Arguments.of("not ready, provisioned concurrency", (FailingStart) (extension, application) -> {
					extension.neverReady();
					application.variable("AWS_SESSION_TOKEN", FakeExtension.TOKEN)
						.variable("AWS_LAMBDA_INITIALIZATION_TYPE", "provisioned-concurrency");
				}, List.of("With provisioned concurrency INIT ends long before the first invocation")),
				Arguments.of("not ready, managed instances", (FailingStart) (extension, application) -> {
					extension.neverReady();
					application.variable("AWS_SESSION_TOKEN", FakeExtension.TOKEN)
						.variable("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances");
				}, List.of("Lambda managed instances initialize before any invocation")),
				Arguments.of("wrong token",
						(FailingStart) (extension, application) -> application.variable("AWS_SESSION_TOKEN",
								"CANARY-other"),
						List.of("does not accept the token (status 401)", "AWS_SESSION_TOKEN", "SnapStart")),
				Arguments.of("SnapStart",
						(FailingStart) (extension, application) -> application.variable("AWS_SESSION_TOKEN", "")
							.variable("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start"),
						List.of("AWS_SESSION_TOKEN is not set", "does not support SnapStart",
								"'secrets-extension.mode=embedded'")),
				Arguments.of("no layer", (FailingStart) (extension, application) -> {
					extension.die();
					application.variable("AWS_SESSION_TOKEN", FakeExtension.TOKEN);
				}, List.of("Nothing listens at 127.0.0.1:", "Add the layer", "PARAMETERS_SECRETS_EXTENSION_HTTP_PORT")),
				Arguments.of("denied or missing", (FailingStart) (extension, application) -> {
					extension.mode(Mode.DENIED);
					application.variable("AWS_SESSION_TOKEN", FakeExtension.TOKEN);
				}, List.of("does not tell whether the secret is missing or denied", "Look into its log",
						"'secretsmanager:GetSecretValue'")),
				Arguments.of("another secret's answer", (FailingStart) (extension, application) -> {
					extension.mode(Mode.OTHER);
					application.variable("AWS_SESSION_TOKEN", FakeExtension.TOKEN);
				}, List.of("its answer is about another one")));
	}

	@ParameterizedTest
	@ValueSource(strings = { "10.0.0.1", "0.0.0.0", "example.com", "127.0.0.1.example.com", "169.254.169.254",
			"127.999.1.1", "127.0.0.256", "127.0.0.08", "127.1" })
	void hostBeyondTheMachineFailsTheStart(String host, CapturedOutput output) {
		FakeExtension extension = extension(Personality.EXTENSION);
		assertThat(catchThrowable(() -> withToken(extension).property("secrets-extension.remote.host", host)
			.property("app.text", "$<secret:db>")
			.customize((application) -> application.addPrimarySources(List.of(StartupFailureTests.Reader.class)))
			.run())).isNotNull();
		assertThat(output).contains("must be a loopback address").doesNotContain(FakeExtension.TOKEN);
	}

	/**
	 * With Spring Cloud AWS on the class path that loads some interfaces of the SDK
	 * before anything of ours runs.
	 */
	@ParameterizedTest(name = "without {0}")
	@ValueSource(strings = { "spring-cloud-aws-", "spring-cloud-aws-,secretsmanager-,ssm-,sdk-core-,aws-core-,auth-" })
	void loadsNoClassOfTheSdkAndNoCaffeine(String missing) throws IOException {
		FakeExtension extension = extension(Personality.EXTENSION);
		Path log = this.folder.resolve("classes.log");
		try (JavaProcess process = new JavaProcess(RemoteProbe.class,
				(jar) -> Stream.of(missing.split(",")).noneMatch(jar::startsWith),
				List.of("-Xlog:class+load:file=" + log),
				Map.of("AWS_TOKEN", FakeExtension.TOKEN, "SECRETS_EXTENSION_MODE", "remote",
						"PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", String.valueOf(extension.port())))) {
			assertThat(process.ask("a")).isEqualTo("CANARY-db");
			assertThat(process.ask("b")).isEqualTo("CANARY-url");
		}
		assertThat(loaded(log, "io.github.secretsextension.extension.ExtensionSecretsProvider")).isNotEmpty();
		assertThat(loaded(log, "software.amazon.awssdk.")).isEmpty();
		assertThat(loaded(log, "com.github.benmanes.caffeine.")).isEmpty();
		assertThat(loaded(log, "java.net.http.")).isEmpty();
	}

	private static List<String> loaded(Path log, String prefix) throws IOException {
		try (Stream<String> lines = Files.lines(log)) {
			return lines.filter((line) -> line.contains("] " + prefix)).toList();
		}
	}

	/**
	 * Prepares a start that fails.
	 */
	interface FailingStart {

		void prepare(FakeExtension extension, TestApplication application);

	}

}
