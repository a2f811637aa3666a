package io.github.secretsextension.autoconfigure;

/**
 * The number of references that a thread has read, from which a binding tells whether one
 * of them went into it, by whatever way.
 */
final class ReferenceReads {

	private static final ThreadLocal<long[]> COUNT = ThreadLocal.withInitial(() -> new long[1]);

	private ReferenceReads() {
	}

	static void increment() {
		COUNT.get()[0]++;
	}

	/**
	 * Returns how many references this thread has read.
	 * @return a number that only grows
	 */
	static long count() {
		return COUNT.get()[0];
	}

}
