package io.github.secretsextension.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.CachedSecret;
import io.github.secretsextension.CachedSecret.State;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCache;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * A health indicator that tells what is known of the secrets, and asks nobody. Its status
 * is never {@code DOWN}: an application that has its secrets does not get better by being
 * restarted while AWS cannot be reached. While a value that is in use cannot be read anew
 * it is {@code UNKNOWN}, which by Spring Boot's defaults neither changes the status of
 * the application nor the HTTP status.
 */
public final class SecretsCacheHealthIndicator extends AbstractHealthIndicator {

	/** What nobody read for longer is tried no more: its failure says nothing of now. */
	private static final Duration RECENT = Duration.ofMinutes(5);

	private final SecretsCacheView view;

	/**
	 * Creates an indicator.
	 * @param view what it tells of
	 */
	public SecretsCacheHealthIndicator(SecretsCacheView view) {
		super("Secrets cache health check failed");
		this.view = view;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		List<CachedSecret> entries = new ArrayList<>();
		for (SecretsCacheView.Source source : this.view.sources()) {
			SecretsCache cache = source.cache().get();
			if (cache != null) {
				entries.addAll(cache.entries());
			}
		}
		long stale = count(entries, State.STALE);
		long failing = count(entries, State.FAILING);
		((stale + failing > 0) ? builder.unknown() : builder.up())
			.withDetail("values", entries.stream().filter((entry) -> entry.age() != null).count())
			.withDetail("stale", stale)
			.withDetail("failing", failing);
		Instant lastSuccess = lastSuccess();
		if (lastSuccess != null) {
			builder.withDetail("lastSuccess", lastSuccess);
		}
	}

	private static long count(List<CachedSecret> entries, State state) {
		return entries.stream()
			.filter((entry) -> entry.state() == state)
			.map(CachedSecret::failure)
			.filter(Objects::nonNull)
			.filter((failure) -> !failure.reason().isAbsence() && failure.ago().compareTo(RECENT) < 0)
			.count();
	}

	private @Nullable Instant lastSuccess() {
		Instant last = null;
		for (SecretsCacheView.Source source : this.view.sources()) {
			for (Kind kind : Kind.values()) {
				Instant load = source.statistics().apply(kind).lastLoad();
				last = (last == null || (load != null && load.isAfter(last))) ? load : last;
			}
		}
		return last;
	}

}
