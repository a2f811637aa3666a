package io.github.secretsextension.extension;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The calls that requests wait for. Threads of their own make them, so that the
 * endpoint's thread, on which all methods but {@link #close} run, never waits itself.
 */
final class EndpointCalls {

	private static final int MOST_CALLS = 256;

	private static final int MOST_THREADS = 64;

	private static final int IDLE_SECONDS = 5;

	private final Runnable wakeUp;

	private final ThreadPoolExecutor threads;

	private final Queue<Runnable> answers = new ConcurrentLinkedQueue<>();

	private int count;

	/**
	 * Creates calls without any thread yet.
	 * @param factory makes the threads
	 * @param wakeUp makes the endpoint's thread look for answers
	 */
	EndpointCalls(ThreadFactory factory, Runnable wakeUp) {
		this.wakeUp = wakeUp;
		this.threads = new ThreadPoolExecutor(MOST_THREADS, MOST_THREADS, IDLE_SECONDS, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), factory);
		this.threads.allowCoreThreadTimeOut(true);
	}

	/**
	 * Starts a call.
	 * @param call the call, which does not fail
	 * @param answer takes its answer when {@link #deliver} is called
	 * @return {@code false} if there are too many already
	 */
	boolean start(Supplier<EndpointResponse> call, Consumer<EndpointResponse> answer) {
		if (this.count == MOST_CALLS) {
			return false;
		}
		try {
			this.threads.execute(() -> {
				EndpointResponse response = call.get();
				this.answers.add(() -> answer.accept(response));
				this.wakeUp.run();
			});
		}
		catch (RuntimeException | Error ex) {
			// The endpoint is being closed, or there is no thread to be had.
			return false;
		}
		this.count++;
		return true;
	}

	/**
	 * Hands out the answers that have come.
	 */
	void deliver() {
		for (Runnable answer = this.answers.poll(); answer != null; answer = this.answers.poll()) {
			this.count--;
			answer.run();
		}
	}

	/**
	 * Gives up the calls, and waits until their threads have ended. One that no interrupt
	 * ends goes on, and nobody gets its answer.
	 * @param millis how long to wait at most
	 */
	void close(long millis) throws InterruptedException {
		this.threads.shutdownNow();
		this.threads.awaitTermination(millis, TimeUnit.MILLISECONDS);
	}

}
