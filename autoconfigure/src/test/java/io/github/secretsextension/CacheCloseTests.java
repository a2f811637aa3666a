package io.github.secretsextension;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for how long {@link SecretsCache#close()} takes: until idle threads have ended,
 * and with them what they read, but not until a call has.
 */
@Timeout(60)
class CacheCloseTests {

	private static final SecretReference DB = SecretReference.secret("db");

	@Test
	void idleThreadsHaveEnded() {
		ExecutorService executor = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>()) {

			@Override
			protected void terminated() {
				LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
			}

		};
		SecretsCache cache = cache((reference) -> SecretValue.of("CANARY-1"), executor);
		cache.get(DB);
		cache.close();
		assertThat(executor.isTerminated()).isTrue();
	}

	@Test
	void callThatNoInterruptEndsIsLeftAlone() throws InterruptedException {
		ExecutorService executor = Executors.newSingleThreadExecutor();
		CountDownLatch called = new CountDownLatch(1);
		CountDownLatch answer = new CountDownLatch(1);
		SecretsCache cache = cache((reference) -> {
			called.countDown();
			awaitUninterruptibly(answer);
			return SecretValue.of("CANARY-1");
		}, executor);
		Thread reader = new Thread(() -> ScriptedSecrets.outcome(cache, DB));
		reader.start();
		called.await();
		cache.close();
		reader.join();
		assertThat(executor.isTerminated()).isFalse();
		answer.countDown();
		assertThat(executor.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
	}

	private static void awaitUninterruptibly(CountDownLatch latch) {
		while (latch.getCount() > 0) {
			Thread.onSpinWait();
		}
	}

	private static SecretsCache cache(SecretsProvider upstream, ExecutorService executor) {
		return TestCaches.cache(upstream, TestCaches.settings(Duration.ofMinutes(5), Duration.ofMinutes(5), 10,
				Duration.ZERO, AllowedSecrets.ALL), SecretsClock.system(), executor);
	}

}
