package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import io.github.secretsextension.JavaProcess;
import io.github.secretsextension.aws.FaultServer;
import io.github.secretsextension.extension.FakeExtension;
import io.github.secretsextension.extension.FakeExtension.Personality;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for the ten mistakes that are made most: each is a real {@link SpringApplication}
 * run, whose report names property, origin, the cause's code and the next step, and no
 * value. Each prints its report, so that it can be read as a user would.
 */
@ExtendWith(OutputCaptureExtension.class)
@Timeout(120)
class MisconfigurationTests {

	private static final String REPORT = "APPLICATION FAILED TO START";

	private final FaultServer aws = new FaultServer();

	private String test = "";

	@TempDir
	private Path home;

	@BeforeEach
	void name(TestInfo info) {
		this.test = info.getTestMethod().orElseThrow().getName();
	}

	@AfterEach
	void close() {
		this.aws.close();
	}

	@Test
	void noRegion() throws IOException {
		assertReport(process(Map.of("AWS_ACCESS_KEY_ID", "CANARY-id", "AWS_SECRET_ACCESS_KEY", "CANARY-key")),
				"The AWS region is not known", "Reason: NOT_CONFIGURED", "Set AWS_REGION or",
				"'secrets-extension.mode=local'");
	}

	@Test
	void noCredentials() throws IOException {
		assertReport(process(Map.of("AWS_REGION", "eu-west-1")), "No AWS credentials could be loaded",
				"Reason: NOT_CONFIGURED", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
				"give this process a role");
	}

	@Test
	void denied(CapturedOutput output) {
		this.aws.mode(FaultServer.Mode.DENIED);
		assertReport(run(embedded(), output),
				"Secrets Manager answered 'AccessDeniedException' (status 400, request id ", "region eu-west-1",
				"Reason: DENIED (with 'secrets-extension.mode=embedded')", "'secretsmanager:GetSecretValue'",
				"'kms:Decrypt'", "AWS answers so for a missing one too");
	}

	@Test
	void missingSecret(CapturedOutput output) {
		this.aws.mode(FaultServer.Mode.NOT_FOUND);
		assertReport(run(embedded(), output),
				"Secrets Manager answered 'ResourceNotFoundException' (status 400, request id ", "Reason: NOT_FOUND",
				"Check the name, the version and the region");
	}

	@Test
	void missingField(CapturedOutput output) {
		this.aws.put("prod/db", "{\"CANARY-field\":\"CANARY-db\"}");
		assertReport(run(embedded(), output), "no such field", "Reason: FIELD_NOT_FOUND");
	}

	@Test
	void badJson(CapturedOutput output) {
		this.aws.put("prod/db", "{\"password\":\"CANARY-db");
		assertReport(run(embedded(), output), "not JSON that could have fields", "Reason: NOT_JSON");
	}

	@Test
	void extensionNotReady(CapturedOutput output) {
		try (FakeExtension extension = new FakeExtension(Personality.EXTENSION)) {
			extension.neverReady();
			assertReport(run(remote(extension, FakeExtension.TOKEN), output),
					"The extension or agent at 127.0.0.1:" + extension.port() + " is not ready", "INIT",
					"Reason: NOT_READY (with 'secrets-extension.mode=remote')", "Set 'secrets-extension.mode=auto'");
		}
	}

	@Test
	void wrongToken(CapturedOutput output) {
		try (FakeExtension extension = new FakeExtension(Personality.EXTENSION)) {
			assertReport(run(remote(extension, "CANARY-wrong"), output), "does not accept the token (status 401)",
					"Reason: TOKEN_REJECTED", "'secrets-extension.remote.token'", "AWS_SESSION_TOKEN");
		}
	}

	@Test
	void portInUse(CapturedOutput output) throws IOException {
		try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
			String report = run(
					new TestApplication(TestApplication.Empty.class, SecretsExtensionAutoConfiguration.class,
							SecretsExtensionEndpointAutoConfiguration.class)
						.property("secrets-extension.mode", "local")
						.property("secrets-extension.endpoint.enabled", "true")
						.property("secrets-extension.endpoint.token", "CANARY-token")
						.property("secrets-extension.endpoint.port", String.valueOf(taken.getLocalPort())),
					output);
			assertNames(report, "Port " + taken.getLocalPort() + " of the endpoint",
					"property 'secrets-extension.endpoint.port'", "Reason: NOT_CONFIGURED",
					"to another port (0 for any)",
					"the layer 'AWS-Parameters-and-Secrets-Lambda-Extension' probably holds it");
		}
	}

	@Test
	void malformedReference(CapturedOutput output) {
		String report = run(application("embedded").property("app.text", "$<secret:prod/db?stage=CURRENT>"), output);
		assertNames(report, "Malformed reference '$<secret:prod/db?stage=CURRENT>' in property 'app.text'",
				"character 18: unknown selector 'stage'", "Write $<secret:ID[?versionStage=STAGE");
	}

	private void assertReport(String report, String... expected) {
		assertNames(report, "'$<secret:prod/db#password>' in property 'app.text'");
		assertNames(report, expected);
	}

	private void assertNames(String report, String... expected) {
		assertThat(report).contains(REPORT, "application.yml] - ", "Action:")
			.contains(expected)
			.doesNotContain("CANARY-")
			.doesNotContain("\uE000");
	}

	private String run(TestApplication application, CapturedOutput output) {
		assertThat(catchThrowable(() -> application.run().close())).isNotNull();
		return report(output.toString());
	}

	private String process(Map<String, String> variables) throws IOException {
		Map<String, String> all = new HashMap<>(variables);
		all.put("AWS_EC2_METADATA_DISABLED", "true");
		all.put("AWS_CONFIG_FILE", this.home.resolve("config").toString());
		all.put("AWS_SHARED_CREDENTIALS_FILE", this.home.resolve("credentials").toString());
		try (JavaProcess process = new JavaProcess(MisconfigurationProbe.class, List.of("-Duser.home=" + this.home),
				all)) {
			assertThat(process.ask("result")).isEqualTo("failed");
			return report(process.log());
		}
	}

	/** All that was printed is searched for values, and only the report is shown. */
	private String report(String output) {
		assertThat(output).contains(REPORT).doesNotContain("CANARY-");
		String report = output.substring(output.indexOf(REPORT));
		System.out.println("=== " + this.test + "\n" + report.strip() + "\n===");
		return report;
	}

	static TestApplication application(String mode) {
		return new TestApplication(TestApplication.Empty.class, StartupFailureTests.Reader.class)
			.property("secrets-extension.mode", mode)
			.property("app.text", "$<secret:prod/db#password>");
	}

	private TestApplication embedded() {
		return application("embedded").property("spring.cloud.aws.endpoint", this.aws.endpoint().toString())
			.property("spring.cloud.aws.region.static", "eu-west-1")
			.property("spring.cloud.aws.credentials.access-key", "AKIA")
			.property("spring.cloud.aws.credentials.secret-key", "CANARY-key");
	}

	private static TestApplication remote(FakeExtension extension, String token) {
		return application("remote").property("secrets-extension.remote.port", String.valueOf(extension.port()))
			.property("secrets-extension.remote.ready-timeout", "100ms")
			.property("secrets-extension.remote.token", token);
	}

}
