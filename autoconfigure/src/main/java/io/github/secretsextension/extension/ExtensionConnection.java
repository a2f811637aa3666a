package io.github.secretsextension.extension;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * One connection to an extension or agent, which speaks as much of HTTP/1.1 as a GET
 * needs. An interrupt of the thread that waits closes it. Not thread-safe.
 */
final class ExtensionConnection implements Closeable {

	private static final int LONGEST_CONNECT_MILLIS = 1000;

	private static final int MAX_HEAD = 16 * 1024;

	/** A secret of 64 KiB whose every character is escaped takes 384 KiB. */
	private static final int MAX_BODY = 1024 * 1024;

	private final SocketChannel channel;

	private final InputStream input;

	private final long openedNanos;

	private byte[] buffer = new byte[4 * 1024];

	private int position;

	private int limit;

	private ExtensionConnection(SocketChannel channel, InputStream input, long openedNanos) {
		this.channel = channel;
		this.input = input;
		this.openedNanos = openedNanos;
	}

	/**
	 * Opens a connection, past any proxy.
	 * @param host a loopback address
	 * @param port the port
	 * @param now the monotonic time
	 * @param deadline by when it must be open
	 * @return the connection
	 * @throws UnknownHostException if it is no loopback address
	 * @throws IOException if nobody listens there, or not in time
	 */
	static ExtensionConnection open(String host, int port, long now, Deadline deadline) throws IOException {
		InetAddress address = InetAddress.getByName(host);
		if (!address.isLoopbackAddress()) {
			throw new UnknownHostException();
		}
		SocketChannel channel = SocketChannel.open();
		try {
			channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
			connect(channel, new InetSocketAddress(address, port), deadline.remainingMillis(LONGEST_CONNECT_MILLIS));
			return new ExtensionConnection(channel, channel.socket().getInputStream(), now);
		}
		catch (IOException | RuntimeException ex) {
			channel.close();
			throw ex;
		}
	}

	private static void connect(SocketChannel channel, InetSocketAddress address, int millis) throws IOException {
		try {
			channel.socket().connect(address, millis);
		}
		catch (SocketTimeoutException ex) {
			throw new ConnectTimeoutException(millis);
		}
	}

	/**
	 * Returns when the connection was opened.
	 */
	long openedNanos() {
		return this.openedNanos;
	}

	/**
	 * Returns whether nothing came since the latest answer. What did come would be taken
	 * for the next one, which need not say what it is about.
	 * @throws IOException if the connection broke
	 */
	boolean isSilent() throws IOException {
		return this.input.available() == 0;
	}

	/**
	 * Sends a request and reads the answer to its end.
	 * @param request the head of a GET
	 * @param deadline by when the answer must have been read
	 * @return the answer
	 * @throws IOException if the connection broke or no time is left
	 */
	ExtensionAnswer exchange(byte[] request, Deadline deadline) throws IOException {
		ByteBuffer bytes = ByteBuffer.wrap(request);
		while (bytes.hasRemaining()) {
			this.channel.write(bytes);
		}
		this.position = 0;
		this.limit = 0;
		return answer(deadline);
	}

	private ExtensionAnswer answer(Deadline deadline) throws IOException {
		int status;
		Head head;
		do {
			status = status(line(MAX_HEAD, deadline));
			head = head(deadline);
			// An interim answer is followed by the real one.
		}
		while (status >= 100 && status < 200 && status != 101);
		if (status == 101) {
			throw new MalformedAnswerException("it changes to another protocol, which was not asked for");
		}
		byte[] body = body(status, head, deadline);
		boolean rest = this.position < this.limit;
		boolean toEnd = !head.chunked && head.length < 0 && status != 204 && status != 304;
		return new ExtensionAnswer(status, body, !head.close && !rest && !toEnd);
	}

	private static int status(String line) throws MalformedAnswerException {
		boolean valid = line.length() >= 12 && (line.startsWith("HTTP/1.1 ") || line.startsWith("HTTP/1.0 "))
				&& line.substring(9, 12).chars().allMatch((c) -> c >= '0' && c <= '9');
		if (!valid) {
			throw new MalformedAnswerException("it is not HTTP/1.1");
		}
		return Integer.parseInt(line.substring(9, 12));
	}

	private Head head(Deadline deadline) throws IOException {
		Head head = new Head();
		int rest = MAX_HEAD;
		for (String line = line(rest, deadline); !line.isEmpty(); line = line(rest, deadline)) {
			rest -= line.length() + 2;
			int colon = line.indexOf(':');
			if (colon > 0) {
				head.add(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
			}
		}
		return head;
	}

	private byte[] body(int status, Head head, Deadline deadline) throws IOException {
		if (status == 204 || status == 304) {
			return new byte[0];
		}
		if (head.chunked) {
			return chunks(deadline);
		}
		return (head.length >= 0) ? exactly((int) head.length, deadline) : toEnd(deadline);
	}

	private byte[] exactly(int length, Deadline deadline) throws IOException {
		ByteArrayOutputStream body = new ByteArrayOutputStream(length);
		copy(length, body, deadline);
		return body.toByteArray();
	}

	private void copy(int length, ByteArrayOutputStream body, Deadline deadline) throws IOException {
		for (int rest = length; rest > 0;) {
			fill(deadline);
			int count = Math.min(rest, this.limit - this.position);
			body.write(this.buffer, this.position, count);
			this.position += count;
			rest -= count;
		}
	}

	private byte[] chunks(Deadline deadline) throws IOException {
		ByteArrayOutputStream body = new ByteArrayOutputStream();
		while (true) {
			int length = chunkLength(line(MAX_HEAD, deadline));
			if (body.size() + length > MAX_BODY) {
				throw tooLarge();
			}
			if (length == 0) {
				head(deadline);
				return body.toByteArray();
			}
			copy(length, body, deadline);
			if (!line(0, deadline).isEmpty()) {
				throw new MalformedAnswerException("a chunk has no end");
			}
		}
	}

	private static int chunkLength(String line) throws MalformedAnswerException {
		int end = line.indexOf(';');
		String digits = ((end < 0) ? line : line.substring(0, end)).strip();
		if (digits.isEmpty() || digits.length() > 8 || !digits.chars().allMatch((c) -> Character.digit(c, 16) >= 0)) {
			throw new MalformedAnswerException("a chunk has no length");
		}
		return (int) Math.min(MAX_BODY + 1L, Long.parseLong(digits, 16));
	}

	private byte[] toEnd(Deadline deadline) throws IOException {
		ByteArrayOutputStream body = new ByteArrayOutputStream();
		do {
			int count = this.limit - this.position;
			if (body.size() + count > MAX_BODY) {
				throw tooLarge();
			}
			copy(count, body, deadline);
		}
		while (read(deadline) >= 0);
		return body.toByteArray();
	}

	private static MalformedAnswerException tooLarge() {
		return new MalformedAnswerException("it is larger than " + MAX_BODY + " bytes");
	}

	private String line(int longest, Deadline deadline) throws IOException {
		StringBuilder line = new StringBuilder();
		while (true) {
			fill(deadline);
			int start = this.position;
			while (this.position < this.limit && this.buffer[this.position] != '\n') {
				this.position++;
			}
			line.append(new String(this.buffer, start, this.position - start, StandardCharsets.ISO_8859_1));
			if (line.length() > longest + 1) {
				throw new MalformedAnswerException("its head is too long");
			}
			if (this.position < this.limit) {
				this.position++;
				int end = line.length() - 1;
				if (end < 0 || line.charAt(end) != '\r') {
					throw new MalformedAnswerException("a line of its head has no end");
				}
				line.setLength(end);
				return line.toString();
			}
		}
	}

	private void fill(Deadline deadline) throws IOException {
		if (this.position == this.limit && read(deadline) < 0) {
			throw new EOFException();
		}
	}

	private int read(Deadline deadline) throws IOException {
		this.channel.socket().setSoTimeout(deadline.remainingMillis());
		int count = this.input.read(this.buffer, 0, this.buffer.length);
		this.position = 0;
		this.limit = Math.max(0, count);
		return count;
	}

	@Override
	public void close() {
		// What was read may hold a secret, and a closed connection may live on somewhere.
		Arrays.fill(this.buffer, (byte) 0);
		abort();
	}

	/**
	 * Ends an exchange of another thread, to whom the buffer belongs.
	 */
	void abort() {
		try {
			this.channel.close();
		}
		catch (IOException ex) {
			// It is of no more use either way.
		}
	}

	/**
	 * What the head of an answer says of its body.
	 */
	private static final class Head {

		private long length = -1;

		private boolean chunked;

		private boolean close;

		void add(String name, String value) throws MalformedAnswerException {
			switch (name) {
				case "content-length" -> length(value);
				case "transfer-encoding" -> {
					if (!value.equalsIgnoreCase("chunked")) {
						throw new MalformedAnswerException("its transfer encoding is unknown");
					}
					this.chunked = true;
				}
				case "connection" -> this.close |= value.equalsIgnoreCase("close");
				case "content-encoding" -> {
					if (!value.equalsIgnoreCase("identity")) {
						throw new MalformedAnswerException("it is compressed, which was not asked for");
					}
				}
				default -> {
					// The rest says nothing that matters here.
				}
			}
		}

		private void length(String value) throws MalformedAnswerException {
			if (value.isEmpty() || value.length() > 18 || !value.chars().allMatch((c) -> c >= '0' && c <= '9')) {
				throw new MalformedAnswerException("its length is not a number");
			}
			long read = Long.parseLong(value);
			if (this.length >= 0 && this.length != read) {
				throw new MalformedAnswerException("it has two lengths");
			}
			if (read > MAX_BODY) {
				throw tooLarge();
			}
			this.length = read;
		}

	}

}
