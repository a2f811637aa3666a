package io.github.secretsextension;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

import org.junit.jupiter.api.Test;

import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for one secret under two ids: a name and an ARN share a value only once an answer
 * proved that they are the same.
 */
class CacheAliasTests {

	private static final String ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";

	private final ManualClock clock = new ManualClock(0);

	private final Map<String, SecretValue> values = new HashMap<>();

	private final List<String> calls = new CopyOnWriteArrayList<>();

	private AllowedSecrets allowed = AllowedSecrets.ALL;

	@Test
	void arnSharesTheValueOfTheNameThatProvedIt() {
		put(1, "db", ARN);
		SecretsCache cache = cache();
		SecretValue byName = cache.get(SecretReference.secret("db"));
		assertThat(cache.get(SecretReference.secret(ARN))).isSameAs(byName);
		assertThat(cache.get(SecretReference.secret(ARN))).isSameAs(byName);
		assertThat(this.calls).containsExactly("db");
	}

	@Test
	void nameDoesNotShareTheValueOfAnArn() {
		put(1, "db", ARN);
		SecretsCache cache = cache();
		cache.get(SecretReference.secret(ARN));
		cache.get(SecretReference.secret("db"));
		assertThat(this.calls).containsExactly(ARN, "db");
	}

	@Test
	void anotherStageIsAnotherValue() {
		put(1, "db", ARN);
		SecretsCache cache = cache();
		cache.get(SecretReference.secret("db"));
		cache.get(SecretReference.parse("secret:" + ARN + "?versionStage=AWSPREVIOUS"));
		assertThat(this.calls).containsExactly("db", ARN);
	}

	@Test
	void answerWithoutAnArnProvesNothing() {
		this.values.put("db", SecretValue.builder().text("CANARY-1").versionId("v1").build());
		put(1, ARN, ARN);
		SecretsCache cache = cache();
		cache.get(SecretReference.secret("db"));
		cache.get(SecretReference.secret(ARN));
		assertThat(this.calls).containsExactly("db", ARN);
	}

	@Test
	void secretThatWasMadeAnewUnderTheNameIsAnotherOne() {
		put(1, "db", ARN);
		SecretsCache cache = cache();
		cache.get(SecretReference.secret("db"));
		cache.get(SecretReference.secret(ARN));
		this.values.put("db", value(2, ARN.replace("AbCdEf", "GhIjKl")));
		this.values.remove(ARN);
		this.clock.advance(Duration.ofMinutes(6));
		assertThatExceptionOfType(SecretsException.class).isThrownBy(() -> cache.get(SecretReference.secret(ARN)))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.NOT_FOUND));
		assertThat(cache.get(SecretReference.secret("db")).text()).isEqualTo("CANARY-2");
	}

	@Test
	void allowListHoldsForTheIdAsItIsWritten() {
		put(1, "db", ARN);
		this.allowed = new AllowedSecrets(List.of("db"));
		SecretsCache cache = cache();
		cache.get(SecretReference.secret("db"));
		assertThatExceptionOfType(SecretsException.class).isThrownBy(() -> cache.get(SecretReference.secret(ARN)))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(Reason.REFUSED));
	}

	@Test
	void newVersionUnderOneIdOutdatesTheOther() {
		put(1, "db", ARN);
		SecretsCache cache = cache();
		cache.get(SecretReference.secret(ARN));
		cache.get(SecretReference.secret("db"));
		put(2, "db", ARN);
		assertThat(cache.refresh(SecretReference.secret("db")).text()).isEqualTo("CANARY-2");
		assertThat(cache.get(SecretReference.secret(ARN)).text()).isEqualTo("CANARY-2");
		assertThat(cache.get(SecretReference.secret("db")).text()).isEqualTo("CANARY-2");
		assertThat(this.calls).containsExactly(ARN, "db", "db", ARN);
	}

	@Test
	void failureOfTheNameIsNotTheArns() {
		put(1, "db", ARN);
		SecretsCache cache = cache();
		cache.get(SecretReference.secret("db"));
		cache.get(SecretReference.secret(ARN));
		this.values.remove("db");
		this.clock.advance(Duration.ofMinutes(6));
		assertThat(cache.get(SecretReference.secret(ARN)).text()).isEqualTo("CANARY-1");
	}

	private void put(int version, String name, String arn) {
		this.values.put(name, value(version, arn));
		this.values.put(arn, value(version, arn));
	}

	private static SecretValue value(int version, String arn) {
		return SecretValue.builder()
			.text(FakeSecrets.CANARY + version)
			.name("db")
			.arn(arn)
			.versionId("v" + version)
			.build();
	}

	private SecretsCache cache() {
		SecretsProvider upstream = (reference) -> {
			this.calls.add(reference.id());
			SecretValue value = this.values.get(reference.id());
			if (value == null) {
				throw new SecretsException(Reason.NOT_FOUND, reference, "There is none", "Add it.");
			}
			return value;
		};
		return TestCaches.cache(upstream,
				TestCaches.settings(Duration.ofMinutes(5), Duration.ofMinutes(5), 100, Duration.ZERO, this.allowed),
				this.clock, Runnable::run);
	}

}
