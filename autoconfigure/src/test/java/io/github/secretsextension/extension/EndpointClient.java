package io.github.secretsextension.extension;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A client of the endpoint on a raw socket, which sends whatever a test wants.
 */
final class EndpointClient implements AutoCloseable {

	/** Of all endpoints of tests. */
	static final String TOKEN = "CANARY-token";

	static final String TOKEN_LINE = "X-Aws-Parameters-Secrets-Token: " + TOKEN;

	private static final int LIMIT_MILLIS = 10_000;

	private final Socket socket;

	private final InputStream input;

	EndpointClient(int port) throws IOException {
		this.socket = new Socket(InetAddress.getByAddress(new byte[] { 127, 0, 0, 1 }), port);
		this.socket.setSoTimeout(LIMIT_MILLIS);
		this.socket.setTcpNoDelay(true);
		this.input = new BufferedInputStream(this.socket.getInputStream());
	}

	/**
	 * Returns the answer to one good request on a connection of its own.
	 * @param target path and query
	 */
	static Answer get(int port, String target) throws IOException {
		try (EndpointClient client = new EndpointClient(port)) {
			return client.send(request(target)).answer();
		}
	}

	/**
	 * Returns a good request.
	 * @param target path and query
	 */
	static String request(String target) {
		return head("GET " + target + " HTTP/1.1", "Host: localhost", TOKEN_LINE);
	}

	/**
	 * Returns a head, its end included.
	 */
	static String head(String... lines) {
		return String.join("\r\n", lines) + "\r\n\r\n";
	}

	EndpointClient send(String latin1) throws IOException {
		this.socket.getOutputStream().write(latin1.getBytes(StandardCharsets.ISO_8859_1));
		return this;
	}

	/**
	 * Sends as much as the other side takes.
	 */
	EndpointClient sendAtMost(String latin1) throws IOException {
		try {
			return send(latin1);
		}
		catch (SocketException ex) {
			return this;
		}
	}

	void endOutput() throws IOException {
		this.socket.shutdownOutput();
	}

	/**
	 * Reads an answer.
	 */
	Answer answer() throws IOException {
		String[] status = line().split(" ", 3);
		Map<String, String> headers = new LinkedHashMap<>();
		for (String line = line(); !line.isEmpty(); line = line()) {
			int colon = line.indexOf(": ");
			headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 2));
		}
		byte[] body = this.input.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
		return new Answer(status[0], Integer.parseInt(status[1]), headers, body);
	}

	private String line() throws IOException {
		StringBuilder line = new StringBuilder();
		for (int b = this.input.read(); b != '\n'; b = this.input.read()) {
			if (b < 0) {
				throw new EOFException("The connection ended within '" + line + "'");
			}
			line.append((char) b);
		}
		line.setLength(line.length() - 1);
		return line.toString();
	}

	/**
	 * Waits for the end of the connection.
	 * @return how many bytes came before
	 */
	long awaitEnd() throws IOException {
		long count = 0;
		try {
			while (this.input.read() >= 0) {
				count++;
			}
		}
		catch (SocketException ex) {
			// It was reset.
		}
		return count;
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	/**
	 * An answer.
	 */
	record Answer(String version, int status, Map<String, String> headers, byte[] body) {

		String text() {
			return new String(this.body, StandardCharsets.UTF_8);
		}

	}

}
