package io.github.secretsextension.aws;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * An address that drops every attempt to connect, as AWS's do where a function in a VPC
 * has no way to them: a listener whose queue is full, because nobody accepts.
 */
public final class UnreachableHost implements AutoCloseable {

	private static final int LONGEST_QUEUE = 1000;

	private static final int PATIENCE_MILLIS = 200;

	private final ServerSocket listener;

	private final List<Socket> queue = new ArrayList<>();

	/**
	 * Opens a listener and fills its queue.
	 */
	public UnreachableHost() {
		try {
			this.listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
			while (fill()) {
				if (this.queue.size() > LONGEST_QUEUE) {
					throw new IllegalStateException("The queue of a listener does not fill");
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private boolean fill() throws IOException {
		Socket socket = new Socket();
		this.queue.add(socket);
		try {
			socket.connect(this.listener.getLocalSocketAddress(), PATIENCE_MILLIS);
			return true;
		}
		catch (SocketTimeoutException ex) {
			return false;
		}
	}

	/**
	 * Returns where nobody can connect.
	 */
	public URI endpoint() {
		return URI.create("http://127.0.0.1:" + this.listener.getLocalPort());
	}

	@Override
	public void close() {
		try {
			this.listener.close();
			for (Socket socket : this.queue) {
				socket.close();
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
