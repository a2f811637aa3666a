package io.github.secretsextension.actuate;

import java.util.Locale;
import java.util.function.Supplier;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCall;
import io.github.secretsextension.SecretsException.Reason;

/**
 * The observations {@code secrets.extension.call} of upstream calls, from when there is a
 * registry on. The parent of a call is what the thread was doing that caused it. No key
 * names a secret.
 */
public final class SecretsCallObservations {

	private static final Log logger = LogFactory.getLog(SecretsCallObservations.class);

	private final ObservationRegistry registry;

	/**
	 * Starts to observe.
	 * @param view has what is asked
	 * @param registry takes the observations
	 */
	public SecretsCallObservations(SecretsCacheView view, ObservationRegistry registry) {
		this.registry = registry;
		for (SecretsCacheView.Source source : view.sources()) {
			for (Kind kind : Kind.values()) {
				source.statistics().apply(kind).observe(() -> new ObservedCall(() -> observation(source.name(), kind)));
			}
		}
	}

	private Observation observation(String source, Kind kind) {
		return Observation.createNotStarted("secrets.extension.call", this.registry)
			.contextualName("read " + kind)
			.lowCardinalityKeyValue("kind", kind.toString())
			.lowCardinalityKeyValue("source", source);
	}

	/**
	 * A call that is observed.
	 */
	private static final class ObservedCall implements SecretsCall {

		private Observation observation = Observation.NOOP;

		private Observation.@Nullable Scope scope;

		ObservedCall(Supplier<Observation> observation) {
			guarded(() -> this.observation = observation.get());
		}

		@Override
		public void begin() {
			guarded(() -> this.scope = this.observation.start().openScope());
		}

		@Override
		public void end(@Nullable Reason failure) {
			guarded(() -> {
				Observation.Scope scope = this.scope;
				if (scope != null) {
					scope.close();
				}
				this.observation.lowCardinalityKeyValue("outcome", Outcome.of(failure).name().toLowerCase(Locale.ROOT))
					.stop();
			});
		}

		/**
		 * Takes care that a handler which fails costs nobody a secret.
		 */
		private static void guarded(Runnable step) {
			try {
				step.run();
			}
			catch (RuntimeException ex) {
				logger.debug("A handler of observations failed", ex);
			}
		}

	}

}
