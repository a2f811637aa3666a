package io.github.secretsextension.autoconfigure;

import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.MapPropertySource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReferenceSyntaxException;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsProvider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for names that would be more than text in a terminal, a log or a page: nothing
 * that shows one lets them through.
 */
@ExtendWith(OutputCaptureExtension.class)
@Timeout(60)
class NameInjectionTests {

	static List<String> names() {
		return List.of("a\r\n2026-01-01 ERROR fake", "a\nb", "a\u0000b", "a\u001b[31mred\u001b[0m", "a\u009b31m",
				"a\u007f", "a\u0085b", "a\u2028b", "a\u2029b", "a\u202Etxt.exe", "a\u2066b\u2069", "a\u200Bb",
				"a\uFEFFb", "a\uD800b", "a\uE000b", "a\uDB40\uDC41b", "<script>alert(1)</script>",
				"<img src=x onerror=alert(1)>");
	}

	@ParameterizedTest
	@MethodSource("names")
	void referencesMadeByUsers(String name) {
		SecretsProvider provider = new FakeSecrets();
		Stream
			.of("secret:", "param:", "secret:a?versionStage=", "secret:a?versionId=", "param:a?label=",
					"param:a?version=", "secret:a?", "secret:a#", "secret:a#/x/", "secret:a:default#", "")
			.map((start) -> catchThrowable(() -> provider.text(start + name)))
			.filter(java.util.Objects::nonNull)
			.forEach(NameInjectionTests::assertHarmless);
	}

	@ParameterizedTest
	@MethodSource("names")
	void fieldsAreEncodedWhereTheyAreShown(String name) {
		try {
			String shown = SecretReference.parse("secret:a#" + name.replace("<", "%3C").replace(">", "%3E")).toString();
			assertHarmless(shown);
			if (name.chars().noneMatch((c) -> c == '\uD800')) {
				assertThat(SecretReference.parse(shown).field()).isEqualTo(name);
			}
		}
		catch (SecretReferenceSyntaxException ex) {
			assertHarmless(ex);
		}
	}

	@ParameterizedTest
	@MethodSource("names")
	void propertiesAndTheirSources(String name, CapturedOutput output) {
		try (ConfigurableApplicationContext context = application(name,
				java.util.Map.of(name, "$<secret:missing>", "q" + name, "$<secret:x${" + name + "}>"))
			.run()) {
			for (String property : List.of(name, "q" + name)) {
				Throwable failure = catchThrowable(() -> context.getEnvironment().getProperty(property));
				assertThat(failure).isInstanceOf(ReferenceResolutionException.class);
				assertHarmless(failure);
			}
		}
		output.toString().lines().forEach(NameInjectionTests::assertHarmless);
	}

	@ParameterizedTest
	@MethodSource("names")
	void failureReportOfAMalformedReference(String name, CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> application(name, java.util.Map.of(name, "$<secret:broken" + name + ">")).run());
		assertThat(failure).isInstanceOf(ReferenceResolutionException.class);
		assertHarmless(failure);
		assertThat(output).contains("Malformed reference");
		output.toString().lines().forEach(NameInjectionTests::assertHarmless);
	}

	private static TestApplication application(String source, java.util.Map<String, Object> properties) {
		return new TestApplication(new FakeSecrets(), TestApplication.Empty.class)
			.customize((spring) -> spring.addInitializers((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new MapPropertySource(source, properties))));
	}

	@ParameterizedTest
	@MethodSource("names")
	void logOfTheStartAndTheLocalMode(String name, CapturedOutput output) {
		TestApplication application = new TestApplication(TestApplication.Empty.class)
			.customize((spring) -> spring.addInitializers((context) -> context.getEnvironment()
				.getPropertySources()
				.addFirst(new MapPropertySource("late",
						java.util.Map.of("secrets-extension.mode", "local", "secrets-extension.allow",
								"secret:*," + name, "secrets-extension.local.location", "/none/" + name,
								"logging.level.io.github.secretsextension", "debug", "a", "$<secret:a>")))));
		try (ConfigurableApplicationContext context = application
			.argument("logging.level.io.github.secretsextension", "debug")
			.run()) {
			assertHarmless(catchThrowable(() -> context.getEnvironment().getProperty("a")));
		}
		assertThat(output).contains("Settings: mode local");
		assertThat(output.toString().lines()).noneMatch((line) -> line.startsWith("2026-01-01 ERROR fake"));
		output.toString().lines().forEach(NameInjectionTests::assertHarmless);
	}

	private static void assertHarmless(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			assertHarmless(String.valueOf(cause.getMessage()));
			if (cause instanceof SecretsException ex) {
				assertHarmless(ex.getProblem() + ex.getAction());
			}
			if (cause instanceof SecretReferenceSyntaxException ex) {
				assertHarmless(ex.getProblem() + ex.getReference());
			}
			if (cause instanceof ReferenceResolutionException ex) {
				assertHarmless(ex.getDescription() + ex.getAction());
			}
		}
	}

	private static void assertHarmless(String text) {
		assertThat(text).doesNotContainPattern("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Zl}\\p{Zp}]")
			.doesNotContain("<script", "</script", "<img");
	}

}
