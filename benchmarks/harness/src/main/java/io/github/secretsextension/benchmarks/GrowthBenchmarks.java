package io.github.secretsextension.benchmarks;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import com.github.benmanes.caffeine.cache.Cache;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsProvider;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * A read of a cached value while there are many: of the same one, and of all in turn.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class GrowthBenchmarks {

	@Param({ "1", "10", "100", "1000" })
	public int entries;

	private ConfigurableApplicationContext context;

	private SecretsProvider provider;

	private Cache<SecretReference, SecretValue> caffeine;

	private SecretReference[] references;

	private int next;

	@Setup
	public void start() {
		List<SecretReference> all = IntStream.range(0, this.entries)
			.mapToObj((i) -> SecretReference.secret("s" + i))
			.toList();
		Map<String, String> secrets = new HashMap<>();
		all.forEach((reference) -> secrets.put("secrets-extension.local.secrets[" + reference.id() + "]", "CANARY-s"));
		this.context = MeasuredApplication.start(secrets);
		this.provider = this.context.getBean(SecretsProvider.class);
		this.caffeine = HitBenchmarks.caffeine(new HitBenchmarks.BothClocks());
		all.forEach((reference) -> this.caffeine.put(reference, this.provider.get(reference)));
		this.references = all.toArray(new SecretReference[0]);
	}

	@TearDown
	public void stop() {
		this.context.close();
	}

	@Benchmark
	public SecretValue same() {
		return this.provider.get(this.references[0]);
	}

	@Benchmark
	public SecretValue inTurn() {
		return this.provider.get(next());
	}

	@Benchmark
	public SecretValue inTurnCaffeine() {
		return this.caffeine.getIfPresent(next());
	}

	private SecretReference next() {
		this.next = (this.next + 1 < this.references.length) ? this.next + 1 : 0;
		return this.references[this.next];
	}

}
