package io.github.secretsextension;

import java.util.concurrent.TimeUnit;

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
	 * Returns the time since a moment, the larger of the monotonic and the wall-clock
	 * one.
	 * @param nanos the moment's monotonic time
	 * @param millis its wall-clock time
	 * @param ifBackwards what has at least passed if the wall clock ran backwards by more
	 * than two seconds, which may have been a correction
	 * @return nanoseconds
	 */
	default long since(long nanos, long millis, long ifBackwards) {
		long monotonic = nanoTime() - nanos;
		long wall = currentTimeMillis() - millis;
		return Math.max(monotonic, (wall < -2_000) ? ifBackwards : TimeUnit.MILLISECONDS.toNanos(wall));
	}

	/**
	 * Returns the clocks of the system.
	 * @return the pair
	 */
	static SecretsClock system() {
		return SystemSecretsClock.INSTANCE;
	}

}
