package io.github.secretsextension.autoconfigure;

import org.springframework.context.SmartLifecycle;

/**
 * A lifecycle that leaves no object with a secret of the cache in a snapshot: Spring
 * stops it before a SnapStart or CRaC checkpoint, last of all, and starts it after the
 * restore. The next read makes cache and clients anew. Memory that such an object had is
 * free then, but not overwritten.
 */
final class SnapshotLifecycle implements SmartLifecycle {

	private final ReferenceResolution resolution;

	private volatile boolean running;

	SnapshotLifecycle(ReferenceResolution resolution) {
		this.resolution = resolution;
	}

	@Override
	public void start() {
		this.running = true;
	}

	@Override
	public void stop() {
		this.running = false;
		this.resolution.beforeSnapshot();
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	/**
	 * A pause is none before a snapshot.
	 */
	@Override
	public boolean isPauseable() {
		return false;
	}

	@Override
	public int getPhase() {
		// The lowest phase stops last: until then others may read.
		return Integer.MIN_VALUE;
	}

}
