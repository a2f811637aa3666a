package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.awspring.cloud.autoconfigure.AwsSyncClientCustomizer;
import io.awspring.cloud.autoconfigure.config.parameterstore.SsmClientCustomizer;
import io.awspring.cloud.autoconfigure.config.secretsmanager.SecretsManagerClientCustomizer;
import io.awspring.cloud.autoconfigure.core.AwsConnectionDetails;
import io.awspring.cloud.autoconfigure.core.CredentialsProperties;
import io.awspring.cloud.autoconfigure.core.CredentialsProviderAutoConfiguration;
import org.apache.commons.logging.Log;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.mock.env.MockEnvironment;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.AwsServiceClientConfiguration;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.secretsmanager.model.GetSecretValueRequest;
import software.amazon.awssdk.services.secretsmanager.model.GetSecretValueResponse;
import software.amazon.awssdk.services.ssm.SsmClient;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.aws.AwsCall;
import io.github.secretsextension.aws.AwsSecretsProvider;
import io.github.secretsextension.aws.FaultServer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.contains;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoInteractions;

/**
 * Tests for {@link EmbeddedProviders}: the properties of Spring Cloud AWS, what users
 * register in the bootstrap context, and the variant without Spring Cloud AWS.
 */
class EmbeddedProvidersTests {

	private static final String WEST_SECRET = "secret:arn:aws:secretsmanager:eu-west-1:1:secret:db";

	private final FaultServer server = new FaultServer();

	private final Map<Class<?>, Object> bootstrap = new HashMap<>();

	private final Log log = mock(Log.class);

	private final List<String> callers = new ArrayList<>();

	private final MockEnvironment environment = new MockEnvironment()
		.withProperty("spring.cloud.aws.region.static", "eu-central-1")
		.withProperty("spring.cloud.aws.credentials.access-key", "AKIAPROP")
		.withProperty("spring.cloud.aws.credentials.secret-key", "key");

	@AfterEach
	void close() {
		this.server.close();
	}

	@Test
	void regionCredentialsAndGlobalEndpoint() {
		try (AwsSecretsProvider provider = provider("spring.cloud.aws.endpoint=" + this.server.endpoint() + "/all")) {
			assertThat(provider.text("secret:db")).isEqualTo("CANARY-s");
			assertThat(provider.text("param:db")).isEqualTo("CANARY-p");
		}
		assertThat(this.server.calls()).hasSize(2).allSatisfy((call) -> {
			assertThat(call.region()).isEqualTo("eu-central-1");
			assertThat(call.accessKey()).isEqualTo("AKIAPROP");
			assertThat(call.path()).startsWith("/all");
		});
		assertThat(this.callers).containsOnly("eu-central-1 'spring.cloud.aws.credentials'").hasSize(2);
		verifyNoInteractions(this.log);
	}

	@Test
	void endpointAndRegionOfEachServiceWin() {
		try (AwsSecretsProvider provider = provider("spring.cloud.aws.endpoint=" + this.server.endpoint() + "/all",
				"spring.cloud.aws.secretsmanager.endpoint=" + this.server.endpoint() + "/sm",
				"spring.cloud.aws.parameterstore.endpoint=" + this.server.endpoint() + "/ps",
				"spring.cloud.aws.secretsmanager.region=us-west-1",
				"spring.cloud.aws.parameterstore.region=us-west-2")) {
			provider.text("secret:db");
			provider.text("param:db");
		}
		assertThat(this.server.calls()).extracting((call) -> call.path().substring(0, 3) + call.region())
			.containsExactly("/smus-west-1", "/psus-west-2");
	}

	@Test
	void regionOfAnArnWinsAndNeedsNoDefaultRegion() {
		this.bootstrap.put(AwsRegionProvider.class, (AwsRegionProvider) () -> {
			throw SdkClientException.create("Unable to load region");
		});
		try (AwsSecretsProvider provider = provider("spring.cloud.aws.endpoint=" + this.server.endpoint())) {
			assertThat(provider.text(WEST_SECRET)).isEqualTo("CANARY-s");
			SecretsException failure = catchThrowableOfType(SecretsException.class, () -> provider.text("secret:db"));
			assertThat(failure.getReason()).isEqualTo(SecretsException.Reason.NOT_CONFIGURED);
			assertThat(failure).hasMessageContaining("AWS_REGION");
		}
		assertThat(this.server.calls()).extracting(AwsCall::region).containsExactly("eu-west-1");
	}

	@Test
	void regionOfAnArnWinsOverTheServicesRegion() {
		try (AwsSecretsProvider provider = provider("spring.cloud.aws.endpoint=" + this.server.endpoint(),
				"spring.cloud.aws.secretsmanager.region=us-west-1")) {
			provider.text(WEST_SECRET);
		}
		assertThat(this.server.calls()).extracting(AwsCall::region).containsExactly("eu-west-1");
	}

	@ParameterizedTest
	@CsvSource(nullValues = "-", textBlock = """
			-,                                       secretsmanager.,      ssm.eu-central-1.amazonaws.com
			spring.cloud.aws.fips-enabled=true,      secretsmanager-fips., ssm-fips.eu-central-1.amazonaws.com
			spring.cloud.aws.dualstack-enabled=true, secretsmanager.,      ssm.eu-central-1.api.aws
			spring.cloud.aws.parameterstore.dualstack-enabled=true, secretsmanager., ssm.eu-central-1.api.aws
			""")
	void fipsAndDualStack(String property, String secretsHost, String parametersHost) {
		HostTrap trap = new HostTrap();
		this.bootstrap.put(AwsSyncClientCustomizer.class, (AwsSyncClientCustomizer) (builder) -> {
			ClientOverrideConfiguration configuration = ((AwsClientBuilder<?, ?>) builder).overrideConfiguration();
			((AwsClientBuilder<?, ?>) builder)
				.overrideConfiguration(configuration.toBuilder().addExecutionInterceptor(trap).build());
		});
		try (AwsSecretsProvider provider = (property != null) ? provider(property) : provider()) {
			catchThrowableOfType(SecretsException.class, () -> provider.text("secret:db"));
			catchThrowableOfType(SecretsException.class, () -> provider.text("param:db"));
		}
		assertThat(trap.hosts).as("interceptors are called, so the deadline did not replace them")
			// The ordinary endpoint of Secrets Manager is a dual-stack one.
			.containsExactly(secretsHost + "eu-central-1.amazonaws.com", parametersHost);
		assertThat(trap.userAgents).allSatisfy((agent) -> assertThat(agent).contains("spring-cloud-aws"));
	}

	@Test
	void deadlineIsSetBesideWhatACustomizerSets() {
		this.server.mode(FaultServer.Mode.HANG);
		this.bootstrap.put(AwsSyncClientCustomizer.class,
				(AwsSyncClientCustomizer) (builder) -> ((AwsClientBuilder<?, ?>) builder)
					.overrideConfiguration((configuration) -> configuration.apiCallTimeout(Duration.ofMinutes(1))));
		this.environment.setProperty("spring.cloud.aws.endpoint", this.server.endpoint().toString());
		try (AwsSecretsProvider provider = EmbeddedProviders.create(this.environment, this.bootstrap::get,
				Duration.ofMillis(500), SecretsClock.system(), this.log, (region, credentials) -> {
				}, true)) {
			SecretsException failure = catchThrowableOfType(SecretsException.class, () -> provider.text("secret:db"));
			assertThat(failure.getReason()).isEqualTo(SecretsException.Reason.TIMEOUT);
		}
		assertThat(this.server.calls()).hasSizeLessThanOrEqualTo(2);
	}

	@Test
	void customizersOfEachServiceAndAnHttpClient() {
		this.bootstrap.put(SecretsManagerClientCustomizer.class,
				(SecretsManagerClientCustomizer) (builder) -> builder.region(Region.of("xx-sm-1")));
		this.bootstrap.put(SsmClientCustomizer.class,
				(SsmClientCustomizer) (builder) -> builder.region(Region.of("xx-ps-1")));
		this.bootstrap.put(AwsSyncClientCustomizer.class,
				(AwsSyncClientCustomizer) (builder) -> builder.httpClient(UrlConnectionHttpClient.create()));
		try (AwsSecretsProvider provider = provider("spring.cloud.aws.endpoint=" + this.server.endpoint())) {
			provider.text("secret:db");
			provider.text("param:db");
		}
		assertThat(this.server.calls()).extracting(AwsCall::region).containsExactly("xx-sm-1", "xx-ps-1");
	}

	@Test
	void connectionDetailsAndCredentialsOfTheBootstrapContext() {
		this.bootstrap.put(AwsConnectionDetails.class, new AwsConnectionDetails() {

			@Override
			public URI getEndpoint() {
				return EmbeddedProvidersTests.this.server.endpoint();
			}

			@Override
			public String getRegion() {
				return "xx-details-1";
			}

		});
		this.bootstrap.put(AwsCredentialsProvider.class,
				StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIABOOT", "key")));
		try (AwsSecretsProvider provider = provider()) {
			provider.text("secret:db");
		}
		assertThat(this.server.calls()).singleElement().satisfies((call) -> {
			assertThat(call.region()).isEqualTo("xx-details-1");
			assertThat(call.accessKey()).isEqualTo("AKIABOOT");
		});
	}

	@ParameterizedTest
	@CsvSource({ "true", "false" })
	void clientsOfTheBootstrapContextAreUsedAndStayOpen(boolean springCloudAws) {
		SecretsManagerClient secrets = mock(SecretsManagerClient.class);
		given(secrets.getSecretValue(any(GetSecretValueRequest.class)))
			.willReturn(GetSecretValueResponse.builder().secretString("CANARY-mock").build());
		SsmClient parameters = mock(SsmClient.class);
		this.bootstrap.put(SecretsManagerClient.class, secrets);
		this.bootstrap.put(SsmClient.class, parameters);
		try (AwsSecretsProvider provider = create(springCloudAws)) {
			assertThat(provider.text("secret:db")).isEqualTo("CANARY-mock");
			assertThat(provider.text(WEST_SECRET)).isEqualTo("CANARY-mock");
			provider.prepare(SecretReference.parameter("db"));
		}
		verify(secrets, times(2)).getSecretValue(any(GetSecretValueRequest.class));
		verify(secrets, never()).close();
		verify(parameters, never()).close();
	}

	@Test
	void clientOfTheBootstrapContextServesItsOwnRegionOnly() {
		try (SecretsManagerClient mine = SecretsManagerClient.builder()
			.endpointOverride(this.server.endpoint().resolve("/mine"))
			.region(Region.EU_CENTRAL_1)
			.credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIAMINE", "key")))
			.httpClientBuilder(UrlConnectionHttpClient.builder())
			.build()) {
			this.bootstrap.put(SecretsManagerClient.class, mine);
			try (AwsSecretsProvider provider = provider("spring.cloud.aws.endpoint=" + this.server.endpoint())) {
				provider.text("secret:arn:aws:secretsmanager:eu-central-1:1:secret:db");
				provider.text(WEST_SECRET);
				provider.text("secret:db");
			}
			assertThat(this.server.calls()).extracting((call) -> call.accessKey() + " " + call.region())
				.containsExactly("AKIAMINE eu-central-1", "AKIAPROP eu-west-1", "AKIAMINE eu-central-1");
		}
	}

	@Test
	void expiredCredentialsOfAProfileAreReadAnew(@TempDir Path home) throws IOException {
		Path credentials = home.resolve("credentials");
		Files.writeString(credentials, "[work]\naws_access_key_id = AKIAOLD\naws_secret_access_key = key\n");
		this.environment.setProperty("spring.cloud.aws.credentials.access-key", "");
		try (AwsSecretsProvider provider = provider("spring.cloud.aws.endpoint=" + this.server.endpoint(),
				"spring.cloud.aws.credentials.profile.name=work",
				"spring.cloud.aws.credentials.profile.path=" + credentials)) {
			provider.text("param:db");
			Files.writeString(credentials, "[work]\naws_access_key_id = AKIANEW\naws_secret_access_key = key\n");
			provider.text("secret:db");
			this.server.refuse("AKIAOLD", "ExpiredTokenException");
			provider.text("secret:db");
			provider.text("param:db");
		}
		assertThat(this.server.calls()).extracting(AwsCall::accessKey)
			.containsExactly("AKIAOLD", "AKIAOLD", "AKIAOLD", "AKIANEW", "AKIANEW");
	}

	@Test
	void expiredCredentialsOfTheBootstrapContextAreAskedForAgainAndNotClosed() {
		RotatingCredentials registered = new RotatingCredentials();
		this.bootstrap.put(AwsCredentialsProvider.class, registered);
		this.server.refuse("AKIA1", "ExpiredTokenException");
		try (AwsSecretsProvider provider = provider("spring.cloud.aws.endpoint=" + this.server.endpoint())) {
			assertThat(provider.text("secret:db")).isEqualTo("CANARY-s");
		}
		assertThat(this.server.calls()).extracting(AwsCall::accessKey).containsExactly("AKIA1", "AKIA2");
		assertThat(registered.closed).isFalse();
	}

	@Test
	void clientOfTheBootstrapContextIsCalledAgainAndStaysOpen() {
		RotatingCredentials rotating = new RotatingCredentials();
		this.server.refuse("AKIA1", "ExpiredTokenException");
		try (SecretsManagerClient mine = SecretsManagerClient.builder()
			.endpointOverride(this.server.endpoint())
			.region(Region.EU_CENTRAL_1)
			.credentialsProvider(rotating)
			.httpClientBuilder(UrlConnectionHttpClient.builder())
			.build()) {
			this.bootstrap.put(SecretsManagerClient.class, mine);
			try (AwsSecretsProvider provider = provider()) {
				assertThat(provider.text("secret:db")).isEqualTo("CANARY-s");
			}
			assertThat(rotating.closed).isFalse();
		}
		assertThat(this.server.calls()).extracting(AwsCall::accessKey).containsExactly("AKIA1", "AKIA2");
	}

	/**
	 * Others use the SDK's default credentials provider too, which is one for the whole
	 * process, and a client closes the provider it has.
	 */
	@Test
	void defaultCredentialsProviderOfTheProcessIsLeftAlone() {
		this.environment.setProperty("spring.cloud.aws.credentials.access-key", "");
		List<Object> used = new ArrayList<>();
		this.bootstrap.put(AwsSyncClientCustomizer.class,
				(AwsSyncClientCustomizer) (builder) -> ((AwsClientBuilder<?, ?>) builder).addPlugin(
						(plugin) -> used.add(((AwsServiceClientConfiguration.Builder) plugin).credentialsProvider())));
		try (AwsSecretsProvider provider = provider("spring.cloud.aws.endpoint=" + this.server.endpoint())) {
			provider.prepare(SecretReference.secret("db"));
		}
		assertThat(used).singleElement()
			.isInstanceOf(DefaultCredentialsProvider.class)
			.isNotSameAs(CredentialsProviderAutoConfiguration.createCredentialsProvider(new CredentialsProperties(),
					() -> Region.EU_CENTRAL_1));
	}

	@Test
	void bootstrapContextIsNotAskedLater() {
		List<Class<?>> asked = new ArrayList<>();
		this.environment.setProperty("spring.cloud.aws.endpoint", this.server.endpoint().toString());
		try (AwsSecretsProvider provider = EmbeddedProviders.create(this.environment, (type) -> {
			asked.add(type);
			return null;
		}, Duration.ofSeconds(5), SecretsClock.system(), this.log, (region, credentials) -> {
		})) {
			assertThat(asked).hasSize(8);
			provider.text("secret:db");
			provider.text("param:db");
			assertThat(asked).hasSize(8);
		}
	}

	@Test
	void anotherProviderWorksAfterTheFirstIsClosed() {
		for (int i = 0; i < 2; i++) {
			try (AwsSecretsProvider provider = provider("spring.cloud.aws.endpoint=" + this.server.endpoint())) {
				assertThat(provider.text("secret:db")).isEqualTo("CANARY-s");
			}
		}
	}

	@Test
	void withoutSpringCloudAwsItsPropertiesAreWarnedOfOnce() {
		create(false).close();
		verify(this.log).warn(contains("'spring.cloud.aws'"));
	}

	@Test
	void withoutSpringCloudAwsAndItsPropertiesThereIsNoWarning() {
		EmbeddedProviders.create(new MockEnvironment(), this.bootstrap::get, Duration.ZERO, SecretsClock.system(),
				this.log, (region, credentials) -> {
				}, false)
			.close();
		verifyNoInteractions(this.log);
	}

	private AwsSecretsProvider provider(String... properties) {
		for (String property : properties) {
			this.environment.setProperty(property.substring(0, property.indexOf('=')),
					property.substring(property.indexOf('=') + 1));
		}
		return create(true);
	}

	private AwsSecretsProvider create(boolean springCloudAws) {
		return EmbeddedProviders.create(this.environment, this.bootstrap::get, Duration.ofSeconds(5),
				SecretsClock.system(), this.log, (region, credentials) -> this.callers.add(region + " " + credentials),
				springCloudAws);
	}

	/**
	 * Credentials that are other ones at every call, and can be closed.
	 */
	private static final class RotatingCredentials implements AwsCredentialsProvider, AutoCloseable {

		private int count;

		private boolean closed;

		@Override
		public AwsCredentials resolveCredentials() {
			return AwsBasicCredentials.create("AKIA" + ++this.count, "key");
		}

		@Override
		public void close() {
			this.closed = true;
		}

	}

	/**
	 * An interceptor that notes where a call would go, and lets none go.
	 */
	private static final class HostTrap implements ExecutionInterceptor {

		private final List<String> hosts = new ArrayList<>();

		private final List<String> userAgents = new ArrayList<>();

		@Override
		public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
			this.hosts.add(context.httpRequest().host());
			this.userAgents.add(context.httpRequest().firstMatchingHeader("User-Agent").orElse(""));
			throw new IllegalStateException("trapped");
		}

	}

}
