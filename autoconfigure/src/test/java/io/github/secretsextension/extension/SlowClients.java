package io.github.secretsextension.extension;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients that connect, and then say nothing, or begin a request that they never end,
 * byte by byte or not.
 */
final class SlowClients implements AutoCloseable {

	private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(50);

	private final int port;

	private final int count;

	private final Thread thread = new Thread(this::run, "slow-clients");

	private volatile boolean closed;

	private volatile int connected;

	private volatile int cut;

	private volatile long longestNanos;

	SlowClients(int port, int count) {
		this.port = port;
		this.count = count;
		this.thread.setDaemon(true);
		this.thread.start();
	}

	/**
	 * Returns how many connections are there.
	 */
	int connected() {
		return this.connected - this.cut;
	}

	/**
	 * Returns whether the endpoint has closed all connections.
	 */
	boolean isCut() {
		return this.cut == this.count;
	}

	/**
	 * Returns how long a connection lasted that lasted longest.
	 */
	Duration longest() {
		return Duration.ofNanos(this.longestNanos);
	}

	private void run() {
		List<Client> clients = new ArrayList<>();
		try {
			for (int i = 0; i < this.count && !this.closed; i++) {
				clients.add(new Client(this.port, i % 3));
				this.connected++;
			}
			while (!this.closed && !clients.isEmpty()) {
				drip(clients);
				LockSupport.parkNanos(PAUSE);
			}
			for (Client client : clients) {
				client.channel.close();
			}
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void drip(List<Client> clients) {
		for (Iterator<Client> all = clients.iterator(); all.hasNext();) {
			Client client = all.next();
			if (client.isCut()) {
				all.remove();
				this.longestNanos = Math.max(this.longestNanos, System.nanoTime() - client.since);
				this.cut++;
			}
		}
	}

	@Override
	public void close() {
		this.closed = true;
		try {
			this.thread.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * One of them.
	 */
	private static final class Client {

		private final SocketChannel channel;

		private final long since = System.nanoTime();

		private final boolean drips;

		private Client(int port, int kind) throws IOException {
			this.channel = SocketChannel
				.open(new InetSocketAddress(InetAddress.getByAddress(new byte[] { 127, 0, 0, 1 }), port));
			this.channel.configureBlocking(false);
			this.drips = kind == 0;
			if (kind < 2) {
				send("GET /secretsmanager/get?secretId=db HTTP/1.1\r\nHost: localhost\r\nA: ");
			}
		}

		private void send(String text) {
			try {
				this.channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
			}
			catch (IOException ex) {
				// It is cut.
			}
		}

		private boolean isCut() {
			if (this.drips) {
				send("a");
			}
			try {
				boolean cut = this.channel.read(ByteBuffer.allocate(1)) < 0;
				if (cut) {
					this.channel.close();
				}
				return cut;
			}
			catch (IOException ex) {
				return true;
			}
		}

	}

}
