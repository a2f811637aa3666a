package io.github.secretsextension.extension;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsClock;

/**
 * A client that keeps connections to one extension or agent. It follows no redirect and
 * knows no proxy. Thread-safe.
 */
final class ExtensionClient implements Closeable {

	/** The agent cuts every connection after 61 s. */
	private static final Duration LONGEST_LIFE = Duration.ofSeconds(55);

	private final ExtensionClientSettings settings;

	private final SecretsClock clock;

	/** One for each connection that may be in use; the idle ones wait for a holder. */
	private final Semaphore permits;

	private final Deque<ExtensionConnection> idle = new ConcurrentLinkedDeque<>();

	private final Set<ExtensionConnection> inUse = ConcurrentHashMap.newKeySet();

	private volatile String token;

	private volatile boolean closed;

	ExtensionClient(ExtensionClientSettings settings, SecretsClock clock) {
		this.settings = settings;
		this.clock = clock;
		this.token = settings.token();
		this.permits = new Semaphore(settings.maxConnections());
	}

	/**
	 * Sends a GET.
	 * @param target path and query
	 * @param deadline by when the answer must have been read
	 * @return the answer
	 * @throws IOException if there is none
	 */
	ExtensionAnswer get(String target, Deadline deadline) throws IOException {
		byte[] request = ("GET " + target + " HTTP/1.1\r\nHost: " + this.settings.address() + "\r\n"
				+ ExtensionProtocol.TOKEN_HEADER + ": " + this.token + "\r\n\r\n")
			.getBytes(StandardCharsets.US_ASCII);
		acquire(deadline);
		try {
			checkOpen();
			ExtensionConnection kept = kept();
			if (kept != null) {
				try {
					return exchange(kept, request, deadline);
				}
				catch (SocketTimeoutException | MalformedAnswerException | ClosedByInterruptException ex) {
					throw ex;
				}
				catch (IOException ex) {
					if (this.closed || Thread.currentThread().isInterrupted()) {
						throw ex;
					}
					// The other side closed it meanwhile, and the other idle ones with
					// it.
					closeIdle();
				}
			}
			return exchange(ExtensionConnection.open(this.settings.host(), this.settings.port(), this.clock.nanoTime(),
					deadline), request, deadline);
		}
		finally {
			this.permits.release();
		}
	}

	String token() {
		return this.token;
	}

	/**
	 * Sets what is sent from the next request on.
	 */
	void token(String token) {
		this.token = token;
	}

	private void acquire(Deadline deadline) throws IOException {
		if (this.permits.tryAcquire()) {
			return;
		}
		try {
			int millis = deadline.remainingMillis();
			if (millis == 0) {
				this.permits.acquire();
			}
			else if (!this.permits.tryAcquire(millis, TimeUnit.MILLISECONDS)) {
				throw new SocketTimeoutException();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptedIOException();
		}
	}

	private @Nullable ExtensionConnection kept() {
		for (ExtensionConnection connection = this.idle.poll(); connection != null; connection = this.idle.poll()) {
			if (isUsable(connection)) {
				return connection;
			}
			connection.close();
		}
		return null;
	}

	private boolean isUsable(ExtensionConnection connection) {
		try {
			return this.clock.nanoTime() - connection.openedNanos() < LONGEST_LIFE.toNanos() && connection.isSilent();
		}
		catch (IOException ex) {
			return false;
		}
	}

	private ExtensionAnswer exchange(ExtensionConnection connection, byte[] request, Deadline deadline)
			throws IOException {
		boolean keep = false;
		this.inUse.add(connection);
		try {
			checkOpen();
			ExtensionAnswer answer = connection.exchange(request, deadline);
			keep = answer.isKeptAlive();
			return answer;
		}
		finally {
			this.inUse.remove(connection);
			if (keep) {
				this.idle.addFirst(connection);
			}
			else {
				connection.close();
			}
			if (this.closed) {
				closeIdle();
			}
		}
	}

	private void checkOpen() throws IOException {
		if (this.closed) {
			throw new ClosedChannelException();
		}
	}

	private void closeIdle() {
		for (ExtensionConnection connection = this.idle.poll(); connection != null; connection = this.idle.poll()) {
			connection.close();
		}
	}

	/**
	 * Returns whether this client was closed, which ends all that is under way.
	 */
	boolean isClosed() {
		return this.closed;
	}

	@Override
	public void close() {
		this.closed = true;
		closeIdle();
		this.inUse.forEach(ExtensionConnection::abort);
	}

}
