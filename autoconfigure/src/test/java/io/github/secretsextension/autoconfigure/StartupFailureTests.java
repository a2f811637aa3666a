package io.github.secretsextension.autoconfigure;

import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretValue;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for what a start that fails prints: each is a real {@link SpringApplication} run,
 * whose report is taken from its output.
 */
@ExtendWith(OutputCaptureExtension.class)
class StartupFailureTests {

	private static final String ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";

	@ParameterizedTest(name = "{0}={1}")
	@MethodSource("badValues")
	void failureNamesPropertyOriginAndNextStep(String property, String value, List<String> expected,
			CapturedOutput output) {
		TestApplication application = new TestApplication(secrets(), TestApplication.Empty.class, Reader.class)
			.property(property, value)
			.property("app.unused", "x");
		if (!property.equals("app.text")) {
			application.property("app.text", "plain");
		}
		Throwable failure = catchThrowable(() -> application.run().close());
		assertThat(failure).isNotNull();
		String report = output.toString();
		assertThat(report).contains("APPLICATION FAILED TO START")
			.contains("'" + property + "'")
			.contains("application.yml] - ")
			.contains("Action:")
			.contains(expected)
			.doesNotContain(FakeSecrets.CANARY)
			.doesNotContain("\uE000");
	}

	static Stream<Arguments> badValues() {
		String form = "Write $<secret:ID[?versionStage=STAGE&versionId=UUID][#FIELD][:DEFAULT]>.";
		return Stream.of(Arguments.of("app.text", "$<secret:db", List.of("the closing '>' is missing", form)),
				Arguments.of("app.unused2", "$<secret:db", List.of("the closing '>' is missing", form)),
				Arguments.of("app.text", "${secret:db", List.of("the closing '}' is missing")),
				Arguments.of("app.text", "$<secret:db?stage=x>", List.of("unknown selector 'stage'", "character 13")),
				Arguments.of("app.text", "$<secret:db?versionId=a&versionId=b>", List.of("'versionId' is repeated")),
				Arguments.of("app.text", "$<param:/p?version=1&label=x>",
						List.of("'version' and 'label' cannot stand together",
								"Write $<param:NAME[?version=N | ?label=LABEL]")),
				Arguments.of("app.text", "$<secret:" + ARN + ":password::>", List.of("ECS", "'#password'")),
				Arguments.of("app.text", "$<secret:a$<secret:b>>",
						List.of("a reference cannot stand inside a reference")),
				Arguments.of("app.text", "$<secret:>", List.of("the secret's name is missing")),
				Arguments.of("app.text", "$<secret:" + "n".repeat(600) + ">", List.of("longer than 512 characters")),
				Arguments.of("app.text", "$<secret:text#field>",
						List.of("$<secret:text#field>", "not JSON that could have fields")),
				Arguments.of("app.text", "$<secret:json#nope>", List.of("$<secret:json#nope>", "no such field")),
				Arguments.of("app.text", "$<secret:binary>",
						List.of("The value is binary", "SecretsProvider.get(reference).bytes()")),
				Arguments.of("secrets-extension.deadline", "$<param:/p>",
						List.of("configures the clients that resolve references")),
				Arguments.of("spring.cloud.aws.region.static", "$<param:/p>",
						List.of("configures the clients that resolve references")),
				Arguments.of("spring.cloud.aws.secretsmanager.endpoint", "${param:/p}",
						List.of("configures the clients that resolve references")),
				Arguments.of("spring.config.name", "$<param:/p>", List.of("read before references can be resolved")),
				Arguments.of("spring.config.import", "optional:file:${param:/p}",
						List.of("read before references can be resolved")),
				Arguments.of("spring.profiles.active", "$<param:/p>",
						List.of("read before references can be resolved")),
				Arguments.of("spring.profiles.active", "${param:/p}",
						List.of("read before references can be resolved")),
				Arguments.of("spring.profiles.include", "$<param:/p>",
						List.of("read before references can be resolved")),
				Arguments.of("spring.profiles.group.a", "$<param:/p>",
						List.of("read before references can be resolved")));
	}

	@Test
	void referenceThatBootTookForLocationIsNamed(CapturedOutput output) {
		Throwable failure = catchThrowable(() -> new TestApplication(secrets(), TestApplication.Empty.class)
			.property("spring.config.import", "$<param:/p>")
			.run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("'spring.config.import'").contains("read before references can be resolved");
	}

	@Test
	void secretThatCannotBeConvertedIsNotShown(CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> new TestApplication(secrets(), TestApplication.Empty.class, NumberConfig.class)
					.property("bound.number", "$<secret:text>")
					.run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("'$<secret:text>' in property 'bound.number'")
			.contains("application.yml] - ")
			.contains("cannot become a int")
			.doesNotContain(FakeSecrets.CANARY)
			.doesNotContain("\uE000");
	}

	@Test
	void unknownPlaceholderBesideReferenceShowsReference(CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> new TestApplication(secrets(), TestApplication.Empty.class, NumberConfig.class)
					.property("bound.number", "$<secret:text>-${nope}")
					.run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("nope")
			.contains("$<secret:text>")
			.doesNotContain(FakeSecrets.CANARY)
			.doesNotContain("\uE000");
	}

	@Test
	void settingThatLeadsToReferenceIsNamed(CapturedOutput output) {
		Throwable failure = catchThrowable(() -> new TestApplication(TestApplication.Empty.class, Reader.class)
			.property("secrets-extension.deadline", "${limit}")
			.property("limit", "$<param:/p>")
			.property("app.text", "$<secret:text>")
			.run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("property 'limit'").contains("leads to a reference itself");
	}

	@Test
	void referenceInExpressionConditionIsRefused(CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> new TestApplication(secrets(), TestApplication.Empty.class, Conditional.class)
					.property("app.flag", "$<secret:text>")
					.run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("'$<secret:text>' in property 'app.flag'").contains("@ConditionalOnExpression");
	}

	@Test
	void reservedEnvironmentVariableIsNamed(CapturedOutput output) {
		Throwable failure = catchThrowable(() -> new TestApplication(secrets(), TestApplication.Empty.class)
			.variable("SECRETSEXTENSION_DEADLINE", "$<param:/p>")
			.run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("'SECRETSEXTENSION_DEADLINE'").contains("configures the clients");
	}

	private static FakeSecrets secrets() {
		return new FakeSecrets().set("secret:text", FakeSecrets.CANARY + "{text")
			.set("secret:json", "{\"key\":\"" + FakeSecrets.CANARY + "\"}")
			.set("secret:binary", SecretValue.builder().bytes(FakeSecrets.CANARY.getBytes()).build())
			.set("param:/p", FakeSecrets.CANARY + "p");
	}

	@org.springframework.boot.context.properties.ConfigurationProperties("bound")
	record Numbers(int number) {

	}

	@org.springframework.boot.context.properties.EnableConfigurationProperties(Numbers.class)
	static class NumberConfig {

	}

	@org.springframework.boot.autoconfigure.condition.ConditionalOnExpression("'${app.flag}' == 'x'")
	@org.springframework.context.annotation.Configuration(proxyBeanMethods = false)
	static class Conditional {

	}

	static class Reader {

		Reader(@org.springframework.beans.factory.annotation.Value("${app.text}") String text) {
		}

	}

}
