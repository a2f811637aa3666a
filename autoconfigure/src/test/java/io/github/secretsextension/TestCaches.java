package io.github.secretsextension;

import java.time.Duration;
import java.util.concurrent.Executor;

import io.github.secretsextension.SecretsCacheSettings.KindSettings;

/**
 * Caches of tests: no jitter, and the defaults where a test sets nothing.
 */
public final class TestCaches {

	/** The default bound. */
	public static final long MAX_BYTES = 16 << 20;

	private TestCaches() {
	}

	public static SecretsCacheSettings settings(Duration secretTtl, Duration parameterTtl, int size, Duration deadline,
			AllowedSecrets allowed) {
		return new SecretsCacheSettings(new KindSettings(secretTtl, deadline), new KindSettings(parameterTtl, deadline),
				size, MAX_BYTES, Duration.ofHours(1), Duration.ofSeconds(1), false, allowed, (key) -> false,
				new SecretsCacheSettings.Listener() {
				});
	}

	public static SecretsCache cache(SecretsProvider upstream, SecretsCacheSettings settings, SecretsClock clock,
			Executor executor) {
		return new SecretsCache(upstream, settings, clock, (kind) -> executor, () -> 0);
	}

}
