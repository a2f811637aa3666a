package io.github.secretsextension.sample;

import java.net.URI;
import java.util.function.Function;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.localstack.LocalStackContainer;
import org.testcontainers.utility.DockerImageName;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.ParameterType;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The application against the real services' API in a container. Skipped where no
 * container engine answers.
 */
@SpringBootTest(properties = "secrets-extension.mode=embedded")
@Testcontainers(disabledWithoutDocker = true)
class LocalStackTests {

	// The newest images ask for an account: 4.x is the last line that does not.
	private static final String IMAGE = System.getProperty("secrets-extension.test.localstack-image",
			"localstack/localstack:4.14.0");

	@Container
	static final LocalStackContainer LOCALSTACK = new LocalStackContainer(
			DockerImageName.parse(IMAGE).asCompatibleSubstituteFor("localstack/localstack"))
		.withServices("secretsmanager", "ssm");

	@DynamicPropertySource
	static void aws(DynamicPropertyRegistry registry) {
		registry.add("spring.cloud.aws.endpoint", LOCALSTACK::getEndpoint);
		registry.add("spring.cloud.aws.region.static", LOCALSTACK::getRegion);
		registry.add("spring.cloud.aws.credentials.access-key", LOCALSTACK::getAccessKey);
		registry.add("spring.cloud.aws.credentials.secret-key", LOCALSTACK::getSecretKey);
	}

	@BeforeAll
	static void createSecrets() {
		try (SecretsManagerClient client = configure(SecretsManagerClient.builder()).build()) {
			client.createSecret((secret) -> secret.name("prod/db")
				.secretString("{\"username\":\"app\",\"password\":\"localstack-only\"}"));
			client.createSecret((secret) -> secret.name("prod/api-key").secretString("localstack-api-key"));
			client.createSecret((secret) -> secret.name("prod/signing-key").secretString("localstack-signing-key"));
		}
		try (SsmClient client = configure(SsmClient.builder()).build()) {
			client.putParameter((parameter) -> parameter.name("/app/url")
				.type(ParameterType.STRING)
				.value("jdbc:postgresql://db/quotes"));
		}
	}

	private static <B extends AwsClientBuilder<B, ?>> B configure(B builder) {
		return builder.endpointOverride(URI.create(LOCALSTACK.getEndpoint().toString()))
			.region(Region.of(LOCALSTACK.getRegion()))
			.credentialsProvider(StaticCredentialsProvider
				.create(AwsBasicCredentials.create(LOCALSTACK.getAccessKey(), LOCALSTACK.getSecretKey())));
	}

	@Test
	void answersWithTheValuesOfTheServices(@Autowired Function<QuoteRequest, Quote> quote) {
		Quote answer = quote.apply(new QuoteRequest("desk", 1));
		assertThat(answer.signature()).isEqualTo(Digests.sign("localstack-signing-key", "desk|1|249.00"));
		assertThat(answer.keyVersion()).isNotBlank();
		assertThat(answer.startedWith()).containsEntry("database", "app@jdbc:postgresql://db/quotes");
	}

}
