package io.github.secretsextension.extension;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

import io.github.secretsextension.extension.FakeExtension.Mode;
import io.github.secretsextension.extension.FakeExtension.Personality;

/**
 * One connection to a {@link FakeExtension}, kept alive until a fault or the client ends
 * it.
 */
final class FakeConnection {

	private static final Duration DRIP_INTERVAL = Duration.ofMillis(20);

	private static final int SPACES = 400_000;

	private static final int DRIP_BYTES = 10_000;

	private static final byte[] MEGABYTE = "CANARY-!".repeat(128 * 1024).getBytes(StandardCharsets.ISO_8859_1);

	private static final int HUGE_MEGABYTES = 48;

	/** From this size on Go sends chunks. */
	private static final int CHUNK = 2048;

	private final FakeExtension extension;

	private final int number;

	private final Socket socket;

	private final InputStream in;

	private final OutputStream out;

	FakeConnection(FakeExtension extension, int number, Socket socket) throws IOException {
		this.extension = extension;
		this.number = number;
		this.socket = socket;
		this.in = new BufferedInputStream(socket.getInputStream());
		this.out = socket.getOutputStream();
	}

	/**
	 * Answers requests until the connection ends.
	 */
	void serve() throws IOException {
		boolean open = true;
		while (open) {
			FakeRequest request = FakeRequest.read(this.number, this.in);
			Mode mode = this.extension.take(request);
			FakeAnswer answer = this.extension.answer(request, mode);
			open = send(request, answer, mode) && !"close".equalsIgnoreCase(request.header("Connection"));
		}
	}

	private boolean send(FakeRequest request, FakeAnswer answer, Mode mode) throws IOException {
		byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
		switch (mode) {
			case HANG -> hang();
			case RESET -> this.socket.setSoLinger(true, 0);
			case HANG_UP -> {
				// Nothing is said.
			}
			case CLOSE -> write(head(answer, "Content-Length: " + (body.length + 1)), body);
			case CUT_CHUNK -> write(head(answer, "Transfer-Encoding: chunked"), chunks(body, 10, "", ""), 5);
			case DRIP -> drip(head(answer, "Content-Length: " + (DRIP_BYTES + body.length)), body);
			case DRIP_HEAD -> drip("HTTP/1.1 200 OK\r\nX-Drip: ".getBytes(StandardCharsets.UTF_8), body);
			case HUGE -> huge(answer);
			case ENDLESS -> endless(head(answer, "Transfer-Encoding: chunked"), "100000\r\n");
			case LONG_HEAD -> endless("HTTP/1.1 200 OK\r\n".getBytes(StandardCharsets.UTF_8), "X-Long: ");
			case NOT_HTTP -> write("SSH-2.0-CANARY-server\r\n\r\n".getBytes(StandardCharsets.UTF_8));
			case SWITCH -> {
				write("HTTP/1.1 101 CANARY-reason\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
					.getBytes(StandardCharsets.UTF_8));
				hang();
			}
			case BAD_LENGTH -> write(head(answer, "Content-Length: -5"), body);
			case BAD_CHUNK -> write(head(answer, "Transfer-Encoding: chunked"), chunks(body, 10, "CANARY-", ""));
			case TO_END -> write(head(answer, "X-Length: none"), body);
			case LAST -> write(head(answer, "Connection: close\r\nContent-Length: " + body.length), body);
			default -> {
				write(whole(request, answer, mode, body));
				return true;
			}
		}
		return false;
	}

	private byte[] whole(FakeRequest request, FakeAnswer answer, Mode mode, byte[] body) {
		boolean go = this.extension.personality() == Personality.EXTENSION;
		return switch (mode) {
			case INTERIM -> join("HTTP/1.1 103 CANARY-early\r\nLink: <x>\r\n\r\n".getBytes(StandardCharsets.UTF_8),
					head(answer, "Content-Length: " + body.length), body);
			case NOT_UTF_8 -> join(head(answer, "Content-Length: " + body.length), notUtf8(body));
			case SMALL_CHUNKS -> join(head(answer, "Transfer-Encoding: chunked"),
					chunks(join(body, " ".repeat(SPACES).getBytes(StandardCharsets.UTF_8)), 1, "", ""));
			case ODD_CHUNKS -> join(head(answer, "tRANSFER-eNCODING:chunked"),
					chunks(body, 15, "; a=\"b\"", "X-Trailer: CANARY-\r\n"));
			default -> (request.method().equals("HEAD")) ? head(answer, "Content-Length: " + body.length)
					: (go && body.length > CHUNK)
							? join(head(answer, "Transfer-Encoding: chunked"), chunks(body, CHUNK, "", ""))
							: join(head(answer, "Content-Length: " + body.length), body);
		};
	}

	/** A byte behind the marker is no character. */
	private static byte[] notUtf8(byte[] body) {
		int value = new String(body, StandardCharsets.ISO_8859_1).lastIndexOf("CANARY-");
		body[value + 7] = (byte) 0xff;
		return body;
	}

	private static byte[] chunks(byte[] body, int size, String extension, String trailer) {
		ByteArrayOutputStream chunks = new ByteArrayOutputStream();
		for (int start = 0; start < body.length; start += size) {
			int length = Math.min(size, body.length - start);
			// An extension in front of the length is none: the chunk is bad.
			String head = (extension.startsWith(";")) ? "%X%s\r\n".formatted(length, extension)
					: "%s%x\r\n".formatted(extension, length);
			chunks.writeBytes(head.getBytes(StandardCharsets.UTF_8));
			chunks.write(body, start, length);
			chunks.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
		}
		chunks.writeBytes(("0\r\n" + trailer + "\r\n").getBytes(StandardCharsets.UTF_8));
		return chunks.toByteArray();
	}

	private void hang() throws IOException {
		this.in.transferTo(OutputStream.nullOutputStream());
	}

	private void drip(byte[] start, byte[] body) throws IOException {
		write(start);
		for (int i = 0; i < DRIP_BYTES && !this.extension.isClosing(DRIP_INTERVAL); i++) {
			write(new byte[] { ' ' });
		}
		write(body);
	}

	private void huge(FakeAnswer answer) throws IOException {
		byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
		int value = answer.body().lastIndexOf("CANARY-");
		write(head(answer, "Content-Length: " + (body.length + HUGE_MEGABYTES * MEGABYTE.length)));
		this.out.write(body, 0, value);
		for (int i = 0; i < HUGE_MEGABYTES; i++) {
			write(MEGABYTE);
		}
		this.out.write(body, value, body.length - value);
	}

	/** Until the client has had enough, or the server is closed. */
	private void endless(byte[] start, String before) throws IOException {
		write(start);
		while (!this.extension.isClosing(Duration.ZERO)) {
			write(before.getBytes(StandardCharsets.UTF_8), MEGABYTE, "\r\n".getBytes(StandardCharsets.UTF_8));
		}
	}

	private static byte[] head(FakeAnswer answer, String length) {
		StringBuilder head = new StringBuilder("HTTP/1.1 ").append(answer.status())
			.append((answer.status() == 200) ? " OK\r\n" : " CANARY-reason\r\n");
		answer.headers().forEach((line) -> head.append(line).append("\r\n"));
		return head.append("date: Wed, 16 Nov 2022 08:22:40 GMT\r\n")
			.append(length)
			.append("\r\n\r\n")
			.toString()
			.getBytes(StandardCharsets.ISO_8859_1);
	}

	/** In one piece: a body sent after its head may wait for an acknowledgement. */
	private void write(byte[]... parts) throws IOException {
		this.out.write(join(parts));
	}

	private void write(byte[] head, byte[] body, int length) throws IOException {
		write(head, Arrays.copyOf(body, length));
	}

	private static byte[] join(byte[]... parts) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		for (byte[] part : parts) {
			bytes.writeBytes(part);
		}
		return bytes.toByteArray();
	}

}
