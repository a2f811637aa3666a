package io.github.secretsextension;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.secretsextension.SecretsException.Reason;

/**
 * A provider of values that a test sets and changes, which counts what it is asked.
 */
public class FakeSecrets implements SecretsProvider {

	/** In every secret of a test, so that a leak can be searched for. */
	public static final String CANARY = "CANARY-";

	private final Map<SecretReference, SecretValue> values = new ConcurrentHashMap<>();

	private final List<SecretReference> calls = new CopyOnWriteArrayList<>();

	/**
	 * Sets a value.
	 * @param reference the reference without delimiters
	 * @param text the text
	 * @return this
	 */
	public FakeSecrets set(String reference, String text) {
		return set(reference, SecretValue.of(text));
	}

	/**
	 * Sets a value.
	 * @param reference the reference without delimiters
	 * @param value the value
	 * @return this
	 */
	public FakeSecrets set(String reference, SecretValue value) {
		this.values.put(SecretReference.parse(reference).key(), value);
		return this;
	}

	@Override
	public SecretValue get(SecretReference reference) {
		this.calls.add(reference);
		SecretValue value = this.values.get(reference.key());
		if (value == null) {
			throw new SecretsException(Reason.NOT_FOUND, reference, "There is none", "Add it to the test.");
		}
		return value;
	}

	/**
	 * Returns what was asked so far.
	 * @return the references in order
	 */
	public List<SecretReference> calls() {
		return this.calls;
	}

}
