package io.github.secretsextension.autoconfigure;

import java.util.UUID;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.aws.MotoServer;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for life around a snapshot: Spring stops the lifecycle before it and starts it
 * after the restore.
 */
@ExtendWith({ MotoServer.class, OutputCaptureExtension.class })
class SnapshotTests {

	private static final String WARNING = "A snapshot that is taken now holds what beans took from these properties";

	private static final String ERROR = "has another version now than in the snapshot";

	private final String secret = "snapshot/" + UUID.randomUUID();

	private SecretsManagerClient aws;

	@BeforeEach
	void createSecret() {
		this.aws = SecretsManagerClient.builder()
			.endpointOverride(MotoServer.endpoint())
			.region(Region.EU_WEST_1)
			.credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("k", "s")))
			.build();
		this.aws.createSecret((request) -> request.name(this.secret).secretString(FakeSecrets.CANARY + 1));
	}

	@Test
	void warnsOfWhatWasResolvedAndReportsWhatChanged(CapturedOutput output) {
		try (ConfigurableApplicationContext context = run()) {
			assertThat(context.getEnvironment().getProperty("app.key")).isEqualTo("CANARY-1");
			context.stop();
			assertThat(output).containsOnlyOnce(WARNING).contains("'app.key'").doesNotContain("'app.unread'");
			this.aws.putSecretValue((request) -> request.secretId(this.secret).secretString(FakeSecrets.CANARY + 2));
			context.start();
			assertThat(output).doesNotContain(ERROR);
			assertThat(context.getEnvironment().getProperty("app.key")).isEqualTo("CANARY-2");
			assertThat(output).containsOnlyOnce(ERROR);
			assertThat(output.toString().lines().filter((line) -> line.contains(ERROR))).singleElement()
				.asString()
				.contains("ERROR", "'$<secret:" + this.secret + ">'", "'app.key'", "SecretsProvider.text");
			context.getBean(SecretsProvider.class)
				.refresh(io.github.secretsextension.SecretReference.secret(this.secret));
			assertThat(output).containsOnlyOnce(ERROR).doesNotContain(FakeSecrets.CANARY);
		}
		assertThat(output).containsOnlyOnce(WARNING);
	}

	@Test
	void sameVersionIsNotReported(CapturedOutput output) {
		try (ConfigurableApplicationContext context = run()) {
			context.getEnvironment().getProperty("app.key");
			context.stop();
			context.start();
			assertThat(context.getEnvironment().getProperty("app.key")).isEqualTo("CANARY-1");
		}
		assertThat(output).contains(WARNING).doesNotContain(ERROR);
	}

	@Test
	void twoRestoresOfOneSnapshotReportEach(CapturedOutput output) {
		try (ConfigurableApplicationContext context = run()) {
			context.getEnvironment().getProperty("app.key");
			context.stop();
			context.start();
			context.stop();
			this.aws.putSecretValue((request) -> request.secretId(this.secret).secretString(FakeSecrets.CANARY + 2));
			context.start();
			context.getEnvironment().getProperty("app.key");
		}
		assertThat(output).containsOnlyOnce(ERROR);
	}

	@Test
	void valuesReadThroughTheProviderOnlyAreNotWarnedOf(CapturedOutput output) {
		try (ConfigurableApplicationContext context = run()) {
			assertThat(context.getBean(SecretsProvider.class).text("secret:" + this.secret)).isEqualTo("CANARY-1");
			context.stop();
			context.start();
		}
		assertThat(output).doesNotContain(WARNING);
	}

	@Test
	void endOfTheApplicationIsNoSnapshot(CapturedOutput output) {
		try (ConfigurableApplicationContext context = run()) {
			context.getEnvironment().getProperty("app.key");
		}
		assertThat(output).doesNotContain(WARNING);
	}

	private ConfigurableApplicationContext run() {
		SpringApplication application = new SpringApplication(TestApplication.Empty.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		return application.run("--app.key=$<secret:" + this.secret + ">", "--app.unread=$<secret:unread>",
				"--secrets-extension.prefetch=off", "--spring.cloud.aws.endpoint=" + MotoServer.endpoint(),
				"--spring.cloud.aws.region.static=eu-west-1", "--spring.cloud.aws.credentials.access-key=k",
				"--spring.cloud.aws.credentials.secret-key=s");
	}

}
