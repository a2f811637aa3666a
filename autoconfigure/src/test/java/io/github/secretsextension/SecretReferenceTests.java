package io.github.secretsextension;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.SecretReference.Kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

/**
 * Tests for {@link SecretReference}, {@link SecretReferenceParser} and
 * {@link SecretReferenceSyntaxException}.
 */
class SecretReferenceTests {

	private static final String C = FakeSecrets.CANARY;

	private static final String ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";

	private static final String PARAM_ARN = "arn:aws:ssm:eu-west-1:123456789012:parameter/app/url";

	private static final String UUID = "01234567-89ab-cdef-0123-456789abcdef";

	private static final String LONG_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";

	@ParameterizedTest(name = "{0}")
	@MethodSource("validForms")
	void parsesValidForm(String text, String parts, String written, String key) {
		SecretReference reference = SecretReference.parse(text);
		assertThat(parts(reference)).isEqualTo(parts);
		assertThat(reference).hasToString("$<" + written + ">");
		assertThat(reference.key()).hasToString("$<" + key + ">");
		assertThat(reference.key().field()).isNull();
		assertThat(reference.key().defaultValue()).isNull();
		assertThat(reference.key().key()).isSameAs(reference.key());
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("validForms")
	void writtenFormIsTheSameReferenceWithoutItsDefault(String text, String parts, String written) {
		SecretReference reparsed = SecretReference.parse(SecretReference.parse(text).toString());
		int defaultStart = parts.indexOf(" default=");
		assertThat(parts(reparsed)).isEqualTo((defaultStart < 0) ? parts : parts.substring(0, defaultStart));
		assertThat(reparsed).hasToString("$<" + written + ">");
	}

	static Stream<Arguments> validForms() {
		return Stream.of(nameForms(), arnForms(), selectorForms(), fieldForms(), defaultForms())
			.flatMap((rows) -> rows);
	}

	private static Stream<Arguments> nameForms() {
		String longest = "s".repeat(512);
		String longestParameter = "/" + "p".repeat(1010);
		return Stream.of(row("secret:db", "secret id=db"), row("param:url", "parameter id=url"),
				row("$<secret:db>", "secret id=db", "secret:db", "secret:db"),
				row("${secret:db}", "secret id=db", "secret:db", "secret:db"),
				row("$<param:/app/url>", "parameter id=/app/url", "param:/app/url", "param:/app/url"),
				row("secret:prod/db.main_1+a=b@c-d", "secret id=prod/db.main_1+a=b@c-d"),
				row("secret:rds!cluster-" + UUID, "secret id=rds!cluster-" + UUID),
				row("secret:rds!db-" + UUID + "#password", "secret id=rds!db-" + UUID + " field=password",
						"secret:rds!db-" + UUID + "#password", "secret:rds!db-" + UUID),
				row("secret:db-AbCdEf", "secret id=db-AbCdEf"), row("secret:" + longest, "secret id=" + longest),
				row("param:" + longestParameter, "parameter id=" + longestParameter),
				row("param:" + "p".repeat(600), "parameter id=" + "p".repeat(600)),
				row("param:/a.b_c-D/9", "parameter id=/a.b_c-D/9"),
				row("param:/aws/reference/secretsmanager/rds!db+a=b@c",
						"parameter id=/aws/reference/secretsmanager/rds!db+a=b@c"),
				row("secret:arn", "secret id=arn"), row("secret:arnold", "secret id=arnold"));
	}

	private static Stream<Arguments> arnForms() {
		String longest = LONG_ARN + "n".repeat(2048 - LONG_ARN.length());
		return Stream.of(row("secret:" + ARN, "secret id=" + ARN),
				row("param:" + PARAM_ARN, "parameter id=" + PARAM_ARN),
				row("secret:" + LONG_ARN + "db", "secret id=" + LONG_ARN + "db"),
				row("secret:" + longest, "secret id=" + longest),
				row("secret:" + ARN + ":", "secret id=" + ARN + " default=", "secret:" + ARN, "secret:" + ARN),
				row("secret:" + ARN + ":" + C + "1", "secret id=" + ARN + " default=" + C + "1", "secret:" + ARN,
						"secret:" + ARN),
				row("secret:" + ARN + ":a:b", "secret id=" + ARN + " default=a:b", "secret:" + ARN, "secret:" + ARN),
				row("secret:" + ARN + ":jdbc:h2:mem:x", "secret id=" + ARN + " default=jdbc:h2:mem:x", "secret:" + ARN,
						"secret:" + ARN),
				row("secret:" + ARN + "?versionId=" + UUID + "#user",
						"secret id=" + ARN + " versionId=" + UUID + " field=user",
						"secret:" + ARN + "?versionId=" + UUID + "#user", "secret:" + ARN + "?versionId=" + UUID),
				row("secret:arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:rds!cluster-x-AbCdEf#/a:1",
						"secret id=arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:rds!cluster-x-AbCdEf"
								+ " field=/a default=1",
						"secret:arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:rds!cluster-x-AbCdEf#/a",
						"secret:arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:rds!cluster-x-AbCdEf"),
				row("param:" + PARAM_ARN + ":3", "parameter id=" + PARAM_ARN + " default=3", "param:" + PARAM_ARN,
						"param:" + PARAM_ARN),
				row("param:" + PARAM_ARN + "?version=3:x", "parameter id=" + PARAM_ARN + " version=3 default=x",
						"param:" + PARAM_ARN + "?version=3", "param:" + PARAM_ARN + "?version=3"));
	}

	private static Stream<Arguments> selectorForms() {
		return Stream.of(row("secret:db?versionStage=AWSPREVIOUS", "secret id=db stage=AWSPREVIOUS"),
				row("secret:db?versionStage=AWSCURRENT", "secret id=db stage=AWSCURRENT",
						"secret:db?versionStage=AWSCURRENT", "secret:db"),
				row("secret:db?versionId=" + UUID, "secret id=db versionId=" + UUID),
				row("secret:db?versionStage=AWSCURRENT&versionId=v", "secret id=db stage=AWSCURRENT versionId=v"),
				row("secret:db?versionId=v&versionStage=s", "secret id=db stage=s versionId=v",
						"secret:db?versionStage=s&versionId=v", "secret:db?versionStage=s&versionId=v"),
				row("param:url?version=1", "parameter id=url version=1"),
				row("param:url?version=999999999999999999", "parameter id=url version=999999999999999999"),
				row("param:url?label=prod", "parameter id=url label=prod"),
				row("param:url?withDecryption=true", "parameter id=url", "param:url", "param:url"),
				row("param:url?withDecryption=false", "parameter id=url withDecryption=false"),
				row("param:url?withDecryption=false&version=2", "parameter id=url version=2 withDecryption=false",
						"param:url?version=2&withDecryption=false", "param:url?version=2&withDecryption=false"),
				row("param:url?label=a&withDecryption=false#f:d",
						"parameter id=url label=a withDecryption=false field=f default=d",
						"param:url?label=a&withDecryption=false#f", "param:url?label=a&withDecryption=false"));
	}

	private static Stream<Arguments> fieldForms() {
		return Stream.of(field("password", "password"), field("/hosts/0/name", "/hosts/0/name"), field("/", "/"),
				field("a b", "a b"), field("a.b", "a.b"), field("a/b", "a/b"), field("ключ", "ключ"), field("~", "~"),
				field("/a~0b~1c", "/a~0b~1c"), field("/a&b=c", "/a&b=c"),
				field("a%3Ab%23c%3Fd%3Ce%3Ef%7Bg%7Dh%25i", "a:b#c?d<e>f{g}h%i"),
				row("secret:db#%3a%7b%7d", "secret id=db field=:{}", "secret:db#%3A%7B%7D", "secret:db"),
				row("secret:db#%41%C3%BC", "secret id=db field=Aü", "secret:db#Aü", "secret:db"),
				row("secret:db#%F0%9F%94%91", "secret id=db field=🔑", "secret:db#🔑", "secret:db"),
				row("secret:db#%0a", "secret id=db field=\n", "secret:db#%0A", "secret:db"),
				// A key that only looks like a pointer once it is decoded.
				row("secret:db#%2Fa", "secret id=db field=/~1a", "secret:db#/~1a", "secret:db"),
				row("secret:db#%2Fa~b/c", "secret id=db field=/~1a~0b~1c", "secret:db#/~1a~0b~1c", "secret:db"));
	}

	private static Stream<Arguments> defaultForms() {
		return Stream.of(withDefault("", ""), withDefault(C + "1", C + "1"), withDefault("a:b", "a:b"),
				withDefault("3", "3"), withDefault(" ", " "), withDefault("#field?x=1&y", "#field?x=1&y"),
				withDefault("a>b<c{d}", "a>b<c{d}"), withDefault("%3E%3e%7B%7b%7D%7d", ">>{{}}"),
				withDefault("100%", "100%"), withDefault("%3A%25", "%3A%25"), withDefault("\u0000\n", "\u0000\n"),
				withDefault("{\"a\":[1,2]}", "{\"a\":[1,2]}"), withDefault("c:\\temp", "c:\\temp"),
				row("param:name:3", "parameter id=name default=3", "param:name", "param:name"),
				row("secret:db#f:", "secret id=db field=f default=", "secret:db#f", "secret:db"),
				row("secret:db?versionStage=s:" + C, "secret id=db stage=s default=" + C, "secret:db?versionStage=s",
						"secret:db?versionStage=s"));
	}

	private static Arguments row(String text, String parts) {
		return row(text, parts, text, text);
	}

	private static Arguments row(String text, String parts, String written, String key) {
		return Arguments.of(text, parts, written, key);
	}

	private static Arguments field(String written, String field) {
		return row("secret:db#" + written, "secret id=db field=" + field, "secret:db#" + written, "secret:db");
	}

	private static Arguments withDefault(String written, String value) {
		return row("secret:db:" + written, "secret id=db default=" + value, "secret:db", "secret:db");
	}

	private static String parts(SecretReference reference) {
		StringBuilder parts = new StringBuilder().append(reference.kind());
		append(parts, "id", reference.id());
		append(parts, "stage", reference.versionStage());
		append(parts, "versionId", reference.versionId());
		append(parts, "version", reference.version());
		append(parts, "label", reference.label());
		append(parts, "withDecryption", (reference.withDecryption()) ? null : false);
		append(parts, "field", reference.field());
		append(parts, "default", reference.defaultValue());
		return parts.toString();
	}

	private static void append(StringBuilder parts, String name, Object value) {
		if (value != null) {
			parts.append(' ').append(name).append('=').append(value);
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("malformedForms")
	void refusesMalformedForm(String text, int position, String problem) {
		SecretReferenceSyntaxException failure = catchThrowableOfType(SecretReferenceSyntaxException.class,
				() -> SecretReference.parse(text));
		assertThat(failure).as("the failure").isNotNull();
		assertThat(failure.getProblem()).contains(problem);
		assertThat(failure.getPosition()).isEqualTo(position);
		assertThat(failure.getMessage()).contains(failure.getProblem(), failure.getReference(),
				failure.getAcceptedForm(), "character " + (position + 3));
		assertThat(failure.getMessage()).matches("[^\\p{Cntrl}]*").doesNotContain(C);
		assertThat(failure.getReference()).startsWith("$<").hasSizeLessThan(1300).doesNotContain(C);
		assertThat(failure.getAcceptedForm()).startsWith((text.startsWith("param:")) ? "$<param:" : "$<secret:");
	}

	static Stream<Arguments> malformedForms() {
		return Stream
			.of(malformedNames(), malformedArns(), malformedSelectors(), malformedFields(), ecsForms(),
					malformedFormsWithDefault())
			.flatMap((rows) -> rows);
	}

	private static Stream<Arguments> malformedNames() {
		return Stream.of(malformed("", 0, "neither with 'secret:' nor with 'param:'"),
				malformed("db", 0, "neither with"), malformed("Secret:db", 0, "neither with"),
				malformed("secret", 0, "neither with"), malformed("$<secret:db", 0, "neither with"),
				malformed("secret:", 7, "the secret's name is missing"),
				malformed("param:", 6, "the parameter's name is missing"),
				malformed("secret:#f", 7, "the secret's name is missing"),
				malformed("secret:?versionId=x", 7, "the secret's name is missing"),
				malformed("secret: ", 7, "the character ' '"), malformed("param: ", 6, "the character ' '"),
				malformed("secret: db", 7, "the character ' '"), malformed("secret:db ", 9, "the character ' '"),
				malformed("secret:" + "s".repeat(513), 519, "longer than 512"),
				malformed("secret:" + "s".repeat(600), 519, "longer than 512"),
				malformed("param:" + "p".repeat(1012), 1017, "longer than 1011"),
				malformed("secret:d\u0000b", 8, "the character '\\u0000'"),
				malformed("secret:d\nb", 8, "the character '\\u000a'"),
				malformed("secret:d\u007fb", 8, "the character '\\u007f'"),
				malformed("secret:d\u2028b", 8, "the character '\\u2028'"),
				malformed("secret:d\u202eb", 8, "the character '\\u202e'"),
				// A Cyrillic letter that looks like a Latin one.
				malformed("secret:d\u0430", 8, "the character '\u0430'"),
				malformed("secret:d\uff0fb", 8, "the character '\\uff0f'"),
				malformed("secret:${x}", 7, "the character '$'"), malformed("secret:a\\b", 8, "the character '\\'"),
				malformed("secret:a*", 8, "the character '*'"), malformed("param:a+b", 7, "the character '+'"),
				malformed("param:rds!x", 9, "the character '!'"), malformed("param:a@b", 7, "the character '@'"));
	}

	private static Stream<Arguments> malformedArns() {
		String secretForm = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME";
		String parameterForm = "arn:aws:ssm:REGION:ACCOUNT:parameter/NAME";
		return Stream.of(malformed("secret:arn:", 7, "too short: it needs 6 colons"),
				malformed("secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret", 7, "too short"),
				malformed("param:arn:aws:ssm:eu-west-1:123456789012", 6, "too short: it needs 5 colons"),
				malformed("secret:arn:aws:sqs:eu-west-1:123456789012:secret:db", 7, secretForm),
				malformed("secret:arn:aws:secretsmanager::123456789012:secret:db", 7, secretForm),
				malformed("secret:arn:aws:secretsmanager:eu-west-1::secret:db", 7, secretForm),
				malformed("secret:arn::secretsmanager:eu-west-1:123456789012:secret:db", 7, secretForm),
				malformed("secret:arn:aws:secretsmanager:eu-west-1:123456789012:other:db", 7, secretForm),
				malformed("secret:" + LONG_ARN, 7, secretForm), malformed("secret:" + PARAM_ARN + ":x", 7, secretForm),
				malformed("param:" + ARN, 6, parameterForm),
				malformed("param:arn:aws:ssm:eu-west-1:123456789012:document/x", 6, parameterForm),
				malformed("param:arn:aws:ssm::123456789012:parameter/x", 6, parameterForm),
				malformed("param:arn:aws:ssm:eu-west-1::parameter/x", 6, parameterForm),
				malformed("secret:" + LONG_ARN + "n".repeat(2049 - LONG_ARN.length()), 2055, "longer than 2048"),
				malformed("secret:" + ARN + " ", 7 + ARN.length(), "the character ' '"));
	}

	private static Stream<Arguments> malformedSelectors() {
		return Stream.of(malformed("secret:db?", 10, "written name=value"),
				malformed("secret:db?versionId", 19, "written name=value"),
				malformed("secret:db?versionId=", 20, "the selector 'versionId' has no value"),
				malformed("secret:db?versionId=#f", 20, "has no value"),
				malformed("secret:db?versionId=x&", 22, "written name=value"),
				malformed("secret:db?=x", 10, "unknown selector ''"),
				malformed("secret:db?versionid=x", 10, "unknown selector 'versionid'"),
				malformed("secret:db?stage=x", 10, "unknown selector 'stage'"),
				malformed("secret:db?versionId=x&versionId=x", 22, "the selector 'versionId' is repeated"),
				malformed("secret:db?version=3", 10, "unknown selector 'version'"),
				malformed("secret:db?label=a", 10, "unknown selector 'label'"),
				malformed("secret:db?withDecryption=true", 10, "unknown selector 'withDecryption'"),
				malformed("param:url?versionStage=AWSCURRENT", 10, "unknown selector 'versionStage'"),
				malformed("param:url?versionId=x", 10, "unknown selector 'versionId'"),
				malformed("param:url?version=1&label=a", 20, "'version' and 'label' cannot stand together"),
				malformed("param:url?label=a&version=1", 18, "'version' and 'label' cannot stand together"),
				malformed("param:url?version=0", 18, "a number from 1 on"),
				malformed("param:url?version=00", 18, "a number from 1 on"),
				malformed("param:url?version=01", 18, "a number from 1 on"),
				malformed("param:url?version=x", 18, "a number from 1 on"),
				malformed("param:url?version=-1", 18, "a number from 1 on"),
				malformed("param:url?version=\u0661", 18, "a number from 1 on"),
				malformed("param:url?version=1234567890123456789", 18, "a number from 1 on"),
				malformed("param:url?withDecryption=yes", 25, "true or false"),
				malformed("param:url?withDecryption=TRUE", 25, "true or false"),
				malformed("secret:db?versionStage=a\nb", 24, "the character '\\u000a'"),
				malformed("secret:db?versionId=\u0000", 20, "the character '\\u0000'"),
				malformed("param:url?label=a\u007f", 17, "the character '\\u007f'"),
				malformed("secret:db?" + "x".repeat(60) + "=1", 10, "unknown selector '" + "x".repeat(40) + "…'"),
				malformed("secret:db?a\tb=1", 10, "unknown selector 'a\\u0009b'"));
	}

	private static Stream<Arguments> malformedFields() {
		return Stream.of(malformed("secret:db#", 10, "the field's name is missing"),
				malformed("secret:db#:x", 10, "the field's name is missing"),
				malformed("secret:db#a#b", 11, "in a field '#' is written '%23'"),
				malformed("secret:db#a?b", 11, "in a field '?' is written '%3F'"),
				malformed("secret:db#a<b", 11, "in a field '<' is written '%3C'"),
				malformed("secret:db#a>b", 11, "in a field '>' is written '%3E'"),
				malformed("secret:db#a{b", 11, "in a field '{' is written '%7B'"),
				malformed("secret:db#a}b", 11, "in a field '}' is written '%7D'"),
				malformed("secret:db#f?versionId=x", 11, "in a field '?' is written '%3F'"),
				malformed("secret:db#a%", 10, "two hexadecimal digits"),
				malformed("secret:db#a%2", 10, "two hexadecimal digits"),
				malformed("secret:db#a%zz", 10, "two hexadecimal digits"),
				malformed("secret:db#a%2\uff10", 10, "two hexadecimal digits"), malformed("secret:db#%FF", 10, "UTF-8"),
				malformed("secret:db#a%C3", 10, "UTF-8"), malformed("secret:db#%ED%A0%80", 10, "UTF-8"),
				malformed("secret:db#/a~", 10, "in a JSON Pointer '~' is written '~0'"),
				malformed("secret:db#/a~2", 10, "in a JSON Pointer '~' is written '~0'"),
				malformed("secret:db#/a~/b", 10, "in a JSON Pointer '~' is written '~0'"),
				malformed("secret:db#/a%7E", 10, "in a JSON Pointer '~' is written '~0'"));
	}

	private static Stream<Arguments> ecsForms() {
		int colon = 7 + ARN.length();
		return Stream.of(malformed("secret:" + ARN + ":password::", colon, "'#password'"),
				malformed("secret:" + ARN + ":user::", colon, "'#user'"),
				malformed("secret:" + ARN + ":::" + UUID, colon, "how ECS task definitions write it"),
				malformed("secret:" + ARN + ":password:AWSCURRENT:", colon, "'?versionStage=…'"),
				malformed("secret:" + ARN + ":::", colon, "how ECS task definitions write it"));
	}

	private static Stream<Arguments> malformedFormsWithDefault() {
		return Stream.of(malformed("x:" + C, 0, "neither with"), malformed("secrets:db:" + C, 0, "neither with"),
				malformed("secret::" + C, 7, "name is missing"), malformed("param::" + C, 6, "name is missing"),
				malformed("secret:a b:" + C, 8, "the character ' '"),
				malformed("secret:" + "s".repeat(513) + ":" + C, 519, "longer than 512"),
				malformed("secret:arn:" + C, 7, "too short"),
				malformed("secret:arn:aws:secretsmanager:eu-west-1:secret:db:" + C, 7, "not the ARN"),
				malformed("secret:arn:aws:secretsmanager:eu-west-1:secret:db:" + C + " x", 7, "not the ARN"),
				malformed("secret:arn:aws:secretsmanager:eu-west-1:secret:db:" + C.repeat(300), 7, "not the ARN"),
				malformed("param:arn:aws:ssm:eu-west-1:parameter/x:" + C + "{", 6, "not the ARN"),
				malformed("secret:" + ARN + "?x=1:" + C, 8 + ARN.length(), "unknown selector"),
				malformed("secret:db?x=1:" + C, 10, "unknown selector"),
				malformed("secret:db?versionId:" + C, 19, "written name=value"),
				malformed("secret:db?versionId=:" + C, 20, "has no value"),
				malformed("secret:db#:" + C, 10, "name is missing"), malformed("secret:db#a#b:" + C, 11, "'%23'"),
				malformed("secret:db#a%:" + C, 10, "two hexadecimal digits"),
				malformed("secret:db#/~:" + C, 10, "JSON Pointer"));
	}

	private static Arguments malformed(String text, int position, String problem) {
		return Arguments.of(text, position, problem);
	}

	@ParameterizedTest
	@ValueSource(strings = { "secret:db:CANARY-1", "secret:db#f:CANARY-1", "secret:db?versionId=v:a:CANARY-1",
			"secret:" + ARN + ":CANARY-1", "secret:" + ARN + "#f:CANARY-1", "param:" + PARAM_ARN + ":CANARY-1",
			"param:" + PARAM_ARN + ":a:CANARY-1", "CANARY-x:CANARY-1", "secret:db:CANARY-1:b",
			"secret:db#f:CANARY-1:b:c", ":CANARY-1", "param::CANARY-1" })
	void exceptionNeverShowsADefaultWhereverTheErrorIs(String text) {
		int defaultStart = text.indexOf("CANARY-1");
		for (int position = 0; position <= text.length(); position++) {
			SecretReferenceSyntaxException failure = new SecretReferenceSyntaxException(text, position, "it is wrong");
			assertThat(failure.getMessage() + failure.getReference()).as("character %s of %s", position, defaultStart)
				.doesNotContain("CANARY-1");
		}
	}

	@Test
	void exceptionShowsWhatIsNotADefault() {
		assertThat(new SecretReferenceSyntaxException("secret:" + ARN + "#a#b", 80, "x").getReference())
			.isEqualTo("$<secret:" + ARN + "#a#b>");
		assertThat(new SecretReferenceSyntaxException("secret:" + ARN + "#a#b:x", 80, "x").getReference())
			.isEqualTo("$<secret:" + ARN + "#a#b:…>");
		assertThat(new SecretReferenceSyntaxException("param:" + PARAM_ARN + "?a:x", 80, "x").getReference())
			.isEqualTo("$<param:" + PARAM_ARN + "?a:…>");
		assertThat(new SecretReferenceSyntaxException("secret:" + "s".repeat(300), 7, "x").getReference())
			.isEqualTo("$<secret:" + "s".repeat(193) + "…");
	}

	@Test
	void messageShowsReferencePositionProblemAndForm() {
		assertThatExceptionOfType(SecretReferenceSyntaxException.class)
			.isThrownBy(() -> SecretReference.parse("$<secret:db?stage=x:" + C + ">"))
			.withMessage("Malformed reference '$<secret:db?stage=x:…>', character 13: unknown selector 'stage'."
					+ " Accepted: $<secret:ID[?versionStage=STAGE&versionId=UUID][#FIELD][:DEFAULT]>");
	}

	@Test
	void textMustNotBeNull() {
		assertThatNullPointerException().isThrownBy(() -> SecretReference.parse(null)).withMessageContaining("text");
	}

	@Test
	void factoriesTakeNothingButAnId() {
		assertThat(SecretReference.secret(ARN)).isEqualTo(SecretReference.parse("secret:" + ARN));
		assertThat(SecretReference.parameter("/a")).isEqualTo(SecretReference.parse("param:/a"));
		for (String id : List.of("db:" + C, "db?versionId=x", "db#f", "")) {
			assertThatExceptionOfType(SecretReferenceSyntaxException.class).isThrownBy(() -> SecretReference.secret(id))
				.withMessageNotContaining(C);
			assertThatExceptionOfType(SecretReferenceSyntaxException.class)
				.isThrownBy(() -> SecretReference.parameter(id))
				.withMessageNotContaining(C);
		}
	}

	@Test
	void regionIsTheArns() {
		assertThat(SecretReference.secret(ARN).region()).isEqualTo("eu-west-1");
		assertThat(SecretReference.parameter(PARAM_ARN).region()).isEqualTo("eu-west-1");
		assertThat(SecretReference.secret("db").region()).isNull();
		assertThat(SecretReference.secret(ARN).isArn()).isTrue();
		assertThat(SecretReference.secret("arn").isArn()).isFalse();
	}

	@Test
	void kindsHavePrefixAndText() {
		assertThat(Kind.SECRET.prefix()).isEqualTo("secret:");
		assertThat(Kind.PARAMETER.prefix()).isEqualTo("param:");
		assertThat(Kind.values()).extracting(Kind::toString).containsExactly("secret", "parameter");
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("validForms")
	void equalTextsAreEqual(String text) {
		assertThat(SecretReference.parse(text)).isEqualTo(SecretReference.parse(text))
			.hasSameHashCodeAs(SecretReference.parse(text));
	}

	@Test
	void everyPartCounts() {
		List<SecretReference> references = Stream
			.of("secret:a", "param:a", "secret:b", "secret:a?versionStage=AWSCURRENT", "secret:a?versionStage=s",
					"secret:a?versionId=v", "secret:a?versionStage=AWSCURRENT&versionId=v", "secret:a#f", "secret:a#g",
					"secret:a:", "secret:a:d", "secret:a#f:d", "param:a?version=1", "param:a?label=1",
					"param:a?withDecryption=false", "param:a?version=1&withDecryption=false")
			.map(SecretReference::parse)
			.toList();
		assertThat(references).doesNotHaveDuplicates();
		assertThat(references.get(0)).isNotEqualTo("secret:a").isNotEqualTo(null);
	}

	@Test
	void anyKeyCanBeWrittenAsAField() {
		Random random = new Random(7);
		for (int i = 0; i < 50_000; i++) {
			String field = random.ints(1 + random.nextInt(8), 0, 0x3000)
				.map((c) -> (c < 0x1800) ? ":#?<>{}%/~a\u0000\n \u007f\u20ac".charAt(c % 16) : c)
				.filter((c) -> random.nextBoolean() || c > ' ')
				.collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
				.toString();
			String key = (field.startsWith("/")) ? "k" + field : field + "k";
			SecretReference reference = SecretReference.parse("secret:db#" + SecretReferenceParser.encodeField(key));
			assertThat(reference.field()).isEqualTo(key);
			assertThat(SecretReference.parse(reference.toString())).isEqualTo(reference);
		}
	}

	@Test
	void randomTextIsParsedOrRefusedWithoutShowingADefault() {
		Random random = new Random(11);
		String[] pieces = { "secret:", "param:", "arn:", "aws:", "secretsmanager:", "ssm:", "eu-west-1:", "1:", "db",
				"parameter/", "?", "&", "=", "version", "versionId", "versionStage", "label", "withDecryption", "false",
				"#", "/", "~", "%", "%41", " ", "<", ">", "{", "}", "$", "\\", "\n", "1", "é" };
		int parsed = 0;
		for (int i = 0; i < 200_000; i++) {
			StringBuilder text = new StringBuilder(random.nextBoolean() ? "secret:db" : "param:/p");
			for (int piece = random.nextInt(7); piece > 0; piece--) {
				text.append(pieces[random.nextInt(pieces.length)]);
			}
			text.append(":").append(C);
			try {
				SecretReference reference = SecretReference.parse(text.toString());
				assertThat(reference.defaultValue()).endsWith(C);
				assertThat(reference.toString()).doesNotContain(C);
				parsed++;
			}
			catch (SecretReferenceSyntaxException ex) {
				assertThat(ex.getMessage()).doesNotContain(C).matches("[^\\p{Cntrl}]*");
			}
		}
		assertThat(parsed).isBetween(1_000, 199_000);
	}

	@ParameterizedTest
	@ValueSource(strings = { "#", ":", "?a=b&", "&a=b", "arn:", "%", "${", "~", "/", "%41", "secret:", "a", "{", ">" })
	void hostileTextTakesLinearTime(String piece) {
		String hostile = piece.repeat(100_000 / piece.length());
		List<UnaryOperator<String>> places = List.of((text) -> text, (text) -> "secret:" + text,
				(text) -> "param:" + text, (text) -> "secret:" + ARN + text, (text) -> "secret:db?" + text,
				(text) -> "secret:db#" + text, (text) -> "secret:db#/" + text, (text) -> "secret:db:" + text,
				(text) -> "param:a?version=" + text);
		assertTimeoutPreemptively(Duration.ofSeconds(5), () -> {
			for (UnaryOperator<String> place : places) {
				String text = place.apply(hostile);
				try {
					assertThat(SecretReference.parse(text).toString()).hasSizeLessThan(4 * text.length());
				}
				catch (SecretReferenceSyntaxException ex) {
					assertThat(ex.getMessage()).hasSizeLessThan(3000);
				}
			}
		});
	}

}
