package io.github.secretsextension.autoconfigure;

import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;

import javax.management.ObjectName;

import com.jayway.jsonpath.JsonPath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.autoconfigure.MaskingApplication.Pool;

import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.WebApplicationType;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.boot.actuate.env.EnvironmentEndpoint;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests, over HTTP, that Spring Boot's endpoints show references and never what they
 * stand for, and that reading them asks nobody.
 */
class MaskingTests {

	private static final String MASK = "******";

	private final HttpClient client = HttpClient.newHttpClient();

	private final FakeSecrets secrets = new FakeSecrets().set("secret:db", "{\"password\":\"CANARY-password\"}")
		.set("secret:prod/db", "CANARY-nested")
		.set("secret:csv", "CANARY-one,CANARY-two")
		.set("secret:pin", "40961")
		.set("param:/app/url", "CANARY-url");

	private ConfigurableApplicationContext context;

	/**
	 * Whether values are shown, and to whom.
	 */
	enum Show {

		NEVER("never", false, false), ALWAYS("always", false, true), ANONYMOUS("when-authorized", false, false),
		AUTHORIZED("when-authorized", true, true);

		private final String mode;

		private final boolean user;

		private final boolean shows;

		Show(String mode, boolean user, boolean shows) {
			this.mode = mode;
			this.user = user;
			this.shows = shows;
		}

	}

	@AfterEach
	void close() {
		if (this.context != null) {
			this.context.close();
		}
	}

	private TestApplication application(Show show) {
		return new TestApplication(this.secrets, MaskingApplication.class)
			.customize((application) -> application.setWebApplicationType(WebApplicationType.SERVLET))
			.property("server.port", "0")
			.property("management.endpoints.web.exposure.include", "*")
			.property("management.endpoint.env.show-values", show.mode)
			.property("management.endpoint.configprops.show-values", show.mode)
			.property("management.info.env.enabled", "true")
			.property("app.stage", "prod")
			.property("app.plain", "plain-text")
			.property("app.password", "$<secret:db#password>")
			.property("app.brace", "${secret:db#password}")
			.property("app.through", "jdbc:x:${app.password}@host")
			.property("app.within", "before $<secret:db#password> after")
			.property("app.nested", "$<secret:${app.stage:dev}/db:CANARY-default>")
			.property("app.escaped", "\\$<secret:text>")
			.property("info.app.text", "text")
			.property("info.app.key", "$<secret:db#password>")
			.property("info.app.copy", "${app.brace}")
			.variable("APP_VARIABLE", "$<param:/app/url>");
	}

	private void start(TestApplication application) {
		this.context = application.run();
		this.secrets.calls().clear();
	}

	private HttpResponse<String> get(Show show, String target) throws Exception {
		HttpRequest.Builder request = HttpRequest.newBuilder(uri(target));
		if (show.user) {
			request.header("X-User", "operator");
		}
		return this.client.send(request.build(), BodyHandlers.ofString());
	}

	private URI uri(String target) {
		return URI.create("http://127.0.0.1:" + this.context.getEnvironment().getProperty("local.management.port")
				+ ("/actuator/" + target).replaceFirst("/$", ""));
	}

	private String body(Show show, String target) throws Exception {
		HttpResponse<String> response = get(show, target);
		assertThat(response.statusCode()).as(target).isEqualTo(200);
		assertThat(response.body()).as(target)
			.doesNotContain(FakeSecrets.CANARY, "40961", String.valueOf(ReferenceSeals.SEAL))
			.doesNotContainIgnoringCase("\\ue000");
		assertThat(this.secrets.calls()).as(target).isEmpty();
		return response.body();
	}

	private static void assertValue(String body, String property, String expected, String origin) {
		List<String> values = JsonPath.read(body, "$.propertySources[*].properties['" + property + "'].value");
		assertThat(values).as(property).containsExactly(expected);
		List<String> origins = JsonPath.read(body, "$.propertySources[*].properties['" + property + "'].origin");
		assertThat(origins).as(property).hasSize((origin.isEmpty()) ? 0 : 1).allMatch((text) -> text.contains(origin));
	}

	@ParameterizedTest
	@EnumSource
	void envShowsReferencesAsTheyWereWritten(Show show) throws Exception {
		start(application(show).property("app.missing", "$<secret:missing>"));
		String body = body(show, "env");
		String file = "application.yml";
		assertValue(body, "app.plain", (show.shows) ? "plain-text" : MASK, file);
		assertValue(body, "app.password", (show.shows) ? "$<secret:db#password>" : MASK, file);
		assertValue(body, "app.brace", (show.shows) ? "${secret:db#password}" : MASK, file);
		assertValue(body, "app.through", (show.shows) ? "jdbc:x:$<secret:db#password>@host" : MASK, file);
		assertValue(body, "app.within", (show.shows) ? "before $<secret:db#password> after" : MASK, file);
		assertValue(body, "app.nested", (show.shows) ? "$<secret:${app.stage:dev}/db:…>" : MASK, file);
		assertValue(body, "app.escaped", (show.shows) ? "$<secret:text>" : MASK, file);
		assertValue(body, "app.missing", (show.shows) ? "$<secret:missing>" : MASK, file);
		assertValue(body, "APP_VARIABLE", (show.shows) ? "$<param:/app/url>" : MASK, "APP_VARIABLE");
	}

	@ParameterizedTest
	@EnumSource
	void envEntryShowsTheReference(Show show) throws Exception {
		start(application(show).property("app.missing", "$<secret:missing>"));
		assertEntry(show, "app.password", "$<secret:db#password>");
		assertEntry(show, "app.through", "jdbc:x:$<secret:db#password>@host");
		assertEntry(show, "app.missing", "$<secret:missing>");
	}

	private void assertEntry(Show show, String name, String expected) throws Exception {
		String body = body(show, "env/" + name);
		assertThat((String) JsonPath.read(body, "$.property.value")).isEqualTo((show.shows) ? expected : MASK);
		assertThat(body).contains("application.yml");
	}

	@ParameterizedTest
	@EnumSource
	void envPatternShowsTheReference(Show show) throws Exception {
		start(application(show).property("app.missing", "$<secret:missing>"));
		String body = body(show, "env?pattern=app%5C..*s.*");
		assertValue(body, "app.password", (show.shows) ? "$<secret:db#password>" : MASK, "application.yml");
		assertValue(body, "app.missing", (show.shows) ? "$<secret:missing>" : MASK, "application.yml");
		assertThat(body).doesNotContain("app.brace");
	}

	@ParameterizedTest
	@EnumSource
	void envCannotBeUsedToProbe(Show show) throws Exception {
		start(application(show));
		for (String name : List.of("secret:db", "secret:any", "param:/app/url", "$<secret:db>", "${secret:db}",
				"secret", "\uE000", "\uE0000")) {
			HttpResponse<String> response = get(show, "env/" + URLEncoder.encode(name, StandardCharsets.UTF_8));
			assertThat(response.statusCode()).as(name).isIn(400, 404);
			assertThat(response.body()).doesNotContain(FakeSecrets.CANARY);
		}
		body(show, "env?pattern=secret");
		assertThat(this.secrets.calls()).isEmpty();
	}

	@Test
	void envShowsAReferenceThatCannotBeReadAtAll() throws Exception {
		start(application(Show.ALWAYS));
		System.setProperty("app.late", "$<secret:x?unknown=1:CANARY-default>");
		System.setProperty("app.loop", "${app.loop2:$<secret:x>}");
		try {
			String body = body(Show.ALWAYS, "env");
			assertValue(body, "app.late", "$<secret:x?unknown=1:…>", "");
			assertValue(body, "app.loop", "$<secret:x>", "");
		}
		finally {
			System.clearProperty("app.late");
			System.clearProperty("app.loop");
		}
	}

	@Test
	void envShowsReferencesWhileTheyAreSwitchedOff() throws Exception {
		start(new TestApplication(this.secrets, Empty.class)
			.customize((application) -> application.setWebApplicationType(WebApplicationType.SERVLET))
			.property("server.port", "0")
			.property("secrets-extension.enabled", "false")
			.property("management.endpoints.web.exposure.include", "*")
			.property("management.endpoint.env.show-values", "always")
			.property("app.password", "$<secret:db#password>"));
		assertValue(body(Show.ALWAYS, "env"), "app.password", "$<secret:db#password>", "application.yml");
	}

	@Test
	void afterEnvTheApplicationStillGetsTheValue() throws Exception {
		start(application(Show.ALWAYS));
		body(Show.ALWAYS, "env");
		assertThat(this.context.getEnvironment().getProperty("app.password")).isEqualTo("CANARY-password");
	}

	@Test
	void springCloudsWritableEnvIsMaskedAndItsWritesReadValues() throws Exception {
		start(application(Show.ALWAYS).property("management.endpoint.env.post.enabled", "true")
			.property("management.endpoint.env.post.valid-keys-regex", "pool.*")
			.property("management.endpoint.env.access", "unrestricted")
			.property("pool.url", "${app.password}"));
		assertValue(body(Show.ALWAYS, "env"), "app.password", "$<secret:db#password>", "application.yml");
		HttpRequest write = HttpRequest.newBuilder(uri("env"))
			.header("Content-Type", "application/json")
			.POST(BodyPublishers.ofString("{\"name\":\"pool.size\",\"value\":\"7\"}"))
			.build();
		HttpResponse<String> response = this.client.send(write, BodyHandlers.ofString());
		assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
		Pool pool = this.context.getBean(Pool.class);
		assertThat(pool.getSize()).isEqualTo(7);
		assertThat(pool.getUrl()).isEqualTo("CANARY-password");
	}

	@Test
	void codeThatCallsTheEndpointGetsMaskedValues() throws Exception {
		start(application(Show.ALWAYS));
		String text = new JsonMapper()
			.writeValueAsString(this.context.getBean(EnvironmentEndpoint.class).environment("app.*|APP.*"));
		assertThat(text).contains("plain-text", MASK, "app.through", "APP_VARIABLE").doesNotContain(FakeSecrets.CANARY);
	}

	@Test
	void envOverJmxIsMasked() throws Exception {
		start(application(Show.ALWAYS).property("spring.jmx.enabled", "true")
			.property("spring.jmx.default-domain", "masking")
			.property("management.endpoints.jmx.exposure.include", "env"));
		Object entry = ManagementFactory.getPlatformMBeanServer()
			.invoke(new ObjectName("masking:type=Endpoint,name=Env"), "environmentEntry",
					new Object[] { "app.password" }, new String[] { String.class.getName() });
		assertThat(entry).asString().contains("$<secret:db#password>").doesNotContain(FakeSecrets.CANARY);
		assertThat(this.secrets.calls()).isEmpty();
	}

	@ParameterizedTest
	@EnumSource
	void configpropsMasksWhatCameFromReferences(Show show) throws Exception {
		start(configprops(show));
		String body = body(show, "configprops");
		String database = "$.contexts.*.beans.*[?(@.prefix=='database')].properties.";
		assertThat(all(body, database + "plain")).containsExactly((show.shows) ? "plain-text" : MASK);
		assertThat(all(body, database + "map['a.b']")).containsExactly(MASK);
		assertThat(all(body, database + "map['plain']")).containsExactly((show.shows) ? "plain-text" : MASK);
		for (String name : List.of("password", "through", "within", "port", "csv[0]", "list[1]", "items[0].password",
				"inner.password", "set[0]", "chars", "converted.text")) {
			assertThat(all(body, database + name)).as(name).containsExactly(MASK);
		}
		String pool = "$.contexts.*.beans.*[?(@.prefix=='pool')].properties.";
		assertThat(all(body, pool + "url")).containsExactly(MASK);
		assertThat(all(body, pool + "password")).containsExactly(MASK);
		assertThat(all(body, pool + "text")).containsExactly(MASK);
		assertThat(all(body, pool + "size")).containsExactly((show.shows) ? 3 : (Object) MASK);
		assertThat(all(body, pool + "name")).containsExactly((show.shows) ? "default-name" : MASK);
		body(show, "configprops/database");
	}

	private static List<Object> all(String body, String path) {
		return JsonPath.read(body, path);
	}

	private TestApplication configprops(Show show) {
		return application(show).property("database.plain", "plain-text")
			.property("database.password", "$<secret:db#password>")
			.property("database.through", "${app.through}")
			.property("database.within", "x$<secret:db#password>x")
			.property("database.port", "$<secret:pin>")
			.property("database.csv", "$<secret:csv>")
			.property("database.list[0]", "plain")
			.property("database.list[1]", "${app.password}")
			.property("database.set[0]", "plain")
			.property("database.set[1]", "${app.password}")
			.property("database.items[0].password", "$<secret:db#password>")
			.property("database.inner.password", "$<secret:none:CANARY-default>")
			.property("database.map[a.b]", "$<secret:db#password>")
			.property("database.map.plain", "plain-text")
			.property("database.chars", "$<secret:db#password>")
			.property("database.converted", "$<secret:db#password>")
			.property("pool.url", "${app.password}");
	}

	private TestApplication local() {
		return new TestApplication(Reading.class)
			.customize((application) -> application.setWebApplicationType(WebApplicationType.SERVLET))
			.property("server.port", "0")
			.property("secrets-extension.mode", "local")
			.property("secrets-extension.local.secrets[db].password", "CANARY-password")
			.property("secrets-extension.local.parameters[/app/url]", "CANARY-url")
			.property("management.endpoints.web.exposure.include", "*")
			.property("management.endpoint.env.show-values", "always")
			.property("management.endpoint.configprops.show-values", "always");
	}

	@Test
	void configpropsMasksWhatCodeReadThroughTheProvider() throws Exception {
		start(local());
		String body = get(Show.ALWAYS, "configprops/pool").body();
		assertThat(body).contains("default-name", MASK).doesNotContain(FakeSecrets.CANARY);
	}

	@Test
	void ownTokensAndLocalValuesAreMasked() throws Exception {
		start(local().property("secrets-extension.endpoint.token", "CANARY-token")
			.variable("SECRETS_EXTENSION_REMOTE_TOKEN", "CANARY-remote")
			.variable("AWS_SESSION_TOKEN", "CANARY-session"));
		assertValue(body(Show.ALWAYS, "env"), "secrets-extension.mode", "local", "application.yml");
		assertValue(body(Show.ALWAYS, "env"), "secrets-extension.endpoint.token", MASK, "application.yml");
		assertValue(body(Show.ALWAYS, "env"), "AWS_SESSION_TOKEN", MASK, "AWS_SESSION_TOKEN");
		assertThat(body(Show.ALWAYS, "configprops/secrets-extension")).contains("\"LOCAL\"", "\"token\":\"******\"");
	}

	/**
	 * As Boot does with what its logging is told.
	 */
	@Test
	void envMasksWhatCodeCopiedToAnotherSource() throws Exception {
		start(application(Show.ALWAYS).variable("SPRING_APPLICATION_JSON",
				"{\"secrets-extension\":{\"remote\":{\"token\":\"CANARY-json\"}}}"));
		// A bean has it from a reference.
		System.setProperty("COPIED_BY_A_TEST", "CANARY-password");
		try {
			String body = body(Show.ALWAYS, "env");
			assertThat(body).doesNotContain(FakeSecrets.CANARY);
			assertValue(body, "COPIED_BY_A_TEST", MASK, "");
		}
		finally {
			System.clearProperty("COPIED_BY_A_TEST");
		}
	}

	/**
	 * It would hold the reference's own text for good.
	 */
	@Test
	void beanThatIsCreatedWhileEnvIsReadGetsTheValue() throws Exception {
		start(new TestApplication(this.secrets, MaskingApplication.class, LateBeans.class)
			.customize((application) -> application.setWebApplicationType(WebApplicationType.SERVLET))
			.property("server.port", "0")
			.property("management.endpoints.web.exposure.include", "*")
			.property("management.endpoint.env.show-values", "always")
			.property("app.brace", "${secret:db#password}")
			.property("late.password", "$<secret:db#password>"));
		assertThat(get(Show.AUTHORIZED, "env").body()).contains("$<secret:db#password>")
			.doesNotContain(FakeSecrets.CANARY);
		assertThat(this.context.getBean(LateBeans.Late.class).text).isEqualTo("CANARY-password");
		assertThat(this.context.getBean(LateBeans.LateProperties.class).password()).isEqualTo("CANARY-password");
		assertThat(LateBeans.seen).isEqualTo("CANARY-password");
	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties(LateBeans.LateProperties.class)
	static class LateBeans {

		static volatile String seen;

		@Bean
		static SanitizingFunction asks(ObjectProvider<Late> late, ObjectProvider<LateProperties> properties,
				Environment environment) {
			return (data) -> {
				late.getObject();
				properties.getObject();
				seen = environment.getProperty("late.password");
				return data;
			};
		}

		@Bean
		@Lazy
		static Late late() {
			return new Late();
		}

		static class Late {

			@Value("${late.password}")
			String text;

		}

		@Lazy
		@ConfigurationProperties("late")
		record LateProperties(String password) {

		}

	}

	/**
	 * A default is no secret: an ordinary text may hold it.
	 */
	@Test
	void defaultsAreNotTakenForSecrets() throws Exception {
		start(application(Show.ALWAYS).property("app.missing", "$<secret:none:ordinary-text>"));
		assertThat(this.context.getEnvironment().getProperty("app.missing")).isEqualTo("ordinary-text");
		assertThat(this.context.getEnvironment().getProperty("app.password")).startsWith(FakeSecrets.CANARY);
		ReferencePropertySource source = this.context.getEnvironment()
			.getPropertySources()
			.stream()
			.filter(ReferencePropertySource.class::isInstance)
			.map(ReferencePropertySource.class::cast)
			.findFirst()
			.orElseThrow();
		assertThat(source.resolvedTexts().isIn("some ordinary-text here")).isFalse();
		assertThat(source.resolvedTexts().isIn("some CANARY-password here")).isTrue();
	}

	/**
	 * The first reader may be a thread whose class loader sees nothing of the actuator.
	 */
	@Test
	void threadsOfAnyClassLoaderAreRemembered() throws Exception {
		ResolvedTexts texts = new ResolvedTexts();
		ClassLoader before = Thread.currentThread().getContextClassLoader();
		Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
		try {
			texts.onResolved(SecretReference.secret("db"), "CANARY-text");
		}
		finally {
			Thread.currentThread().setContextClassLoader(before);
		}
		assertThat(texts.isIn("CANARY-text")).isTrue();
	}

	@Test
	void endpointsOnAPortOfTheirOwnAreMasked() throws Exception {
		start(configprops(Show.ALWAYS).property("management.server.port", "0"));
		assertThat(this.context.getEnvironment().getProperty("local.management.port"))
			.isNotEqualTo(this.context.getEnvironment().getProperty("local.server.port"));
		assertValue(body(Show.ALWAYS, "env"), "app.password", "$<secret:db#password>", "application.yml");
		assertThat(body(Show.ALWAYS, "configprops")).contains("plain-text");
		body(Show.ALWAYS, "info");
	}

	@ParameterizedTest
	@EnumSource
	void infoShowsReferences(Show show) throws Exception {
		start(application(show));
		String body = body(show, "info");
		assertThat((String) JsonPath.read(body, "$.app.key")).isEqualTo("$<secret:db#password>");
		assertThat((String) JsonPath.read(body, "$.app.copy")).isEqualTo("${secret:db#password}");
		assertThat((String) JsonPath.read(body, "$.app.text")).isEqualTo("text");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "beans", "caches", "conditions", "health", "loggers", "mappings", "metrics",
			"scheduledtasks", "threaddump" })
	void noEndpointShowsAValueOrASeal(String endpoint) throws Exception {
		start(configprops(Show.ALWAYS));
		body(Show.ALWAYS, endpoint);
	}

	@Test
	void withoutActuatorThereIsNoMasking() {
		new ApplicationContextRunner().withInitializer(new SecretsExtensionInitializer())
			.withClassLoader(new FilteredClassLoader("org.springframework.boot.actuate"))
			.withConfiguration(AutoConfigurations.of(SecretsExtensionAutoConfiguration.class,
					SecretsExtensionMaskingAutoConfiguration.class))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBeanDefinitionNames()).noneMatch((name) -> name.contains("Sanitizing"));
			});
	}

	/**
	 * An application whose code reads secrets itself.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Reading {

		@Bean
		@ConfigurationProperties("pool")
		Pool pool(SecretsProvider secrets) {
			Pool pool = new Pool();
			pool.setPassword(secrets.text("secret:db#password"));
			return pool;
		}

	}

	/**
	 * An application that reads no reference.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Empty {

	}

}
