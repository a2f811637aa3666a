package io.github.secretsextension.benchmarks;

import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;

/**
 * Reads of properties. It knows nothing of the starter: {@link Hits} runs it with and
 * without.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class PropertyBenchmarks {

	private ConfigurableApplicationContext context;

	private Environment environment;

	@Setup
	public void start() {
		this.context = MeasuredApplication.start(Map.of());
		this.environment = this.context.getEnvironment();
	}

	@TearDown
	public void stop() {
		this.context.close();
	}

	@Benchmark
	public String plain() {
		return this.environment.getProperty("app.plain");
	}

	@Benchmark
	public String placeholder() {
		return this.environment.getProperty("app.other");
	}

	@Benchmark
	public String reference() {
		return this.environment.getProperty("app.reference");
	}

}
