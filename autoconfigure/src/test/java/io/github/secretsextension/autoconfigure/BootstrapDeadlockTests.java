package io.github.secretsextension.autoconfigure;

import java.util.concurrent.CountDownLatch;

import io.github.secretsextension.SecretsClock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.bootstrap.DefaultBootstrapContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

class BootstrapDeadlockTests {

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	@SuppressWarnings("unchecked")
	void readingWhileAnotherThreadCreatesABootstrapInstanceDoesNotDeadlock(boolean prefetch) throws Exception {
		DefaultBootstrapContext bootstrap = new DefaultBootstrapContext();
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.addFirst(new MapPropertySource("m", java.util.Map.of("p", "$<secret:a>", "secrets-extension.mode", "local",
					"secrets-extension.local.secrets[a]", "v")));
		CountDownLatch supplying = new CountDownLatch(1);
		CountDownLatch go = new CountDownLatch(1);
		bootstrap.register(Thread.class, (context) -> {
			supplying.countDown();
			try {
				go.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			return new Thread(environment.getProperty("p"));
		});
		ReferenceResolution resolution = new ReferenceResolution(environment,
				(type) -> bootstrap.getOrElse((Class<Object>) type, null),
				org.apache.commons.logging.LogFactory.getLog(SecretsClock.class));
		resolution.applyTo(environment);
		Thread b = new Thread(() -> bootstrap.get(Thread.class), "B");
		Thread a = new Thread(() -> {
			if (prefetch) {
				resolution.prefetch();
			}
			environment.getProperty("p");
		}, "A");
		a.setDaemon(true);
		b.setDaemon(true);
		b.start();
		supplying.await();
		a.start();
		while (a.getState() == Thread.State.NEW || a.getState() == Thread.State.RUNNABLE) {
			Thread.onSpinWait();
		}
		go.countDown();
		a.join(10_000);
		b.join(10_000);
		assertThat(a.isAlive() || b.isAlive()).as("A " + a.getState() + ", B " + b.getState()).isFalse();
	}

}
