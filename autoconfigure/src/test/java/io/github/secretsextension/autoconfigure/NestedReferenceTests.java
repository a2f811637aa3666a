package io.github.secretsextension.autoconfigure;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;

import ch.qos.logback.classic.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.bootstrap.BootstrapRegistryInitializer;
import org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.PropertySourcesPlaceholderConfigurer;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretsProvider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for references with nested placeholders that lead to other references, and for
 * the names that Spring asks for and logs, in which their texts would stand.
 */
@ExtendWith(OutputCaptureExtension.class)
class NestedReferenceTests {

	private static final String C = FakeSecrets.CANARY;

	@AfterEach
	void resetLevel() {
		((Logger) LoggerFactory.getLogger("org.springframework")).setLevel(null);
	}

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			value = { "alone|$<secret:${token}>", "within a name|$<secret:x/${token}>",
					"with a default|$<secret:x/${token:none}>", "as a default|$<secret:x/${none:${token}}>",
					"through a property|$<secret:x/${other}>", "beside a plain one|$<secret:${plain}/${token}>",
					"twice|$<secret:${token}/${token}>", "in a field|$<secret:json#${token}>",
					"in a default's text|$<secret:none:${token}>", "two deep|$<secret:deep/${inner}>",
					"in braces|${secret:x/${token}}", "special characters|$<secret:special/${special}>" })
	void textIsWithheldFromSpring(String name, String reference, CapturedOutput output) {
		FakeSecrets secrets = secrets();
		try (ConfigurableApplicationContext context = application(secrets).property("app.value", reference).run()) {
			String expected = (name.equals("in a default's text")) ? C + "token" : C + "found";
			assertThat(context.getEnvironment().getProperty("app.value")).isEqualTo(expected);
			assertThat(context.getEnvironment().resolvePlaceholders("<${app.value}>")).isEqualTo("<" + expected + ">");
			assertThat(Binder.get(context.getEnvironment()).bind("app.value", String.class).get()).isEqualTo(expected);
			assertThat(context.getBean(Injected.class).value).isEqualTo(expected);
			assertThat(context.getBean(Injected.class).direct).isEqualTo(C + "found");
		}
		assertThat(output).contains("Found key 'app.value'").doesNotContain(C);
	}

	@Test
	void unknownPlaceholderIsNamed(CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> application(secrets()).property("app.value", "$<secret:x/${token}/${nowhere}>").run());
		assertThat(failure).rootCause().hasMessageContaining("'nowhere'").message().doesNotContain(C);
		assertThat(output).contains(" TRACE ").doesNotContain(C);
	}

	@ParameterizedTest
	@CsvSource({ "$<secret:x/${app.value}>, $<secret:y>", "$<secret:x/${other}>, $<secret:x/${app.value}>" })
	void circleIsFound(String value, String other) {
		try (ConfigurableApplicationContext context = new TestApplication(secrets(), TestApplication.Empty.class)
			.property("app.value", value)
			.property("other", other)
			.run()) {
			assertThatException().isThrownBy(() -> context.getEnvironment().getProperty("app.value"))
				.withMessageContaining("Circular placeholder reference");
		}
	}

	@Test
	void missingSecretIsNamedByItsOwnReference() {
		Throwable failure = catchThrowable(() -> application(secrets()).property("app.value", "$<secret:x/${missing}>")
			.property("missing", "$<secret:gone>")
			.run());
		assertThat(failure).rootCause().hasMessageContaining("secret:gone");
	}

	@Test
	void nothingIsWithheldAfterAFailure() {
		try (ConfigurableApplicationContext context = new TestApplication(secrets(), TestApplication.Empty.class)
			.property("token", "$<secret:token>")
			.property("missing", "$<secret:gone>")
			.property("key", "$<secret:key>")
			.property("map.k1", "by name")
			.run()) {
			Environment environment = context.getEnvironment();
			for (String failing : List.of("$<secret:x/${token}/${nowhere}>", "$<secret:x/${token}${missing}>")) {
				context.getEnvironment()
					.getPropertySources()
					.addFirst(new MapPropertySource("own", Map.of("failing", failing)));
				assertThatException().isThrownBy(() -> environment.resolveRequiredPlaceholders("${failing}"));
				assertThat(environment.resolveRequiredPlaceholders("${token}")).isEqualTo(C + "token");
				assertThatException().isThrownBy(() -> environment.resolveRequiredPlaceholders("${failing}"));
				assertThat(environment.resolveRequiredPlaceholders("<${map.${key}}>")).isEqualTo("<by name>");
			}
		}
	}

	/**
	 * Spring logs it: a name of a property is none of ours.
	 */
	@Test
	void nameOfAPropertyWithinAReferenceIsGivenOut() {
		try (ConfigurableApplicationContext context = application(secrets())
			.property("app.value", "$<secret:x/${map.${key}}/${token}>")
			.property("key", "$<secret:key>")
			.property("map.k1", "name")
			.run()) {
			assertThat(context.getEnvironment().getProperty("app.value")).isEqualTo(C + "by name");
		}
	}

	/**
	 * It may decode or compare it.
	 */
	@Test
	void codeThatReadsASecretForAPropertyGetsIt() {
		try (ConfigurableApplicationContext context = new TestApplication(secrets(), TestApplication.Empty.class)
			.property("key", "$<secret:key>")
			.property("app.value", "$<secret:${upper}>")
			.run()) {
			ConfigurableEnvironment environment = context.getEnvironment();
			environment.getPropertySources().addLast(new PropertySource<>("computed") {

				@Override
				public Object getProperty(String name) {
					return (name.equals("upper"))
							? String.valueOf(environment.getProperty("key")).toUpperCase(Locale.ROOT) : null;
				}

			});
			assertThat(environment.getProperty("app.value")).isEqualTo(C + "found in capitals");
		}
	}

	@ParameterizedTest
	@ValueSource(classes = { Overriding.class, Separating.class, NotSeparating.class })
	void configurerResolvesPlaceholdersItsOwnWay(Class<?> configuration) {
		try (ConfigurableApplicationContext context = new TestApplication(secrets(), configuration, Direct.class)
			.property("token", (configuration == Overriding.class) ? "$<secret:token>" : "plain")
			.run()) {
			assertThat(context.getBean(Direct.class).value).isEqualTo(C + "plain");
		}
	}

	@Test
	void contextThatIsNoApplicationFillsInItsOwnProperty() {
		try (ConfigurableApplicationContext parent = application(secrets())
			.property("app.value", "$<secret:x/${token}>")
			.run(); AnnotationConfigApplicationContext child = new AnnotationConfigApplicationContext()) {
			child.setParent(parent);
			child.getEnvironment()
				.getPropertySources()
				.addFirst(new MapPropertySource("own", Map.of("token", "plain")));
			child.refresh();
			assertThat(child.getEnvironment().getProperty("app.value")).isEqualTo(C + "plain");
			assertThat(parent.getEnvironment().getProperty("app.value")).isEqualTo(C + "found");
		}
	}

	@Test
	void childContextFillsInItsOwnProperty(CapturedOutput output) {
		FakeSecrets secrets = secrets().set("secret:x/" + C + "child", C + "of-child").set("secret:child", C + "child");
		BootstrapRegistryInitializer initializer = (registry) -> registry.register(SecretsProvider.class,
				InstanceSupplier.of(secrets));
		SpringApplicationBuilder parent = new SpringApplicationBuilder(TestApplication.Empty.class)
			.web(WebApplicationType.NONE)
			.addBootstrapRegistryInitializer(initializer);
		try (ConfigurableApplicationContext root = parent
			.initializers((context) -> context.getEnvironment()
				.getPropertySources()
				.addLast(new MapPropertySource("parent only", Map.of("app.value", "$<secret:x/${token}>"))))
			.run("--token=$<secret:token>", "--logging.level.org.springframework=trace");
				ConfigurableApplicationContext child = parent.child(TestApplication.Empty.class)
					.web(WebApplicationType.NONE)
					.addBootstrapRegistryInitializer(initializer)
					.run("--token=$<secret:child>", "--logging.level.org.springframework=trace")) {
			assertThat(root.getEnvironment().getProperty("app.value")).isEqualTo(C + "found");
			assertThat(child.getEnvironment().getProperty("token")).isEqualTo(C + "child");
			assertThat(child.getEnvironment().getProperty("app.value")).isEqualTo(C + "of-child");
			assertThat(root.getEnvironment().getProperty("app.value")).isEqualTo(C + "found");
		}
		assertThat(output).contains("Searching for key '").doesNotContain(C);
	}

	private static TestApplication application(FakeSecrets secrets) {
		return new TestApplication(secrets, TestApplication.Empty.class, Injected.class)
			.property("logging.level.org.springframework", "trace")
			.property("token", "$<secret:token>")
			.property("other", "${token}")
			.property("special", "$<secret:special>")
			.property("inner", "$<secret:inner/${token}>")
			.property("plain", "stage");
	}

	private static FakeSecrets secrets() {
		String token = C + "token";
		return new FakeSecrets().set("secret:token", token)
			.set("secret:" + token, C + "found")
			.set("secret:x/" + token, C + "found")
			.set("secret:stage/" + token, C + "found")
			.set("secret:" + token + "/" + token, C + "found")
			.set("secret:key", "k1")
			.set("secret:x/name/" + token, C + "by name")
			.set("secret:x/plain", C + "plain")
			.set("secret:K1", C + "found in capitals")
			.set("secret:json", "{\"" + token + "\":\"" + C + "found\"}")
			.set("secret:inner/" + token, C + "inner")
			.set("secret:deep/" + C + "inner", C + "found")
			.set("secret:special", C + "+=@!.-_/")
			.set("secret:special/" + C + "+=@!.-_/", C + "found");
	}

	private static PropertySourcesPlaceholderConfigurer separating(@Nullable String separator) {
		PropertySourcesPlaceholderConfigurer configurer = new PropertySourcesPlaceholderConfigurer();
		configurer.setValueSeparator(separator);
		return configurer;
	}

	static class Injected {

		@Value("${app.value}")
		String value;

		@Value("$<secret:x/${token}>")
		String direct;

	}

	static class Direct {

		@Value("$<secret:x/${token}>")
		String value;

	}

	@Configuration(proxyBeanMethods = false)
	static class Overriding {

		@Bean
		static PropertySourcesPlaceholderConfigurer configurer() {
			PropertySourcesPlaceholderConfigurer configurer = new PropertySourcesPlaceholderConfigurer();
			Properties properties = new Properties();
			properties.setProperty("token", "plain");
			configurer.setProperties(properties);
			configurer.setLocalOverride(true);
			return configurer;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Separating {

		@Bean
		static PropertySourcesPlaceholderConfigurer configurer() {
			return separating("?:");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NotSeparating {

		@Bean
		static PropertySourcesPlaceholderConfigurer configurer() {
			return separating(null);
		}

	}

}
