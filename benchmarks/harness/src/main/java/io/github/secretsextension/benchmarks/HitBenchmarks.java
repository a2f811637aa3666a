package io.github.secretsextension.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import com.amazonaws.secretsmanager.caching.SecretCache;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsProvider;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * A read of a cached value.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HitBenchmarks {

	static final Duration TTL = Duration.ofSeconds(300);

	/**
	 * Returns the yardstick: Caffeine with a bound, a TTL and statistics.
	 */
	static Cache<SecretReference, SecretValue> caffeine(Ticker ticker) {
		return Caffeine.newBuilder().maximumSize(1000).expireAfterWrite(TTL).recordStats().ticker(ticker).build();
	}

	@Benchmark
	public SecretValue get(Application application) {
		return application.provider.get(application.reference);
	}

	@Benchmark
	public String textOfField(Application application) {
		return application.provider.text(application.field);
	}

	@Benchmark
	public SecretValue caffeineWithBothClocks(Caches caches) {
		return caches.bothClocks.getIfPresent(caches.reference);
	}

	@Benchmark
	public SecretValue caffeine(Caches caches) {
		return caches.plain.getIfPresent(caches.reference);
	}

	@Benchmark
	public String powertools(Libraries libraries) {
		return libraries.powertools.get("db");
	}

	@Benchmark
	public String cachingJava(Libraries libraries) {
		return libraries.cachingJava.getSecretString("db");
	}

	/**
	 * An application in local mode: no thread and no call.
	 */
	@State(Scope.Benchmark)
	public static class Application {

		final SecretReference reference = SecretReference.parse("secret:db");

		final SecretReference field = SecretReference.parse("secret:db#password");

		private ConfigurableApplicationContext context;

		SecretsProvider provider;

		@Setup
		public void start() {
			this.context = MeasuredApplication.start(Map.of());
			this.provider = this.context.getBean(SecretsProvider.class);
			this.provider.get(this.reference);
		}

		@TearDown
		public void stop() {
			this.context.close();
		}

	}

	/**
	 * The yardsticks.
	 */
	@State(Scope.Benchmark)
	public static class Caches {

		final SecretReference reference = SecretReference.parse("secret:db");

		final Cache<SecretReference, SecretValue> bothClocks = HitBenchmarks.caffeine(new BothClocks());

		final Cache<SecretReference, SecretValue> plain = HitBenchmarks.caffeine(Ticker.systemTicker());

		@Setup
		public void fill() {
			this.bothClocks.put(this.reference, SecretValue.of("CANARY-password"));
			this.plain.put(this.reference, SecretValue.of("CANARY-password"));
		}

	}

	/**
	 * The other libraries.
	 */
	@State(Scope.Benchmark)
	public static class Libraries {

		private DelayedAws aws;

		software.amazon.lambda.powertools.parameters.secrets.SecretsProvider powertools;

		SecretCache cachingJava;

		@Setup
		public void start() throws IOException {
			this.aws = new DelayedAws();
			SecretsManagerClient client = Peers.client(this.aws, TTL);
			this.powertools = Peers.powertools(client);
			this.powertools.withMaxAge(1, ChronoUnit.HOURS).get("db");
			this.cachingJava = new SecretCache(client);
			this.cachingJava.getSecretString("db");
		}

		@TearDown
		public void stop() {
			this.aws.close();
		}

	}

	/**
	 * A ticker that neither a frozen process nor a clock that was set can deceive: the
	 * larger of the monotonic and the wall clock's time.
	 */
	static final class BothClocks implements Ticker {

		private final long nanos = System.nanoTime();

		private final long millis = System.currentTimeMillis();

		@Override
		public long read() {
			return Math.max(System.nanoTime() - this.nanos,
					TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis() - this.millis));
		}

	}

}
