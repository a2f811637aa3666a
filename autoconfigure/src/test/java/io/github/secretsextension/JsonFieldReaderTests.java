package io.github.secretsextension;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

/**
 * Tests for {@link JsonFieldReader}.
 */
class JsonFieldReaderTests {

	private static final String C = FakeSecrets.CANARY;

	@ParameterizedTest(name = "{1} of {0}")
	@MethodSource("fields")
	void readsField(String json, String field, @Nullable String expected) {
		assertThat(new JsonFieldReader(json, field).read()).isEqualTo(expected);
	}

	static Stream<Arguments> fields() {
		return Stream.of(scalars(), places(), texts(), containers()).flatMap((rows) -> rows);
	}

	private static Stream<Arguments> scalars() {
		return Stream.of(Arguments.of("{\"a\":\"CANARY-1\"}", "a", C + "1"), Arguments.of("{\"a\":\"\"}", "a", ""),
				Arguments.of("{\"a\":0}", "a", "0"), Arguments.of("{\"a\":-0}", "a", "-0"),
				Arguments.of("{\"a\":1.50}", "a", "1.50"), Arguments.of("{\"a\":1E+2}", "a", "1E+2"),
				Arguments.of("{\"a\":-1.5e-07}", "a", "-1.5e-07"),
				Arguments.of("{\"a\":123456789012345678901234567890}", "a", "123456789012345678901234567890"),
				Arguments.of("{\"a\":" + "9".repeat(1000) + "}", "a", "9".repeat(1000)),
				Arguments.of("{\"a\":true}", "a", "true"), Arguments.of("{\"a\":false}", "a", "false"),
				Arguments.of("{\"a\":null}", "a", null), Arguments.of("{\"a\":[null]}", "/a/0", null));
	}

	private static Stream<Arguments> places() {
		return Stream.of(Arguments.of("{}", "a", null), Arguments.of("[]", "a", null), Arguments.of("[]", "/0", null),
				Arguments.of("{\"b\":1,\"a\":2,\"c\":3}", "a", "2"), Arguments.of("{\"A\":1}", "a", null),
				Arguments.of(" \t\r\n{ \"b\" : 1 , \"a\" : 2 } \n", "a", "2"),
				Arguments.of("{\"b\":{\"a\":1}}", "a", null), Arguments.of("{\"b\":{\"a\":1},\"a\":2}", "a", "2"),
				Arguments.of("{\"b\":{\"a\":1}}", "/b/a", "1"), Arguments.of("{\"b\":{\"a\":1}}", "/b/c", null),
				Arguments.of("{\"b\":{\"a\":1}}", "/b/a/c", null), Arguments.of("{\"b\":\"a\"}", "/b/a", null),
				Arguments.of("{\"hosts\":[{\"name\":\"x\"},{\"name\":\"y\"}]}", "/hosts/1/name", "y"),
				Arguments.of("[10,11,12]", "/1", "11"), Arguments.of("[10]", "/1", null),
				Arguments.of("[10]", "/01", null), Arguments.of("[10]", "/-", null), Arguments.of("[10]", "/ 0", null),
				Arguments.of("[10]", "0", null), Arguments.of("{\"0\":1}", "/0", "1"),
				Arguments.of("{\"a.b\":1}", "a.b", "1"), Arguments.of("{\"a\":{\"b\":1}}", "a.b", null),
				Arguments.of("{\"a/b\":1}", "a/b", "1"), Arguments.of("{\"a/b\":1}", "/a~1b", "1"),
				Arguments.of("{\"a~b\":1}", "a~b", "1"), Arguments.of("{\"a~b\":1}", "/a~0b", "1"),
				Arguments.of("{\"~1\":1}", "/~01", "1"), Arguments.of("{\"/\":1}", "/~1", "1"),
				Arguments.of("{\"\":1}", "/", "1"), Arguments.of("{\"\":1}", "", "1"),
				Arguments.of("{\"\":{\"\":2}}", "//", "2"), Arguments.of("{\"a b\":1}", "a b", "1"));
	}

	private static Stream<Arguments> texts() {
		return Stream.of(Arguments.of("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "a", "\"\\/\b\f\n\r\t"),
				Arguments.of("{\"a\":\"\\u0041\\u00e9\\u20AC\"}", "a", "Aé€"),
				Arguments.of("{\"a\":\"\\ud83d\\udd11\"}", "a", "🔑"), Arguments.of("{\"a\":\"🔑\"}", "a", "🔑"),
				Arguments.of("{\"a\":\"\\ud83d\"}", "a", "\ud83d"), Arguments.of("{\"a\":\"\\u0000\"}", "a", "\u0000"),
				Arguments.of("{\"\\u0061\":1}", "a", "1"), Arguments.of("{\"\\\"\":1}", "\"", "1"),
				Arguments.of("{\"a\":\"\u007f\u2028\"}", "a", "\u007f\u2028"),
				Arguments.of("{\"a\":\"$<secret:x>${y}#{z}\"}", "a", "$<secret:x>${y}#{z}"));
	}

	private static Stream<Arguments> containers() {
		return Stream.of(Arguments.of("{\"a\": {} }", "a", "{}"), Arguments.of("{\"a\": [ ] }", "a", "[]"),
				Arguments.of("{\"a\": { \"b\" : [ 1 , 2.0 ,\n\ttrue , null ] } }", "a", "{\"b\":[1,2.0,true,null]}"),
				Arguments.of("{\"a\": [ \" x \\\" y \" , \"\\\\\" , \" \" ] }", "a", "[\" x \\\" y \",\"\\\\\",\" \"]"),
				Arguments.of("{\"a\": {\"a\": 1}}", "a", "{\"a\":1}"), Arguments.of("[[1, 2], [3, 4]]", "/1", "[3,4]"),
				Arguments.of(nested(64, "7"), "/0" + "/0".repeat(63), "7"),
				Arguments.of(nested(64, ""), "/0" + "/0".repeat(62), "[]"));
	}

	private static String nested(int depth, String inner) {
		return "[".repeat(depth) + inner + "]".repeat(depth);
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("malformed")
	void refusesMalformedText(String json, String problem) {
		for (String field : List.of("a", "/a", "/0", "other")) {
			assertThatExceptionOfType(MalformedJsonException.class)
				.isThrownBy(() -> new JsonFieldReader(json, field).read())
				.withMessageContaining(problem)
				.withMessageMatching(".* \\(at character \\d+\\)")
				.withMessageNotContaining(C);
		}
	}

	static Stream<Arguments> malformed() {
		return Stream.of(malformedStructures(), malformedScalars(), malformedLimits()).flatMap((rows) -> rows);
	}

	private static Stream<Arguments> malformedStructures() {
		return Stream.of(Arguments.of("", "not an object or array"), Arguments.of("  ", "not an object or array"),
				Arguments.of(C, "not an object or array"), Arguments.of("\"CANARY-\"", "not an object or array"),
				Arguments.of("12", "not an object or array"), Arguments.of("null", "not an object or array"),
				Arguments.of("\ufeff{\"a\":1}", "not an object or array"),
				Arguments.of("\u00a0{\"a\":1}", "not an object or array"), Arguments.of("{", "'\"' is missing"),
				Arguments.of("{\"CANARY-", "ends too early"), Arguments.of("{\"CANARY-\"", "':' is missing"),
				Arguments.of("{\"a\":", "ends too early"), Arguments.of("{\"a\":\"CANARY-", "ends too early"),
				Arguments.of("{\"a\":\"CANARY-\"", "'}' is missing"), Arguments.of("[1", "']' is missing"),
				Arguments.of("{\"a\":\"CANARY-\",}", "'\"' is missing"), Arguments.of("[\"CANARY-\",]", "neither"),
				Arguments.of("[,1]", "neither"), Arguments.of("[1,,2]", "neither"), Arguments.of("[1 2]", "']'"),
				Arguments.of("{\"a\" \"CANARY-\"}", "':' is missing"), Arguments.of("{\"a\"::1}", "neither"),
				Arguments.of("{'a':'CANARY-'}", "'\"' is missing"), Arguments.of("{\"a\":'CANARY-'}", "neither"),
				Arguments.of("{a:1}", "'\"' is missing"), Arguments.of("{1:1}", "'\"' is missing"),
				Arguments.of("{\"a\":1]", "'}' is missing"), Arguments.of("[1}", "']' is missing"),
				Arguments.of("{\"a\":1}CANARY-", "text follows the end"), Arguments.of("{\"a\":1}{}", "text follows"),
				Arguments.of("{\"a\":1}\u0000", "text follows"), Arguments.of("{}//CANARY-", "text follows the end"),
				Arguments.of("{/*CANARY-*/}", "'\"' is missing"),
				Arguments.of("{\"CANARY-\":1,\"CANARY-\":1}", "a key is repeated"),
				Arguments.of("{\"a\":1,\"\\u0061\":2}", "a key is repeated"),
				Arguments.of("{\"x\":{\"b\":1,\"b\":2},\"a\":1}", "a key is repeated"));
	}

	private static Stream<Arguments> malformedScalars() {
		return Stream.of(Arguments.of("{\"a\":CANARY-}", "neither"), Arguments.of("{\"a\":NaN}", "neither"),
				Arguments.of("{\"a\":Infinity}", "neither"), Arguments.of("{\"a\":-Infinity}", "neither"),
				Arguments.of("{\"a\":undefined}", "neither"), Arguments.of("{\"a\":True}", "neither"),
				Arguments.of("{\"a\":tru}", "neither"), Arguments.of("{\"a\":nul", "neither"),
				Arguments.of("{\"a\":truex}", "'}' is missing"), Arguments.of("{\"a\":01}", "'}' is missing"),
				Arguments.of("{\"a\":-01}", "'}' is missing"), Arguments.of("{\"a\":+1}", "neither"),
				Arguments.of("{\"a\":.5}", "neither"), Arguments.of("{\"a\":5.}", "lacks digits"),
				Arguments.of("{\"a\":5.e1}", "lacks digits"), Arguments.of("{\"a\":1e}", "lacks digits"),
				Arguments.of("{\"a\":1e+}", "lacks digits"), Arguments.of("{\"a\":1e+-1}", "lacks digits"),
				Arguments.of("{\"a\":-}", "neither"), Arguments.of("{\"a\":-", "ends too early"),
				Arguments.of("{\"a\":0x1F}", "'}' is missing"), Arguments.of("{\"a\":1_000}", "'}' is missing"),
				Arguments.of("{\"a\":\u0661}", "neither"), Arguments.of("{\"a\":\"CANARY-\n\"}", "control character"),
				Arguments.of("{\"a\":\"CANARY-\u0000\"}", "control character"),
				Arguments.of("{\"a\":\"\\tCANARY-\u001f\"}", "control character"),
				Arguments.of("{\"a\t\":1}", "control character"), Arguments.of("{\"a\":\"\\x41\"}", "unknown escape"),
				Arguments.of("{\"a\":\"\\'\"}", "unknown escape"), Arguments.of("{\"a\":\"\\", "ends too early"),
				Arguments.of("{\"a\":\"\\u00g0\"}", "four hexadecimal digits"),
				Arguments.of("{\"a\":\"\\u41\"}", "four hexadecimal digits"),
				Arguments.of("{\"a\":\"\\u\uff10\uff10\uff14\uff11\"}", "four hexadecimal digits"),
				Arguments.of("{\"a\":\"\\U0041\"}", "unknown escape"));
	}

	private static Stream<Arguments> malformedLimits() {
		return Stream.of(Arguments.of(nested(65, "\"CANARY-\""), "deeper than 64"),
				Arguments.of(nested(65, ""), "deeper than 64"), Arguments.of("[".repeat(100_000), "deeper than 64"),
				Arguments.of("{\"a\":".repeat(65) + "1" + "}".repeat(65), "deeper than 64"),
				Arguments.of("{\"a\":" + "9".repeat(1001) + "}", "longer than 1000"),
				Arguments.of("{\"a\":0." + "9".repeat(999) + "}", "longer than 1000"));
	}

	@Test
	void malformedTextBehindTheFieldCounts() {
		SecretValue value = SecretValue.of("{\"a\":\"CANARY-1\",\"b\":}");
		assertThatExceptionOfType(SecretsException.class).isThrownBy(() -> value.field("a"))
			.withMessageNotContaining(C)
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.NOT_JSON))
			.withNoCause();
	}

	@Test
	void absentFieldAndNullAreNoField() {
		SecretValue value = SecretValue.of("{\"a\":null,\"x\":\"CANARY-1\"}");
		for (String field : List.of("a", "b", "/x/y")) {
			assertThatExceptionOfType(SecretsException.class).isThrownBy(() -> value.field(field))
				.withMessageNotContaining(C)
				.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.FIELD_NOT_FOUND));
		}
		assertThat(value.field("x")).isEqualTo(C + "1").isSameAs(value.field("x"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "[", "{\"a\":", "\"", "{\"a\":1,", "\\u0041", "1", " ", "[1,", "[0.1," })
	void hostileTextTakesLinearTime(String piece) {
		String hostile = "{\"a\":" + piece.repeat(1_000_000 / piece.length());
		assertTimeoutPreemptively(Duration.ofSeconds(5),
				() -> assertThatExceptionOfType(MalformedJsonException.class)
					.isThrownBy(() -> new JsonFieldReader(hostile, "a").read())
					.satisfies((ex) -> assertThat(ex.getMessage()).hasSizeLessThan(150)));
	}

	@Test
	void agreesWithJacksonOnRandomTexts() {
		Documents documents = new Documents(new Random(42));
		int accepted = 0;
		for (int i = 0; i < 30_000; i++) {
			String document = documents.next();
			assertThat(agrees(document)).as(document).isTrue();
			for (int mutation = 0; mutation < 3; mutation++) {
				accepted += (agrees(documents.mutated(document))) ? 1 : 0;
			}
		}
		// The mutations tell something only if many of both kinds are among them.
		assertThat(accepted).isBetween(9_000, 81_000);
	}

	/**
	 * Compares both readers.
	 * @param text a text
	 * @return whether both take it for JSON
	 */
	private static boolean agrees(String text) {
		JsonNode node = Jackson.read(text);
		for (String field : Documents.FIELDS) {
			String read;
			try {
				read = new JsonFieldReader(text, field).read();
			}
			catch (MalformedJsonException ex) {
				assertThat(node).as("%s, which we refuse: %s", text, ex.getMessage()).isNull();
				return false;
			}
			assertThat(node).as("%s, which only we accept", text).isNotNull();
			Jackson.assertSame(text, field, read, Jackson.field(node, field));
		}
		return true;
	}

	/**
	 * The other reader.
	 */
	private static final class Jackson {

		private static final JsonMapper MAPPER = JsonMapper
			.builder(JsonFactory.builder()
				.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(64).build())
				.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
				.build())
			.enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
			.enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
			.build();

		private Jackson() {
		}

		static @Nullable JsonNode read(String text) {
			try {
				JsonNode node = MAPPER.readTree(text);
				return (node.isContainer()) ? node : null;
			}
			catch (JacksonException ex) {
				return null;
			}
		}

		static @Nullable JsonNode field(JsonNode node, String field) {
			JsonNode found = (field.startsWith("/")) ? node.at(field) : node.get(field);
			return (found == null || found.isMissingNode() || found.isNull()) ? null : found;
		}

		static void assertSame(String text, String field, @Nullable String ours, @Nullable JsonNode theirs) {
			String description = field + " of " + text;
			if (theirs == null || ours == null) {
				assertThat(ours).as(description).isNull();
				assertThat(theirs).as(description).isNull();
			}
			else if (theirs.isString()) {
				assertThat(ours).as(description).isEqualTo(theirs.stringValue());
			}
			else if (theirs.isNumber()) {
				assertThat(new BigDecimal(ours)).as(description).isEqualByComparingTo(theirs.decimalValue());
				assertThat(text).as(description).contains(ours);
			}
			else {
				assertThat(read("[" + ours + "]")).as(description).isEqualTo(MAPPER.createArrayNode().add(theirs));
				assertThat(ours.replaceAll("\"(\\\\.|[^\"\\\\])*\"", "")).as(description).doesNotContainPattern("\\s");
			}
		}

	}

	/**
	 * Random documents.
	 */
	private static final class Documents {

		static final List<String> FIELDS = List.of("a", "b", "", "a/b", "~", "0", "ü", "d", "/", "/a", "/a/b", "/a/0",
				"/0", "/1/a", "/0/0", "/a~1b", "/~0", "/a/a/a", "/01");

		private static final String[] KEYS = { "a", "b", "", "a/b", "~", "0", "ü", "\\u0064", "\\/", "c" };

		private static final String[] SCALARS = { "true", "false", "null", "0", "-0", "12", "-3.50", "1e5", "1.25E-3",
				"\"\"", "\"x\"", "\" y \\\" \"", "\"\\\\\"", "\"\\ud83d\\udd11\"", "\"\\u00e9\\n\"", "\"🔑\"",
				"\"\\ud83d\"", "\"[{]},:\"" };

		private static final String[] SPACES = { "", "", "", " ", "\n", "\t", "\r\n ", "  " };

		private static final String NOISE = "{}[]\",:\\ntrufalse0123-+.eE u'/*#\n\u0000\u001f\u00a0\ufeffé\ud83d";

		private final Random random;

		Documents(Random random) {
			this.random = random;
		}

		String next() {
			return space() + container(0) + space();
		}

		private String container(int depth) {
			boolean object = this.random.nextBoolean();
			StringBuilder json = new StringBuilder((object) ? "{" : "[").append(space());
			int first = this.random.nextInt(KEYS.length);
			int size = this.random.nextInt(5);
			for (int i = 0; i < size; i++) {
				json.append((i > 0) ? "," : "").append(space());
				if (object) {
					json.append('"').append(KEYS[(first + i) % KEYS.length]).append('"');
					json.append(space()).append(':').append(space());
				}
				boolean nest = depth < 4 && this.random.nextInt(3) == 0;
				json.append((nest) ? container(depth + 1) : SCALARS[this.random.nextInt(SCALARS.length)]);
				json.append(space());
			}
			return json.append((object) ? '}' : ']').toString();
		}

		private String space() {
			return SPACES[this.random.nextInt(SPACES.length)];
		}

		String mutated(String document) {
			StringBuilder text = new StringBuilder(document);
			for (int i = this.random.nextInt(3); i >= 0; i--) {
				int at = this.random.nextInt(text.length() + 1);
				char noise = NOISE.charAt(this.random.nextInt(NOISE.length()));
				int end = Math.min(text.length(), at + 1 + this.random.nextInt(3));
				switch (this.random.nextInt(5)) {
					case 0 -> text.insert(at, noise);
					case 1 -> text.delete(at, end);
					case 2 -> text.replace(at, Math.min(text.length(), at + 1), String.valueOf(noise));
					case 3 -> text.insert(at, text.substring(at, end));
					default -> text.setLength((this.random.nextInt(4) == 0) ? at : text.length());
				}
			}
			return text.toString();
		}

	}

}
