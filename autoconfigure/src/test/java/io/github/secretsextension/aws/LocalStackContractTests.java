package io.github.secretsextension.aws;

import java.net.URI;

import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.localstack.LocalStackContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * The contract against LocalStack, where there is a container engine. The image is
 * pinned, since those after 4.x ask for a token; another one, such as one from a mirror,
 * is set by the system property {@code secrets-extension.test.localstack-image}.
 */
@Testcontainers(disabledWithoutDocker = true)
class LocalStackContractTests extends AwsSecretsProviderContract {

	private static final String IMAGE = System.getProperty("secrets-extension.test.localstack-image",
			"localstack/localstack:4.14.0");

	@Container
	private static final LocalStackContainer LOCALSTACK = new LocalStackContainer(
			DockerImageName.parse(IMAGE).asCompatibleSubstituteFor("localstack/localstack"))
		.withServices("secretsmanager", "ssm");

	@Override
	URI endpoint() {
		return LOCALSTACK.getEndpoint();
	}

}
