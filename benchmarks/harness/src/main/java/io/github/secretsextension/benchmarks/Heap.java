package io.github.secretsextension.benchmarks;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsProvider;

import org.springframework.context.ConfigurableApplicationContext;

/**
 * Live heap of cached values, after garbage collection.
 */
final class Heap {

	private static final int ENTRIES = 1000;

	/** More than the values: what is to be weighed must all be there. */
	private static final Map<String, String> BOUNDS = Map.of("secrets-extension.cache.size", "2000",
			"secrets-extension.cache.max-bytes", "256MB");

	void run() throws Exception {
		Benchmarks.header("Heap of " + ENTRIES + " cached values", "value", "values kB", "heap kB",
				"beyond the value, bytes per entry", "goal kB", "of the goal");
		for (int length : List.of(1024, 16 * 1024)) {
			long bytes = measure(length);
			long values = (long) length * ENTRIES;
			double goal = 1.3 * values + 1000 * ENTRIES;
			Benchmarks.row(length + " bytes", values / 1000, bytes / 1000, (bytes - values) / ENTRIES,
					(long) goal / 1000, String.format(Locale.ROOT, "%.2f", bytes / goal));
		}
	}

	private long measure(int length) throws Exception {
		try (DelayedAws aws = new DelayedAws();
				ConfigurableApplicationContext context = Peers.application(aws, BOUNDS)) {
			aws.valueLength(length);
			SecretsProvider provider = context.getBean(SecretsProvider.class);
			// What the first calls leave behind for ever does not count.
			read(provider, "before/", ENTRIES / 2);
			long before = live();
			read(provider, "bench/", ENTRIES);
			long after = live();
			aws.reset();
			read(provider, "bench/", ENTRIES);
			if (aws.calls() > 0) {
				throw new IllegalStateException(aws.calls() + " values were not kept");
			}
			return after - before;
		}
	}

	private static void read(SecretsProvider provider, String prefix, int count) {
		for (int i = 0; i < count; i++) {
			provider.get(SecretReference.secret(prefix + i));
		}
	}

	private static long live() throws InterruptedException {
		for (int i = 0; i < 5; i++) {
			System.gc();
			Thread.sleep(200);
		}
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

}
