package io.github.secretsextension.actuate;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.CachedSecret;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCacheStatistics;

import org.springframework.boot.actuate.endpoint.OperationResponseBody;

/**
 * What {@link SecretsCacheEndpoint} answers. Nothing of it holds a value.
 */
public final class SecretsCacheDescriptors {

	private SecretsCacheDescriptors() {
	}

	private static @Nullable Long millis(@Nullable Duration duration) {
		return (duration != null) ? duration.toMillis() : null;
	}

	private static String text(Enum<?> constant) {
		return constant.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Description of the cache.
	 *
	 * @param mode where values come from
	 * @param settings settings by property
	 * @param secrets counters of secrets
	 * @param parameters counters of parameters
	 * @param entries what is in the cache
	 */
	public record CacheDescriptor(SecretsCacheView.Mode mode, Map<String, SecretsCacheView.Setting> settings,
			KindDescriptor secrets, KindDescriptor parameters,
			List<EntryDescriptor> entries) implements OperationResponseBody {

	}

	/**
	 * Counters of one kind, since the application started.
	 *
	 * @param hits reads that got a value without waiting
	 * @param misses the other reads
	 * @param hitRatio the share of hits, or {@code null} before the first read
	 * @param loads successful upstream calls
	 * @param failures failed upstream calls
	 * @param staleServes hits that got a value past its TTL
	 * @param evictions values that others pushed out
	 * @param meanLoadMillis mean time of an upstream call
	 * @param maxLoadMillis longest time of an upstream call
	 * @param remoteLoads answers of the extension or agent
	 * @param remoteFailures what it could not answer
	 * @param fallbacks values that were asked for in-process for want of its answer
	 */
	public record KindDescriptor(long hits, long misses, @Nullable Double hitRatio, long loads, long failures,
			long staleServes, long evictions, double meanLoadMillis, double maxLoadMillis, long remoteLoads,
			long remoteFailures, long fallbacks) {

		static KindDescriptor of(SecretsCacheView view, Kind kind) {
			List<SecretsCacheView.Source> sources = view.sources();
			SecretsCacheStatistics first = sources.get(0).statistics().apply(kind);
			long reads = first.hits() + first.misses();
			long calls = first.loads() + first.failures();
			SecretsCacheStatistics remote = sources.stream()
				.filter((source) -> source.name().equals("extension"))
				.findFirst()
				.map((source) -> source.statistics().apply(kind))
				.orElseGet(SecretsCacheStatistics::new);
			return new KindDescriptor(first.hits(), first.misses(),
					(reads > 0) ? round(first.hits() / (double) reads) : null, first.loads(), first.failures(),
					first.staleHits(), first.evictions(),
					(calls > 0) ? round(millis(first.totalLoadTime()) / calls) : 0,
					round(millis(first.longestLoadTime())), remote.loads(), remote.failures(), view.fallbacks(kind));
		}

		private static double millis(Duration duration) {
			return duration.toNanos() / (double) TimeUnit.MILLISECONDS.toNanos(1);
		}

		private static double round(double number) {
			return Math.round(number * 1000) / 1000.0;
		}

	}

	/**
	 * Description of an entry.
	 *
	 * @param id an id that tells nothing, the same as long as the process lives
	 * @param kind {@code secret} or {@code parameter}
	 * @param reference the reference, or {@code null} if it is not to be shown
	 * @param source what is asked for it
	 * @param state how the value stands
	 * @param ageMillis the age of the value
	 * @param ttlLeftMillis how long it is served without asking
	 * @param versionId the version of a secret
	 * @param version the version of a parameter
	 * @param failure the latest attempt, if it failed
	 */
	public record EntryDescriptor(String id, String kind, @Nullable String reference, String source, String state,
			@Nullable Long ageMillis, @Nullable Long ttlLeftMillis, @Nullable String versionId, @Nullable Long version,
			@Nullable FailureDescriptor failure) implements OperationResponseBody {

		static EntryDescriptor of(String id, String source, CachedSecret entry, @Nullable String reference) {
			CachedSecret.Failure failure = entry.failure();
			return new EntryDescriptor(id, entry.key().kind().toString(), reference, source, text(entry.state()),
					millis(entry.age()), millis(entry.ttlLeft()), entry.versionId(), entry.version(),
					(failure != null) ? FailureDescriptor.of(failure) : null);
		}

	}

	/**
	 * Description of a failed attempt.
	 *
	 * @param reason the class of failure
	 * @param attempts how many attempts failed one after the other
	 * @param agoMillis how long ago it failed
	 * @param nextTryMillis in what time a read may cause the next attempt
	 */
	public record FailureDescriptor(String reason, int attempts, long agoMillis, long nextTryMillis) {

		static FailureDescriptor of(CachedSecret.Failure failure) {
			return new FailureDescriptor(text(failure.reason()), failure.attempts(), failure.ago().toMillis(),
					failure.pause().toMillis());
		}

	}

}
