package io.github.secretsextension.sample;

import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsProvider;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * The function {@code quote}: it prices an order and signs the price.
 */
@Component("quote")
class QuoteFunction implements Function<QuoteRequest, Quote> {

	private static final SecretReference SIGNING_KEY = SecretReference.secret("prod/signing-key");

	private static final BigDecimal UNIT_PRICE = new BigDecimal("249.00");

	private final SecretsProvider secrets;

	private final Map<String, String> startedWith;

	QuoteFunction(DatabaseProperties database, @Value("$<secret:prod/api-key>") String apiKey,
			SecretsProvider secrets) {
		this.secrets = secrets;
		this.startedWith = evidence(database, apiKey);
	}

	@Override
	public Quote apply(QuoteRequest request) {
		BigDecimal total = UNIT_PRICE.multiply(BigDecimal.valueOf(request.quantity()));
		// Asked for at every call, because the key is rotated: mostly the cache answers.
		SecretValue key = this.secrets.get(SIGNING_KEY);
		String signature = Digests.sign(key.text(), request.item() + '|' + request.quantity() + '|' + total);
		return new Quote(request.item(), request.quantity(), total, signature, key.versionId(), this.startedWith);
	}

	/**
	 * Shows that the references were resolved, which a sample has to and a real function
	 * must not: a fingerprint gives a short password away.
	 */
	private static Map<String, String> evidence(DatabaseProperties database, String apiKey) {
		return new TreeMap<>(Map.of("database", database.toString(), "databasePassword",
				Digests.fingerprint(database.password()), "apiKey", Digests.fingerprint(apiKey)));
	}

}
