package io.github.secretsextension.autoconfigure;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import io.github.secretsextension.FakeSecrets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for what becomes of a secret that is injected into another type than a text, and
 * for what Spring logs of it at TRACE.
 */
@ExtendWith(OutputCaptureExtension.class)
class ValueConversionTests {

	private static final String C = FakeSecrets.CANARY;

	@AfterEach
	void resetLevel() {
		((Logger) LoggerFactory.getLogger("org.springframework")).setLevel(null);
	}

	@ParameterizedTest(name = "{0}")
	@CsvSource({ "SECONDS, SECONDS", "' seconds ', SECONDS", "days, DAYS" })
	void constantIsInjected(String text, TimeUnit expected) {
		try (ConfigurableApplicationContext context = application(text, UnitOf.class).run()) {
			assertThat(context.getBean(UnitOf.class).unit).isEqualTo(expected);
			assertThat(context.getBean(UnitOf.class).units).containsExactly(expected);
			assertThat(context.getBean(UnitOf.class).list).containsExactly(expected);
		}
	}

	/**
	 * The conversion service refuses it.
	 */
	@Test
	void textThatOnlyAnEditorAcceptsIsNotLogged(CapturedOutput output) {
		try (ConfigurableApplicationContext context = application("https://user:" + C + "^|@host", UriOf.class).run()) {
			assertThat(context.getBean(UriOf.class).uri).hasToString("https://user:" + C + "%5E%7C@host");
		}
		assertThat(output).contains(" DEBUG ").doesNotContain(C);
	}

	@Test
	void valueIsConvertedOnce() {
		Counted.COUNT.set(0);
		try (ConfigurableApplicationContext context = application(C + "token", CountedOf.class).run()) {
			assertThat(context.getBean(CountedOf.class).counted.text).isEqualTo(C + "token");
			assertThat(Counted.COUNT).hasValue(1);
		}
	}

	@Test
	void constantOfAnotherTypeIsInjected() {
		try (ConfigurableApplicationContext context = application("ZERO", TimeOf.class).run()) {
			assertThat(context.getBean(TimeOf.class).time).isZero();
		}
	}

	@ParameterizedTest
	@ValueSource(classes = { UnitOf.class, UnitsOf.class, UnitListOf.class, TimeOf.class, TimesOf.class,
			OptionalOf.class, UnknownOf.class })
	void textThatIsNoConstantIsNotLogged(Class<?> configuration, CapturedOutput output) {
		Throwable failure = catchThrowable(() -> application(C + "token", configuration).run());
		assertThat(failure).rootCause().hasMessageContaining("cannot become a ");
		assertThat(output).contains(" TRACE ").doesNotContain(C);
	}

	private static TestApplication application(String text, Class<?> configuration) {
		return new TestApplication(new FakeSecrets().set("secret:text", text), TestApplication.Empty.class,
				configuration)
			.property("logging.level.org.springframework", "trace")
			.property("app.value", "$<secret:text>");
	}

	static class UriOf {

		@Value("${app.value}")
		URI uri;

	}

	/**
	 * What is made of a text by its constructor.
	 */
	static class Counted {

		static final AtomicInteger COUNT = new AtomicInteger();

		final String text;

		public Counted(String text) {
			this.text = text;
			COUNT.incrementAndGet();
		}

	}

	static class CountedOf {

		@Value("${app.value}")
		Counted counted;

	}

	static class UnitOf {

		@Value("${app.value}")
		TimeUnit unit;

		@Value("${app.value}")
		TimeUnit[] units;

		@Value("${app.value}")
		List<TimeUnit> list;

	}

	static class UnitsOf {

		@Value("${app.value}")
		TimeUnit[] units;

	}

	static class TimeOf {

		@Value("${app.value}")
		Duration time;

	}

	static class TimesOf {

		@Value("${app.value}")
		Set<Duration> times;

	}

	static class OptionalOf {

		@Value("${app.value}")
		Optional<TimeUnit> unit;

	}

	static class UnknownOf {

		@Value("${app.value}")
		Runtime runtime;

	}

	static class UnitListOf {

		@Value("${app.value}")
		List<TimeUnit> list;

	}

}
