package io.github.secretsextension;

/**
 * A pair of clocks, since neither is right alone: the monotonic one may stand still while
 * a Lambda sandbox is frozen, and the wall clock may be set.
 */
public interface SecretsClock {

	/**
	 * Returns the monotonic time.
	 * @return nanoseconds since an arbitrary origin
	 */
	long nanoTime();

	/**
	 * Returns the wall-clock time.
	 * @return milliseconds since the epoch
	 */
	long currentTimeMillis();

	/**
	 * Returns the clocks of the system.
	 * @return the pair
	 */
	static SecretsClock system() {
		return SystemSecretsClock.INSTANCE;
	}

}
