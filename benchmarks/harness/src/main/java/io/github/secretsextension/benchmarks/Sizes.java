package io.github.secretsextension.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the starter adds to a deployment, jar by jar.
 */
final class Sizes {

	void run() throws IOException {
		Map<String, Long> added = added("starter");
		Benchmarks.header("What the starter adds to an application of spring-boot-starter", "jar", "kB");
		Map<String, Long> groups = new TreeMap<>();
		added.forEach((jar, bytes) -> {
			if (!group(jar).startsWith("the two")) {
				Benchmarks.row(jar, bytes / 1000);
			}
			groups.merge(group(jar), bytes, Long::sum);
		});
		groups.forEach((group, bytes) -> Benchmarks.row("**" + group + "**", bytes / 1000));
		Benchmarks.row("for comparison: spring-cloud-aws-starter-secrets-manager with Jackson adds",
				added("spring-cloud-aws").values().stream().mapToLong(Long::longValue).sum() / 1000);
	}

	private static String group(String jar) {
		if (jar.startsWith("software.amazon.") || jar.startsWith("org.reactivestreams.")) {
			return "the two SDK clients with their core";
		}
		return (jar.startsWith("io.awspring.")) ? "Spring Cloud AWS's core" : "the rest";
	}

	/**
	 * Returns the names of the jars that an application has more than the empty one, with
	 * their sizes.
	 */
	static Map<String, Long> added(String application) throws IOException {
		Map<String, Long> added = sizes(application);
		added.keySet().removeAll(sizes("empty").keySet());
		return added;
	}

	private static Map<String, Long> sizes(String application) throws IOException {
		Map<String, Long> sizes = new TreeMap<>();
		for (Path jar : jars(application)) {
			sizes.put(jar.getFileName().toString(), Files.size(jar));
		}
		return sizes;
	}

	/**
	 * Returns the class path of an application's module.
	 */
	static List<Path> jars(String application) throws IOException {
		try (Stream<Path> files = Files.list(Path.of("benchmarks/apps", application, "target/lib"))) {
			return files.filter((file) -> file.toString().endsWith(".jar"))
				.map(Path::toAbsolutePath)
				.sorted()
				.collect(Collectors.toList());
		}
	}

}
