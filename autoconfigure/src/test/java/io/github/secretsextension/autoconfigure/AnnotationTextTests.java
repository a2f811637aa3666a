package io.github.secretsextension.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.FakeSecrets;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.util.PropertyPlaceholderHelper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link AnnotationText}.
 */
class AnnotationTextTests {

	private static final String C = FakeSecrets.CANARY;

	private static final PropertyPlaceholderHelper SPRING = new PropertyPlaceholderHelper("${", "}", ":", '\\', false);

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
		String masked = AnnotationText.mask(secret);
		assertThat(masked).doesNotContain("#", "{", "$");
		assertThat(AnnotationText.unmasked(masked)).isEqualTo(secret);
		assertThat(AnnotationText.unmasked("a" + masked + "b" + masked)).isEqualTo("a" + secret + "b" + secret);
		assertThat(SPRING.replacePlaceholders("[${s}]", (name) -> masked)).as("through Spring")
			.isEqualTo("[" + masked + "]");
	}

	@Test
	void expressionOfTheConfigurationStaysVisible() {
		assertThat("#{1}" + AnnotationText.mask("#{2}")).containsOnlyOnce("#{");
	}

	@Test
	void noteSaysWhetherThereWasASecret() {
		DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();
		AtomicBoolean holdsSecret = new AtomicBoolean();
		beanFactory.addEmbeddedValueResolver((text) -> {
			AnnotationText.begin();
			return text;
		});
		beanFactory
			.addEmbeddedValueResolver((text) -> (text.startsWith(C)) ? AnnotationText.current().masked(text) : text);
		beanFactory.addEmbeddedValueResolver((text) -> {
			holdsSecret.set(AnnotationText.end());
			return text;
		});
		beanFactory.resolveEmbeddedValue("plain");
		assertThat(holdsSecret).isFalse();
		beanFactory.resolveEmbeddedValue(C);
		assertThat(holdsSecret).isTrue();
		assertThat(AnnotationText.current()).isNull();
	}

	@Test
	void nestedTextsKeepTheirOwnNotes() {
		DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();
		List<String> ends = new ArrayList<>();
		beanFactory.addEmbeddedValueResolver((text) -> {
			AnnotationText.begin();
			return text;
		});
		beanFactory.addEmbeddedValueResolver((text) -> {
			if (text.equals("outer")) {
				AnnotationText.current().masked(C);
				beanFactory.resolveEmbeddedValue("inner");
				try {
					beanFactory.resolveEmbeddedValue("failing");
				}
				catch (IllegalStateException ex) {
					ends.add(ex.getMessage());
				}
			}
			if (text.equals("failing")) {
				throw new IllegalStateException(text);
			}
			return text;
		});
		beanFactory.addEmbeddedValueResolver((text) -> {
			ends.add(text + " " + AnnotationText.end());
			return text;
		});
		beanFactory.resolveEmbeddedValue("outer");
		assertThat(ends).containsExactly("inner false", "failing", "outer true");
		assertThat(AnnotationText.current()).isNull();
	}

	@Test
	void noteOfATextThatFailedIsDropped() {
		DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();
		beanFactory.addEmbeddedValueResolver((text) -> {
			AnnotationText.begin();
			throw new IllegalStateException("it failed");
		});
		assertThatIllegalStateException().isThrownBy(() -> beanFactory.resolveEmbeddedValue("x"));
		assertThat(AnnotationText.current()).isNull();
	}

}
