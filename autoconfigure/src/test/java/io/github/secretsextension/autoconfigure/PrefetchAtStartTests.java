package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import io.awspring.cloud.autoconfigure.config.secretsmanager.SecretsManagerClientCustomizer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.aws.AwsCall;
import io.github.secretsextension.aws.FaultServer;
import io.github.secretsextension.aws.FaultServer.Mode;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what an application fetches while it starts.
 */
@ExtendWith(OutputCaptureExtension.class)
@Timeout(60)
class PrefetchAtStartTests {

	private final FaultServer aws = new FaultServer();

	private final List<String> properties = new ArrayList<>();

	private volatile Environment environment;

	@AfterEach
	void close() {
		this.aws.close();
	}

	@Test
	void twentySecretsAndTwentyParametersAreThreeCalls(CapturedOutput output) {
		secrets(20);
		parameters(20);
		try (ConfigurableApplicationContext context = run()) {
			assertAllThere(context, 20, 20);
		}
		assertThat(operations()).containsExactlyInAnyOrder("BatchGetSecretValue", "GetParameters", "GetParameters");
		assertThat(output).contains("Fetched 20 of 20 secrets in 1 call, ", "; 20 of 20 parameters in 2 calls, ")
			.doesNotContain(FakeSecrets.CANARY);
	}

	@Test
	void threeOfAKindAreSingleCalls() {
		secrets(3);
		parameters(3);
		try (ConfigurableApplicationContext context = run()) {
			assertAllThere(context, 3, 3);
		}
		assertThat(operations()).containsOnly("GetSecretValue", "GetParameter").hasSize(6);
	}

	@Test
	void singleMakesNoBatchCall() {
		secrets(5);
		this.properties.add("secrets-extension.prefetch=single");
		try (ConfigurableApplicationContext context = run()) {
			assertAllThere(context, 5, 0);
		}
		assertThat(operations()).containsOnly("GetSecretValue").hasSize(5);
	}

	@Test
	void offReadsWhenAsked() {
		secrets(5);
		this.properties.add("secrets-extension.prefetch=off");
		try (ConfigurableApplicationContext context = run()) {
			assertThat(this.aws.calls()).isEmpty();
			assertAllThere(context, 5, 0);
		}
		assertThat(operations()).containsOnly("GetSecretValue").hasSize(5);
	}

	@Test
	void nothingIsFetchedAheadOfASnapshot() {
		secrets(5);
		this.properties.add("AWS_LAMBDA_INITIALIZATION_TYPE=snap-start");
		try (ConfigurableApplicationContext context = run()) {
			assertThat(this.aws.calls()).isEmpty();
			assertAllThere(context, 5, 0);
		}
	}

	@Test
	void fieldsAndDefaultsOfOneSecretAreOneCall() {
		this.aws.put("db", "{\"user\":\"CANARY-u\",\"password\":\"CANARY-p\"}");
		this.properties.addAll(List.of("a=$<secret:db#user>", "b=$<secret:db#password>", "c=${secret:db#none:d}"));
		try (ConfigurableApplicationContext context = run()) {
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-u");
			assertThat(context.getEnvironment().getProperty("b")).isEqualTo("CANARY-p");
			assertThat(context.getEnvironment().getProperty("c")).isEqualTo("d");
		}
		assertThat(operations()).containsExactly("GetSecretValue");
	}

	@Test
	void refusedBatchFallsBackAndSaysWhatToAllow(CapturedOutput output) {
		secrets(5);
		this.aws.mode("BatchGetSecretValue", Mode.DENIED);
		try (ConfigurableApplicationContext context = run()) {
			assertAllThere(context, 5, 0);
		}
		assertThat(operations()).hasSize(6).contains("BatchGetSecretValue", "GetSecretValue");
		assertThat(output.toString().lines().filter((line) -> line.contains("a call for several failed")))
			.singleElement()
			.asString()
			.contains("INFO", "secretsmanager:BatchGetSecretValue", "AccessDenied",
					"secrets-extension.prefetch=single");
	}

	@Test
	void missingSecretFailsOnlyWhoReadsIt() {
		secrets(5);
		this.aws.mode("s3", Mode.NOT_FOUND);
		try (ConfigurableApplicationContext context = run()) {
			assertThat(context.getEnvironment().getProperty("s2")).startsWith(FakeSecrets.CANARY);
			assertThatExceptionOfType(ReferenceResolutionException.class)
				.isThrownBy(() -> context.getEnvironment().getProperty("s3"))
				.withMessageContaining("'s3'");
		}
	}

	@Test
	void failingPrefetchDoesNotFailTheStart() {
		secrets(5);
		this.aws.mode(Mode.THROTTLED);
		try (ConfigurableApplicationContext context = run()) {
			awaitPrefetch(1);
			this.aws.mode(Mode.OK);
			assertAllThere(context, 5, 0);
		}
	}

	@Test
	void withoutAReferenceThereIsNoThreadAndNoClient() {
		this.properties.add("a=b");
		int before = threads();
		try (ConfigurableApplicationContext context = run()) {
			assertThat(threads()).isEqualTo(before);
		}
		assertThat(this.aws.connections()).isZero();
	}

	@Test
	void settingsThatComeLateDropWhatWasFetchedWithOthers() {
		secrets(5);
		try (FaultServer late = new FaultServer()) {
			late.put("s1", "CANARY-late");
			SpringApplication application = application();
			application.addInitializers((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new MapPropertySource("late",
						java.util.Map.of("spring.cloud.aws.endpoint", late.endpoint().toString()))));
			try (ConfigurableApplicationContext context = application.run(arguments())) {
				assertThat(context.getEnvironment().getProperty("s1")).isEqualTo("CANARY-late");
			}
			assertThat(late.calls()).extracting(AwsCall::action).containsExactly("BatchGetSecretValue");
		}
	}

	@Test
	void referencesThatComeLateAreFetchedToo() {
		secrets(1);
		SpringApplication application = application();
		application.addInitializers((context) -> context.getEnvironment()
			.getPropertySources()
			.addFirst(new MapPropertySource("late", java.util.Map.of("late", "$<secret:late>"))));
		try (ConfigurableApplicationContext context = application.run(arguments())) {
			awaitPrefetch(2);
			assertThat(context.getEnvironment().getProperty("late")).startsWith(FakeSecrets.CANARY);
		}
		assertThat(operations()).containsExactly("GetSecretValue", "GetSecretValue");
	}

	@Test
	void endOfTheApplicationGivesUpWhatIsUnderWay() {
		secrets(1);
		this.aws.mode(Mode.HANG);
		long began = System.nanoTime();
		run().close();
		assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
		await().atMost(Duration.ofSeconds(10)).until(() -> threads() == 0);
	}

	@Test
	void whatNestedPlaceholdersStoodForIsNotLogged(CapturedOutput output) {
		this.aws.put("inner", "CANARY-inner");
		this.properties.addAll(List.of("token=$<secret:inner>", "a=$<secret:db/${token}>",
				"secrets-extension.secrets-manager.ttl=1ms"));
		try (ConfigurableApplicationContext context = run()) {
			assertThat(context.getEnvironment().getProperty("a")).startsWith(FakeSecrets.CANARY);
			this.aws.mode(Mode.DENIED);
			this.aws.mode("inner", Mode.OK);
			this.aws.mode("db/CANARY-inner", Mode.INTERNAL_ERROR);
			await().atMost(Duration.ofSeconds(20)).until(() -> {
				context.getEnvironment().getProperty("a");
				return output.toString().contains("is past its TTL");
			});
			assertThat(output).contains("db/${token}").doesNotContain(FakeSecrets.CANARY);
		}
	}

	/**
	 * A customizer that reads the secret which its own client is to fetch.
	 */
	@Test
	void clientThatNeedsItselfFailsAndDoesNotHang() {
		secrets(1);
		SpringApplication application = application();
		application
			.addBootstrapRegistryInitializer((registry) -> registry.register(SecretsManagerClientCustomizer.class,
					(context) -> (builder) -> this.environment.getProperty("s1")));
		application
			.addListeners((ApplicationEnvironmentPreparedEvent event) -> this.environment = event.getEnvironment());
		try (ConfigurableApplicationContext context = application.run(arguments())) {
			assertThatExceptionOfType(ReferenceResolutionException.class)
				.isThrownBy(() -> context.getEnvironment().getProperty("s1"));
		}
	}

	@Test
	void registeredProviderIsNotAskedAhead() {
		FakeSecrets secrets = new FakeSecrets().set("secret:s1", "CANARY-own");
		TestApplication application = new TestApplication(secrets, TestApplication.Empty.class);
		try (ConfigurableApplicationContext context = application.property("a", "$<secret:s1>").run()) {
			assertThat(secrets.calls()).isEmpty();
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-own");
		}
	}

	private static int threads() {
		return (int) Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("secrets-extension-"))
			.count();
	}

	private void awaitPrefetch(int calls) {
		await().atMost(Duration.ofSeconds(20)).until(() -> this.aws.calls().size() >= calls);
	}

	private List<String> operations() {
		return this.aws.calls().stream().map(AwsCall::action).toList();
	}

	private void secrets(int count) {
		IntStream.rangeClosed(1, count).forEach((i) -> this.properties.add("s" + i + "=$<secret:s" + i + ">"));
	}

	private void parameters(int count) {
		IntStream.rangeClosed(1, count).forEach((i) -> this.properties.add("p" + i + "=$<param:/p" + i + ">"));
	}

	private static void assertAllThere(ConfigurableApplicationContext context, int secrets, int parameters) {
		IntStream.rangeClosed(1, secrets)
			.forEach((i) -> assertThat(context.getEnvironment().getProperty("s" + i)).startsWith(FakeSecrets.CANARY));
		IntStream.rangeClosed(1, parameters)
			.forEach((i) -> assertThat(context.getEnvironment().getProperty("p" + i)).startsWith(FakeSecrets.CANARY));
	}

	private ConfigurableApplicationContext run() {
		return application().run(arguments());
	}

	private static SpringApplication application() {
		SpringApplication application = new SpringApplication(TestApplication.Empty.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		return application;
	}

	private String[] arguments() {
		List<String> arguments = new ArrayList<>(
				List.of("spring.main.banner-mode=off", "logging.level.io.github.secretsextension=info",
						"spring.cloud.aws.endpoint=" + this.aws.endpoint(), "spring.cloud.aws.region.static=eu-west-1",
						"spring.cloud.aws.credentials.access-key=k", "spring.cloud.aws.credentials.secret-key=s"));
		arguments.addAll(this.properties);
		return arguments.stream().map((property) -> "--" + property).toArray(String[]::new);
	}

}
