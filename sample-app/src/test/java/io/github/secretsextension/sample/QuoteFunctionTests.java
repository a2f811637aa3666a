package io.github.secretsextension.sample;

import java.util.function.Function;

import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The whole application on local mode: {@code src/test/resources/config/application.yml}
 * switches it on and holds the values.
 */
@SpringBootTest
class QuoteFunctionTests {

	@Autowired
	private Function<QuoteRequest, Quote> quote;

	@Test
	void signsThePrice() {
		Quote answer = this.quote.apply(new QuoteRequest("desk", 2));
		assertThat(answer.total()).isEqualByComparingTo("498.00");
		assertThat(answer.signature()).isEqualTo(Digests.sign("test-signing-key", "desk|2|498.00"));
	}

	@Test
	void startsWithTheReferencedValues() {
		Quote answer = this.quote.apply(new QuoteRequest("desk", 1));
		assertThat(answer.startedWith()).containsEntry("database", "app@jdbc:h2:mem:quotes")
			.containsEntry("databasePassword", Digests.fingerprint("test-only"))
			.containsEntry("apiKey", Digests.fingerprint("test-api-key"));
	}

}
