package io.github.secretsextension.autoconfigure;

import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.FakeSecrets;

import org.springframework.util.PropertyPlaceholderHelper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link AnnotationText}.
 */
class AnnotationTextTests {

	private static final String C = FakeSecrets.CANARY;

	private static final PropertyPlaceholderHelper SPRING = new PropertyPlaceholderHelper("${", "}", ":", '\\', false);

	private final AnnotationText text = new AnnotationText();

	@ParameterizedTest
	@ValueSource(strings = { "", "CANARY-", "#{1+1}", "CANARY-#{T(java.lang.System)}", "${a}", "#", "{", "}", "#${x}",
			"\ue002", "\ue003", "\ue004", "\ue004\ue002", "\ue004\ue004#", "\ue000\ue001\ue005", "#{'\ue004'}", "\\#{",
			"🔑" })
	void masksAndUnmasks(String secret) {
		assertMasked(secret);
	}

	@Test
	void masksAndUnmasksRandomText() {
		Random random = new Random(23);
		String alphabet = "#{}$\\:'a \ue000\ue001\ue002\ue003\ue004\ue005\uf8ff\ud83d\udd11";
		for (int i = 0; i < 200_000; i++) {
			StringBuilder secret = new StringBuilder();
			for (int length = random.nextInt(12); length > 0; length--) {
				secret.append(alphabet.charAt(random.nextInt(alphabet.length())));
			}
			assertMasked(secret.toString());
		}
	}

	private void assertMasked(String secret) {
		String masked = this.text.masked(secret);
		assertThat(masked).doesNotContain("#", "{");
		assertThat(AnnotationText.unmasked(masked)).isEqualTo(secret);
		assertThat(AnnotationText.unmasked("a" + masked + "b" + masked)).isEqualTo("a" + secret + "b" + secret);
		assertThat(SPRING.replacePlaceholders("[${s}]", (name) -> masked)).as("through Spring")
			.isEqualTo("[" + masked + "]");
	}

	@Test
	void expressionOfTheConfigurationStaysVisible() {
		assertThat("#{1}" + this.text.masked("#{2}")).containsOnlyOnce("#{");
	}

	@Test
	void noteSaysWhetherThereWasASecret() {
		assertThat(this.text.holdsSecret()).isFalse();
		this.text.masked("");
		assertThat(this.text.holdsSecret()).isTrue();
	}

	@Test
	void markIsOnTheThreadWhileResolving() {
		assertThat(AnnotationText.current()).isNull();
		AnnotationText inner = new AnnotationText();
		String resolved = this.text.resolve(() -> {
			assertThat(AnnotationText.current()).isSameAs(this.text);
			String nested = inner.resolve(() -> {
				assertThat(AnnotationText.current()).isSameAs(inner);
				return C;
			});
			assertThat(AnnotationText.current()).isSameAs(this.text);
			return nested + "1";
		});
		assertThat(resolved).isEqualTo(C + "1");
		assertThat(AnnotationText.current()).isNull();
	}

	@Test
	void markGoesWhenResolvingFails() {
		assertThatIllegalStateException().isThrownBy(() -> this.text.resolve(() -> {
			throw new IllegalStateException("it failed");
		})).withMessage("it failed");
		assertThat(AnnotationText.current()).isNull();
	}

}
