package io.github.secretsextension.extension;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import io.github.secretsextension.SecretsClock;

/**
 * The thread of the endpoint, which serves all connections.
 */
final class EndpointLoop {

	private static final String NAME = "secrets-extension-endpoint";

	private static final int MOST_CONNECTIONS = 512;

	private static final int MOST_ACCEPTED_AT_ONCE = 64;

	private static final int INPUT_BYTES = 16 * 1024;

	private static final long LONGEST_SLEEP_MILLIS = 250;

	/** How late it is noticed at most that a connection is. */
	private static final long LATENESS = TimeUnit.MILLISECONDS.toNanos(100);

	private static final long ACCEPT_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

	private static final long LONGEST_END_MILLIS = 200;

	private final ServerSocketChannel listener;

	private final EndpointHandler handler;

	private final SecretsClock clock;

	private final Selector selector;

	private final SelectionKey listening;

	private final Thread thread;

	private final EndpointCalls calls;

	/** Of a kind that may lose elements while it is gone through. */
	private final Set<EndpointConnection> connections = ConcurrentHashMap.newKeySet();

	private final ByteBuffer input = ByteBuffer.allocate(INPUT_BYTES);

	private long pausedSince;

	private long lookedForLate;

	private long dateSecond = -1;

	private String date = "";

	private volatile boolean closing;

	EndpointLoop(ServerSocketChannel listener, EndpointHandler handler, SecretsClock clock) throws IOException {
		this.listener = listener;
		this.handler = handler;
		this.clock = clock;
		this.lookedForLate = clock.nanoTime();
		listener.configureBlocking(false);
		this.selector = Selector.open();
		this.listening = listener.register(this.selector, SelectionKey.OP_ACCEPT);
		this.calls = new EndpointCalls((call) -> daemon(call, NAME + "-call"), this.selector::wakeup);
		this.thread = daemon(this::run, NAME);
	}

	private static Thread daemon(Runnable task, String name) {
		Thread thread = new Thread(task, name);
		thread.setDaemon(true);
		return thread;
	}

	void start() {
		this.thread.start();
	}

	private void run() {
		try {
			while (!this.closing) {
				boolean idle = this.connections.isEmpty() && this.listening.interestOps() != 0;
				this.selector.select(this::serve, (idle) ? 0 : LONGEST_SLEEP_MILLIS);
				this.calls.deliver();
				resume();
				closeLate();
			}
		}
		catch (IOException ex) {
			// Without a selector nothing can be served.
		}
		finally {
			end();
		}
	}

	private void serve(SelectionKey selected) {
		if (selected.attachment() instanceof EndpointConnection connection) {
			connection.proceed();
		}
		else {
			accept();
		}
	}

	/**
	 * Accepts some of the clients that wait: the requests of those before come first.
	 */
	private void accept() {
		try {
			for (int i = 0; i < MOST_ACCEPTED_AT_ONCE; i++) {
				SocketChannel channel = this.listener.accept();
				if (channel == null) {
					return;
				}
				add(channel);
			}
		}
		catch (IOException | Error ex) {
			// Most likely the process has no file descriptor left.
			if (!closeLongestWaiting()) {
				// The client goes on waiting, and would wake this thread again at once.
				this.listening.interestOps(0);
				this.pausedSince = now();
			}
		}
	}

	private void resume() {
		if (this.listening.interestOps() == 0 && now() - this.pausedSince >= ACCEPT_PAUSE) {
			this.listening.interestOps(SelectionKey.OP_ACCEPT);
		}
	}

	private void add(SocketChannel channel) throws IOException {
		boolean added = false;
		try {
			added = (this.connections.size() < MOST_CONNECTIONS || closeLongestWaiting())
					&& this.connections.add(new EndpointConnection(this, channel));
		}
		catch (IOException ex) {
			// This client is gone already.
		}
		finally {
			if (!added) {
				channel.close();
			}
		}
	}

	/**
	 * Closes the connection that has waited longest for its client, so that many that are
	 * slow do not keep out one that is not.
	 * @return whether there was one
	 */
	private boolean closeLongestWaiting() {
		EndpointConnection longest = null;
		for (EndpointConnection connection : this.connections) {
			if (connection.isWaiting() && (longest == null || connection.since() - longest.since() < 0)) {
				longest = connection;
			}
		}
		if (longest != null) {
			longest.close();
		}
		return longest != null;
	}

	private void closeLate() {
		long now = now();
		if (now - this.lookedForLate < LATENESS) {
			return;
		}
		this.lookedForLate = now;
		for (EndpointConnection connection : this.connections) {
			if (connection.isLate(now)) {
				connection.close();
			}
		}
	}

	private void end() {
		this.connections.forEach(EndpointConnection::close);
		try {
			this.listener.close();
			this.selector.close();
		}
		catch (IOException ex) {
			// They are closed all the same.
		}
	}

	EndpointHandler handler() {
		return this.handler;
	}

	/**
	 * Returns the monotonic time in nanoseconds.
	 */
	long now() {
		return this.clock.nanoTime();
	}

	/**
	 * Returns the date, which is formatted once a second.
	 */
	String date() {
		long second = TimeUnit.MILLISECONDS.toSeconds(this.clock.currentTimeMillis());
		if (second != this.dateSecond) {
			this.dateSecond = second;
			String text = DateTimeFormatter.RFC_1123_DATE_TIME
				.format(Instant.ofEpochSecond(second).atOffset(ZoneOffset.UTC));
			// HTTP wants two digits for the day.
			this.date = (text.charAt(6) == ' ') ? text.substring(0, 5) + '0' + text.substring(5) : text;
		}
		return this.date;
	}

	/**
	 * Returns the buffer that all connections read into, emptied.
	 */
	ByteBuffer input() {
		return this.input.clear();
	}

	SelectionKey register(SocketChannel channel, EndpointConnection connection) throws IOException {
		return channel.register(this.selector, SelectionKey.OP_READ, connection);
	}

	void remove(EndpointConnection connection) {
		this.connections.remove(connection);
	}

	EndpointCalls calls() {
		return this.calls;
	}

	/**
	 * Closes all sockets and ends the threads, also if the caller is interrupted.
	 */
	void close() {
		this.closing = true;
		this.selector.wakeup();
		boolean interrupted = Thread.interrupted();
		while (true) {
			try {
				this.thread.join(LONGEST_END_MILLIS);
				this.calls.close(LONGEST_END_MILLIS);
				break;
			}
			catch (InterruptedException ex) {
				interrupted = true;
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

}
