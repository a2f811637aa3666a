package io.github.secretsextension;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;

/**
 * The program of {@link FreezeTests}: it reads through our cache and through one of
 * Caffeine's with its own clock, and tells the time.
 */
final class FreezeProbe {

	static final Duration TTL = Duration.ofSeconds(3);

	private final AtomicInteger calls = new AtomicInteger();

	// No thread: one that waits for a time would turn round until the clock goes on.
	private final SecretsCache cache = TestCaches.cache(
			(reference) -> SecretValue.of(FakeSecrets.CANARY + this.calls.incrementAndGet()),
			TestCaches.settings(TTL, TTL, 10, Duration.ZERO, AllowedSecrets.ALL), SecretsClock.system(), Runnable::run);

	private final AtomicInteger controlCalls = new AtomicInteger();

	private final Cache<String, String> control = Caffeine.newBuilder().expireAfterWrite(TTL).build();

	private FreezeProbe() {
	}

	public static void main(String[] arguments) {
		FreezeProbe probe = new FreezeProbe();
		JavaProcess.serve((question) -> switch (question) {
			case "read" -> probe.cache.text("secret:db") + " " + probe.calls;
			case "control" ->
				probe.control.get("db", (key) -> FakeSecrets.CANARY + probe.controlCalls.incrementAndGet()) + " "
						+ probe.controlCalls;
			case "monotonic" -> String.valueOf(System.nanoTime());
			case "wall" -> String.valueOf(System.currentTimeMillis());
			default -> throw new IllegalArgumentException(question);
		});
	}

}
