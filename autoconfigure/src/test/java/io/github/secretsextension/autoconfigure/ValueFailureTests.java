package io.github.secretsextension.autoconfigure;

import java.beans.PropertyEditorSupport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URL;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.FakeSecrets;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.config.CustomEditorConfigurer;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.validation.Errors;
import org.springframework.validation.Validator;
import org.springframework.validation.annotation.Validated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for values that are not accepted where they are bound or injected: each is a real
 * {@link SpringApplication} run, and the value stands neither in its report nor anywhere
 * in its exception.
 */
@ExtendWith(OutputCaptureExtension.class)
class ValueFailureTests {

	private static final String SECRET = "$<secret:text>";

	@ParameterizedTest(name = "{0}: {2}={3}")
	@MethodSource("unboundValues")
	void valueThatCannotBeBoundIsNotShown(String name, Class<?> configuration, String property, String value,
			List<String> expected, CapturedOutput output) {
		Throwable failure = catchThrowable(() -> application(configuration).property(property, value)
			.property("other.secret", SECRET)
			.property("other.name", "text")
			.property("other.circle", "${bound.number}")
			.run()
			.close());
		assertThat(output).contains("APPLICATION FAILED TO START", "'" + property + "' (", "application.yml] - ")
			.contains(expected);
		assertHoldsNoValue(failure, output);
	}

	static Stream<Arguments> unboundValues() {
		return Stream.of(
				row("int", Types.class, "bound.number", SECRET, "'$<secret:text>'",
						"cannot become a java.lang.Integer"),
				row("enum", Types.class, "bound.unit", SECRET, "cannot become a java.util.concurrent.TimeUnit"),
				row("URL", Types.class, "bound.url", SECRET, "cannot become a java.net.URL"),
				row("Duration", Types.class, "bound.time", SECRET, "cannot become a java.time.Duration"),
				row("Class", Types.class, "bound.type", SECRET, "cannot become a java.lang.Class"),
				row("list", Types.class, "bound.list", SECRET, "cannot become a java.util.List<java.lang.Integer>"),
				row("list element", Types.class, "bound.list[0]", SECRET, "cannot become a java.lang.Integer"),
				row("map value", Types.class, "bound.map.a", SECRET, "cannot become a java.lang.Integer"),
				row("map", Types.class, "bound.map", SECRET, "cannot become a java.util.Map"),
				row("map of records", Types.class, "bound.records.a.number", SECRET, "cannot become a int"),
				row("record in a list", Types.class, "bound.nests[0].number", SECRET, "cannot become a int"),
				row("array", Types.class, "bound.array", SECRET, "cannot become a int[]"),
				row("nested record", Types.class, "bound.nested.number", SECRET, "cannot become a int"),
				row("record itself", Types.class, "bound.nested", SECRET, "cannot become a"),
				row("JavaBean", Beans.class, "bean.number", SECRET, "cannot become a int"),
				row("@Bean method", Methods.class, "method.number", SECRET, "cannot become a int"),
				row("within text", Types.class, "bound.number", "1" + SECRET + "2", "'1$<secret:text>2'"),
				row("through another property", Types.class, "bound.number", "${other.secret}", "'${other.secret}'",
						"which comes from '$<secret:text>' in property 'other.secret' ("),
				row("through a default", Types.class, "bound.number", "${none:${other.secret}}",
						"in property 'other.secret' ("),
				row("through a relaxed name", Types.class, "bound.number", "${OTHER_SECRET:${other.secret}}",
						"in property 'other.secret' ("),
				row("within a nested reference", Types.class, "bound.number", "$<secret:${other.name}>",
						"'$<secret:${other.name}>'"),
				row("the parameter", Types.class, "bound.number", "${param:/p}", "'$<param:/p>'"),
				row("setter", Beans.class, "bean.text", SECRET, "ValueFailureTests$BeanProperties does not accept",
						"(java.lang.IllegalArgumentException)"),
				row("constructor", Choosy.class, "choosy.text", SECRET,
						"ValueFailureTests$ChoosyRecord does not accept", "(java.lang.IllegalArgumentException)"),
				row("validator", Valid.class, "valid.text", SECRET, "'valid.text' fails 'too.secret'"),
				row("validator, through another property", Valid.class, "valid.text", "${other.secret}",
						"'valid.text' fails 'too.secret'", "in property 'other.secret' ("),
				row("list left unbound", Types.class, "bound.list[2]", SECRET, "Nothing takes the value of"),
				row("unknown field", Strict.class, "strict.none", SECRET, "Nothing takes the value of",
						"Correct the name of the property"),
				row("unknown placeholder", Types.class, "bound.number", SECRET + "-${none}",
						"'$<secret:text>-${none}'"),
				row("name of a placeholder", Types.class, "bound.number", "${a.${other.secret}}",
						"'${a.${other.secret}}'", "in property 'other.secret' ("),
				row("circle", Types.class, "bound.number", SECRET + "${other.circle}", "leads back to itself"));
	}

	@ParameterizedTest(name = "{0}: {2}")
	@MethodSource("injectedValues")
	void valueThatCannotBeInjectedIsNotShown(String name, Class<?> configuration, String value, List<String> expected,
			CapturedOutput output) {
		Throwable failure = catchThrowable(() -> application(configuration).property("app.value", value)
			.property("app.key", SECRET)
			.run()
			.close());
		assertThat(output).contains("APPLICATION FAILED TO START", "in an annotation of ").contains(expected);
		assertHoldsNoValue(failure, output);
	}

	static Stream<Arguments> injectedValues() {
		String origin = "which comes from '$<secret:text>' in property 'app.value' (";
		return Stream.of(
				injected("field", FieldOf.class, SECRET, "ValueFailureTests$FieldOf.port", origin,
						"application.yml] - ", "cannot become a int", "The value is not shown"),
				injected("constructor", ConstructorOf.class, SECRET, "ValueFailureTests$ConstructorOf", origin),
				injected("method", MethodOf.class, SECRET, "ValueFailureTests$MethodOf.time", "java.time.Duration"),
				injected("@Bean method's parameter", BeanMethodOf.class, SECRET, "ValueFailureTests$BeanMethodOf.bean"),
				injected("list", ListOf.class, SECRET, "cannot become a java.util.List"),
				injected("array", ArrayOf.class, SECRET, "cannot become a int[]"),
				injected("reference in the annotation", Direct.class, "-", "'$<secret:text>' in an annotation of",
						"cannot become a java.util.concurrent.TimeUnit"),
				injected("editor with an exception of its own", EditedOf.class, SECRET,
						"cannot become a " + Edited.class.getName()),
				injected("within text", FieldOf.class, "1" + SECRET, "'1$<secret:text>'"),
				injected("through another property", FieldOf.class, "${app.key}", "in property 'app.key' ("),
				injected("through a placeholder's name", TextOf.class, "${a.${app.key}}",
						"a placeholder whose name comes from a reference"),
				injected("unknown placeholder", TextOf.class, SECRET + "${none}", "the placeholder 'none'"),
				injected("unknown placeholder, direct", DirectText.class, "-", "'$<secret:text>-${none}'",
						"the placeholder 'none'"));
	}

	@Test
	void acceptedValuesArrive() {
		try (ConfigurableApplicationContext context = new TestApplication(new FakeSecrets().set("secret:port", "8080")
			.set("secret:text", FakeSecrets.CANARY + "#{1+1}${x}")
			.set("secret:list", "1,2"), TestApplication.Empty.class, Accepted.class)
			.property("app.port", "$<secret:port>")
			.property("app.stage.8080", "by name")
			.run()) {
			Accepted accepted = context.getBean(Accepted.class);
			assertThat(accepted.port).isEqualTo(8080);
			assertThat(accepted.list).containsExactly(1, 2);
			assertThat(accepted.text).isEqualTo(FakeSecrets.CANARY + "#{1+1}${x}");
			assertThat(accepted.chars).hasToString(FakeSecrets.CANARY + "#{1+1}${x}");
			assertThat(accepted.texts).containsExactly(FakeSecrets.CANARY + "#{1+1}${x}");
			assertThat(accepted.byName).isEqualTo("by name");
			assertThat(accepted.byDefault).isEqualTo("none");
		}
	}

	@Test
	void invalidFieldsAreIgnoredWhereThatIsAskedFor() {
		try (ConfigurableApplicationContext context = application(Lenient.class).property("lenient.number", SECRET)
			.run()) {
			assertThat(context.getBean(LenientProperties.class).number).isEqualTo(7);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "abc", "${other.plain}" })
	void valueThatIsNoSecretIsShown(String value, CapturedOutput output) {
		Throwable failure = catchThrowable(() -> application(Types.class).property("bound.number", value)
			.property("other.plain", "abc")
			.property("bound.text", SECRET)
			.run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("For input string: \"abc\"");
	}

	@Test
	void plainValueOfAnAnnotationIsShown(CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> application(FieldOf.class).property("app.value", "abc").property("app.key", SECRET).run());
		assertThat(failure).isNotNull();
		assertThat(output).contains("For input string: \"abc\"");
	}

	/** Their exceptions hold the value: nothing of ours is asked there. */
	@ParameterizedTest
	@ValueSource(strings = { "spring.main.lazy-initialization", "logging.level.some.logger", "own.number" })
	void reportOfBindingThatIsNotGuardedLeavesValueOut(String property, CapturedOutput output) {
		Throwable failure = catchThrowable(() -> application(OwnBinder.class).property("own.number", "1")
			.property(property, SECRET)
			.run()
			.close());
		assertThat(failure).isNotNull();
		assertThat(output).contains("APPLICATION FAILED TO START", "'$<secret:text>' in property '" + property + "'")
			.doesNotContain(FakeSecrets.CANARY)
			.doesNotContain("\uE000");
	}

	private static Arguments row(String name, Class<?> configuration, String property, String value,
			String... expected) {
		return Arguments.of(name, configuration, property, value, List.of(expected));
	}

	private static Arguments injected(String name, Class<?> configuration, String value, String... expected) {
		return Arguments.of(name, configuration, value, List.of(expected));
	}

	private static TestApplication application(Class<?> configuration) {
		return new TestApplication(new FakeSecrets().set("secret:text", FakeSecrets.CANARY + "text")
			.set("param:/p", FakeSecrets.CANARY + "p"), TestApplication.Empty.class, configuration);
	}

	static void assertHoldsNoValue(Throwable failure, CapturedOutput output) {
		assertThat(failure).isNotNull();
		StringWriter trace = new StringWriter();
		failure.printStackTrace(new PrintWriter(trace));
		List<String> texts = new ArrayList<>(List.of(trace.toString(), output.toString()));
		collect(failure, texts);
		assertThat(texts)
			.allSatisfy((text) -> assertThat(text).doesNotContain(FakeSecrets.CANARY).doesNotContain("\uE000"));
	}

	private static void collect(Throwable failure, List<String> texts) {
		texts.add(failure.toString());
		texts.add(String.valueOf(failure.getMessage()));
		texts.add(String.valueOf(failure.getLocalizedMessage()));
		for (Throwable suppressed : failure.getSuppressed()) {
			collect(suppressed, texts);
		}
		if (failure.getCause() != null) {
			collect(failure.getCause(), texts);
		}
	}

	@ConfigurationProperties("bound")
	record TypesRecord(Integer number, TimeUnit unit, URL url, Duration time, Class<?> type, List<Integer> list,
			Map<String, Integer> map, Map<String, Nested> records, List<Nested> nests, int[] array, Nested nested,
			String text) {

	}

	record Nested(int number) {

	}

	@EnableConfigurationProperties(TypesRecord.class)
	static class Types {

	}

	@ConfigurationProperties("bean")
	static class BeanProperties {

		public void setNumber(int number) {
		}

		public void setText(String text) {
			throw new IllegalArgumentException("not " + text);
		}

	}

	@EnableConfigurationProperties(BeanProperties.class)
	static class Beans {

	}

	@EnableConfigurationProperties
	static class Methods {

		@Bean
		@ConfigurationProperties("method")
		BeanProperties properties() {
			return new BeanProperties();
		}

	}

	@ConfigurationProperties("choosy")
	record ChoosyRecord(String text) {

		ChoosyRecord {
			throw new IllegalArgumentException("not " + text);
		}

	}

	@EnableConfigurationProperties(ChoosyRecord.class)
	static class Choosy {

	}

	@Validated
	@ConfigurationProperties("valid")
	static class ValidProperties implements Validator {

		private String text = "";

		public String getText() {
			return this.text;
		}

		public void setText(String text) {
			this.text = text;
		}

		@Override
		public boolean supports(Class<?> type) {
			return type == ValidProperties.class;
		}

		@Override
		public void validate(Object target, Errors errors) {
			errors.rejectValue("text", "too.secret", "must not be " + this.text);
			errors.reject("bad " + this.text, "bad " + this.text);
		}

	}

	@EnableConfigurationProperties(ValidProperties.class)
	static class Valid {

	}

	@ConfigurationProperties(prefix = "strict", ignoreUnknownFields = false)
	record StrictRecord(String text) {

	}

	@EnableConfigurationProperties(StrictRecord.class)
	static class Strict {

	}

	@ConfigurationProperties(prefix = "lenient", ignoreInvalidFields = true)
	static class LenientProperties {

		private int number = 7;

		public void setNumber(int number) {
			this.number = number;
		}

	}

	@EnableConfigurationProperties(LenientProperties.class)
	static class Lenient {

	}

	static class OwnBinder {

		OwnBinder(Environment environment) {
			Binder.get(environment).bind("own.number", Integer.class);
		}

	}

	static class FieldOf {

		@Value("${app.value}")
		int port;

	}

	/**
	 * What only an editor makes, which fails as no converter does.
	 */
	static class Edited {

	}

	static class EditedEditor extends PropertyEditorSupport {

		@Override
		public void setAsText(String text) {
			throw new DateTimeException("not " + text);
		}

	}

	static class EditedOf {

		@Value("${app.value}")
		Edited edited;

		@Bean
		static CustomEditorConfigurer editors() {
			CustomEditorConfigurer editors = new CustomEditorConfigurer();
			editors.setCustomEditors(Map.of(Edited.class, EditedEditor.class));
			return editors;
		}

	}

	static class ConstructorOf {

		ConstructorOf(@Value("${app.value}") int port) {
		}

	}

	static class MethodOf {

		@Autowired
		void time(@Value("${app.value}") Duration time) {
		}

	}

	static class BeanMethodOf {

		@Bean
		static StringBuilder bean(@Value("${app.value}") Long number) {
			return new StringBuilder();
		}

	}

	static class ListOf {

		@Value("${app.value}")
		List<Integer> list;

	}

	static class ArrayOf {

		@Value("${app.value}")
		int[] array;

	}

	static class Direct {

		@Value("$<secret:text>")
		TimeUnit unit;

	}

	static class TextOf {

		@Value("${app.value}")
		String text;

	}

	static class DirectText {

		@Value("$<secret:text>-${none}")
		String text;

	}

	static class Accepted {

		@Value("${app.port}")
		int port;

		@Value("$<secret:list>")
		List<Integer> list;

		@Value("$<secret:text>")
		String text;

		@Value("$<secret:text>")
		CharSequence chars;

		@Value("$<secret:text>")
		List<String> texts;

		@Value("${app.stage.${app.port}}")
		String byName;

		@Value("${app.none.${app.port}:none}")
		String byDefault;

	}

}
