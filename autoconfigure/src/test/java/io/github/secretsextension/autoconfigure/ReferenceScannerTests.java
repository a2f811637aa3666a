package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.FakeSecrets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

/**
 * Tests for {@link ReferenceScanner} and {@link ScannedReference}.
 */
class ReferenceScannerTests {

	private static final String C = FakeSecrets.CANARY;

	/** Literals and nested placeholders in their order, as {@code literal|nested|…}. */
	private final List<String> found = new ArrayList<>();

	private final List<ScannedReference> malformed = new ArrayList<>();

	@ParameterizedTest(name = "{0}")
	@MethodSource("texts")
	void findsReferences(String text, String replaced, List<String> references) {
		assertThat(replace(text, true)).isEqualTo(replaced);
		assertThat(this.found).isEqualTo(references);
		assertThat(this.malformed).isEmpty();
		assertThat(new ReferenceScanner(text, true).concerns()).isEqualTo(!references.isEmpty());
	}

	static Stream<Arguments> texts() {
		return Stream.of(row("$<secret:db>", "@", "secret:db"), row("${secret:db}", "@", "secret:db"),
				row("$<param:/a>", "@", "param:/a"), row("${param:/a}", "@", "param:/a"),
				row("a$<secret:b>c", "a@c", "secret:b"), row("a${secret:b}c", "a@c", "secret:b"),
				row("$<secret:a>$<param:b>", "@@", "secret:a", "param:b"),
				row("$<secret:a>,${param:b};$<secret:c>.", "@,@;@.", "secret:a", "param:b", "secret:c"),
				row("$$<secret:a>", "$@", "secret:a"), row("<$<secret:a>>", "<@>", "secret:a"),
				row("{${secret:a}}", "{@}", "secret:a"), row("$<secret:a$>", "@", "secret:a$"),
				row("$<secret:>", "@", "secret:"), row("$<secret:a:b>c>", "@c>", "secret:a:b"),
				row("$<secret:a:{b}>", "@", "secret:a:{b}"), row("$<secret:a:}>", "@", "secret:a:}"),
				row("${secret:a:{\"b\":{}}}", "@", "secret:a:{\"b\":{}}"), row("${secret:a>b}", "@", "secret:a>b"),
				row("$<secret:a<b>", "@", "secret:a<b"), row("$<secret:a:c:\\temp>", "@", "secret:a:c:\\temp"),
				row("$<secret:a:\\>", "@", "secret:a:\\"), row("$<secret:a\nb>", "@", "secret:a\nb"),
				row("${x:$<secret:a>}", "${x:@}", "secret:a"), row("${x:${secret:a}}", "${x:@}", "secret:a"),
				row("#{'$<secret:a>'}", "#{'@'}", "secret:a"),
				// Nested placeholders.
				row("$<secret:${a}>", "@", "secret:|${a}|"), row("${secret:${a}}", "@", "secret:|${a}|"),
				row("$<secret:${a}/${b}#${c}:${d}>", "@", "secret:|${a}|/|${b}|#|${c}|:|${d}|"),
				row("$<secret:${a}${b}>", "@", "secret:|${a}||${b}|"),
				row("$<secret:${a:${b:c}}>", "@", "secret:|${a:${b:c}}|"),
				row("$<secret:${a:>}>", "@", "secret:|${a:>}|"), row("$<secret:${a:{}}>", "@", "secret:|${a:{}}|"),
				row("${secret:a:{${b}}}", "@", "secret:a:{|${b}|}"), row("$<secret:a:\\${b}>", "@", "secret:a:${b}"),
				row("${secret:a:\\${b}}", "@", "secret:a:${b}"),
				row("$<secret:a:\\$<secret:b>", "@", "secret:a:$<secret:b"),
				row("$<secret:a:\\$b>", "@", "secret:a:\\$b"));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("escapes")
	void escapedReferenceStays(String text, String replaced, List<String> references) {
		assertThat(replace(text, true)).isEqualTo(replaced);
		assertThat(this.found).isEqualTo(references);
		assertThat(new ReferenceScanner(text, true).concerns()).isTrue();
	}

	static Stream<Arguments> escapes() {
		// Spring takes the backslash of its own syntax away itself.
		return Stream.of(row("\\$<secret:a>", "$<secret:a>"), row("\\${secret:a}", "\\${secret:a}"),
				row("x\\$<secret:a>y", "x$<secret:a>y"), row("\\\\$<secret:a>", "\\$<secret:a>"),
				row("\\$<secret:", "$<secret:"), row("\\$<secret:a>$<secret:b>", "$<secret:a>@", "secret:b"),
				row("$<secret:b>\\$<secret:a>", "@$<secret:a>", "secret:b"),
				row("\\${secret:a}$<secret:b>", "\\${secret:a}@", "secret:b"),
				row("\\$<secret:$<param:b>>", "$<secret:@>", "param:b"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "$", "$<", "${", "$<>", "${}", "text", "$<x>", "$<secrets:a>", "$<Secret:a>",
			"$<secret>", "$<secret a>", "$< secret:a>", "$ <secret:a>", "<secret:a>", "{secret:a}", "${x}",
			"${x:secret:a}", "${secrets:a}", "$<parameter:a>", "$secret:a", "\\$<x>", "\\${x}", "$<<secret:a>", "a\\b",
			"cost: 5$", "$(secret:a)", "#{secret}", "\ue000" })
	void otherTextStaysAsItIs(String text) {
		assertThat(replace(text, true)).isEqualTo(text);
		assertThat(this.found).isEmpty();
		assertThat(new ReferenceScanner(text, true).concerns()).isFalse();
	}

	@Test
	void braceSyntaxCanBeSwitchedOff() {
		assertThat(new ReferenceScanner("${secret:a}", false).concerns()).isFalse();
		assertThat(replace("${secret:a} $<secret:b> \\${param:c}", false)).isEqualTo("${secret:a} @ \\${param:c}");
		assertThat(this.found).containsExactly("secret:b");
		this.found.clear();
		assertThat(replace("$<secret:${secret:a}>", false)).isEqualTo("@");
		assertThat(this.found).containsExactly("secret:|${secret:a}|");
		assertThat(this.malformed).isEmpty();
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("malformedTexts")
	void malformedReferenceTakesTheRest(String text, String replaced, int position, String problem) {
		assertThat(replace(text, true)).isEqualTo(replaced);
		assertThat(this.malformed).singleElement().extracting(ScannedReference::error).satisfies((error) -> {
			assertThat(error.getProblem()).contains(problem);
			assertThat(error.getPosition()).isEqualTo(position);
			assertThat(error.getMessage()).doesNotContain(C);
		});
	}

	static Stream<Arguments> malformedTexts() {
		String inside = "a reference cannot stand inside a reference";
		return Stream.of(Arguments.of("$<secret:a", "@", 8, "the closing '>' is missing"),
				Arguments.of("${secret:a", "@", 8, "the closing '}' is missing"),
				Arguments.of("${secret:a>", "@", 9, "the closing '}' is missing"),
				Arguments.of("$<secret:a}", "@", 9, "the closing '>' is missing"),
				Arguments.of("${secret:a:{}", "@", 11, "the closing '}' is missing"),
				Arguments.of("x$<secret:", "x@", 7, "the closing '>' is missing"),
				Arguments.of("$<param:a>$<secret:b c", "@@", 10, "the closing '>' is missing"),
				Arguments.of("$<secret:a:CANARY-1", "@", 17, "the closing '>' is missing"),
				Arguments.of("$<secret:a:x, CANARY-1 and more", "@", 29, "the closing '>' is missing"),
				Arguments.of("$<secret:$<secret:a>>", "@", 7, inside),
				Arguments.of("$<secret:${secret:a}>", "@", 7, inside),
				Arguments.of("${secret:$<param:a>}", "@", 7, inside),
				Arguments.of("${secret:a:${param:b}}", "@", 9, inside),
				Arguments.of("ab$<secret:a:CANARY-1$<secret:b>>", "ab@", 17, inside),
				Arguments.of("$<secret:a:CANARY-1:$<secret:b>>", "@", 18, inside),
				Arguments.of("$<secret:${x:$<secret:a>}>", "@", 7, inside),
				Arguments.of("$<secret:${x:${secret:a}}>", "@", 7, inside),
				Arguments.of("$<secret:a${b>", "@", 8, "the nested placeholder is not closed"),
				Arguments.of("$<secret:a:CANARY-1${b>", "@", 17, "as text it is '\\${'"),
				Arguments.of("$<secret:${a:{}>", "@", 7, "the nested placeholder is not closed"));
	}

	@Test
	void fillingsTakeThePlacesOfNestedPlaceholders() {
		ScannedReference reference = scan("$<secret:${a}/x${b}#f>");
		assertThat(reference.text(List.of("1", "2"))).isEqualTo("secret:1/x2#f");
		assertThat(reference.text(reference.nested())).isEqualTo("secret:${a}/x${b}#f");
	}

	@ParameterizedTest
	@ValueSource(strings = { "$<secret:", "${secret:", "${${${", "\\$<secret:", "\\${secret:", "$", "$<", "$<secret:a>",
			"${secret:{", "$<secret:${a}", "$<secret:a>\\$<secret:b>", "${secret:${a}}", "$<secret:\\${", "{", "}",
			"${a:", "\\" })
	void hostileTextTakesLinearTime(String piece) {
		String repeated = piece.repeat(1_000_000 / piece.length());
		assertTimeoutPreemptively(Duration.ofSeconds(5), () -> {
			for (String start : List.of("", "$<secret:", "${secret:", "$<secret:${a:", "${secret:a:{", "\\")) {
				for (String end : List.of("", ">", "}", "}>")) {
					String text = start + repeated + end;
					String replaced = new ReferenceScanner(text, true).replaceReferences((reference) -> "@");
					assertThat(replaced.length()).isLessThanOrEqualTo(text.length());
				}
			}
		});
	}

	@Test
	void randomTextIsReplacedOrStays() {
		Random random = new Random(5);
		String[] pieces = { "$<secret:", "${param:", "${secret:", "\\$<param:", "$<", "${", ">", "}", "\\", "secret:",
				"param:", "$", "<", "{", ":", "#", "?", "a", "s" };
		String alphabet = "$<>{}\\:secretparam#?a";
		int concerned = 0;
		for (int i = 0; i < 200_000; i++) {
			StringBuilder text = new StringBuilder();
			for (int length = random.nextInt(16); length > 0; length--) {
				text.append((random.nextInt(3) > 0) ? pieces[random.nextInt(pieces.length)]
						: alphabet.charAt(random.nextInt(alphabet.length())));
			}
			concerned += (check(text.toString(), i % 2 == 0)) ? 1 : 0;
		}
		assertThat(concerned).isBetween(20_000, 180_000);
	}

	private boolean check(String text, boolean braceSyntax) {
		this.found.clear();
		this.malformed.clear();
		ReferenceScanner scanner = new ReferenceScanner(text, braceSyntax);
		boolean concerns = scanner.concerns();
		String replaced = replace(text, braceSyntax);
		assertThat(this.malformed.size()).as(text).isLessThanOrEqualTo(1);
		if (!concerns) {
			assertThat(replaced).isEqualTo(text);
			assertThat(this.found).as(text).isEmpty();
		}
		if (this.found.isEmpty() && !replaced.equals(text)) {
			assertThat(text).as("only an escape changes text without a reference").contains("\\$<");
			assertThat(text.length() - replaced.length()).isLessThanOrEqualTo(text.split("\\\\\\$<", -1).length - 1);
		}
		return concerns;
	}

	private static ScannedReference scan(String text) {
		List<ScannedReference> references = new ArrayList<>();
		new ReferenceScanner(text, true).replaceReferences((reference) -> {
			references.add(reference);
			return "";
		});
		assertThat(references).hasSize(1);
		return references.get(0);
	}

	private String replace(String text, boolean braceSyntax) {
		return new ReferenceScanner(text, braceSyntax).replaceReferences((reference) -> {
			if (reference.error() != null) {
				this.malformed.add(reference);
			}
			else {
				assertThat(reference.literals()).hasSize(reference.nested().size() + 1);
			}
			StringBuilder parts = new StringBuilder(reference.literals().get(0));
			for (int i = 0; i < reference.nested().size(); i++) {
				parts.append('|').append(reference.nested().get(i)).append('|').append(reference.literals().get(i + 1));
			}
			this.found.add(parts.toString());
			return "@";
		});
	}

	private static Arguments row(String text, String replaced, String... references) {
		return Arguments.of(text, replaced, List.of(references));
	}

}
