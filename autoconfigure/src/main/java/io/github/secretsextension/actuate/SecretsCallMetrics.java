package io.github.secretsextension.actuate;

import java.util.Locale;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCacheStatistics;
import io.github.secretsextension.SecretsCall.Outcome;

/**
 * The {@code secrets.extension.*} meters of upstream calls. They read counters, so that
 * the calls before there were meters count too. No tag names a secret.
 */
public final class SecretsCallMetrics implements MeterBinder {

	private final SecretsCacheView view;

	/**
	 * Creates a binder.
	 * @param view has the counters
	 */
	public SecretsCallMetrics(SecretsCacheView view) {
		this.view = view;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		for (Kind kind : Kind.values()) {
			for (SecretsCacheView.Source source : this.view.sources()) {
				for (Outcome outcome : Outcome.values()) {
					calls(registry, kind, source, outcome);
				}
			}
			FunctionCounter.builder("secrets.extension.fallbacks", this.view, (view) -> view.fallbacks(kind))
				.tag("kind", kind.toString())
				.description("Values asked for in-process, because the extension or agent could not answer")
				.register(registry);
		}
	}

	private static void calls(MeterRegistry registry, Kind kind, SecretsCacheView.Source source, Outcome outcome) {
		SecretsCacheStatistics statistics = source.statistics().apply(kind);
		FunctionTimer
			.builder("secrets.extension.calls", statistics, (counted) -> counted.calls(outcome),
					(counted) -> counted.callTime(outcome).toNanos(), TimeUnit.NANOSECONDS)
			.tag("kind", kind.toString())
			.tag("source", source.name())
			.tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
			.description("Upstream calls and their time")
			.register(registry);
	}

}
