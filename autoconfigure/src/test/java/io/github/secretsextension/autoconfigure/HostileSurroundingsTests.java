package io.github.secretsextension.autoconfigure;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretsProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.FactoryBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.support.BeanDefinitionBuilder;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Scope;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.context.support.PropertySourcesPlaceholderConfigurer;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.validation.Errors;
import org.springframework.validation.Validator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.catchThrowable;

/** Each test asserts what should hold; a failing one is a finding. */
@ExtendWith(OutputCaptureExtension.class)
class HostileSurroundingsTests {

	static final AtomicInteger EVALUATED = new AtomicInteger();

	public static String happen() {
		EVALUATED.incrementAndGet();
		return "happened";
	}

	static final String SPEL = "#{T(" + HostileSurroundingsTests.class.getName() + ").happen()}";

	static FakeSecrets secrets() {
		EVALUATED.set(0);
		return new FakeSecrets().set("secret:spel", SPEL)
			.set("secret:quote", "'+T(" + HostileSurroundingsTests.class.getName() + ").happen()+'")
			.set("secret:ph", "a${x}b")
			.set("secret:db", "CANARY-db");
	}

	static TestApplication app(Class<?>... types) {
		return new TestApplication(secrets(), types).property("x", "EXPANDED")
			.property("odd", "$<secret:spel>")
			.property("ph", "$<secret:ph>")
			.property("db", "$<secret:db>");
	}

	// ---- 1. evaluation

	@Import(TestApplication.Empty.class)
	static class OddValue {

		@Value("${odd}")
		String odd;

		@Value("${ph}")
		String ph;

	}

	@Test
	void childContextDoesNotEvaluateParentsSecret() {
		try (ConfigurableApplicationContext parent = app(TestApplication.Empty.class).run();
				ConfigurableApplicationContext child = new SpringApplicationBuilder(OddValue.class).parent(parent)
					.web(WebApplicationType.NONE)
					.run()) {
			assertThat(EVALUATED).hasValue(0);
			assertThat(child.getBean(OddValue.class).odd).isEqualTo(SPEL);
			assertThat(child.getBean(OddValue.class).ph).isEqualTo("a${x}b");
		}
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnExpression("'${quote}'.length() > 0")
	static class OnExpression {

	}

	@Test
	void childsConditionalOnExpressionDoesNotEvaluateParentsSecret() {
		try (ConfigurableApplicationContext parent = app(TestApplication.Empty.class)
			.property("quote", "$<secret:quote>")
			.run()) {
			Throwable failure = catchThrowable(() -> new SpringApplicationBuilder(OnExpression.class).parent(parent)
				.web(WebApplicationType.NONE)
				.run()
				.close());
			assertThat(EVALUATED).hasValue(0);
			assertThat(failure).isNotNull();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@Import(TestApplication.Empty.class)
	static class LateHolder {

		@Bean
		@Lazy
		@Scope("prototype")
		String late(@Value("${late.property}") String late) {
			return late;
		}

	}

	@Test
	void firstReferenceInALateSystemPropertyIsNotEvaluated() {
		try (ConfigurableApplicationContext context = new TestApplication(secrets(), LateHolder.class).run()) {
			System.setProperty("late.property", "$<secret:spel>");
			assertThat(context.getBean("late")).isEqualTo(SPEL);
			assertThat(EVALUATED).hasValue(0);
		}
		finally {
			System.clearProperty("late.property");
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class TwoConfigurers {

		@Bean
		static PropertySourcesPlaceholderConfigurer one() {
			PropertySourcesPlaceholderConfigurer one = new PropertySourcesPlaceholderConfigurer();
			one.setIgnoreUnresolvablePlaceholders(true);
			return one;
		}

		@Bean
		static PropertySourcesPlaceholderConfigurer two() {
			return new PropertySourcesPlaceholderConfigurer();
		}

		@Value("${ph}")
		String ph;

		@Value("${odd}")
		String odd;

	}

	@Test
	void twoConfigurersDoNotExpandASecret() {
		try (ConfigurableApplicationContext context = app(TwoConfigurers.class).run()) {
			assertThat(context.getBean(TwoConfigurers.class).odd).isEqualTo(SPEL);
			assertThat(context.getBean(TwoConfigurers.class).ph).isEqualTo("a${x}b");
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class CustomPrefix {

		@Bean
		static PropertySourcesPlaceholderConfigurer one() {
			PropertySourcesPlaceholderConfigurer one = new PropertySourcesPlaceholderConfigurer();
			one.setPlaceholderPrefix("@{");
			return one;
		}

		@Value("@{odd}")
		String odd;

	}

	@Test
	void customPrefixDoesNotEvaluateASecret() {
		Throwable failure = catchThrowable(() -> {
			try (ConfigurableApplicationContext context = app(CustomPrefix.class).run()) {
				assertThat(context.getBean(CustomPrefix.class).odd).isEqualTo(SPEL);
			}
		});
		assertThat(EVALUATED).hasValue(0);
		assertThat(failure).rootCause()
			.isInstanceOf(ReferenceResolutionException.class)
			.hasMessageContaining("its own placeholder syntax");
	}

	@Configuration(proxyBeanMethods = false)
	static class CustomPrefixOwnBraces {

		@Bean
		static PropertySourcesPlaceholderConfigurer one() {
			PropertySourcesPlaceholderConfigurer one = new PropertySourcesPlaceholderConfigurer();
			one.setPlaceholderPrefix("@{");
			return one;
		}

		@Value("${ph2}")
		String ph2;

	}

	@Test
	void customPrefixDoesNotExpandItsOwnSyntaxInASecret() {
		TestApplication application = new TestApplication(secrets().set("secret:at", "a@{x}b${x}c"),
				CustomPrefixOwnBraces.class)
			.property("x", "EXPANDED")
			.property("ph2", "$<secret:at>");
		try (ConfigurableApplicationContext context = application.run()) {
			// As Spring leaves every placeholder of another syntax.
			assertThat(context.getBean(CustomPrefixOwnBraces.class).ph2).isEqualTo("${ph2}");
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class LocalProperties {

		@Bean
		static PropertySourcesPlaceholderConfigurer one() {
			PropertySourcesPlaceholderConfigurer one = new PropertySourcesPlaceholderConfigurer();
			Properties properties = new Properties();
			properties.put("local.indirect", "${odd}");
			properties.put("local.ph", "${ph}");
			one.setProperties(properties);
			return one;
		}

		@Value("${local.indirect}")
		String indirect;

		@Value("${local.ph}")
		String ph;

	}

	@Test
	void localPropertiesOfAConfigurerDoNotLeadToEvaluation() {
		Throwable failure = catchThrowable(() -> {
			try (ConfigurableApplicationContext context = app(LocalProperties.class).run()) {
				assertThat(context.getBean(LocalProperties.class).indirect).isEqualTo(SPEL);
				assertThat(context.getBean(LocalProperties.class).ph).isEqualTo("a${x}b");
			}
		});
		assertThat(EVALUATED).hasValue(0);
		assertThat(failure).isNull();
	}

	@Configuration(proxyBeanMethods = false)
	static class LocalReference {

		@Bean
		static PropertySourcesPlaceholderConfigurer one() {
			PropertySourcesPlaceholderConfigurer one = new PropertySourcesPlaceholderConfigurer();
			Properties properties = new Properties();
			properties.put("local.angle", "$<secret:db>");
			properties.put("local.brace", "${secret:db}");
			one.setProperties(properties);
			return one;
		}

		@Value("${local.angle}")
		String angle;

		@Value("${local.brace}")
		String brace;

	}

	@Test
	void configurerAddedByAnInitializerDoesNotComeFirst() {
		TestApplication application = app(OddValue.class, BraceValue.class)
			.customize((it) -> it.addInitializers((context) -> {
				PropertySourcesPlaceholderConfigurer configurer = new PropertySourcesPlaceholderConfigurer();
				configurer.setEnvironment(context.getEnvironment());
				context.addBeanFactoryPostProcessor(configurer);
			}));
		Throwable failure = catchThrowable(() -> {
			try (ConfigurableApplicationContext context = application.run()) {
				assertThat(context.getBean(BraceValue.class).brace).isEqualTo("CANARY-db");
				assertThat(context.getBean(OddValue.class).odd).isEqualTo(SPEL);
			}
		});
		assertThat(EVALUATED).hasValue(0);
		assertThat(failure).hasMessageContaining("Declare it as a static @Bean method");
	}

	static class BraceValue {

		@Value("${secret:db}")
		String brace;

	}

	public static class Pojo {

		private String text;

		public void setText(String text) {
			this.text = text;
		}

	}

	@Test
	void placeholderInABeanDefinitionDoesNotExpandASecret() {
		TestApplication application = app(TestApplication.Empty.class).customize((it) -> it
			.addInitializers((context) -> ((GenericApplicationContext) context).registerBeanDefinition("pojo",
					BeanDefinitionBuilder.genericBeanDefinition(Pojo.class)
						.addPropertyValue("text", "${ph}")
						.getBeanDefinition())));
		try (ConfigurableApplicationContext context = application.run()) {
			assertThat(context.getBean(Pojo.class).text).isEqualTo("a${x}b");
		}
	}

	@Test
	void fuzz() {
		FakeSecrets secrets = secrets();
		Map<String, Object> map = new HashMap<>();
		try (ConfigurableApplicationContext context = new TestApplication(secrets, TestApplication.Empty.class)
			.property("dummy", "$<secret:f0>")
			.property("x", "EXPANDED")
			.property("two", "[${p}]")
			.customize((it) -> it.addInitializers((c) -> {
				map.put("p", "$<secret:db>");
				c.getEnvironment().getPropertySources().addFirst(new MapPropertySource("fuzz", map));
			}))
			.run()) {
			var resolver = new org.springframework.beans.factory.config.EmbeddedValueResolver(context.getBeanFactory());
			Environment environment = context.getEnvironment();
			Random random = new Random(42);
			String[] tokens = { "$", "{", "}", "\\", "#", "<", ">", ":", "a", "${x}", "#{1}", "$<secret:db>", "\uE001",
					"\uE002", "\uE004", "'", "x" };
			String[] plain = { "", "a", "$", "#", "<", "x y" };
			int bad = 0;
			StringBuilder report = new StringBuilder();
			for (int i = 0; i < 500 && bad < 12; i++) {
				String a = random(random, tokens);
				String b = random(random, tokens);
				String[] lit = new String[3];
				for (int j = 0; j < 3; j++) {
					lit[j] = plain[random.nextInt(plain.length)];
				}
				secrets.set("secret:f1", a).set("secret:f2", b);
				map.put("p", lit[0] + "$<secret:f1>" + lit[1] + "$<secret:f2>" + lit[2]);
				String expected = lit[0] + a + lit[1] + b + lit[2];
				bad += check(report, "getProperty", map, a, b, expected, () -> environment.getProperty("p"));
				bad += check(report, "resolve", map, a, b, "<" + expected + ">",
						() -> environment.resolvePlaceholders("<${p}>"));
				bad += check(report, "two", map, a, b, "[" + expected + "]", () -> environment.getProperty("two"));
				bad += check(report, "annotation", map, a, b, expected, () -> resolver.resolveStringValue("${p}"));
				bad += check(report, "annotation2", map, a, b, "#[" + expected + "]",
						() -> resolver.resolveStringValue("#${two}"));
			}
			assertThat(report.toString()).isEmpty();
		}
	}

	private static int check(StringBuilder report, String name, Map<String, Object> map, String a, String b,
			String expected, java.util.concurrent.Callable<Object> actual) {
		Object got;
		try {
			got = actual.call();
		}
		catch (Exception ex) {
			got = ex.toString();
		}
		if (expected.equals(got)) {
			return 0;
		}
		report.append(name)
			.append(" p=")
			.append(map.get("p"))
			.append(" a=")
			.append(a)
			.append(" b=")
			.append(b)
			.append(" got=")
			.append(got)
			.append(" expected=")
			.append(expected)
			.append('\n');
		return 1;
	}

	private static String random(Random random, String[] tokens) {
		StringBuilder text = new StringBuilder();
		int n = random.nextInt(8);
		for (int i = 0; i < n; i++) {
			text.append(tokens[random.nextInt(tokens.length)]);
		}
		return text.toString();
	}

	// ---- 2. fail open

	static class TwoConstructors {

		final String password;

		@Autowired(required = false)
		TwoConstructors(@Value("${missing}") String password, Environment environment) {
			this.password = password;
		}

		@Autowired(required = false)
		TwoConstructors(Environment environment) {
			this.password = "open";
		}

	}

	@Test
	void severalConstructorsDoNotHideAMissingSecret() {
		assertThat(catchThrowable(() -> {
			try (ConfigurableApplicationContext context = app(TestApplication.Empty.class, TwoConstructors.class)
				.property("missing", "$<secret:none>")
				.run()) {
			}
		})).isNotNull();
	}

	record Client(String password) {
	}

	@Configuration(proxyBeanMethods = false, enforceUniqueMethods = false)
	@Import(TestApplication.Empty.class)
	static class Overloads {

		@Bean
		Client client(@Value("${missing}") String password) {
			return new Client(password);
		}

		@Bean
		Client client() {
			return new Client("open");
		}

	}

	@Test
	void overloadedFactoryMethodDoesNotHideAMissingSecret() {
		assertThat(catchThrowable(() -> {
			try (ConfigurableApplicationContext context = app(Overloads.class).property("missing", "$<secret:none>")
				.run()) {
			}
		})).isNotNull();
	}

	@SuppressWarnings("rawtypes")
	static class RawFactory implements FactoryBean {

		RawFactory(@Value("${missing}") String password) {
		}

		@Override
		public Object getObject() {
			return new Client("made");
		}

		@Override
		public Class<?> getObjectType() {
			return Client.class;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(TestApplication.Empty.class)
	static class LazyFactory {

		@Bean
		@Lazy
		@SuppressWarnings("rawtypes")
		FactoryBean product(@Value("${missing}") String password) {
			return new RawFactory(password);
		}

		@Bean
		String user(ObjectProvider<Client> client) {
			return String.valueOf(client.getIfAvailable());
		}

	}

	@Test
	void factoryBeanDoesNotHideAMissingSecret() {
		assertThat(catchThrowable(() -> {
			try (ConfigurableApplicationContext context = app(LazyFactory.class).property("missing", "$<secret:none>")
				.run()) {
			}
		})).isNotNull();
	}

	@ConfigurationProperties(prefix = "lenient", ignoreInvalidFields = true)
	static class Lenient {

		private String password = "open";

		public void setPassword(String password) {
			this.password = password;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(TestApplication.Empty.class)
	@EnableConfigurationProperties(Lenient.class)
	static class LenientConfig {

	}

	@Test
	void ignoreInvalidFieldsDoesNotHideAMissingSecret() {
		assertThat(catchThrowable(() -> {
			try (ConfigurableApplicationContext context = app(LenientConfig.class)
				.property("lenient.password", "$<secret:none>")
				.run()) {
			}
		})).isNotNull();
	}

	@Test
	void sourceThatIsNotEnumerableDoesNotYieldTheName() {
		try (ConfigurableApplicationContext context = app(TestApplication.Empty.class)
			.customize((it) -> it.addInitializers((
					c) -> c.getEnvironment().getPropertySources().addFirst(new PropertySource<>("vault", new Object()) {
						@Override
						public Object getProperty(String name) {
							return name.equals("np") ? "${secret:db}" : null;
						}
					})))
			.run()) {
			assertThat(context.getEnvironment().getProperty("np")).isEqualTo("CANARY-db");
		}
	}

	@Test
	void allowListCannotBePassedByAnArnOfTheReferencePath() {
		assertThatException().isThrownBy(() -> io.github.secretsextension.TestCaches
			.cache((reference) -> io.github.secretsextension.SecretValue.of("CANARY"),
					io.github.secretsextension.TestCaches.settings(java.time.Duration.ZERO, java.time.Duration.ZERO, 10,
							java.time.Duration.ZERO, new io.github.secretsextension.AllowedSecrets(List.of("param:*"))),
					io.github.secretsextension.SecretsClock.system(), Runnable::run)
			.text("param:arn:aws:ssm:eu-west-1:123456789012:parameter/aws/reference/secretsmanager/db"));
	}

	// ---- 4. leaks

	@Test
	void secretAsPartOfAReferenceIsNotShown() {
		Throwable failure = catchThrowable(
				() -> app(TestApplication.Empty.class).property("nested", "$<secret:${db}/x>")
					.run()
					.getEnvironment()
					.getProperty("nested"));
		assertThat(failure).isNotNull();
		for (Throwable t = failure; t != null; t = t.getCause()) {
			assertThat(t.getMessage()).doesNotContain("CANARY");
		}
	}

	@Test
	void unclosedReferenceDoesNotShowItsDefault() {
		Throwable failure = catchThrowable(
				() -> app(TestApplication.Empty.class).property("p", "$<secret:app/db#password:CANARY-default").run());
		assertThat(failure.getMessage()).contains("missing").doesNotContain("CANARY");
	}

	@Test
	void referenceInADefaultDoesNotShowTheDefault() {
		Throwable failure = catchThrowable(
				() -> app(TestApplication.Empty.class).property("p", "$<secret:a:CANARY-d$<secret:b>>").run());
		assertThat(failure.getMessage()).doesNotContain("CANARY");
	}

	@Test
	void unclosedNestedPlaceholderDoesNotShowTheDefault() {
		Throwable failure = catchThrowable(
				() -> app(TestApplication.Empty.class).property("p", "$<secret:a:CANARY-d${b>").run());
		assertThat(failure.getMessage()).doesNotContain("CANARY");
	}

	@ConfigurationProperties("val")
	record Validated(String password) {
	}

	@Configuration(proxyBeanMethods = false)
	@Import(TestApplication.Empty.class)
	@EnableConfigurationProperties(Validated.class)
	static class ValidatedConfig {

		@Bean
		static Validator configurationPropertiesValidator() {
			return new Validator() {
				@Override
				public boolean supports(Class<?> type) {
					return type == Validated.class;
				}

				@Override
				public void validate(Object target, Errors errors) {
					errors.rejectValue("password", "short", "is too short");
				}
			};
		}

	}

	@Test
	void failedValidationDoesNotShowTheSecret(CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> app(ValidatedConfig.class).property("val.password", "$<secret:db>").run());
		assertThat(failure).isNotNull();
		assertThat(output.getAll()).contains("APPLICATION FAILED TO START").doesNotContain("CANARY");
	}

	@ConfigurationProperties(prefix = "strict", ignoreUnknownFields = false)
	record Strict(String known) {
	}

	@Configuration(proxyBeanMethods = false)
	@Import(TestApplication.Empty.class)
	@EnableConfigurationProperties(Strict.class)
	static class StrictConfig {

	}

	@Test
	void unboundPropertyDoesNotShowTheMark(CapturedOutput output) {
		Throwable failure = catchThrowable(() -> app(StrictConfig.class).property("strict.typo", "$<secret:db>").run());
		assertThat(failure).isNotNull();
		assertThat(output.getAll()).doesNotContain("CANARY").doesNotContain("\uE000");
	}

	@Configuration(proxyBeanMethods = false)
	@Import(TestApplication.Empty.class)
	static class InvalidValue {

		@Bean
		String invalid(@Value("${db}") String db) {
			throw new InvalidConfigurationPropertyValueException("db", "?", "it is bad");
		}

	}

	@Test
	void invalidValueReportDoesNotShowTheMark(CapturedOutput output) {
		Throwable failure = catchThrowable(() -> app(InvalidValue.class).run());
		assertThat(failure).isNotNull();
		assertThat(output.getAll()).contains("it is bad").doesNotContain("CANARY").doesNotContain("\uE000");
	}

	@ConfigurationProperties("tr")
	record Tr(String a, List<String> l, Map<String, String> m) {
	}

	@Configuration(proxyBeanMethods = false)
	@Import({ TestApplication.Empty.class, OddValue.class })
	@EnableConfigurationProperties(Tr.class)
	static class TraceConfig {

	}

	@Test
	void traceLogShowsNoValue(CapturedOutput output) throws Exception {
		try {
			FakeSecrets secrets = secrets().set("secret:spel", "CANARY1").set("secret:ph", "CANARY2");
			try (ConfigurableApplicationContext context = new TestApplication(secrets, TraceConfig.class)
				.argument("logging.level.root", "trace")
				.property("odd", "$<secret:spel>")
				.property("ph", "$<secret:ph>")
				.property("tr.a", "$<secret:db>")
				.property("tr.l[0]", "$<secret:db>")
				.property("tr.m.k", "$<secret:db>")
				.run()) {
				context.getEnvironment().getProperty("odd");
			}
			assertThat(output.getAll()).contains("TRACE").doesNotContain("CANARY");
		}
		finally {
			org.springframework.boot.logging.LoggingSystem.get(getClass().getClassLoader())
				.setLogLevel("ROOT", org.springframework.boot.logging.LogLevel.INFO);
		}
	}

	@Test
	void secretThatSpringWouldSearchForSecondsIsRefused() {
		FakeSecrets secrets = new FakeSecrets().set("secret:a", "CANARY${".repeat(8_000));
		try (ConfigurableApplicationContext context = new TestApplication(secrets, TestApplication.Empty.class)
			.property("p", "$<secret:a>")
			.run()) {
			Throwable failure = catchThrowable(() -> context.getEnvironment().getProperty("p"));
			assertThat(failure).isInstanceOf(ReferenceResolutionException.class)
				.hasMessageContaining("more than 1000 times")
				.hasMessageContaining("property 'p'")
				.hasMessageNotContaining("CANARY");
			assertThat(context.getBean(SecretsProvider.class).text("secret:a")).hasSize(64_000);
		}
	}

}
