package io.github.secretsextension;

/**
 * The clocks of the system: the only code that reads them.
 */
enum SystemSecretsClock implements SecretsClock {

	INSTANCE;

	@Override
	public long nanoTime() {
		return System.nanoTime();
	}

	@Override
	public long currentTimeMillis() {
		return System.currentTimeMillis();
	}

}
