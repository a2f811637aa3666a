package io.github.secretsextension.benchmarks.app;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;

import com.sun.management.OperatingSystemMXBean;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * The application whose start is measured, the same on every class path: it takes its
 * values into one bean, checks them and says when it was ready.
 */
@SpringBootApplication
@EnableConfigurationProperties(BenchmarkApplication.Values.class)
public class BenchmarkApplication {

	/**
	 * Starts the application and ends it.
	 * @param args passed to Spring Boot
	 * @throws IOException if the memory in use cannot be read
	 */
	public static void main(String[] args) throws IOException {
		try (ConfigurableApplicationContext context = SpringApplication.run(BenchmarkApplication.class, args)) {
			check(context.getBean(Values.class));
			long ready = System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
			System.out
				.println("READY " + ready + " " + cpuMillis() + " " + kilobytes("VmHWM") + " " + kilobytes("VmRSS"));
		}
	}

	private static void check(Values app) {
		Collection<String> values = app.values().values();
		if (values.size() != app.expected() || !values.stream().allMatch((value) -> value.startsWith("CANARY-"))) {
			throw new IllegalStateException("Not the values expected: " + app);
		}
	}

	private static long cpuMillis() {
		OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
		return system.getProcessCpuTime() / 1_000_000;
	}

	private static String kilobytes(String name) throws IOException {
		Path status = Path.of("/proc/self/status");
		return (!Files.exists(status)) ? "0"
				: Files.readAllLines(status)
					.stream()
					.filter((line) -> line.startsWith(name + ":"))
					.findFirst()
					.orElse("0")
					.replaceAll("[^0-9]", "");
	}

	/**
	 * What the application needs.
	 *
	 * @param expected how many values there are
	 * @param values the values
	 */
	@ConfigurationProperties("app")
	record Values(int expected, @DefaultValue Map<String, String> values) {

	}

}
