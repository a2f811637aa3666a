package io.github.secretsextension;

import java.time.Duration;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCacheSettings.KindSettings;

/**
 * A program in a small heap whose cache holds small secrets that the configuration names,
 * and is flooded with large ones.
 */
final class MemoryProbe {

	static final int CONFIGURED = 50;

	static final int FLOOD = 1000;

	/** What Secrets Manager takes at most; one wide character doubles it in memory. */
	private static final int LARGE = 64 * 1024;

	private static final SecretsCacheStatistics STATISTICS = new SecretsCacheStatistics();

	private MemoryProbe() {
	}

	public static void main(String[] args) {
		long maxBytes = (args.length > 0) ? Long.parseLong(args[0]) : TestCaches.MAX_BYTES;
		KindSettings kind = new KindSettings(Duration.ofMinutes(5), Duration.ZERO, STATISTICS);
		SecretsCache cache = new SecretsCache(MemoryProbe::read,
				new SecretsCacheSettings(kind, kind, 1000, maxBytes, Duration.ofHours(1), Duration.ofSeconds(1), false,
						AllowedSecrets.ALL, (key) -> key.id().startsWith("configured"),
						new SecretsCacheSettings.Listener() {
						}),
				SecretsClock.system(), (same) -> Runnable::run, () -> 0);
		JavaProcess.serve((question) -> answer(cache, question));
	}

	private static String answer(SecretsCache cache, String question) {
		switch (question) {
			case "configured" -> readAll(cache, "configured", CONFIGURED);
			case "flood" -> readAll(cache, "other", FLOOD);
			case "misses" -> {
				return String.valueOf(STATISTICS.misses());
			}
			case "evictions" -> {
				return String.valueOf(STATISTICS.evictions());
			}
			case "size" -> {
				return String.valueOf(cache.size(Kind.SECRET));
			}
			default -> throw new IllegalArgumentException(question);
		}
		return "done";
	}

	private static void readAll(SecretsCache cache, String prefix, int count) {
		for (int i = 0; i < count; i++) {
			cache.get(SecretReference.secret(prefix + i));
		}
	}

	private static SecretValue read(SecretReference reference) {
		boolean large = reference.id().startsWith("other");
		String text = FakeSecrets.CANARY + reference.id();
		return SecretValue.of((large) ? text + "€" + "a".repeat(LARGE - text.length() - 3) : text);
	}

}
