package io.github.secretsextension.actuate;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import org.junit.jupiter.api.Test;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for meters and observations of upstream calls.
 */
class CallObservationTests {

	private final ViewedCache view = new ViewedCache();

	private final List<Observation.Context> ended = new ArrayList<>();

	private ObservationRegistry registry() {
		ObservationRegistry registry = ObservationRegistry.create();
		registry.observationConfig().observationHandler(new Recording(this.ended));
		return registry;
	}

	@Test
	void callsThatWereMadeBeforeThereWereMetersCountToo() {
		this.view.read("secret:db");
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		new SecretsCallMetrics(this.view).bindTo(registry);
		this.view.read("secret:db");
		this.view.read("secret:other");
		assertThat(timer(registry, "secret", "success").count()).isEqualTo(2);
		assertThat(timer(registry, "secret", "success").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(40);
		assertThat(timer(registry, "parameter", "success").count()).isZero();
	}

	@Test
	void outcomeTellsTheClassOfFailure() {
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		new SecretsCallMetrics(this.view).bindTo(registry);
		for (Reason reason : Reason.values()) {
			this.view.fail(reason);
			this.view.read("secret:" + reason);
		}
		List<Double> counts = List
			.of("success", "absent", "denied", "not_configured", "throttled", "timeout", "unreachable", "not_ready",
					"error")
			.stream()
			.map((outcome) -> timer(registry, "secret", outcome).count())
			.toList();
		assertThat(counts).containsExactly(0.0, 2.0, 2.0, 3.0, 1.0, 2.0, 1.0, 2.0, 5.0);
		assertThat(counts.stream().mapToDouble(Double::doubleValue).sum()).isEqualTo(Reason.values().length);
	}

	@Test
	void noTagNamesASecret() {
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		new SecretsCallMetrics(this.view).bindTo(registry);
		this.view.read("secret:db-name");
		assertThat(registry.getMeters()).isNotEmpty()
			.extracting(Meter::getId)
			.allSatisfy((id) -> assertThat(id.toString()).doesNotContain("db-name"));
	}

	@Test
	void callIsObservedAsTheChildOfWhatCausedIt() {
		this.view.read("secret:early");
		ObservationRegistry registry = registry();
		new SecretsCallObservations(this.view, registry);
		Observation request = Observation.start("request", registry);
		request.scoped(() -> this.view.read("secret:db"));
		this.view.read("secret:db");
		request.stop();
		assertThat(this.ended).extracting(Observation.Context::getName)
			.containsExactly("secrets.extension.call", "request");
		Observation.Context call = this.ended.get(0);
		assertThat(call.getParentObservation()).isSameAs(request);
		assertThat(call.getLowCardinalityKeyValues()).extracting(Object::toString)
			.containsExactlyInAnyOrder("keyValue(kind=secret)", "keyValue(source=aws)", "keyValue(outcome=success)");
		assertThat(call.getHighCardinalityKeyValues()).isEmpty();
		assertThat(call.getContextualName()).isEqualTo("read secret");
	}

	@Test
	void failedCallTellsItsOutcomeAndNoMore() {
		new SecretsCallObservations(this.view, registry());
		this.view.fail(Reason.DENIED);
		this.view.read("secret:db-name");
		assertThat(this.ended.get(0).getLowCardinalityKeyValue("outcome").getValue()).isEqualTo("denied");
		assertThat(this.ended.get(0).toString()).doesNotContain("db-name");
	}

	@Test
	void handlerThatFailsCostsNobodyASecret() {
		ObservationRegistry registry = ObservationRegistry.create();
		registry.observationConfig().observationHandler(new Failing());
		new SecretsCallObservations(this.view, registry);
		assertThat(this.view.read("secret:db")).isTrue();
		registry.observationConfig().observationPredicate((name, context) -> {
			throw new IllegalStateException("predicate");
		});
		assertThat(this.view.read("secret:other")).isTrue();
		assertThat(this.view.cache.refresh(SecretReference.secret("db"))).isNotNull();
	}

	private static FunctionTimer timer(SimpleMeterRegistry registry, String kind, String outcome) {
		return registry.get("secrets.extension.calls")
			.tags("kind", kind, "source", "aws", "outcome", outcome)
			.functionTimer();
	}

	/**
	 * A handler that keeps what ended.
	 */
	private record Recording(List<Observation.Context> ended) implements ObservationHandler<Observation.Context> {

		@Override
		public void onStop(Observation.Context context) {
			this.ended.add(context);
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

	}

	/**
	 * A handler that fails.
	 */
	private static final class Failing implements ObservationHandler<Observation.Context> {

		@Override
		public void onStart(Observation.Context context) {
			throw new IllegalStateException("start");
		}

		@Override
		public void onStop(Observation.Context context) {
			throw new IllegalStateException("stop");
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

	}

}
