package io.github.secretsextension.aws;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.TestCaches;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A secret that is rotated all the time: the fields of one value belong together.
 */
class TornPairTests {

	private static final SecretReference DB = SecretReference.secret("db");

	private static final Duration TTL = Duration.ofMillis(10);

	private static final Duration ROTATION = Duration.ofMillis(20);

	private static final Duration LENGTH = Duration.ofSeconds(30);

	private static final int READERS = 8;

	/** So few that a busy machine sees them too; a quiet one sees over a thousand. */
	private static final int LEAST_VERSIONS = 200;

	private final FaultServer server = new FaultServer();

	private final ScheduledExecutorService rotation = Executors.newSingleThreadScheduledExecutor();

	private final ExecutorService readers = Executors.newFixedThreadPool(READERS);

	private final SecretsCache cache = TestCaches.cache(
			TestClients.provider(this.server.endpoint(), Duration.ofSeconds(5)),
			TestCaches.settings(TTL, TTL, 1000, Duration.ofSeconds(5), AllowedSecrets.ALL), SecretsClock.system(),
			Executors.newFixedThreadPool(3));

	private final Set<Integer> seen = ConcurrentHashMap.newKeySet();

	@AfterEach
	void close() {
		this.rotation.shutdownNow();
		this.readers.shutdownNow();
		this.cache.close();
		this.server.close();
	}

	@Test
	@Timeout(120)
	void userAndPasswordAreOfOneVersion() throws Exception {
		AtomicInteger version = new AtomicInteger();
		rotate(version);
		this.cache.get(DB);
		this.rotation.scheduleAtFixedRate(() -> rotate(version), 0, ROTATION.toMillis(), TimeUnit.MILLISECONDS);
		long end = System.nanoTime() + LENGTH.toNanos();
		List<Future<List<String>>> torn = new ArrayList<>();
		for (int i = 0; i < READERS; i++) {
			torn.add(this.readers.submit(reader(end)));
		}
		for (Future<List<String>> pairs : torn) {
			assertThat(pairs.get()).isEmpty();
		}
		assertThat(this.seen).hasSizeGreaterThanOrEqualTo(LEAST_VERSIONS);
	}

	private void rotate(AtomicInteger version) {
		int number = version.incrementAndGet();
		this.server.put("db",
				"{\"user\":\"user_%1$d\",\"pass\":\"%2$spass_%1$d\"}".formatted(number, FakeSecrets.CANARY));
	}

	/**
	 * Returns a reader that lists what does not belong together, or is older than what it
	 * read before.
	 */
	private Callable<List<String>> reader(long end) {
		return () -> {
			List<String> torn = new ArrayList<>();
			int before = 0;
			while (System.nanoTime() < end) {
				SecretValue value = this.cache.get(DB);
				int user = number(value.field("user"));
				int pass = number(value.field("pass"));
				if (user != pass || user != Integer.parseInt(value.versionId().substring(24)) || user < before) {
					torn.add(before + ": " + user + " " + pass + " " + value.versionId());
				}
				before = user;
				this.seen.add(user);
				// As an application that also does something.
				LockSupport.parkNanos(100_000);
			}
			return torn;
		};
	}

	private static int number(String field) {
		return Integer.parseInt(field.substring(field.indexOf('_') + 1));
	}

}
