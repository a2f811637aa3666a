package io.github.secretsextension;

import java.time.Duration;
import java.util.concurrent.Executor;

import io.github.secretsextension.SecretsCache.KindSettings;

/**
 * Caches of tests: no jitter, and the defaults where a test sets nothing.
 */
public final class TestCaches {

	private TestCaches() {
	}

	public static SecretsCache.Settings settings(Duration secretTtl, Duration parameterTtl, int size, Duration deadline,
			AllowedSecrets allowed) {
		return new SecretsCache.Settings(new KindSettings(secretTtl, deadline),
				new KindSettings(parameterTtl, deadline), size, Duration.ofHours(1), Duration.ofSeconds(1), false,
				allowed, new SecretsCache.Listener() {
				});
	}

	public static SecretsCache cache(SecretsProvider upstream, SecretsCache.Settings settings, SecretsClock clock,
			Executor executor) {
		return new SecretsCache(upstream, settings, clock, (kind) -> executor, () -> 0);
	}

}
