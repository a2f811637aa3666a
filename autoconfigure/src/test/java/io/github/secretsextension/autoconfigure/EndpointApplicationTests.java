package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.aws.FaultServer;
import io.github.secretsextension.extension.FakeExtension;
import io.github.secretsextension.extension.FakeExtension.Personality;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for the endpoint that an application opens for other programs.
 */
@ExtendWith(OutputCaptureExtension.class)
@Timeout(60)
class EndpointApplicationTests {

	private static final String TOKEN = "CANARY-endpoint-token";

	private final HttpClient client = HttpClient.newHttpClient();

	private static TestApplication application() {
		return new TestApplication(TestApplication.Empty.class, SecretsExtensionAutoConfiguration.class,
				SecretsExtensionEndpointAutoConfiguration.class)
			.property("secrets-extension.endpoint.enabled", "true")
			.property("secrets-extension.endpoint.port", "0");
	}

	private static TestApplication local() {
		return application().property("secrets-extension.mode", "local")
			.property("secrets-extension.local.secrets[prod/db].password", "CANARY-local")
			.property("secrets-extension.local.parameters[/app/url]", "CANARY-url")
			.property("secrets-extension.endpoint.token", TOKEN);
	}

	private static int port(ConfigurableApplicationContext context) {
		return context.getEnvironment().getRequiredProperty("local.secrets-extension.endpoint.port", Integer.class);
	}

	private HttpResponse<String> get(int port, String target) throws Exception {
		return this.client.send(request(port, target), BodyHandlers.ofString());
	}

	private static HttpRequest request(int port, String target) {
		return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + target))
			.version(HttpClient.Version.HTTP_1_1)
			.header("X-Aws-Parameters-Secrets-Token", TOKEN)
			.build();
	}

	@Test
	void servesLocalValuesAndStopsWithTheContext(CapturedOutput output) throws Exception {
		int port;
		try (ConfigurableApplicationContext context = local().run()) {
			port = port(context);
			HttpResponse<String> secret = get(port, "/secretsmanager/get?secretId=prod/db");
			assertThat(secret.statusCode()).isEqualTo(200);
			assertThat(secret.body()).contains("\"SecretString\":\"{\\\"password\\\":\\\"CANARY-local\\\"}\"");
			assertThat(get(port, "/systemsmanager/parameters/get?name=%2Fapp%2Furl").body())
				.contains("\"Value\":\"CANARY-url\"");
			assertThat(get(port, "/secretsmanager/get?secretId=none").statusCode()).isEqualTo(400);
		}
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> get(port, "/ping"));
		assertThat(output.toString().lines().filter((line) -> line.contains("WARN"))).singleElement()
			.asString()
			.contains("everyone on this machine who holds the token", "'secrets-extension.allow'");
		assertThat(output).doesNotContain(TOKEN, FakeSecrets.CANARY);
	}

	@Test
	void whatIsNotAllowedIsAnsweredLikeWhatDoesNotExist(CapturedOutput output) throws Exception {
		try (ConfigurableApplicationContext context = local().property("secrets-extension.allow[0]", "secret:other")
			.run()) {
			HttpResponse<String> denied = get(port(context), "/secretsmanager/get?secretId=prod/db");
			assertThat(denied.statusCode()).isEqualTo(400);
			assertThat(denied.body()).isEqualTo("an unexpected error occurred while executing request");
		}
		assertThat(output).doesNotContain("WARN");
	}

	@Test
	void nothingAsksItself() throws Exception {
		try (FaultServer aws = new FaultServer();
				FakeExtension extension = new FakeExtension(Personality.EXTENSION, TOKEN, 0);
				ConfigurableApplicationContext context = application().variable("AWS_SESSION_TOKEN", TOKEN)
					.variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
					.variable("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", String.valueOf(extension.port()))
					.property("spring.cloud.aws.endpoint", aws.endpoint().toString())
					.property("spring.cloud.aws.region.static", "eu-west-1")
					.property("spring.cloud.aws.credentials.access-key", "k")
					.property("spring.cloud.aws.credentials.secret-key", "s")
					.run()) {
			int port = port(context);
			List<CompletableFuture<HttpResponse<String>>> answers = IntStream.range(0, 50)
				.mapToObj((i) -> this.client.sendAsync(request(port, "/secretsmanager/get?secretId=cold" + i),
						BodyHandlers.ofString()))
				.toList();
			assertThat(answers).allMatch((answer) -> answer.join().statusCode() == 200);
			assertThat(aws.calls()).hasSize(50);
			assertThat(extension.acceptedConnections()).isZero();
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("failures")
	void failedStartSaysWhatToDo(String name, FailingStart start, List<String> expected, CapturedOutput output)
			throws IOException {
		try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
			TestApplication application = start.prepare(taken.getLocalPort());
			assertThat(catchThrowable(() -> application.run().close())).isNotNull();
		}
		assertThat(output.toString()).contains("APPLICATION FAILED TO START", "Action:")
			.contains(expected)
			.doesNotContain(FakeSecrets.CANARY);
	}

	static Stream<Arguments> failures() {
		return Stream.of(
				Arguments.of("taken port",
						(FailingStart) (taken) -> local().property("secrets-extension.endpoint.port",
								String.valueOf(taken)),
						List.of("is taken", "'secrets-extension.endpoint.port'",
								"the layer 'AWS-Parameters-and-Secrets-Lambda-Extension' probably holds it")),
				Arguments.of("port of the variable, taken", (FailingStart) (taken) -> {
					TestApplication application = new TestApplication(TestApplication.Empty.class,
							SecretsExtensionAutoConfiguration.class, SecretsExtensionEndpointAutoConfiguration.class);
					return application.property("secrets-extension.endpoint.enabled", "true")
						.property("secrets-extension.endpoint.token", TOKEN)
						.variable("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", String.valueOf(taken));
				}, List.of("is taken")),
				Arguments.of("no token", (FailingStart) (taken) -> application(),
						List.of("has no token", "'secrets-extension.endpoint.token'")),
				Arguments.of("blank token",
						(FailingStart) (taken) -> application().property("secrets-extension.endpoint.token", "  ")
							.variable("AWS_SESSION_TOKEN", " "),
						List.of("has no token")),
				Arguments.of("an address to bind to",
						(FailingStart) (taken) -> local().property("secrets-extension.endpoint.address", "0.0.0.0"),
						List.of("There is no setting 'secrets-extension.endpoint.address'",
								"listens at 127.0.0.1 only")),
				Arguments.of("misspelt switch",
						(FailingStart) (taken) -> new TestApplication(TestApplication.Empty.class,
								SecretsExtensionAutoConfiguration.class,
								SecretsExtensionEndpointAutoConfiguration.class)
							.property("secrets-extension.endpoint.enable", "true"),
						List.of("There is no setting 'secrets-extension.endpoint.enable'")),
				Arguments.of("misspelt token",
						(FailingStart) (taken) -> application().property("secrets-extension.endpoint.tokn", TOKEN),
						List.of("There is no setting 'secrets-extension.endpoint.tokn'")),
				Arguments.of("itself as the other side",
						(FailingStart) (taken) -> application().property("secrets-extension.mode", "remote")
							.property("secrets-extension.endpoint.token", TOKEN)
							.property("secrets-extension.endpoint.port", "27730")
							.property("secrets-extension.remote.port", "27730"),
						List.of("would ask this application's own endpoint")),
				Arguments.of("missing token file",
						(FailingStart) (taken) -> application().variable("AWS_TOKEN", "file:///nowhere/token"),
						List.of("The file that 'AWS_TOKEN' names cannot be read (NoSuchFileException)")));
	}

	@Test
	void withoutSettingThereIsNoEndpoint() {
		try (ConfigurableApplicationContext context = new TestApplication(TestApplication.Empty.class,
				SecretsExtensionAutoConfiguration.class, SecretsExtensionEndpointAutoConfiguration.class)
			.run()) {
			Environment environment = context.getEnvironment();
			assertThat(context.getBeanNamesForType(EndpointLifecycle.class)).isEmpty();
			assertThat(environment.getProperty("local.secrets-extension.endpoint.port")).isNull();
		}
	}

	@Test
	void closesBeforeSnapshotAndOpensAfterIt() throws Exception {
		try (ConfigurableApplicationContext context = local().run()) {
			int before = port(context);
			context.stop();
			assertThatExceptionOfType(IOException.class).isThrownBy(() -> get(before, "/ping"));
			context.start();
			assertThat(get(port(context), "/secretsmanager/get?secretId=prod/db").statusCode()).isEqualTo(200);
		}
	}

	/**
	 * Prepares a start that fails.
	 */
	interface FailingStart {

		TestApplication prepare(int takenPort);

	}

}
