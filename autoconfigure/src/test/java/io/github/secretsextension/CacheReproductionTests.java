package io.github.secretsextension;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

class CacheReproductionTests {

	static SecretsCache.Settings settings(Duration deadline) {
		return new SecretsCache.Settings(Duration.ofSeconds(300), Duration.ofSeconds(300), 100, deadline,
				AllowedSecrets.ALL);
	}

	@Test
	@Timeout(20)
	void aTimeoutIsRemembered() {
		AtomicInteger calls = new AtomicInteger();
		CountDownLatch release = new CountDownLatch(1);
		ExecutorService pool = Executors.newFixedThreadPool(6);
		SecretsCache cache = new SecretsCache((reference) -> {
			calls.incrementAndGet();
			try {
				release.await();
			}
			catch (InterruptedException ex) {
			}
			return SecretValue.of("x");
		}, settings(Duration.ofMillis(200)), SecretsClock.system(), pool);
		for (int i = 0; i < 3; i++) {
			catchThrowable(() -> cache.text("secret:a"));
		}
		release.countDown();
		cache.close();
		assertThat(calls).hasValue(1);
	}

	@Test
	@Timeout(20)
	void closeFreesWaitersOfQueuedCalls() throws Exception {
		CountDownLatch in = new CountDownLatch(1);
		ExecutorService pool = Executors.newFixedThreadPool(1);
		SecretsCache cache = new SecretsCache((reference) -> {
			in.countDown();
			try {
				Thread.sleep(60_000);
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException();
			}
			return SecretValue.of("x");
		}, settings(Duration.ZERO), SecretsClock.system(), pool);
		Thread a = new Thread(() -> catchThrowable(() -> cache.text("secret:a")));
		Thread b = new Thread(() -> catchThrowable(() -> cache.text("secret:b")));
		a.setDaemon(true);
		b.setDaemon(true);
		a.start();
		in.await();
		b.start();
		Thread.sleep(300);
		cache.close();
		a.join(3000);
		b.join(3000);
		assertThat(a.isAlive()).isFalse();
		assertThat(b.isAlive()).as("the waiter of the queued call").isFalse();
	}

	@Test
	@Timeout(20)
	void concurrentRefreshesShareOneCall() throws Exception {
		AtomicInteger calls = new AtomicInteger();
		ExecutorService pool = Executors.newFixedThreadPool(6);
		SecretsCache cache = new SecretsCache((reference) -> {
			calls.incrementAndGet();
			try {
				Thread.sleep(300);
			}
			catch (InterruptedException ex) {
			}
			return SecretValue.of("x");
		}, settings(Duration.ofSeconds(5)), SecretsClock.system(), pool);
		SecretReference reference = SecretReference.parse("secret:a");
		List<Thread> threads = new ArrayList<>();
		for (int i = 0; i < 16; i++) {
			Thread t = new Thread(() -> cache.refresh(reference));
			t.start();
			threads.add(t);
		}
		for (Thread t : threads) {
			t.join();
		}
		cache.close();
		assertThat(calls.get()).isEqualTo(1);
	}

	@Test
	@Timeout(20)
	void stampedeMakesOneCallAlsoWhenItFailsAndAfterExpiry() throws Exception {
		for (int size : new int[] { 0, 100 }) {
			AtomicInteger calls = new AtomicInteger();
			ExecutorService pool = Executors.newFixedThreadPool(6);
			SecretsCache cache = new SecretsCache((reference) -> {
				calls.incrementAndGet();
				try {
					Thread.sleep(200);
				}
				catch (InterruptedException ex) {
				}
				throw new IllegalStateException("CANARY");
			}, new SecretsCache.Settings(Duration.ofSeconds(300), Duration.ofSeconds(300), size, Duration.ofSeconds(5),
					AllowedSecrets.ALL), SecretsClock.system(), pool);
			List<Thread> threads = new ArrayList<>();
			AtomicInteger failed = new AtomicInteger();
			for (int i = 0; i < 64; i++) {
				Thread t = new Thread(() -> {
					Throwable ex = catchThrowable(() -> cache.text("secret:a"));
					if (ex != null && !ex.toString().contains("CANARY")) {
						failed.incrementAndGet();
					}
				});
				t.start();
				threads.add(t);
			}
			for (Thread t : threads) {
				t.join();
			}
			cache.close();
			assertThat(calls.get()).isEqualTo(1);
			assertThat(failed).hasValue(64);
		}
	}

	@Test
	void jsonIsLinear() {
		StringBuilder keys = new StringBuilder("{");
		for (int i = 0; i < 600_000; i++) {
			keys.append(i > 0 ? "," : "").append("\"key").append(i).append("\":").append(i);
		}
		long t = System.nanoTime();
		SecretValue.of(keys.append('}').toString()).field("key599999");
		System.out.println("JSON 10MB keys ms " + (System.nanoTime() - t) / 1_000_000);
		t = System.nanoTime();
		catchThrowable(() -> SecretReference.parse("secret:" + "a".repeat(10_000_000)));
		catchThrowable(() -> SecretReference.parse("secret:a:" + ":".repeat(10_000_000)));
		catchThrowable(() -> SecretReference.parse("secret:arn:aws:secretsmanager:eu-west-1:1:secret:a:"
				+ "x".repeat(5_000_000) + ":" + "a-".repeat(2_000_000)));
		catchThrowable(() -> SecretReference.parse("secret:a#" + "%41".repeat(3_000_000)));
		System.out.println("parser ms " + (System.nanoTime() - t) / 1_000_000);
	}

}
