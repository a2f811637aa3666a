package io.github.secretsextension.actuate;

import java.time.Duration;
import java.time.Instant;

import org.junit.jupiter.api.Test;

import io.github.secretsextension.SecretsException.Reason;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the health indicator of the cache.
 */
class CacheHealthTests {

	private final ViewedCache view = new ViewedCache();

	private final SecretsCacheHealthIndicator indicator = new SecretsCacheHealthIndicator(this.view);

	@Test
	void beforeTheFirstReadItIsUp() {
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UP);
		assertThat(this.indicator.health().getDetails()).doesNotContainKey("lastSuccess");
	}

	@Test
	void freshAndExpiredValuesAreUpAndAskedForNowhere() {
		this.view.read("secret:db");
		Instant loaded = Instant.ofEpochMilli(this.view.clock.currentTimeMillis());
		this.view.clock.advance(ViewedCache.TTL);
		Health health = this.indicator.health();
		assertThat(health.getStatus()).isEqualTo(Status.UP);
		assertThat(health.getDetails()).containsEntry("values", 1L)
			.containsEntry("stale", 0L)
			.containsEntry("failing", 0L)
			.containsEntry("lastSuccess", loaded);
		assertThat(this.view.calls).hasValue(1);
	}

	@Test
	void staleValueIsUnknownAndNeverDown() {
		this.view.read("secret:db");
		this.view.fail(Reason.UNREACHABLE);
		this.view.clock.advance(ViewedCache.TTL);
		this.view.read("secret:db");
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UNKNOWN);
		assertThat(this.indicator.health().getDetails()).containsEntry("stale", 1L);
		this.view.fail(null);
		this.view.clock.advance(Duration.ofSeconds(2));
		this.view.read("secret:db");
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UP);
	}

	@Test
	void valueThatCannotBeReadIsUnknown() {
		this.view.fail(Reason.DENIED);
		this.view.read("secret:db");
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UNKNOWN);
		assertThat(this.indicator.health().getDetails()).containsEntry("failing", 1L).containsEntry("values", 0L);
		assertThat(this.indicator.health().toString()).doesNotContain("db");
	}

	@Test
	void whatDoesNotExistIsNoIllness() {
		this.view.fail(Reason.NOT_FOUND);
		this.view.read("secret:db");
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UP);
	}

	@Test
	void failureOfWhatNobodyReadsIsForgotten() {
		this.view.fail(Reason.DENIED);
		this.view.read("secret:db");
		this.view.clock.advance(Duration.ofMinutes(5));
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UP);
	}

}
