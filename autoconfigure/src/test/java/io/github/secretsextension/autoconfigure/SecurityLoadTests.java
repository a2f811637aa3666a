package io.github.secretsextension.autoconfigure;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsProvider;
import org.junit.jupiter.api.Test;

import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.Environment;

import static org.assertj.core.api.Assertions.assertThat;

class SecurityLoadTests {

	static long millis(Runnable run) {
		long start = System.nanoTime();
		run.run();
		return (System.nanoTime() - start) / 1_000_000;
	}

	@Test
	void oddSecretsOf64KilobytesAreReadFast() {
		AtomicReference<String> value = new AtomicReference<>("");
		SecretsProvider provider = (SecretReference reference) -> SecretValue.of(value.get());
		try (ConfigurableApplicationContext context = new TestApplication(provider, TestApplication.Empty.class)
			.property("p", "$<secret:a>")
			.run()) {
			Environment environment = context.getEnvironment();
			long worst = 0;
			for (String text : new String[] { "${".repeat(32_000), "${".repeat(16_000) + "}".repeat(16_000),
					"${a}".repeat(16_000), "$".repeat(64_000), "\\".repeat(64_000) + "${a}" }) {
				value.set(text);
				long took = millis(() -> assertThat(environment.getProperty("p")).hasSize(text.length()));
				System.out.println("LOAD read of " + text.substring(0, 4) + " ms " + took);
				worst = Math.max(worst, took);
			}
			assertThat(worst).isLessThan(300);
		}
	}

	@Test
	void manyReferencesInOneTextAreSealedFast() {
		for (int n : new int[] { 20_000, 40_000, 80_000 }) {
			ReferenceSeals seals = new ReferenceSeals(true);
			System.out.println("LOAD seal " + n + " ms "
					+ millis(() -> seals.rewrite("$<secret:a>".repeat(n), () -> ReferenceLocation.ANNOTATION)));
		}
	}

	@Test
	void scannerIsLinear() {
		for (String text : new String[] { "$<secret:" + "${".repeat(2_500_000), "\\$<secret:".repeat(1_000_000),
				"$<secret:" + "${a}".repeat(500_000) + ">", "${secret:" + "{".repeat(5_000_000) }) {
			System.out.println("LOAD scan ms "
					+ millis(() -> new ReferenceSeals(true).rewrite(text, () -> ReferenceLocation.ANNOTATION)));
		}
	}

	@Test
	void sixteenThreadsReadWhileSourcesAreRewritten() throws Exception {
		SecretsProvider provider = (reference) -> SecretValue.of("v-" + reference.id());
		try (ConfigurableApplicationContext context = new TestApplication(provider, TestApplication.Empty.class)
			.property("p", "[$<secret:${name}/x>]")
			.property("name", "n")
			.run()) {
			Environment environment = context.getEnvironment();
			AtomicInteger wrong = new AtomicInteger();
			CountDownLatch done = new CountDownLatch(16);
			for (int i = 0; i < 16; i++) {
				int number = i;
				new Thread(() -> {
					try {
						for (int j = 0; j < 1500; j++) {
							System.setProperty("load." + number, "$<secret:s" + number + "-" + j % 50 + ">");
							if (!"[v-n/x]".equals(environment.getProperty("p")) || !("v-s" + number + "-" + j % 50)
								.equals(environment.getProperty("load." + number))) {
								wrong.incrementAndGet();
							}
						}
					}
					catch (RuntimeException ex) {
						ex.printStackTrace();
						wrong.incrementAndGet();
					}
					finally {
						System.clearProperty("load." + number);
						done.countDown();
					}
				}).start();
			}
			RewrittenPropertySources pass = new RewrittenPropertySources(new ReferenceSeals(true));
			for (int i = 0; i < 50; i++) {
				pass.replaceIn(context.getEnvironment());
			}
			done.await();
			assertThat(wrong).hasValue(0);
		}
	}

}
