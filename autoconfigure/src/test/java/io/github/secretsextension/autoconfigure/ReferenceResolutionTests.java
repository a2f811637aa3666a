package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.TestCaches;
import io.github.secretsextension.SecretsProvider;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.cloud.autoconfigure.RefreshAutoConfiguration;
import org.springframework.cloud.context.refresh.ContextRefresher;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.PropertySource;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.annotation.ScheduledAnnotationBeanPostProcessor;
import org.springframework.scheduling.config.CronTask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for how references reach Spring: each row is a real {@link SpringApplication}
 * run, once with each way to write a reference.
 */
class ReferenceResolutionTests {

	private static final String C = FakeSecrets.CANARY;

	private static final String ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";

	private static final String PARAM_ARN = "arn:aws:ssm:eu-west-1:123456789012:parameter/app/url";

	@ParameterizedTest(name = "{0} {1}")
	@MethodSource("rows")
	void resolves(Syntax syntax, String name, Row row) throws Exception {
		row.run(syntax);
	}

	static Stream<Arguments> rows() {
		Map<String, Row> rows = new LinkedHashMap<>();
		propertyRows(rows);
		sourceRows(rows);
		grammarRows(rows);
		injectionRows(rows);
		literalRows(rows);
		contextRows(rows);
		return Stream.of(Syntax.values())
			.flatMap((syntax) -> rows.entrySet()
				.stream()
				.map((row) -> Arguments.of(syntax, row.getKey(), row.getValue())));
	}

	private static void propertyRows(Map<String, Row> rows) {
		rows.put("scalar", (s) -> bound(s, "app.text", s.of("secret:db"), Props::text, C + "db"));
		rows.put("int", (s) -> bound(s, "app.number", s.of("param:/app/port"), Props::number, 5432));
		rows.put("Duration",
				(s) -> bound(s, "app.duration", s.of("param:/app/timeout"), Props::duration, Duration.ofSeconds(7)));
		rows.put("list [ref, plain]", (s) -> {
			Function<ConfigurableApplicationContext, Object> list = (c) -> props(c).list();
			assertThat(read(app(s).property("app.list[0]", s.of("secret:db")).property("app.list[1]", "plain"), list))
				.isEqualTo(List.of(C + "db", "plain"));
		});
		rows.put("list [plain, ref]", (s) -> {
			Function<ConfigurableApplicationContext, Object> list = (c) -> props(c).list();
			assertThat(read(app(s).property("app.list[0]", "plain").property("app.list[1]", s.of("secret:db")), list))
				.isEqualTo(List.of("plain", C + "db"));
		});
		rows.put("list in one comma-separated value", (s) -> bound(s, "app.list", "plain," + s.of("secret:db") + ",x",
				Props::list, List.of("plain", C + "db", "x")));
		rows.put("map value", (s) -> bound(s, "app.map.key", s.of("secret:db"), Props::map, Map.of("key", C + "db")));
		rows.put("several references and text in one value", (s) -> got(s,
				"u=" + s.of("secret:json#user") + ";p=" + s.of("secret:db") + "!", "u=" + C + "user;p=" + C + "db!"));
		rows.put("kebab name", (s) -> bound(s, "app.two-words", s.of("secret:db"), Props::twoWords, C + "db"));
		rows.put("camel name", (s) -> bound(s, "app.twoWords", s.of("secret:db"), Props::twoWords, C + "db"));
		rows.put("underscore name", (s) -> bound(s, "app.two_words", s.of("secret:db"), Props::twoWords, C + "db"));
		rows.put("camel name read as kebab by the Environment",
				(s) -> assertThat(read(app(s).property("app.twoWords", s.of("secret:db")),
						(c) -> c.getEnvironment().getProperty("app.two-words")))
					.isEqualTo(C + "db"));
		rows.put("JavaBean properties", (s) -> assertThat(
				read(app(s).property("bean.text", s.of("secret:db")), (c) -> c.getBean(BeanProps.class).getText()))
			.isEqualTo(C + "db"));
		rows.put("value that points to a property with a reference",
				(s) -> assertThat(
						read(app(s).property("app.other", s.of("secret:db")).property("app.text", "<${app.other}>"),
								(c) -> props(c).text()))
					.isEqualTo("<" + C + "db>"));
		rows.put("getProperty with a type", (s) -> assertThat(read(app(s).property("p", s.of("param:/app/port")),
				(c) -> c.getEnvironment().getProperty("p", Integer.class)))
			.isEqualTo(5432));
		rows.put("resolvePlaceholders", (s) -> assertThat(
				read(app(s).property("p", s.of("secret:db")), (c) -> c.getEnvironment().resolvePlaceholders("[${p}]")))
			.isEqualTo("[" + C + "db]"));
		rows.put("Binder without a bean", (s) -> assertThat(read(app(s).property("x.y", s.of("secret:db")),
				(c) -> Binder.get(c.getEnvironment()).bind("x.y", String.class).get()))
			.isEqualTo(C + "db"));
		rows.put("containsProperty makes no call", (s) -> {
			FakeSecrets secrets = secrets();
			try (ConfigurableApplicationContext context = new TestApplication(secrets, TestApplication.Empty.class)
				.property("p", s.of("secret:db"))
				.run()) {
				assertThat(context.getEnvironment().containsProperty("p")).isTrue();
				assertThat(secrets.calls()).isEmpty();
			}
		});
		rows.put("one ask for each read", (s) -> {
			FakeSecrets secrets = secrets();
			try (ConfigurableApplicationContext context = new TestApplication(secrets, TestApplication.Empty.class)
				.property("p", s.of("secret:${stage:prod}/db?versionStage=AWSPREVIOUS#user:a\\b{c}:d"))
				.run()) {
				context.getEnvironment().getProperty("p");
				assertThat(secrets.calls()).hasSize(1);
			}
		});
	}

	private static void sourceRows(Map<String, Row> rows) {
		rows.put("environment variable bound relaxed",
				(s) -> assertThat(read(app(s).variable("APP_TWOWORDS", s.of("secret:db")), (c) -> props(c).twoWords()))
					.isEqualTo(C + "db"));
		rows.put("environment variable by its own name",
				(s) -> assertThat(read(app(s).variable("DB_PASSWORD", s.of("secret:db")),
						(c) -> c.getEnvironment().getProperty("DB_PASSWORD")))
					.isEqualTo(C + "db"));
		rows.put("system property set late", (s) -> {
			String name = "late." + s;
			try (ConfigurableApplicationContext context = app(s).run()) {
				System.setProperty(name, s.of("secret:db"));
				assertThat(context.getEnvironment().getProperty(name)).isEqualTo(C + "db");
			}
			finally {
				System.clearProperty(name);
			}
		});
		rows.put("command line over file",
				(s) -> assertThat(
						read(app(s).property("app.text", s.of("secret:none")).argument("app.text", s.of("secret:db")),
								(c) -> props(c).text()))
					.isEqualTo(C + "db"));
		rows.put("plain command line over reference in file",
				(s) -> assertThat(read(app(s).property("app.text", s.of("secret:none")).argument("app.text", "plain"),
						(c) -> props(c).text()))
					.isEqualTo("plain"));
		rows.put("profile file",
				(s) -> assertThat(read(app(s).property("app.text", "plain")
					.customize((application) -> application.setAdditionalProfiles("blue"))
					.profileProperty("blue", "app.text", s.of("secret:db")), (c) -> props(c).text()))
					.isEqualTo(C + "db"));
		rows.put("@PropertySource",
				(s) -> assertThat(
						read(app(s, (s == Syntax.ANGLE) ? AngleFile.class : BraceFile.class), (c) -> props(c).text()))
					.isEqualTo(C + "db"));
		rows.put("source added by an initializer", (s) -> assertThat(read(
				app(s).customize((application) -> application.addInitializers((context) -> context.getEnvironment()
					.getPropertySources()
					.addFirst(new MapPropertySource("mine", Map.of("app.text", s.of("secret:db")))))),
				(c) -> props(c).text()))
			.isEqualTo(C + "db"));
		rows.put("default properties",
				(s) -> assertThat(read(app(s).customize(
						(application) -> application.setDefaultProperties(Map.of("app.text", s.of("secret:db")))),
						(c) -> props(c).text()))
					.isEqualTo(C + "db"));
		rows.put("rotation is seen after the TTL", (s) -> rotation(s, app -> app.property("p", s.of("secret:db"))));
		rows.put("rotation is seen after the TTL, environment variable",
				(s) -> rotation(s, (app) -> app.variable("P", s.of("secret:db"))));
		rows.put("the origin is kept", (s) -> assertThat(read(app(s).property("app.text", s.of("secret:db")), (c) -> {
			org.springframework.core.env.PropertySource<?> source = c.getEnvironment()
				.getPropertySources()
				.stream()
				.filter((candidate) -> candidate.getName().contains("application.yml"))
				.findFirst()
				.orElseThrow();
			return org.springframework.boot.origin.OriginLookup.getOrigin(source, "app.text").toString();
		})).asString().contains("application.yml").contains("4:13"));
	}

	private static void grammarRows(Map<String, Row> rows) {
		rows.put("nested placeholder", (s) -> got(s, s.of("secret:${stage}/db#password"), C + "prod"));
		rows.put("nested placeholder with a default",
				(s) -> got(s, s.of("secret:${nope:prod}/db#password"), C + "prod"));
		rows.put("nested placeholder that is an ARN", (s) -> got(s, s.of("secret:${arn}#user:x"), C + "arn"));
		rows.put("two nested placeholders", (s) -> got(s, s.of("secret:${stage}/${name}#password"), C + "prod"));
		rows.put("nested placeholder in a default", (s) -> got(s, s.of("secret:none:<${stage}:${name}"), "<prod:db"));
		rows.put("reference in the default of a placeholder",
				(s) -> got(s, "${nope:" + s.of("secret:db") + "}", C + "db"));
		rows.put("reference in the unused default of a placeholder is not asked",
				(s) -> got(s, "${stage:" + s.of("secret:none") + "}", "prod"));
		rows.put("default not used", (s) -> got(s, s.of("secret:db:fallback"), C + "db"));
		rows.put("default used", (s) -> got(s, s.of("secret:none:fallback"), "fallback"));
		rows.put("default for a missing field", (s) -> got(s, s.of("secret:json#nope:fallback"), "fallback"));
		rows.put("empty default", (s) -> got(s, s.of("secret:none:"), ""));
		rows.put("default with braces", (s) -> got(s, s.of("secret:none:{\"a\":{}}"), "{\"a\":{}}"));
		rows.put("default with one closing brace",
				(s) -> got(s, s.of("secret:none:a" + ((s == Syntax.ANGLE) ? "}" : "%7D") + "b"), "a}b"));
		rows.put("default with one opening brace",
				(s) -> got(s, s.of("secret:none:a" + ((s == Syntax.ANGLE) ? "{" : "%7B") + "b"), "a{b"));
		rows.put("default with a backslash and colons", (s) -> got(s, s.of("secret:none:C:\\dir\\:x"), "C:\\dir\\:x"));
		rows.put("default with %3E", (s) -> got(s, s.of("secret:none:a%3Eb"), "a>b"));
		rows.put("default with a literal placeholder", (s) -> got(s, s.of("secret:none:\\${stage}"), "${stage}"));
		rows.put("default with #{", (s) -> got(s, s.of("secret:none:#{1+1}"), "#{1+1}"));
		rows.put("ARN", (s) -> got(s, s.of("secret:" + ARN), "{\"user\":\"" + C + "arn\"}"));
		rows.put("ARN with field and default", (s) -> got(s, s.of("secret:" + ARN + "#user:x:y"), C + "arn"));
		rows.put("missing ARN with default", (s) -> got(s, s.of("secret:" + ARN.replace("db", "no") + ":x:y"), "x:y"));
		rows.put("parameter ARN", (s) -> got(s, s.of("param:" + PARAM_ARN), "https://arn"));
		rows.put("field", (s) -> got(s, s.of("secret:json#user"), C + "user"));
		rows.put("encoded field", (s) -> got(s, s.of("secret:json#a%3Ab%25"), C + "odd"));
		rows.put("JSON Pointer", (s) -> got(s, s.of("secret:json#/hosts/1/name"), C + "two"));
		rows.put("object field", (s) -> got(s, s.of("secret:json#/hosts/0"), "{\"name\":\"one\",\"port\":1}"));
		rows.put("version stage", (s) -> got(s, s.of("secret:db?versionStage=AWSPREVIOUS"), C + "old"));
		rows.put("version id", (s) -> got(s, s.of("secret:db?versionId=0a1b"), C + "id"));
		rows.put("parameter version", (s) -> got(s, s.of("param:/app/url?version=2"), "https://two"));
		rows.put("parameter label",
				(s) -> got(s, s.of("param:/app/url?label=blue&withDecryption=false"), "https://blue"));
	}

	private static void injectionRows(Map<String, Row> rows) {
		rows.put("record properties", (s) -> bound(s, "app.text", s.of("secret:db"), Props::text, C + "db"));
		rows.put("@Value on a field", (s) -> annotation(s, Fields.class, (b) -> b.direct, C + "db"));
		rows.put("@Value on a constructor", (s) -> annotation(s, Fields.class, (b) -> b.constructor, C + "db"));
		rows.put("@Value through a property", (s) -> annotation(s, Fields.class, (b) -> b.through, C + "db"));
		rows.put("@Value with text around", (s) -> annotation(s, Fields.class, (b) -> b.around, "<" + C + "db>"));
		rows.put("@Value converted", (s) -> annotation(s, Fields.class, (b) -> String.valueOf(b.port), "5432"));
		rows.put("@Value with #{environment[…]}", (s) -> annotation(s, Fields.class, (b) -> b.environment, C + "db"));
		rows.put("@Value with #{@secretsProvider.text(…)}",
				(s) -> annotation(s, Fields.class, (b) -> b.bean, C + "db"));
		rows.put("@Value default that is a reference", (s) -> annotation(s, Fields.class, (b) -> b.fallback, C + "db"));
		rows.put("#{40+2} in an ordinary property", (s) -> annotation(s, Fields.class, (b) -> b.answer, "42"));
		rows.put("reference inside #{…} is refused",
				(s) -> refused(s, (s == Syntax.ANGLE) ? AngleExpression.class : BraceExpression.class));
		rows.put("reference inside #{…} is refused, through a property", (s) -> refused(s, PropertyExpression.class));
		rows.put("reference inside #{…} of a property is refused", (s) -> refused(s, ExpressionInProperty.class));
		rows.put("secret that completes an expression is text", (s) -> {
			SideEffect.COUNT.set(0);
			FakeSecrets secrets = secrets().set("secret:brace", "{T(" + SideEffect.class.getName() + ").happen()}");
			try (ConfigurableApplicationContext context = new TestApplication(secrets, Completed.class)
				.property("completed", "#" + s.of("secret:brace"))
				.run()) {
				assertThat(context.getBean(Completed.class).text)
					.isEqualTo("#{T(" + SideEffect.class.getName() + ").happen()}");
				assertThat(SideEffect.COUNT).hasValue(0);
			}
		});
		rows.put("@Scheduled",
				(s) -> assertThat(read(app(s, (s == Syntax.ANGLE) ? AngleCron.class : BraceCron.class),
						(c) -> c.getBean(ScheduledAnnotationBeanPostProcessor.class)
							.getScheduledTasks()
							.stream()
							.map((task) -> ((CronTask) task.getTask()).getExpression())
							.toList()))
					.isEqualTo(List.of("0 0 3 * * *")));
		rows.put("lazy bean makes its call when used", (s) -> {
			FakeSecrets secrets = secrets();
			try (ConfigurableApplicationContext context = new TestApplication(secrets, LazyConfig.class)
				.property("app.other", s.of("secret:db"))
				.run()) {
				assertThat(secrets.calls()).isEmpty();
				assertThat(context.getBean("lazyText")).isEqualTo(C + "db");
				assertThat(secrets.calls()).hasSize(1);
			}
		});
	}

	private static void literalRows(Map<String, Row> rows) {
		for (String value : List.of("a${x}b", "a\\${x}b", "a$<secret:other>b", "a#{1+1}b", "${x", "#{", "a#{b}${c:d}",
				"#{'x'}${x}\\${x}#{", "\\\\${x}", "}${", "${a{b}c", "\uE002\uE003\uE004\uE000")) {
			String text = C + value;
			rows.put("value " + printable(value) + " arrives as it is on each path", (s) -> {
				FakeSecrets secrets = secrets().set("secret:odd", text);
				try (ConfigurableApplicationContext context = new TestApplication(secrets,
						(s == Syntax.ANGLE) ? AngleOdd.class : BraceOdd.class)
					.property("x", "EXPANDED")
					.property("odd", s.of("secret:odd"))
					.property("other", "[${odd}]")
					.property("props.odd", s.of("secret:odd"))
					.run()) {
					Environment environment = context.getEnvironment();
					Odd odd = context.getBean(Odd.class);
					assertThat(environment.getProperty("odd")).isEqualTo(text);
					assertThat(environment.getProperty("other")).isEqualTo("[" + text + "]");
					assertThat(environment.resolvePlaceholders("${odd}")).isEqualTo(text);
					assertThat(environment.resolveRequiredPlaceholders("${odd}")).isEqualTo(text);
					assertThat(Binder.get(environment).bind("props", OddProps.class).get().odd()).isEqualTo(text);
					assertThat(odd.through).isEqualTo(text);
					assertThat(odd.twice).isEqualTo("[" + text + "]");
					assertThat(odd.direct()).isEqualTo(text);
					assertThat(context.getBeanFactory().resolveEmbeddedValue("${nope:${odd}}"))
						.isEqualTo(context.getBeanFactory().resolveEmbeddedValue("${odd}"));
				}
			});
		}
		rows.put("$< in ordinary text is left alone",
				(s) -> got(s, "a $< b $<other:x> <secret:db> $<secret", "a $< b $<other:x> <secret:db> $<secret"));
		rows.put("an escaped reference is text",
				(s) -> got(s, "a\\" + s.of("secret:db") + "b", "a" + s.of("secret:db") + "b"));
	}

	private static void contextRows(Map<String, Row> rows) {
		rows.put("missing secret fails the start and is named", (s) -> {
			Throwable failure = catchThrowable(
					() -> app(s).property("app.text", "x" + s.of("secret:prod/none#password")).run());
			assertThat(report(failure)).contains("$<secret:prod/none#password>")
				.contains("app.text")
				.contains("application.yml");
		});
		rows.put("missing secret of @Value fails the start and is named", (s) -> {
			Throwable failure = catchThrowable(
					() -> new TestApplication(new FakeSecrets().set("param:/app/cron", "0 0 3 * * *"),
							(s == Syntax.ANGLE) ? AngleOdd.class : BraceOdd.class)
						.property("odd", "plain")
						.property("other", "plain")
						.run());
			assertThat(report(failure)).contains("$<secret:odd>").contains("an annotation");
		});
		rows.put("missing secret fails Environment.getProperty", (s) -> {
			try (ConfigurableApplicationContext context = app(s).property("p", s.of("secret:none")).run()) {
				assertThatException().isThrownBy(() -> context.getEnvironment().getProperty("p"))
					.isInstanceOf(ReferenceResolutionException.class)
					.withMessageContaining("property 'p'");
			}
		});
		rows.put("missing secret in an environment variable fails the start", (s) -> {
			Throwable failure = catchThrowable(() -> app(s).variable("APP_TEXT", s.of("secret:none")).run());
			assertThat(report(failure)).contains("$<secret:none>").contains("APP_TEXT");
		});
		rows.put("a reactive environment that Boot copies",
				(s) -> assertThat(read(app(s)
					.customize((application) -> application.setWebApplicationType(WebApplicationType.REACTIVE))
					.argument("spring.main.web-application-type", "none")
					.property("app.text", s.of("secret:db")), (c) -> props(c).text())).isEqualTo(C + "db"));
		rows.put("a context without a placeholder configurer", (s) -> {
			try (ConfigurableApplicationContext context = new TestApplication(secrets(), Through.class)
				.property("app.other", s.of("secret:db"))
				.property("plain", "text")
				.run()) {
				assertThat(context.getBean(Through.class).through).isEqualTo(C + "db");
				assertThat(context.getBean(Through.class).plain).isEqualTo("text");
			}
		});
		rows.put("a functional application without auto-configuration", (s) -> {
			FakeSecrets secrets = secrets();
			org.springframework.cloud.function.context.FunctionalSpringApplication application = new org.springframework.cloud.function.context.FunctionalSpringApplication(
					FunctionalConfig.class);
			application.setWebApplicationType(WebApplicationType.NONE);
			application.addBootstrapRegistryInitializer((registry) -> registry.register(SecretsProvider.class,
					org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier.of(secrets)));
			application.setDefaultProperties(Map.of("app.other", s.of("secret:db")));
			try (ConfigurableApplicationContext context = application.run()) {
				assertThat(context.getBean(Through.class).through).isEqualTo(C + "db");
				assertThat(context.getBean(SecretsProvider.class)).isSameAs(secrets);
				assertThat(context.getBeanNamesForType(SecretsExtensionAutoConfiguration.class)).isEmpty();
			}
		});
		rows.put("a Spring Cloud context refresh", (s) -> {
			FakeSecrets secrets = secrets();
			try (ConfigurableApplicationContext context = new TestApplication(secrets, RefreshConfig.class)
				.property("p", s.of("secret:db"))
				.property("q", "\\" + s.of("secret:db"))
				.run()) {
				context.getEnvironment().getProperty("p");
				secrets.set("secret:db", C + "new");
				context.getBean(ContextRefresher.class).refresh();
				assertThat(context.getEnvironment().getProperty("p")).isEqualTo(C + "new");
				assertThat(context.getEnvironment().getProperty("q")).isEqualTo(s.of("secret:db"));
				assertThat(context.getEnvironment()
					.getPropertySources()
					.stream()
					.filter(ReferencePropertySource.class::isInstance)).hasSize(1);
			}
		});
		rows.put("a child context", (s) -> {
			FakeSecrets secrets = secrets();
			try (ConfigurableApplicationContext parent = new TestApplication(secrets, TestApplication.Empty.class)
				.property("from.parent", s.of("secret:db"))
				.run();
					ConfigurableApplicationContext child = new SpringApplicationBuilder(TestApplication.Empty.class)
						.parent(parent)
						.web(WebApplicationType.NONE)
						.run()) {
				assertThat(child.getEnvironment().getProperty("from.parent")).isEqualTo(C + "db");
			}
		});
		rows.put("enabled=false makes reading an error", (s) -> {
			SpringApplication application = new SpringApplication(TestApplication.Empty.class);
			application.setWebApplicationType(WebApplicationType.NONE);
			try (ConfigurableApplicationContext context = application.run("--secrets-extension.enabled=false",
					"--p=" + s.of("secret:db"))) {
				assertThatException().isThrownBy(() -> context.getEnvironment().getProperty("p"))
					.withMessageContaining("switched off");
			}
		});
		rows.put("an application's own ${secret:changeme} with brace-syntax=false",
				(s) -> assertThat(read(
						app(s).property("secrets-extension.brace-syntax", "false")
							.property("a", "${secret:changeme}")
							.property("b", Syntax.ANGLE.of("secret:db")),
						(c) -> List.of(c.getEnvironment().getProperty("a"), c.getEnvironment().getProperty("b"))))
					.isEqualTo(List.of("changeme", C + "db")));
		rows.put("@TestPropertySource", (s) -> TestContexts.run(s, TestContexts.Annotated.class));
		rows.put("@SpringBootTest(properties)", (s) -> TestContexts.run(s, TestContexts.Properties.class));
		rows.put("@DynamicPropertySource", (s) -> TestContexts.run(s, TestContexts.Dynamic.class));
		rows.put("@DynamicPropertySource that changes the AWS endpoint", TestContexts::runWithDynamicEndpoint);
		rows.put("@WebMvcTest slice", (s) -> TestContexts.run(s, TestContexts.Slice.class));
	}

	private static void rotation(Syntax syntax, Function<TestApplication, TestApplication> property) throws Exception {
		FakeSecrets secrets = secrets();
		ManualClock clock = new ManualClock(0);
		SecretsCache cache = TestCaches.cache(secrets, TestCaches.settings(Duration.ofSeconds(300),
				Duration.ofSeconds(300), 10, Duration.ZERO, AllowedSecrets.ALL), clock, Runnable::run);
		try (ConfigurableApplicationContext context = property
			.apply(new TestApplication(cache, TestApplication.Empty.class))
			.run()) {
			assertThat(context.getEnvironment().getProperty("p")).isEqualTo(C + "db");
			secrets.set("secret:db", C + "rotated");
			clock.advance(Duration.ofSeconds(299));
			assertThat(context.getEnvironment().getProperty("p")).isEqualTo(C + "db");
			clock.advance(Duration.ofSeconds(1));
			assertThat(context.getEnvironment().getProperty("p")).isEqualTo(C + "rotated");
		}
	}

	private static void refused(Syntax syntax, Class<?> config) {
		SideEffect.COUNT.set(0);
		FakeSecrets secrets = secrets().set("secret:quote",
				"'+T(" + SideEffect.class.getName() + ").happen()+'" + C + "quote");
		Throwable failure = catchThrowable(
				() -> new TestApplication(secrets, config).property("quote", syntax.of("secret:quote"))
					.property("expression", "#{'" + syntax.of("secret:quote") + "'.length()}")
					.run()
					.close());
		assertThat(SideEffect.COUNT).hasValue(0);
		assertThat(report(failure)).contains("#{environment['app.key']}").contains("@secretsProvider.text(");
	}

	private static <T> void bound(Syntax syntax, String property, String value, Function<Props, T> getter, T expected) {
		assertThat(read(app(syntax).property(property, value), (context) -> getter.apply(props(context))))
			.isEqualTo(expected);
	}

	private static void got(Syntax syntax, String value, String expected) {
		assertThat(read(app(syntax).property("p", value), (context) -> context.getEnvironment().getProperty("p")))
			.isEqualTo(expected);
		assertThat(read(app(syntax).property("p", value),
				(context) -> Binder.get(context.getEnvironment()).bind("p", String.class).get()))
			.isEqualTo(expected);
	}

	private static void annotation(Syntax syntax, Class<? extends Fields> type, Function<Fields, String> field,
			String expected) {
		Class<? extends Fields> config = (syntax == Syntax.ANGLE) ? AngleFields.class : BraceFields.class;
		assertThat(read(app(syntax, config).property("app.other", syntax.of("secret:db")).property("answer", "#{40+2}"),
				(context) -> field.apply(context.getBean(Fields.class))))
			.isEqualTo(expected);
	}

	private static Object read(TestApplication application,
			Function<ConfigurableApplicationContext, ? extends Object> reader) {
		try (ConfigurableApplicationContext context = application.run()) {
			return reader.apply(context);
		}
	}

	private static TestApplication app(Syntax syntax, Class<?>... more) {
		List<Class<?>> sources = new ArrayList<>(List.of(more));
		sources.add(PropsConfig.class);
		return new TestApplication(secrets(), sources.toArray(Class[]::new)).property("stage", "prod")
			.property("name", "db")
			.property("arn", ARN);
	}

	private static Props props(ConfigurableApplicationContext context) {
		return context.getBean(Props.class);
	}

	static FakeSecrets secrets() {
		return new FakeSecrets().set("secret:db", C + "db")
			.set("secret:db?versionStage=AWSPREVIOUS", C + "old")
			.set("secret:db?versionId=0a1b", C + "id")
			.set("secret:prod/db", "{\"password\":\"" + C + "prod\"}")
			.set("secret:prod/db?versionStage=AWSPREVIOUS", "{\"user\":\"" + C + "prev\"}")
			.set("secret:json",
					"{ \"user\": \"" + C + "user\", \"a:b%\": \"" + C
							+ "odd\", \"hosts\": [ {\"name\": \"one\", \"port\": 1}, {\"name\":\"" + C + "two\"} ] }")
			.set("secret:" + ARN, "{\"user\":\"" + C + "arn\"}")
			.set("param:" + PARAM_ARN, "https://arn")
			.set("param:/app/port", "5432")
			.set("param:/app/timeout", "7s")
			.set("param:/app/cron", "0 0 3 * * *")
			.set("param:/app/url?version=2", "https://two")
			.set("param:/app/url?label=blue&withDecryption=false", "https://blue");
	}

	private static String report(Throwable failure) {
		assertThat(failure).isNotNull();
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			assertThat(String.valueOf(cause.getMessage())).doesNotContain(C).doesNotContain("\uE000");
		}
		var analysis = new SecretsFailureAnalyzer(null).analyze(failure);
		assertThat(analysis).as("analysis of %s", failure).isNotNull();
		return analysis.getDescription() + "\n" + analysis.getAction();
	}

	private static String printable(String value) {
		return value.replace("\uE002\uE003\uE004\uE000", "of private-use characters");
	}

	interface Row {

		void run(Syntax syntax) throws Exception;

	}

	@ConfigurationProperties("app")
	record Props(String text, int number, Duration duration, List<String> list, Map<String, String> map,
			String twoWords) {

	}

	@ConfigurationProperties("bean")
	static class BeanProps {

		private String text;

		String getText() {
			return this.text;
		}

		public void setText(String text) {
			this.text = text;
		}

	}

	record OddProps(String odd) {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties({ Props.class, BeanProps.class })
	@Import(TestApplication.Empty.class)
	static class PropsConfig {

	}

	@Configuration(proxyBeanMethods = false)
	@PropertySource("classpath:references-angle.properties")
	static class AngleFile {

	}

	@Configuration(proxyBeanMethods = false)
	@PropertySource("classpath:references-brace.properties")
	static class BraceFile {

	}

	abstract static class Fields {

		String direct;

		String constructor;

		String fallback;

		String around;

		@Value("${app.other}")
		String through;

		@Value("#{environment['app.other']}")
		String environment;

		@Value("#{@secretsProvider.text('secret:db')}")
		String bean;

		@Value("${answer}")
		String answer;

		int port;

	}

	@Import(TestApplication.Empty.class)
	static class AngleFields extends Fields {

		AngleFields(@Value("$<secret:db>") String constructor) {
			this.constructor = constructor;
		}

		@Value("$<secret:db>")
		void setDirect(String direct) {
			this.direct = direct;
		}

		@Value("${nope:$<secret:db>}")
		void setFallback(String fallback) {
			this.fallback = fallback;
		}

		@Value("<$<secret:db>>")
		void setAround(String around) {
			this.around = around;
		}

		@Value("$<param:/app/port>")
		void setPort(int port) {
			this.port = port;
		}

	}

	@Import(TestApplication.Empty.class)
	static class BraceFields extends Fields {

		BraceFields(@Value("${secret:db}") String constructor) {
			this.constructor = constructor;
		}

		@Value("${secret:db}")
		void setDirect(String direct) {
			this.direct = direct;
		}

		@Value("${nope:${secret:db}}")
		void setFallback(String fallback) {
			this.fallback = fallback;
		}

		@Value("<${secret:db}>")
		void setAround(String around) {
			this.around = around;
		}

		@Value("${param:/app/port}")
		void setPort(int port) {
			this.port = port;
		}

	}

	/** Counts that a secret was evaluated. */
	public static final class SideEffect {

		static final AtomicInteger COUNT = new AtomicInteger();

		private SideEffect() {
		}

		public static String happen() {
			COUNT.incrementAndGet();
			return "happened";
		}

	}

	@Import(TestApplication.Empty.class)
	static class AngleExpression {

		@Value("#{'$<secret:quote>'.length()}")
		String text;

	}

	@Import(TestApplication.Empty.class)
	static class BraceExpression {

		@Value("#{'${secret:quote}'.length()}")
		String text;

	}

	@Import(TestApplication.Empty.class)
	static class PropertyExpression {

		@Value("#{'${quote}'.length()}")
		String text;

	}

	@Import(TestApplication.Empty.class)
	static class ExpressionInProperty {

		@Value("${expression}")
		String text;

	}

	@Import(TestApplication.Empty.class)
	static class Completed {

		@Value("${completed}")
		String text;

	}

	@EnableScheduling
	@Import(TestApplication.Empty.class)
	static class AngleCron {

		@Scheduled(cron = "$<param:/app/cron>")
		void run() {
		}

	}

	@EnableScheduling
	@Import(TestApplication.Empty.class)
	static class BraceCron {

		@Scheduled(cron = "${param:/app/cron}")
		void run() {
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(TestApplication.Empty.class)
	static class LazyConfig {

		@Bean
		@Lazy
		String lazyText(@Value("${app.other}") String text) {
			return text;
		}

	}

	abstract static class Odd {

		@Value("${odd}")
		String through;

		@Value("${other}")
		String twice;

		abstract String direct();

	}

	@Import(TestApplication.Empty.class)
	static class AngleOdd extends Odd {

		@Value("$<secret:odd>")
		String direct;

		@Override
		String direct() {
			return this.direct;
		}

	}

	@Import(TestApplication.Empty.class)
	static class BraceOdd extends Odd {

		@Value("${secret:odd}")
		String direct;

		@Override
		String direct() {
			return this.direct;
		}

	}

	@Import({ TestApplication.Empty.class, RefreshAutoConfiguration.class })
	static class RefreshConfig {

	}

	static class Through {

		@Value("${app.other}")
		String through;

		@Value("${plain:none}")
		String plain;

	}

	static class FunctionalConfig implements ApplicationContextInitializer<GenericApplicationContext> {

		@Override
		public void initialize(GenericApplicationContext context) {
			context.registerBean(Through.class);
		}

	}

}
