package io.github.secretsextension.actuate;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsCacheSettings;
import io.github.secretsextension.SecretsCacheSettings.KindSettings;
import io.github.secretsextension.SecretsCacheStatistics;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.TestCaches;

/**
 * A view of one cache in front of secrets with numbered versions, whose source a test
 * makes fail.
 */
final class ViewedCache implements SecretsCacheView, SecretsProvider {

	static final Duration TTL = Duration.ofSeconds(10);

	final ManualClock clock = new ManualClock(0);

	final AtomicInteger calls = new AtomicInteger();

	final SecretsCache cache;

	private final Map<Kind, SecretsCacheStatistics> statistics = new EnumMap<>(Kind.class);

	private final Map<String, Integer> versions = new ConcurrentHashMap<>();

	private volatile @Nullable Reason failure;

	ViewedCache() {
		this(1000);
	}

	ViewedCache(int size) {
		for (Kind kind : Kind.values()) {
			this.statistics.put(kind, new SecretsCacheStatistics());
		}
		this.cache = TestCaches.cache(this,
				new SecretsCacheSettings(settings(Kind.SECRET), settings(Kind.PARAMETER), size, TestCaches.MAX_BYTES,
						Duration.ofHours(1), Duration.ofSeconds(1), false, AllowedSecrets.ALL, (key) -> false,
						new SecretsCacheSettings.Listener() {
						}),
				this.clock, Runnable::run);
	}

	private KindSettings settings(Kind kind) {
		return new KindSettings(TTL, Duration.ZERO, this.statistics.get(kind));
	}

	@Override
	public SecretValue get(SecretReference reference) {
		this.calls.incrementAndGet();
		this.clock.advance(Duration.ofMillis(20));
		Reason reason = this.failure;
		if (reason != null) {
			throw new SecretsException(reason, reference, "It failed", "Try again.");
		}
		int version = this.versions.getOrDefault(reference.id(), 1);
		SecretValue.Builder value = SecretValue.builder().text(FakeSecrets.CANARY + version);
		return ((reference.kind() == Kind.SECRET) ? value.versionId("v" + version) : value.version((long) version))
			.build();
	}

	/**
	 * Reads a reference through the cache.
	 * @param reference what to read
	 * @return whether there was a value
	 */
	boolean read(String reference) {
		try {
			this.cache.text(reference);
			return true;
		}
		catch (SecretsException ex) {
			return false;
		}
	}

	void rotate(String id) {
		this.versions.merge(id, 2, (old, initial) -> old + 1);
	}

	void fail(@Nullable Reason reason) {
		this.failure = reason;
	}

	@Override
	public Mode mode() {
		return new Mode("embedded", "a test says so");
	}

	@Override
	public Map<String, Setting> settings() {
		return Map.of("secrets-extension.cache.size", new Setting(1000, "default"));
	}

	@Override
	public List<Source> sources() {
		return List.of(new Source("aws", this.statistics::get, () -> this.cache));
	}

	@Override
	public long fallbacks(Kind kind) {
		return 0;
	}

	@Override
	public String shown(SecretReference key) {
		return key.toString();
	}

	@Override
	public ManualClock clock() {
		return this.clock;
	}

}
