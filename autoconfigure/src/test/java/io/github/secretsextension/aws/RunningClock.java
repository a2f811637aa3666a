package io.github.secretsextension.aws;

import io.github.secretsextension.ManualClock;

/**
 * The clocks of the system, which a test moves ahead.
 */
class RunningClock extends ManualClock {

	private final long origin = System.nanoTime();

	RunningClock() {
		super(0);
	}

	@Override
	public long nanoTime() {
		return super.nanoTime() + System.nanoTime() - this.origin;
	}

	@Override
	public long currentTimeMillis() {
		return super.currentTimeMillis() + (System.nanoTime() - this.origin) / 1_000_000;
	}

}
