package io.github.secretsextension;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A pair of clocks that a test moves.
 */
public class ManualClock implements SecretsClock {

	private final AtomicLong nanos;

	private final AtomicLong millis = new AtomicLong(1_700_000_000_000L);

	/**
	 * Creates clocks.
	 * @param nanoOrigin where the monotonic one begins
	 */
	public ManualClock(long nanoOrigin) {
		this.nanos = new AtomicLong(nanoOrigin);
	}

	@Override
	public long nanoTime() {
		return this.nanos.get();
	}

	@Override
	public long currentTimeMillis() {
		return this.millis.get();
	}

	/**
	 * Moves both clocks.
	 * @param duration how far
	 */
	public void advance(Duration duration) {
		advanceMonotonic(duration);
		advanceWall(duration);
	}

	/**
	 * Moves the monotonic clock only.
	 * @param duration how far
	 */
	public void advanceMonotonic(Duration duration) {
		this.nanos.addAndGet(duration.toNanos());
	}

	/**
	 * Moves the wall clock only.
	 * @param duration how far, possibly back
	 */
	public void advanceWall(Duration duration) {
		this.millis.addAndGet(duration.toMillis());
	}

}
