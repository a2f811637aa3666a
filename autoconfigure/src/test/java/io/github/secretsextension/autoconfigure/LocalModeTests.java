package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;

import org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for the local mode.
 */
@ExtendWith(OutputCaptureExtension.class)
class LocalModeTests {

	private static final String C = FakeSecrets.CANARY;

	private static final String YAML = """
			secrets:
			  prod/db:
			    username: app
			    password: %sdb
			    pin: 0012
			    hosts: [{name: one}, {name: two}]
			    nothing: ~
			  api-key: %skey
			  number: 0012
			  binary: !!binary AAEC
			parameters:
			  /app/url: https://example.com
			  /app/list: a,b
			""".formatted(C, C);

	@TempDir
	Path folder;

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					secret:prod/db#username          | app
					secret:prod/db#password          | CANARY-db
					secret:prod/db#pin               | 0012
					secret:prod/db#/hosts/1/name     | two
					secret:prod/db                   | {"username":"app","password":"CANARY-db","pin":"0012","hosts":[{"name":"one"},{"name":"two"}],"nothing":"~"}
					secret:api-key                   | CANARY-key
					secret:number                    | 0012
					secret:api-key?versionStage=AWSCURRENT | CANARY-key
					param:/app/url                   | https://example.com
					param:/app/url?version=1         | https://example.com
					param:/app/list                  | a,b
					secret:none:fallback             | fallback
					secret:api-key?versionStage=AWSPREVIOUS:fallback | fallback
					param:/app/url?version=2:fallback | fallback
					param:/app/url?label=x:fallback  | fallback
					""")
	void readsYamlFile(String reference, String expected) throws IOException {
		try (ConfigurableApplicationContext context = application(write("local.yml", YAML)).run()) {
			assertThat(provider(context).text(reference)).isEqualTo(expected);
		}
	}

	@Test
	void readsBinaryFromYamlFile() throws IOException {
		try (ConfigurableApplicationContext context = application(write("local.yml", YAML)).run()) {
			SecretValue value = provider(context).get(SecretReference.secret("binary"));
			assertThat(value.bytes()).containsExactly(0, 1, 2);
			assertThatExceptionOfType(SecretsException.class).isThrownBy(value::text)
				.extracting(SecretsException::getReason)
				.isEqualTo(Reason.NOT_TEXT);
		}
	}

	/**
	 * A program that was written for the extension finds what the extension says.
	 */
	@Test
	void valuesSayAllThatThoseOfAwsSay() throws IOException {
		try (ConfigurableApplicationContext context = application(write("local.yml", YAML)).run()) {
			SecretsProvider provider = provider(context);
			SecretValue secret = provider.get(SecretReference.secret("prod/db"));
			assertThat(secret.arn())
				.matches("arn:aws:secretsmanager:us-east-1:000000000000:secret:prod/db-[A-Za-z0-9]{6}");
			assertThat(secret.createdAt()).isBeforeOrEqualTo(Instant.now());
			assertThat(secret.versionId()).hasSize(36);
			assertThat(provider.refresh(SecretReference.secret("prod/db")).versionId()).isEqualTo(secret.versionId());
			assertThat(provider.get(SecretReference.secret("api-key")).versionId()).isNotEqualTo(secret.versionId());
			assertThat(secret.versionId())
				.isNotEqualTo(UUID.nameUUIDFromBytes(secret.text().getBytes(StandardCharsets.UTF_8)).toString());
			SecretValue parameter = provider.get(SecretReference.parameter("/app/url"));
			assertThat(parameter.arn()).isEqualTo("arn:aws:ssm:us-east-1:000000000000:parameter/app/url");
			assertThat(parameter.dataType()).isEqualTo("text");
			assertThat(parameter.createdAt()).isEqualTo(secret.createdAt());
		}
	}

	@ParameterizedTest
	@CsvSource({ "secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf#username, app, prod/db",
			"secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db#username, app, prod/db",
			"param:arn:aws:ssm:eu-west-1:123456789012:parameter/app/url, https://example.com, /app/url" })
	void arnStandsForTheNameInIt(String reference, String expected, String name) throws IOException {
		try (ConfigurableApplicationContext context = application(write("local.yml", YAML)).run()) {
			assertThat(provider(context).text(reference)).isEqualTo(expected);
			SecretReference parsed = SecretReference.parse(reference);
			SecretValue value = provider(context).get(parsed);
			assertThat(value.name()).isEqualTo(name);
			assertThat(parsed.isAnsweredBy(value.name(), value.arn())).isTrue();
			assertThat(provider(context)
				.text("secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:no-AbCdEf:none")).isEqualTo("none");
		}
	}

	@Test
	void readsPropertiesFile() throws IOException {
		Path file = write("local.properties", """
				secrets[prod/db].password=%sdb
				secrets[prod/db].hosts[0].name=one
				secrets[api-key]=%skey
				parameters[/app/url]=https://example.com
				""".formatted(C, C));
		try (ConfigurableApplicationContext context = application(file).run()) {
			assertThat(provider(context).text("secret:prod/db#password")).isEqualTo(C + "db");
			assertThat(provider(context).text("secret:prod/db#/hosts/0/name")).isEqualTo("one");
			assertThat(provider(context).text("secret:api-key")).isEqualTo(C + "key");
			assertThat(provider(context).text("param:/app/url")).isEqualTo("https://example.com");
		}
	}

	@Test
	void inlineValueWinsOverFile() throws IOException {
		try (ConfigurableApplicationContext context = application(write("local.yml", YAML))
			.property("secrets-extension.local.secrets[api-key]", C + "inline")
			.property("secrets-extension.local.secrets[prod/new].port", "5432")
			.property("secrets-extension.local.secrets[prod/new].hosts[0]", "a\"\\b")
			.property("secrets-extension.local.parameters[/app/new]", "new")
			.property("app.text", "$<secret:api-key>")
			.run()) {
			assertThat(context.getEnvironment().getProperty("app.text")).isEqualTo(C + "inline");
			assertThat(provider(context).text("secret:prod/db#password")).isEqualTo(C + "db");
			assertThat(provider(context).text("secret:prod/new"))
				.isEqualTo("{\"port\":\"5432\",\"hosts\":[\"a\\\"\\\\b\"]}");
			assertThat(provider(context).text("param:/app/new")).isEqualTo("new");
		}
	}

	@Test
	void inlineKeyWinsOverFileKeyByKey() throws IOException {
		try (ConfigurableApplicationContext context = application(write("local.yml", YAML))
			.property("secrets-extension.local.secrets[prod/db].password", C + "inline")
			.run()) {
			assertThat(provider(context).text("secret:prod/db#password")).isEqualTo(C + "inline");
			assertThat(provider(context).text("secret:prod/db#username")).isEqualTo("app");
		}
	}

	@Test
	void autoConfigurationAloneResolvesReferences() {
		new ApplicationContextRunner()
			.withConfiguration(org.springframework.boot.autoconfigure.AutoConfigurations
				.of(SecretsExtensionAutoConfiguration.class))
			.withPropertyValues("secrets-extension.mode=local",
					"secrets-extension.local.secrets[api-key]=" + C + "#{1}", "app.text=$<secret:api-key>")
			.withUserConfiguration(Reader.class)
			.run((context) -> assertThat(context.getBean(Reader.class).text).isEqualTo(C + "#{1}"));
	}

	@Test
	void changedFileIsSeenAfterTtl() throws IOException {
		ManualClock clock = new ManualClock(0);
		Path file = write("local.yml", YAML);
		try (ConfigurableApplicationContext context = application(file).variable("SECRETS_MANAGER_TTL", "60")
			.customize((application) -> application.addBootstrapRegistryInitializer(
					(registry) -> registry.register(SecretsClock.class, InstanceSupplier.of(clock))))
			.property("p", "$<secret:api-key>")
			.run()) {
			assertThat(context.getEnvironment().getProperty("p")).isEqualTo(C + "key");
			write("local.yml", YAML.replace(C + "key", C + "rotated"));
			clock.advance(Duration.ofSeconds(59));
			assertThat(context.getEnvironment().getProperty("p")).isEqualTo(C + "key");
			clock.advance(Duration.ofSeconds(1));
			assertThat(context.getEnvironment().getProperty("p")).isEqualTo(C + "rotated");
		}
	}

	@Test
	void valuesGoBeforeACheckpointAndComeAnewAfterwards() throws IOException {
		Path file = write("local.yml", YAML);
		try (ConfigurableApplicationContext context = application(file).property("p", "$<secret:api-key>").run()) {
			assertThat(context.getEnvironment().getProperty("p")).isEqualTo(C + "key");
			write("local.yml", YAML.replace(C + "key", C + "rotated"));
			assertThat(context.getEnvironment().getProperty("p")).isEqualTo(C + "key");
			context.stop();
			context.start();
			assertThat(context.getEnvironment().getProperty("p")).isEqualTo(C + "rotated");
		}
	}

	@Test
	void startsNoThread() throws IOException {
		Set<Thread> before = Thread.getAllStackTraces().keySet();
		try (ConfigurableApplicationContext context = application(write("local.yml", YAML))
			.property("p", "$<secret:api-key>")
			.run()) {
			context.getEnvironment().getProperty("p");
			assertThat(Thread.getAllStackTraces()
				.keySet()
				.stream()
				.filter((thread) -> !before.contains(thread))
				.map(Thread::getName)
				.collect(Collectors.toSet())).noneMatch((name) -> name.startsWith("secrets-extension"));
		}
	}

	@Test
	void missingEntryFailsStartAndNamesIt(CapturedOutput output) throws IOException {
		Path file = write("local.yml", YAML);
		Throwable failure = catchThrowable(() -> application(file).property("app.text", "$<secret:none>").run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("'$<secret:none>' in property 'app.text'")
			.contains("application.yml] - ")
			.contains("Add it under 'secrets' of 'secrets-extension.local' or of")
			.contains("\"[name]\"")
			.doesNotContain(C);
	}

	@Test
	void missingFileFailsStart(CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> application(this.folder.resolve("none.yml")).property("app.text", "$<secret:api-key>").run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("'app.text'").contains("none.yml").contains("'secrets-extension.local.location'");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			secrets: [CANARY-x                             | is not valid YAML near line
			secrets: {a: CANARY-x, a: CANARY-y}            | is not valid YAML near line
			secrets: CANARY-x                              | is not valid
			- CANARY-x                                     | is not valid
			secrets: {api-key: !!java.net.URL [CANARY-x]}  | is not valid YAML near line
			""")
	void invalidFileFailsStartWithoutItsContent(String content, String expected, CapturedOutput output)
			throws IOException {
		Path file = write("local.yml", content);
		Throwable failure = catchThrowable(() -> application(file).property("app.text", "$<secret:api-key>").run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("'app.text'").contains(expected).doesNotContain(C);
	}

	@Test
	void propertiesFileWithTextForAMapFailsStartWithoutIt(CapturedOutput output) throws IOException {
		Path file = write("local.properties", "secrets=" + C + "text");
		Throwable failure = catchThrowable(() -> application(file).property("app.text", "$<secret:api-key>").run());
		ValueFailureTests.assertHoldsNoValue(failure, output);
		assertThat(output).contains("'app.text'", "local.properties' is not valid");
	}

	@ParameterizedTest
	@ValueSource(strings = { "secrets-extension.local.secrets", "secrets-extension.local.parameters" })
	void textInPlaceOfAMapFailsStartWithoutIt(String property, CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> new TestApplication(Reader.class).property("secrets-extension.mode", "local")
					.property(property, C + "text")
					.property("app.text", "$<secret:api-key>")
					.run());
		ValueFailureTests.assertHoldsNoValue(failure, output);
		assertThat(output).contains("'" + property + "' (URL [file:", "application.yml] - ",
				"'" + property + "[NAME]'");
	}

	@Test
	void unknownModeFailsStart(CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> new TestApplication(Reader.class).property("secrets-extension.mode", "remotely")
					.property("app.text", "$<secret:api-key>")
					.run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("secrets-extension.mode").contains("remotely").contains("LOCAL");
	}

	@Test
	void insideLambdaOneWarning(CapturedOutput output) throws IOException {
		try (ConfigurableApplicationContext context = application(write("local.yml", YAML))
			.variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
			.property("app.text", "$<secret:api-key>")
			.run()) {
			assertThat(context.isRunning()).isTrue();
			assertThat(output.toString().split("takes secrets from the deployment package", -1)).hasSize(2);
		}
	}

	@Test
	void runnerWithInitializer() {
		new ApplicationContextRunner().withInitializer(new SecretsExtensionInitializer())
			.withPropertyValues("secrets-extension.mode=local", "secrets-extension.local.secrets[api-key]=" + C + "key",
					"app.text=$<secret:api-key>")
			.withUserConfiguration(Reader.class)
			.run((context) -> {
				assertThat(context).hasNotFailed().hasSingleBean(SecretsProvider.class);
				assertThat(context.getBean(Reader.class).text).isEqualTo(C + "key");
			});
	}

	@Test
	void allowListRefusesWithoutCall() {
		new ApplicationContextRunner().withInitializer(new SecretsExtensionInitializer())
			.withPropertyValues("secrets-extension.mode=local", "secrets-extension.allow=secret:app/*,param:/app/*",
					"secrets-extension.local.secrets[other]=" + C + "key", "app.text=$<secret:other>")
			.withUserConfiguration(Reader.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("'secrets-extension.allow' does not name it"));
	}

	private TestApplication application(Path file) {
		return new TestApplication(Reader.class).property("secrets-extension.mode", "local")
			.property("secrets-extension.local.location", file.toString());
	}

	private Path write(String name, String content) throws IOException {
		return Files.writeString(this.folder.resolve(name), content);
	}

	private static SecretsProvider provider(ConfigurableApplicationContext context) {
		return context.getBean(SecretsProvider.class);
	}

	@org.springframework.context.annotation.Import(TestApplication.Empty.class)
	static class Reader {

		final String text;

		Reader(@org.springframework.beans.factory.annotation.Value("${app.text:}") String text) {
			this.text = text;
		}

	}

}
