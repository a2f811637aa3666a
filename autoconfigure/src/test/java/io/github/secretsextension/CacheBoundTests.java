package io.github.secretsextension;

import java.time.Duration;
import java.util.function.Predicate;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.github.secretsextension.SecretsCacheSettings.KindSettings;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the bound of {@link SecretsCache}: by number, by bytes, and for entries that
 * the configuration names.
 */
class CacheBoundTests {

	private static final int KIB = 1024;

	private final SecretsCacheStatistics statistics = new SecretsCacheStatistics();

	@ParameterizedTest
	@CsvSource({ "a, 1", "aé, 2", "a€, 4", "'', 0" })
	void textWeighsTwoBytesForEachCharacterIfOneIsWide(String text, int bytes) {
		assertThat(SecretValue.of(text).sizeInBytes()).isEqualTo(bytes);
	}

	@Test
	void bytesWeighThemselves() {
		assertThat(SecretValue.builder().bytes(new byte[7]).build().sizeInBytes()).isEqualTo(7);
	}

	@Test
	void bytesBoundWhatIsKept() {
		SecretsCache cache = cache(1000, 100 * KIB, (key) -> false, 9 * KIB, 'a');
		readAll(cache, "s", 100);
		assertThat(cache.size(SecretReference.Kind.SECRET)).isBetween(5, 10);
		assertThat(this.statistics.evictions()).isEqualTo(100 - cache.size(SecretReference.Kind.SECRET));
	}

	@Test
	void wideTextsCountDouble() {
		SecretsCache cache = cache(1000, 100 * KIB, (key) -> false, 9 * KIB, '€');
		readAll(cache, "s", 100);
		assertThat(cache.size(SecretReference.Kind.SECRET)).isBetween(2, 5);
	}

	@Test
	void numberBoundsWhatIsKept() {
		SecretsCache cache = cache(10, 16 << 20, (key) -> false, 1, 'a');
		readAll(cache, "s", 100);
		assertThat(cache.size(SecretReference.Kind.SECRET)).isBetween(5, 10);
	}

	@Test
	void asManySmallValuesAsTheSizeSaysAreKept() {
		SecretsCache cache = cache(1000, 16 << 20, (key) -> false, 1, 'a');
		readAll(cache, "s", 1000);
		assertThat(cache.size(SecretReference.Kind.SECRET)).isEqualTo(1000);
		assertThat(this.statistics.evictions()).isZero();
	}

	@Test
	void sizeAboveTheNumberOfBytesIsNoBoundOfItsOwn() {
		SecretsCache cache = cache(100_000, 50_000, (key) -> false, 1, 'a');
		readAll(cache, "s", 1000);
		assertThat(cache.size(SecretReference.Kind.SECRET)).isBetween(50, 200);
	}

	@Test
	void pinnedEntriesStayUpToHalfOfTheBound() {
		SecretsCache cache = cache(1000, 100 * KIB, (key) -> key.id().startsWith("pinned"), 9 * KIB, 'a');
		readAll(cache, "pinned", 5);
		readAll(cache, "other", 200);
		long misses = this.statistics.misses();
		readAll(cache, "pinned", 5);
		assertThat(this.statistics.misses()).isEqualTo(misses);
	}

	@Test
	void pinnedEntriesBeyondHalfOfTheBoundAreLikeOthers() {
		SecretsCache cache = cache(1000, 100 * KIB, (key) -> true, 9 * KIB, 'a');
		readAll(cache, "pinned", 100);
		// Five that weigh nothing, and as many as fit beside them.
		assertThat(cache.size(SecretReference.Kind.SECRET)).isBetween(5, 15);
	}

	@Test
	void pinnedEntryThatIsReadAnewIsPinnedOnce() {
		ManualClock clock = new ManualClock(0);
		SecretsCache cache = cache(1000, 100 * KIB, (key) -> true, 9 * KIB, 'a', clock);
		for (int i = 0; i < 20; i++) {
			readAll(cache, "pinned", 5);
			clock.advance(Duration.ofMinutes(6));
		}
		readAll(cache, "pinned", 5);
		assertThat(cache.size(SecretReference.Kind.SECRET)).isEqualTo(5);
		assertThat(this.statistics.evictions()).isZero();
	}

	private static void readAll(SecretsCache cache, String prefix, int count) {
		for (int i = 0; i < count; i++) {
			cache.get(SecretReference.secret(prefix + i));
		}
	}

	private SecretsCache cache(int size, long maxBytes, Predicate<SecretReference> pinned, int length, char c) {
		return cache(size, maxBytes, pinned, length, c, new ManualClock(0));
	}

	private SecretsCache cache(int size, long maxBytes, Predicate<SecretReference> pinned, int length, char c,
			ManualClock clock) {
		String text = String.valueOf(c).repeat(length);
		KindSettings kind = new KindSettings(Duration.ofMinutes(5), Duration.ZERO, this.statistics);
		return TestCaches.cache((reference) -> SecretValue.of(text),
				new SecretsCacheSettings(kind, kind, size, maxBytes, Duration.ofHours(1), Duration.ofSeconds(1), false,
						AllowedSecrets.ALL, pinned, new SecretsCacheSettings.Listener() {
						}),
				clock, Runnable::run);
	}

}
