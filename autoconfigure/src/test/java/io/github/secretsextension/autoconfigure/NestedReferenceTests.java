package io.github.secretsextension.autoconfigure;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import ch.qos.logback.classic.Logger;
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
 * Tests for what Spring logs at TRACE: the names that it asks for, in which what nested
 * placeholders stand for would appear, and texts that it cannot convert.
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

	@ParameterizedTest(name = "{0}")
	@CsvSource({ "SECONDS, SECONDS", "' seconds ', SECONDS", "days, DAYS" })
	void constantIsInjected(String text, TimeUnit expected) {
		try (ConfigurableApplicationContext context = new TestApplication(new FakeSecrets().set("secret:unit", text),
				TestApplication.Empty.class, UnitOf.class)
			.property("app.value", "$<secret:unit>")
			.run()) {
			assertThat(context.getBean(UnitOf.class).unit).isEqualTo(expected);
			assertThat(context.getBean(UnitOf.class).units).containsExactly(expected);
			assertThat(context.getBean(UnitOf.class).list).containsExactly(expected);
		}
	}

	/**
	 * The conversion service refuses it.
	 */
	@Test
	void textThatOnlyAnEditorAcceptsIsNotLogged(CapturedOutput output) {
		try (ConfigurableApplicationContext context = new TestApplication(
				new FakeSecrets().set("secret:uri", "https://user:" + C + "^|@host"), TestApplication.Empty.class,
				UriOf.class)
			.property("logging.level.org.springframework", "trace")
			.property("app.value", "$<secret:uri>")
			.run()) {
			assertThat(context.getBean(UriOf.class).uri).hasToString("https://user:" + C + "%5E%7C@host");
		}
		assertThat(output).contains(" DEBUG ").doesNotContain(C);
	}

	@Test
	void valueIsConvertedOnce() {
		Counted.COUNT.set(0);
		try (ConfigurableApplicationContext context = new TestApplication(secrets(), TestApplication.Empty.class,
				CountedOf.class)
			.property("app.value", "$<secret:token>")
			.run()) {
			assertThat(context.getBean(CountedOf.class).counted.text).isEqualTo(C + "token");
			assertThat(Counted.COUNT).hasValue(1);
		}
	}

	@Test
	void constantOfAnotherTypeIsInjected() {
		try (ConfigurableApplicationContext context = new TestApplication(new FakeSecrets().set("secret:time", "ZERO"),
				TestApplication.Empty.class, TimeOf.class)
			.property("app.value", "$<secret:time>")
			.run()) {
			assertThat(context.getBean(TimeOf.class).time).isZero();
		}
	}

	@ParameterizedTest
	@CsvSource({ "io.github.secretsextension.autoconfigure.NestedReferenceTests$UnitOf",
			"io.github.secretsextension.autoconfigure.NestedReferenceTests$UnitsOf",
			"io.github.secretsextension.autoconfigure.NestedReferenceTests$UnitListOf",
			"io.github.secretsextension.autoconfigure.NestedReferenceTests$TimeOf",
			"io.github.secretsextension.autoconfigure.NestedReferenceTests$TimesOf",
			"io.github.secretsextension.autoconfigure.NestedReferenceTests$OptionalOf",
			"io.github.secretsextension.autoconfigure.NestedReferenceTests$UnknownOf" })
	void textThatIsNoConstantIsNotLogged(Class<?> configuration, CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> new TestApplication(secrets(), TestApplication.Empty.class, configuration)
					.property("logging.level.org.springframework", "trace")
					.property("app.value", "$<secret:token>")
					.run());
		assertThat(failure).rootCause().hasMessageContaining("cannot become a ");
		assertThat(output).contains(" TRACE ").doesNotContain(C);
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
			PropertySourcesPlaceholderConfigurer configurer = new PropertySourcesPlaceholderConfigurer();
			configurer.setValueSeparator("?:");
			return configurer;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NotSeparating {

		@Bean
		static PropertySourcesPlaceholderConfigurer configurer() {
			PropertySourcesPlaceholderConfigurer configurer = new PropertySourcesPlaceholderConfigurer();
			configurer.setValueSeparator(null);
			return configurer;
		}

	}

	static class UriOf {

		@Value("${app.value}")
		URI uri;

	}

	/**
	 * What is made of a text by its constructor.
	 */
	static class Counted {

		static final AtomicInteger COUNT = new AtomicInteger();

		final String text;

		public Counted(String text) {
			this.text = text;
			COUNT.incrementAndGet();
		}

	}

	static class CountedOf {

		@Value("${app.value}")
		Counted counted;

	}

	static class UnitOf {

		@Value("${app.value}")
		TimeUnit unit;

		@Value("${app.value}")
		TimeUnit[] units;

		@Value("${app.value}")
		List<TimeUnit> list;

	}

	static class UnitsOf {

		@Value("${app.value}")
		TimeUnit[] units;

	}

	static class TimeOf {

		@Value("${app.value}")
		Duration time;

	}

	static class TimesOf {

		@Value("${app.value}")
		Set<Duration> times;

	}

	static class OptionalOf {

		@Value("${app.value}")
		Optional<TimeUnit> unit;

	}

	static class UnknownOf {

		@Value("${app.value}")
		Runtime runtime;

	}

	static class UnitListOf {

		@Value("${app.value}")
		List<TimeUnit> list;

	}

}
