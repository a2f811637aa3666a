package io.github.secretsextension;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

import io.github.secretsextension.SecretsException.Reason;

/**
 * A provider whose secrets have numbered versions, and which a test makes fail or hang.
 */
class ScriptedSecrets implements SecretsProvider {

	private final List<SecretReference> calls = new CopyOnWriteArrayList<>();

	private final Map<String, Integer> versions = new ConcurrentHashMap<>();

	private volatile Reason failure;

	private volatile RuntimeException preparationFailure;

	private volatile CountDownLatch gate = new CountDownLatch(0);

	@Override
	public SecretValue get(SecretReference reference) {
		this.calls.add(reference);
		try {
			this.gate.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
		if (this.failure != null) {
			throw new SecretsException(this.failure, reference, "It failed", "Try again.");
		}
		int version = this.versions.getOrDefault(reference.id(), 1);
		return SecretValue.builder().text(FakeSecrets.CANARY + version).versionId("v" + version).build();
	}

	@Override
	public void prepare(SecretReference reference) {
		if (this.preparationFailure != null) {
			throw this.preparationFailure;
		}
	}

	/**
	 * Gives a secret a new version.
	 * @param id the secret
	 */
	void rotate(String id) {
		this.versions.merge(id, 2, (old, initial) -> old + 1);
	}

	void fail(Reason reason) {
		this.failure = reason;
	}

	void failToPrepare(RuntimeException failure) {
		this.preparationFailure = failure;
	}

	void heal() {
		this.failure = null;
		this.preparationFailure = null;
	}

	CountDownLatch hang() {
		this.gate = new CountDownLatch(1);
		return this.gate;
	}

	void release() {
		this.gate.countDown();
	}

	int calls() {
		return this.calls.size();
	}

	int calls(SecretReference key) {
		return (int) this.calls.stream().filter(key::equals).count();
	}

	/**
	 * Returns what a read brings.
	 * @param cache the cache
	 * @param reference what to read
	 * @return the version in the value, or the reason of the failure
	 */
	static String outcome(SecretsCache cache, SecretReference reference) {
		return outcome(() -> cache.get(reference));
	}

	static String outcome(Supplier<SecretValue> read) {
		try {
			return read.get().text().substring(FakeSecrets.CANARY.length());
		}
		catch (SecretsException ex) {
			return ex.getReason().name();
		}
	}

}
