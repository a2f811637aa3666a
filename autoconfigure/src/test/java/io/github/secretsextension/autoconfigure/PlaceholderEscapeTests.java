package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.Map;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.FakeSecrets;

import org.springframework.util.PropertyPlaceholderHelper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

/**
 * Tests for {@link PlaceholderEscape}, against Spring's own placeholder resolution.
 */
class PlaceholderEscapeTests {

	private static final PropertyPlaceholderHelper LENIENT = new PropertyPlaceholderHelper("${", "}", ":", '\\', true);

	private static final PropertyPlaceholderHelper STRICT = new PropertyPlaceholderHelper("${", "}", ":", '\\', false);

	@ParameterizedTest
	@CsvSource(quoteCharacter = '\'',
			value = { "'',''", "plain,plain", "${a},\\${a}", "x${a}y${b},x\\${a}y\\${b}", "${a,${a", "a},a}",
					"${a:${b}},\\${a:\\${b}}", "${a:${b},${a:\\${b}", "\\${a},\\\\${a}", "{a},{a}", "$a{},$a{}",
					"${a{},${a{}", "#{a},#{a}" })
	void escapesWhatHasAMatch(String text, String escaped) {
		assertThat(PlaceholderEscape.escape(text)).isEqualTo(escaped);
	}

	@ParameterizedTest
	@ValueSource(strings = { "CANARY-${a}", "CANARY-\\${a}", "CANARY-\\\\${a}", "CANARY-${a:b}", "${${a}}CANARY-",
			"CANARY-${unknown}", "CANARY-${", "}${CANARY-", "\\", "${a}\\", "CANARY-${\\${a}}", "${a:{}CANARY-}", "${}",
			"CANARY-#{a}", "CANARY-:\\:", "${a\\:b}CANARY-", "$CANARY-", "$${a}", "${a}}CANARY-", "{${a}CANARY-" })
	void springReturnsTheTextAsItIs(String text) {
		assertComesThrough(text);
	}

	@Test
	void springReturnsRandomTextAsItIs() {
		Random random = new Random(17);
		String alphabet = "${}\\:a ";
		for (int i = 0; i < 200_000; i++) {
			StringBuilder text = new StringBuilder();
			for (int length = random.nextInt(14); length > 0; length--) {
				text.append((random.nextInt(4) == 0) ? "${" : alphabet.charAt(random.nextInt(alphabet.length())));
			}
			assertComesThrough(text.toString());
		}
	}

	private static void assertComesThrough(String text) {
		Map<String, String> properties = Map.of("s", PlaceholderEscape.escape(text), "a", FakeSecrets.CANARY + "other");
		assertThat(LENIENT.replacePlaceholders("${s}", properties::get)).as(text).isEqualTo(text);
		assertThat(STRICT.replacePlaceholders("${s}", properties::get)).as(text).isEqualTo(text);
		assertThat(LENIENT.replacePlaceholders("[${s}]", properties::get)).as(text).isEqualTo("[" + text + "]");
		assertThat(STRICT.replacePlaceholders("[${s}]${s}", properties::get)).as(text)
			.isEqualTo("[" + text + "]" + text);
		assertThat(STRICT.replacePlaceholders("${x:${s}}", properties::get)).as(text).isEqualTo(text);
	}

	@ParameterizedTest
	@ValueSource(strings = { "${", "}", "{", "${a}", "\\${", "$" })
	void hostileTextTakesLinearTime(String piece) {
		String text = piece.repeat(1_000_000 / piece.length());
		assertTimeoutPreemptively(Duration.ofSeconds(5), () -> {
			for (String hostile : new String[] { text, "${" + text, text + "}", "${".repeat(100_000) + text }) {
				assertThat(catchThrowable(() -> PlaceholderEscape.escape(hostile))).satisfiesAnyOf(
						(failure) -> assertThat(failure).isNull(),
						(failure) -> assertThat(failure).isInstanceOf(IllegalArgumentException.class));
			}
		});
	}

}
