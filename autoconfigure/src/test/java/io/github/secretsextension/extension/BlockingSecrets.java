package io.github.secretsextension.extension;

import java.util.concurrent.CountDownLatch;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;

/**
 * A provider that has every secret, with its id as the text, a long one where the id says
 * so. It gives those named {@code fresh…} at once, the others when a test says so.
 */
class BlockingSecrets extends FakeSecrets {

	static final int LARGE = 60_000;

	private final CountDownLatch gate = new CountDownLatch(1);

	@Override
	public SecretValue getIfFresh(SecretReference reference) {
		return (reference.id().startsWith("fresh")) ? value(reference) : null;
	}

	@Override
	public SecretValue get(SecretReference reference) {
		calls().add(reference);
		try {
			this.gate.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
		return value(reference);
	}

	private static SecretValue value(SecretReference reference) {
		String id = reference.id();
		return SecretValue.of(CANARY + id + ((id.endsWith("-large")) ? "a".repeat(LARGE) : ""));
	}

	void release() {
		this.gate.countDown();
	}

}
