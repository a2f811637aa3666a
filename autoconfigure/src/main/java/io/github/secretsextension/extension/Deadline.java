package io.github.secretsextension.extension;

import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.github.secretsextension.SecretsClock;

/**
 * The moment by which a whole exchange must have ended, however many steps it takes.
 */
final class Deadline {

	private final SecretsClock clock;

	private final boolean limited;

	private final long endNanos;

	private Deadline(SecretsClock clock, boolean limited, long endNanos) {
		this.clock = clock;
		this.limited = limited;
		this.endNanos = endNanos;
	}

	/**
	 * Returns a deadline.
	 * @param clock the clock to go by
	 * @param limit the time from now on; zero for no limit
	 * @return the deadline
	 */
	static Deadline after(SecretsClock clock, Duration limit) {
		return new Deadline(clock, !limit.isZero(), clock.nanoTime() + TimeUnit.NANOSECONDS.convert(limit));
	}

	/**
	 * Returns the time that is left.
	 * @param most the longest time to return, or zero for no such limit
	 * @return milliseconds, at least 1; zero for no limit
	 * @throws SocketTimeoutException if no time is left
	 */
	int remainingMillis(int most) throws SocketTimeoutException {
		if (!this.limited) {
			return most;
		}
		long nanos = this.endNanos - this.clock.nanoTime();
		if (nanos <= 0) {
			throw new SocketTimeoutException();
		}
		long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos));
		return (int) Math.min(millis, (most > 0) ? most : Integer.MAX_VALUE);
	}

	int remainingMillis() throws SocketTimeoutException {
		return remainingMillis(0);
	}

}
