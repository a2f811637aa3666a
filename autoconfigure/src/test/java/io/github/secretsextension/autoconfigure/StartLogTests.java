package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.aws.FaultServer;
import io.github.secretsextension.aws.FaultServer.Mode;
import io.github.secretsextension.extension.FakeExtension;
import io.github.secretsextension.extension.FakeExtension.Personality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what an application logs of its secrets: at most three lines for a start, and
 * nothing without a reference.
 */
@ExtendWith({ OutputCaptureExtension.class, SdkCredentials.class })
@Timeout(60)
class StartLogTests {

	private static final String OURS = "i.g.secretsextension.SecretsProvider";

	private final FaultServer aws = new FaultServer();

	private final FakeExtension extension = new FakeExtension(Personality.EXTENSION);

	private final ManualClock clock = new ManualClock(0);

	@AfterEach
	void close() {
		this.aws.close();
		this.extension.close();
	}

	@Test
	void embeddedStartIsTwoLines(CapturedOutput output) {
		start(many(aws()), output, 2);
		assertThat(lines(output))
			.anySatisfy((line) -> assertThat(line).contains(" INFO ")
				.endsWith("Mode auto: values are read in-process, because there is no token for an extension or agent; "
						+ "region eu-west-1, credentials from 'spring.cloud.aws.credentials'"))
			.anySatisfy((line) -> assertThat(line).contains(" INFO ")
				.containsPattern("Fetched 5 of 5 secrets in 1 call, \\d+ ms; 5 of 5 parameters in 1 call, \\d+ ms$"));
	}

	@Test
	void startThatFallsBackInEveryWayIsThreeLines(CapturedOutput output) {
		this.aws.mode("BatchGetSecretValue", Mode.DENIED);
		this.aws.mode("GetParameters", Mode.DENIED);
		this.extension.neverReady();
		start(many(awsWithoutCredentials()).variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
			.variable("AWS_SESSION_TOKEN", FakeExtension.TOKEN)
			.variable("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", String.valueOf(this.extension.port())), output, 3);
		assertThat(lines(output)).allMatch((line) -> line.contains(" INFO "))
			.anyMatch((line) -> line.contains("Values are read in-process while the extension or agent cannot answer")
					&& line.contains("is not ready"))
			.anyMatch((line) -> line.contains(
					"Mode auto: values are read from the extension or agent at 127.0.0.1:" + this.extension.port())
					&& line.contains("; region eu-west-1, credentials from "))
			.anyMatch((line) -> line.contains("Fetched 5 of 5 secrets in 6 calls")
					&& line.contains("Each secret was fetched by a call of its own")
					&& line.contains("'secretsmanager:BatchGetSecretValue'")
					&& line.contains("Each parameter was fetched by a call of its own")
					&& line.contains("'ssm:GetParameters'"));
		assertThat(output).doesNotContain(FakeExtension.TOKEN);
	}

	@Test
	void remoteStartIsOneLine(CapturedOutput output) {
		this.extension.putSecret("s1", "CANARY-x");
		start(new TestApplication(TestApplication.Empty.class).property("secrets-extension.mode", "remote")
			.property("secrets-extension.remote.port", String.valueOf(this.extension.port()))
			.property("secrets-extension.remote.token", FakeExtension.TOKEN)
			.property("s1", "$<secret:s1>"), output, 1);
		assertThat(lines(output)).singleElement()
			.asString()
			.endsWith("Mode remote: values are read from the extension or agent at 127.0.0.1:" + this.extension.port());
	}

	@Test
	void localStartIsOneLine(CapturedOutput output) {
		start(new TestApplication(TestApplication.Empty.class).property("secrets-extension.mode", "local")
			.property("secrets-extension.local.secrets[s1]", "CANARY-x")
			.property("s1", "$<secret:s1>"), output, 1);
		assertThat(lines(output)).singleElement().asString().endsWith("Mode local: values are read from properties");
	}

	@Test
	void clientOfTheApplicationShowsTheModeOnly(CapturedOutput output) {
		SecretsManagerClient client = SecretsManagerClient.builder()
			.endpointOverride(this.aws.endpoint())
			.region(software.amazon.awssdk.regions.Region.EU_WEST_1)
			.credentialsProvider(software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider.create())
			.build();
		start(aws().property("s1", "$<secret:s1>")
			.customize((application) -> application.addBootstrapRegistryInitializer(
					(registry) -> registry.register(SecretsManagerClient.class, InstanceSupplier.of(client)))),
				output, 2);
		assertThat(lines(output)).anyMatch((line) -> line.endsWith("for an extension or agent"));
	}

	@Test
	void withoutReferenceThereIsNoLine(CapturedOutput output) {
		try (ConfigurableApplicationContext context = aws().property("a", "b")
			.property("logging.level.io.github.secretsextension", "trace")
			.run()) {
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("b");
		}
		assertThat(lines(output)).isEmpty();
		assertThat(this.aws.connections()).isZero();
	}

	@Test
	void debugShowsTheSettingsWithoutTokens(CapturedOutput output) {
		try (ConfigurableApplicationContext context = aws().property("s1", "$<secret:s1>")
			.property("secrets-extension.allow", "s1,<b>")
			.property("secrets-extension.remote.token", "CANARY-token")
			.property("secrets-extension.endpoint.token", "CANARY-token")
			.property("secrets-extension.mode", "embedded")
			.property("logging.level.io.github.secretsextension", "debug")
			.run()) {
			context.getEnvironment().getProperty("s1");
		}
		assertThat(lines(output)).filteredOn((line) -> line.contains(" DEBUG "))
			.hasSize(2)
			.anyMatch((line) -> line.endsWith("Settings: mode embedded, prefetch auto, brace syntax on; allowed: s1, "
					+ "\\u003cb\\u003e; answers of an extension or agent are kept for 0 ms, and waited for 2000 ms until "
					+ "it is ready; own endpoint off"))
			.anyMatch((line) -> line.contains("Cache: keeps 1000 values"));
		assertThat(output).doesNotContain(FakeSecrets.CANARY);
	}

	@Test
	void staleEpisodeIsOneWarningAndItsEndOneLine(CapturedOutput output) {
		TestApplication application = aws().property("s1", "$<secret:s1>")
			.property("logging.level.io.github.secretsextension", "info")
			.property("secrets-extension.cache.max-stale", "100h")
			.customize((spring) -> spring.addBootstrapRegistryInitializer(
					(registry) -> registry.register(SecretsClock.class, InstanceSupplier.of(this.clock))));
		try (ConfigurableApplicationContext context = application.run()) {
			assertThat(context.getEnvironment().getProperty("s1")).startsWith(FakeSecrets.CANARY);
			for (int episode = 1; episode <= 2; episode++) {
				this.aws.mode(Mode.EMPTY);
				this.clock.advance(Duration.ofSeconds(301));
				int warnings = episode;
				assertThat(context.getEnvironment().getProperty("s1")).startsWith(FakeSecrets.CANARY);
				await().untilAsserted(() -> assertThat(stale(output)).hasSize(warnings));
				int calls = this.aws.calls().size();
				// The third attempt begins after the end of the second.
				await().until(() -> {
					this.clock.advance(Duration.ofSeconds(160));
					assertThat(context.getEnvironment().getProperty("s1")).startsWith(FakeSecrets.CANARY);
					return this.aws.calls().size() >= calls + 3;
				});
				assertThat(stale(output)).hasSize(warnings);
				this.aws.mode(Mode.OK);
				await().untilAsserted(() -> {
					this.clock.advance(Duration.ofSeconds(160));
					context.getEnvironment().getProperty("s1");
					assertThat(lines(output)).filteredOn((line) -> line.contains("was read anew")).hasSize(warnings);
				});
			}
		}
		assertThat(stale(output)).hasSize(2)
			.allMatch((line) -> line.contains(" WARN ") && line.contains("$<secret:s1>"));
	}

	private static List<String> stale(CapturedOutput output) {
		return lines(output).stream().filter((line) -> line.contains("past its TTL and served on")).toList();
	}

	private void start(TestApplication application, CapturedOutput output, int lines) {
		try (ConfigurableApplicationContext context = application
			.property("logging.level.io.github.secretsextension", "info")
			.run()) {
			assertThat(context.getEnvironment().getProperty("s1")).startsWith(FakeSecrets.CANARY);
			await().untilAsserted(() -> assertThat(lines(output)).hasSizeGreaterThanOrEqualTo(lines));
		}
		assertThat(lines(output)).hasSize(lines);
	}

	private TestApplication aws() {
		return awsWithoutCredentials().property("spring.cloud.aws.credentials.access-key", "k")
			.property("spring.cloud.aws.credentials.secret-key", "s");
	}

	private TestApplication awsWithoutCredentials() {
		return new TestApplication(TestApplication.Empty.class)
			.property("spring.cloud.aws.endpoint", this.aws.endpoint().toString())
			.property("spring.cloud.aws.region.static", "eu-west-1");
	}

	private TestApplication many(TestApplication application) {
		IntStream.rangeClosed(1, 5)
			.forEach((i) -> application.property("s" + i, "$<secret:s" + i + ">")
				.property("p" + i, "$<param:/p" + i + ">"));
		return application;
	}

	private static List<String> lines(CapturedOutput output) {
		return output.toString().lines().filter((line) -> line.contains(OURS)).toList();
	}

}
