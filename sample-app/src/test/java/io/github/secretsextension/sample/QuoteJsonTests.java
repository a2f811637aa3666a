package io.github.secretsextension.sample;

import java.math.BigDecimal;
import java.util.Map;

import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.autoconfigure.json.JsonTest;
import org.springframework.boot.test.json.JacksonTester;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A slice, in which references are resolved like anywhere else.
 */
@JsonTest
@EnableConfigurationProperties(DatabaseProperties.class)
class QuoteJsonTests {

	@Autowired
	private JacksonTester<Quote> json;

	@Autowired
	private DatabaseProperties database;

	@Value("$<secret:prod/api-key>")
	private String apiKey;

	@Test
	void writesTheTotalAsANumber() throws Exception {
		Quote quote = new Quote("desk", 2, new BigDecimal("498.00"), "signature", null, Map.of());
		assertThat(this.json.write(quote)).extractingJsonPathNumberValue("$.total").isEqualTo(498.0);
	}

	@Test
	void bindsTheReferencedValues() {
		assertThat(this.database).isEqualTo(new DatabaseProperties("jdbc:h2:mem:quotes", "app", "test-only"));
		assertThat(this.apiKey).isEqualTo("test-api-key");
	}

}
