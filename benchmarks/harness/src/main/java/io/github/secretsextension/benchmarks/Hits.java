package io.github.secretsextension.benchmarks;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * The JMH benchmarks, round by round: in each round every benchmark runs once in a fresh
 * JVM, so that each figure has its pair from the same minutes.
 */
final class Hits {

	private static final String CLASS_PATH = "java.class.path";

	private static final String WITH = "with the starter: ";

	private static final String WITHOUT = "without it: ";

	private static final String WITHOUT_AGAIN = "without it, again: ";

	private final String classPath = System.getProperty(CLASS_PATH);

	private final Map<String, List<Double>> nanos = new LinkedHashMap<>();

	private final Map<String, Double> bytes = new LinkedHashMap<>();

	void run(int rounds) throws IOException, RunnerException {
		for (int i = 0; i < rounds; i++) {
			Benchmarks.progress("round " + (i + 1) + " of " + rounds);
			run("1 thread: ", HitBenchmarks.class, ".*", 1);
			run("4 threads: ", HitBenchmarks.class, ".*", 4);
			run("growth: ", GrowthBenchmarks.class, ".*", 1);
			properties(i);
		}
		print("A cached read, " + rounds + " rounds", "1 thread: ", "1 thread: caffeineWithBothClocks");
		print("A cached read, 4 threads", "4 threads: ", "4 threads: caffeineWithBothClocks");
		for (String read : List.of("same", "inTurn", "inTurnCaffeine")) {
			print("A cached read among 1 to 1000 entries", "growth: " + read + " ", "growth: " + read + " 1");
		}
		print("Properties with the starter", WITH, WITH + "placeholder");
		print("A plain property", ": plain", WITHOUT + "plain");
		print("A property that holds a placeholder", ": placeholder", WITHOUT + "placeholder");
	}

	/**
	 * With the starter, without it, and without it again, in an order that rotates.
	 */
	private void properties(int round) throws IOException, RunnerException {
		Set<String> starter = Sizes.added("starter").keySet();
		String without = Arrays.stream(this.classPath.split(File.pathSeparator))
			.filter((jar) -> !starter.contains(new File(jar).getName()))
			.collect(Collectors.joining(File.pathSeparator));
		for (int i = 0; i < 3; i++) {
			switch ((round + i) % 3) {
				case 0 -> run(WITH, PropertyBenchmarks.class, ".*", 1);
				case 1 -> run(without, WITHOUT);
				default -> run(without, WITHOUT_AGAIN);
			}
		}
	}

	private void run(String classPath, String label) throws RunnerException {
		// JMH gives it to the JVMs that it forks.
		System.setProperty(CLASS_PATH, classPath);
		try {
			run(label, PropertyBenchmarks.class, "(plain|placeholder)", 1);
		}
		finally {
			System.setProperty(CLASS_PATH, this.classPath);
		}
	}

	private void run(String label, Class<?> benchmarks, String methods, int threads) throws RunnerException {
		for (RunResult result : new Runner(new OptionsBuilder().include(benchmarks.getName() + "\\." + methods + "$")
			.threads(threads)
			.forks(1)
			.warmupIterations(3)
			.warmupTime(TimeValue.seconds(1))
			.measurementIterations(10)
			.measurementTime(TimeValue.milliseconds(500))
			.addProfiler(GCProfiler.class)
			.shouldFailOnError(true)
			.verbosity(VerboseMode.SILENT)
			.build()).run()) {
			String entries = result.getParams().getParam("entries");
			String benchmark = result.getParams().getBenchmark();
			String name = label + benchmark.substring(benchmark.lastIndexOf('.') + 1)
					+ ((entries != null) ? " " + entries : "");
			// Other processes on the machine can only add.
			double fastest = result.getPrimaryResult().getStatistics().getMin();
			this.nanos.computeIfAbsent(name, (key) -> new ArrayList<>()).add(fastest);
			this.bytes.merge(name, allocated(result), Math::max);
			Benchmarks.progress(name + " " + fastest);
		}
	}

	@SuppressWarnings("rawtypes")
	private static double allocated(RunResult result) {
		return result.getSecondaryResults()
			.entrySet()
			.stream()
			.filter((entry) -> entry.getKey().endsWith("gc.alloc.rate.norm"))
			.mapToDouble((entry) -> entry.getValue().getScore())
			.findFirst()
			.orElse(Double.NaN);
	}

	private void print(String title, String part, String base) {
		Benchmarks.header(title, "what", "ns/op", "B/op at most", "to '" + base + "'");
		this.nanos.forEach((name, figures) -> {
			if (name.contains(part)) {
				Benchmarks.row(name, Spread.of(figures).format(1), Math.round(this.bytes.get(name)),
						Spread.ratios(figures, this.nanos.get(base)).format(2));
			}
		});
	}

}
