package io.github.secretsextension.benchmarks;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Cold starts: fresh JVMs, one of each variant in turn, so that every figure has its pair
 * from the same half minute.
 */
final class Starts {

	private static final Variant EMPTY = new Variant("empty", "", "empty");

	private static final Variant IDLE = new Variant("starter, no reference", "", "starter");

	private static final Variant OURS_1 = ours(1, 0);

	private static final Variant OURS_20 = ours(20, 0);

	private static final Variant OURS_40 = ours(20, 20);

	private static final Variant PEER_IDLE = new Variant("Spring Cloud AWS, nothing imported", "", "spring-cloud-aws");

	private static final Variant PEER_1 = springCloudAws(1);

	private static final Variant PEER_20 = springCloudAws(20);

	private static final Variant BOTH_IDLE = new Variant("both, nothing imported, no reference", "", "spring-cloud-aws",
			"starter");

	private static final Variant EMPTY_AGAIN = new Variant("empty, again", "", "empty");

	private static final List<Variant> CALLING = List.of(OURS_1, OURS_20, OURS_40, PEER_1, PEER_20);

	private static final List<Variant> ALL = List.of(EMPTY, IDLE, OURS_1, OURS_20, OURS_40, PEER_IDLE, PEER_1, PEER_20,
			BOTH_IDLE, EMPTY_AGAIN);

	private Path scratch = Path.of("");

	void run(int runs) throws Exception {
		this.scratch = Files.createTempDirectory("starts");
		for (String flag : List.of("", "-XX:TieredStopAtLevel=1")) {
			measure(runs, flag, 1, ALL);
			measure(runs, flag, 50, Stream.concat(Stream.of(EMPTY), CALLING.stream()).toList());
		}
	}

	/**
	 * Measures the remote mode, beside the empty application alone.
	 */
	void runRemote(int runs) throws Exception {
		this.scratch = Files.createTempDirectory("starts");
		try (EndpointProcess endpoint = EndpointProcess.start(Path.of(System.getProperty("java.home")), "endpoint")) {
			String properties = "secrets-extension.mode=remote\nsecrets-extension.remote.port=" + endpoint.port()
					+ "\nsecrets-extension.remote.token=" + EndpointProcess.TOKEN + "\napp.values.s1=$<secret:bench>\n";
			Variant remote = new Variant("starter, remote, secrets: 1", properties, "starter");
			Variant alone = new Variant("the same without SDK and Spring Cloud AWS", properties,
					List.of("io.awspring.", "software.amazon."), "starter");
			for (String flag : List.of("", "-XX:TieredStopAtLevel=1")) {
				measure(runs, flag, 1, List.of(EMPTY, remote, alone, EMPTY_AGAIN));
			}
		}
	}

	private void measure(int runs, String flag, int delay, List<Variant> variants) throws Exception {
		Map<Variant, List<Start>> starts = new LinkedHashMap<>();
		try (DelayedAws aws = new DelayedAws()) {
			aws.delay(delay);
			Map<Variant, Long> sdkClasses = new LinkedHashMap<>();
			for (Variant variant : variants) {
				// Also fills the file cache.
				sdkClasses.put(variant, sdkClasses(variant, aws));
				starts.put(variant, new ArrayList<>());
			}
			for (int i = 0; i < runs; i++) {
				Benchmarks.progress("run " + (i + 1) + " of " + runs + ", delay " + delay + " ms " + flag);
				for (int j = 0; j < variants.size(); j++) {
					Variant variant = variants.get((i + j) % variants.size());
					starts.get(variant).add(start(variant, aws, flag));
				}
			}
			print("Start, upstream delay " + delay + " ms, " + runs + " runs" + ((flag.isEmpty()) ? "" : ", " + flag),
					starts, sdkClasses);
		}
	}

	private static void print(String title, Map<Variant, List<Start>> starts, Map<Variant, Long> sdkClasses) {
		Benchmarks.header(title, "application", "ready after ms", "added ms", "fastest added ms", "process added ms",
				"CPU added ms", "calls", "SDK classes", "VmHWM MB", "VmRSS MB");
		starts.forEach((variant, own) -> Benchmarks.row(variant.name(), spread(own, Start::ready),
				added(starts, variant, EMPTY, Start::ready).format(0), Math.round(fastestAdded(starts, variant, EMPTY)),
				added(starts, variant, EMPTY, Start::process).format(0),
				added(starts, variant, EMPTY, Start::cpu).format(0),
				own.stream()
					.map(Start::calls)
					.distinct()
					.sorted()
					.map(String::valueOf)
					.collect(Collectors.joining("/")),
				sdkClasses.get(variant), spread(own, Start::peak), spread(own, Start::resident)));
		System.out.println();
		for (Variant variant : List.of(OURS_20, OURS_40)) {
			if (!starts.containsKey(variant)) {
				return;
			}
			System.out.printf(Locale.ROOT,
					"%s: added %.2f x what Spring Cloud AWS adds for 20 secrets (fastest starts: %.2f x)%n",
					variant.name(),
					added(starts, variant, EMPTY, Start::ready).median()
							/ added(starts, PEER_20, EMPTY, Start::ready).median(),
					fastestAdded(starts, variant, EMPTY) / fastestAdded(starts, PEER_20, EMPTY));
		}
		if (starts.containsKey(BOTH_IDLE)) {
			System.out.printf(Locale.ROOT,
					"Starter added to an application with Spring Cloud AWS, nothing read: %s ms (fastest starts: %.0f)%n",
					added(starts, BOTH_IDLE, PEER_IDLE, Start::ready).format(0),
					fastestAdded(starts, BOTH_IDLE, PEER_IDLE));
		}
	}

	private static String spread(List<Start> starts, ToDoubleFunction<Start> figure) {
		return Spread.of(figures(starts, figure)).format(0);
	}

	private static Spread added(Map<Variant, List<Start>> starts, Variant variant, Variant base,
			ToDoubleFunction<Start> figure) {
		return Spread.differences(figures(starts.get(variant), figure), figures(starts.get(base), figure));
	}

	/**
	 * Returns the difference of the fastest starts, which a busy machine distorts least.
	 */
	private static double fastestAdded(Map<Variant, List<Start>> starts, Variant variant, Variant base) {
		return Spread.of(figures(starts.get(variant), Start::ready)).least()
				- Spread.of(figures(starts.get(base), Start::ready)).least();
	}

	private static List<Double> figures(List<Start> starts, ToDoubleFunction<Start> figure) {
		return starts.stream().map((start) -> figure.applyAsDouble(start)).toList();
	}

	private long sdkClasses(Variant variant, DelayedAws aws) throws Exception {
		Path log = this.scratch.resolve("classes.log");
		start(variant, aws, "-Xlog:class+load:file=" + log);
		try (Stream<String> lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
			return lines.filter((line) -> line.contains("] software.amazon.awssdk.")).count();
		}
	}

	private Start start(Variant variant, DelayedAws aws, String flag) throws Exception {
		aws.reset();
		List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(),
				"-cp", classPath(variant), "io.github.secretsextension.benchmarks.app.BenchmarkApplication"));
		if (!flag.isEmpty()) {
			command.add(1, flag);
		}
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
		builder.environment().keySet().removeIf((name) -> name.startsWith("AWS_") || name.startsWith("JAVA_TOOL"));
		builder.environment()
			.putAll(Map.of("AWS_REGION", "eu-central-1", "AWS_ACCESS_KEY_ID", "test", "AWS_SECRET_ACCESS_KEY", "test",
					"AWS_ENDPOINT_URL", aws.endpoint()));
		long begin = System.nanoTime();
		Process process = builder.start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		int exit = process.waitFor();
		long millis = (System.nanoTime() - begin) / 1_000_000;
		String[] ready = output.lines()
			.filter((line) -> line.startsWith("READY "))
			.findFirst()
			.map((line) -> line.split(" "))
			.orElseThrow(() -> new IllegalStateException(variant.name() + " ended with " + exit + "\n" + output));
		return new Start(Long.parseLong(ready[1]), millis, Long.parseLong(ready[2]), aws.calls(),
				Long.parseLong(ready[3]) / 1024, Long.parseLong(ready[4]) / 1024);
	}

	/**
	 * Returns the application's jars and a folder with its properties, as an exploded
	 * deployment has them.
	 */
	private String classPath(Variant variant) throws IOException {
		Path properties = Files.createDirectories(this.scratch.resolve(variant.name().replaceAll("[^a-z0-9]+", "-")));
		Files.writeString(properties.resolve("application.properties"),
				"app.expected=" + variant.properties().lines().filter((line) -> line.startsWith("app.values.")).count()
						+ "\n" + variant.properties());
		Map<String, Path> jars = new LinkedHashMap<>();
		for (String application : variant.applications()) {
			for (Path jar : Sizes.jars(application)) {
				String name = jar.getFileName().toString();
				if (variant.excluded().stream().noneMatch(name::startsWith)) {
					jars.putIfAbsent(name, jar);
				}
			}
		}
		return properties + File.pathSeparator
				+ jars.values().stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
	}

	private static Variant ours(int secrets, int parameters) {
		return new Variant("starter, secrets: " + secrets + ", parameters: " + parameters,
				"secrets-extension.mode=embedded\n" + lines(secrets, "app.values.s%1$d=$<secret:/bench/s%1$d>\n")
						+ lines(parameters, "app.values.p%1$d=$<param:/bench/p%1$d>\n"),
				"starter");
	}

	private static Variant springCloudAws(int secrets) {
		return new Variant("Spring Cloud AWS, secrets imported: " + secrets,
				lines(secrets, "spring.config.import[%1$d]=aws-secretsmanager:/bench/s%1$d\n")
						+ lines(secrets, "app.values.s%1$d=${s%1$d}\n"),
				"spring-cloud-aws");
	}

	private static String lines(int count, String line) {
		return IntStream.range(0, count).mapToObj(line::formatted).collect(Collectors.joining());
	}

	/**
	 * An application to start.
	 *
	 * @param name the name in the table
	 * @param properties its own properties
	 * @param excluded how the names of jars begin that it leaves out
	 * @param applications the modules whose class paths it has
	 */
	private record Variant(String name, String properties, List<String> excluded, String... applications) {

		Variant(String name, String properties, String... applications) {
			this(name, properties, List.of(), applications);
		}

	}

	/**
	 * One start.
	 *
	 * @param ready milliseconds from the start of the JVM until all values were read
	 * @param process milliseconds the process took altogether
	 * @param cpu milliseconds of CPU time until it was ready
	 * @param calls calls that reached the upstream
	 * @param peak most resident memory in megabytes
	 * @param resident resident memory when ready, in megabytes
	 */
	private record Start(long ready, long process, long cpu, int calls, long peak, long resident) {

	}

}
