package io.github.secretsextension.autoconfigure;

import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.aws.AwsCall;
import io.github.secretsextension.aws.FaultServer;
import io.github.secretsextension.extension.FakeExtension;
import io.github.secretsextension.extension.FakeExtension.Personality;
import io.github.secretsextension.extension.FakeRequest;

import org.springframework.boot.bootstrap.BootstrapRegistry;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for an application that asks a running extension where that answers, and AWS
 * in-process where it does not. What AWS gives and what the extension gives differ here,
 * so that a value tells where it comes from.
 */
@ExtendWith({ OutputCaptureExtension.class, SdkCredentials.class })
@Timeout(60)
class AutoModeTests {

	/** Of the names that the extension knows. */
	private static final String REGION = "us-east-1";

	private final FaultServer aws = new FaultServer();

	private final FakeExtension extension = new FakeExtension(Personality.EXTENSION);

	@AfterEach
	void close() {
		this.aws.close();
		this.extension.close();
	}

	private TestApplication application() {
		for (String name : List.of("one", "two", "three")) {
			this.aws.put(name, "CANARY-aws-" + name);
			this.extension.putSecret(name, "CANARY-extension-" + name);
		}
		return new TestApplication(TestApplication.Empty.class)
			.property("spring.cloud.aws.endpoint", this.aws.endpoint().toString())
			.property("spring.cloud.aws.region.static", REGION)
			.variable("AWS_REGION", REGION)
			.property("logging.level.io.github.secretsextension", "info")
			.property("one", "$<secret:one>")
			.property("two", "$<secret:two>")
			.variable("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", String.valueOf(this.extension.port()))
			.variable("AWS_SESSION_TOKEN", FakeExtension.TOKEN);
	}

	private TestApplication inLambda() {
		return application().variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1");
	}

	@Test
	void firstMissAfterInitGoesToTheExtension(CapturedOutput output) {
		this.extension.neverReady();
		try (ConfigurableApplicationContext context = inLambda().run()) {
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-aws-one");
			assertThat(context.getEnvironment().getProperty("two")).isEqualTo("CANARY-aws-two");
			this.extension.ready();
			// At hand within its TTL.
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-aws-one");
			assertThat(context.getBean(SecretsProvider.class).text("secret:three")).isEqualTo("CANARY-extension-three");
		}
		assertThat(this.extension.requests("three")).isEqualTo(1);
		assertThat(this.aws.calls()).hasSize(2);
		assertThat(output.toString().lines().filter((line) -> line.contains("Values are read in-process")))
			.singleElement()
			.asString()
			.contains(" INFO ", "is not ready");
		assertThat(output).doesNotContain(FakeSecrets.CANARY);
	}

	@Test
	void extensionThatIsReadyIsAskedAlone() {
		try (ConfigurableApplicationContext context = inLambda().run()) {
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-extension-one");
			assertThat(context.getEnvironment().getProperty("two")).isEqualTo("CANARY-extension-two");
		}
		assertThat(this.aws.calls()).isEmpty();
		assertThat(this.extension.requests()).isNotEmpty().allMatch(FakeRequest::hasToken);
	}

	@Test
	void withoutLayerValuesComeFromAwsInBatch(CapturedOutput output) {
		this.extension.die();
		try (ConfigurableApplicationContext context = inLambda().property("t", "$<secret:three>")
			.property("u", "$<secret:one>")
			.run()) {
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-aws-one");
		}
		assertThat(this.aws.calls()).extracting(AwsCall::action).containsOnly("GetSecretValue").hasSize(3);
		assertThat(output).contains("Nothing listens at 127.0.0.1:").doesNotContain("WARN");
	}

	@Test
	void extensionThatDiesIsReplacedInProcess() {
		try (ConfigurableApplicationContext context = inLambda().run()) {
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-extension-one");
			this.extension.die();
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-aws-one");
			assertThat(context.getEnvironment().getProperty("two")).isEqualTo("CANARY-aws-two");
		}
	}

	/**
	 * A name means another secret there.
	 */
	@ParameterizedTest
	@ValueSource(
			strings = { "spring.cloud.aws.region.static=eu-west-1", "spring.cloud.aws.secretsmanager.region=eu-west-1",
					"spring.cloud.aws.parameterstore.region=eu-west-1", "spring.cloud.aws.region.profile.name=p",
					"spring.cloud.aws.credentials.access-key=other", "SPRING_CLOUD_AWS_CREDENTIALS_ACCESS_KEY=other" })
	void extensionOfAnotherRegionOrIdentityIsNotAsked(String setting, CapturedOutput output) {
		String[] parts = setting.split("=");
		TestApplication application = inLambda();
		if (setting.startsWith("SPRING")) {
			application.variable(parts[0], parts[1]);
		}
		else {
			application.property(parts[0], parts[1]);
		}
		application.property("spring.cloud.aws.credentials.secret-key", "s");
		if (!setting.contains("access")) {
			application.property("spring.cloud.aws.credentials.access-key", "k");
		}
		if (setting.contains("profile")) {
			application.property("spring.cloud.aws.secretsmanager.region", REGION);
		}
		try (ConfigurableApplicationContext context = application.run()) {
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-aws-one");
		}
		assertThat(this.extension.acceptedConnections()).isZero();
		assertThat(output.toString().lines().filter((line) -> line.contains("Mode auto: "))).singleElement()
			.asString()
			.contains(" INFO ", "read in-process, because", "spring.cloud.aws.");
	}

	@Test
	void extensionIsNotAskedBesideRegisteredClients() {
		try (SecretsManagerClient client = SecretsManagerClient.builder()
			.endpointOverride(this.aws.endpoint())
			.region(Region.EU_WEST_1)
			.build();
				ConfigurableApplicationContext context = inLambda()
					.customize((application) -> application.addBootstrapRegistryInitializer((registry) -> registry
						.register(SecretsManagerClient.class, BootstrapRegistry.InstanceSupplier.of(client))))
					.run()) {
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-aws-one");
		}
		assertThat(this.extension.acceptedConnections()).isZero();
	}

	@Test
	void outsideLambdaCredentialsAreNoToken() {
		try (ConfigurableApplicationContext context = application().run()) {
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-aws-one");
		}
		assertThat(this.extension.acceptedConnections()).isZero();
	}

	@Test
	void outsideLambdaTheAgentIsAskedWithItsToken() {
		try (ConfigurableApplicationContext context = application().variable("AWS_TOKEN", FakeExtension.TOKEN).run()) {
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-extension-one");
		}
		assertThat(this.aws.calls()).isEmpty();
	}

	@Test
	void underSnapStartTheExtensionIsNotAsked() {
		TestApplication application = inLambda().variable("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
			.variable("AWS_SESSION_TOKEN", "")
			.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN", FakeExtension.TOKEN);
		try (ConfigurableApplicationContext context = application.run()) {
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-aws-one");
		}
		assertThat(this.extension.acceptedConnections()).isZero();
	}

	@Test
	void refreshAsksAws() {
		try (ConfigurableApplicationContext context = inLambda().run()) {
			SecretsProvider provider = context.getBean(SecretsProvider.class);
			assertThat(provider.refresh(io.github.secretsextension.SecretReference.secret("one")).text())
				.isEqualTo("CANARY-aws-one");
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-aws-one");
		}
	}

}
