package io.github.secretsextension.aws;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.aws.FaultServer.Answer;
import io.github.secretsextension.aws.FaultServer.Mode;

/**
 * One connection to a {@link FaultServer}, kept alive until a fault or the client ends
 * it.
 */
final class FaultConnection {

	private static final Duration DRIP_INTERVAL = Duration.ofMillis(20);

	private static final int DRIP_BYTES = 10_000;

	private static final int HUGE_MEGABYTES = 48;

	private final FaultServer server;

	private final Socket socket;

	private final InputStream in;

	private final OutputStream out;

	FaultConnection(FaultServer server, Socket socket) throws IOException {
		this.server = server;
		this.socket = socket;
		this.in = new BufferedInputStream(socket.getInputStream());
		this.out = socket.getOutputStream();
	}

	/**
	 * Answers calls until the connection ends.
	 * @param silent whether nothing is ever said
	 */
	void serve(boolean silent) throws IOException {
		if (silent) {
			hang();
		}
		boolean open = !silent;
		while (open) {
			AwsCall call = AwsCall.read(this.in);
			open = answer(call, this.server.take(call));
		}
	}

	private boolean answer(AwsCall call, Mode mode) throws IOException {
		switch (mode) {
			case HANG, HANG_ON_ACCEPT -> hang();
			case RESET -> this.socket.setSoLinger(true, 0);
			case CLOSE -> close(this.server.answer(call, Mode.OK));
			case DRIP -> drip(this.server.answer(call, Mode.OK));
			case HUGE -> flood(this.server.answer(call, Mode.OK));
			default -> {
				this.out.write(bytes(this.server.answer(call, mode), mode));
				return true;
			}
		}
		return false;
	}

	private void hang() throws IOException {
		this.in.transferTo(OutputStream.nullOutputStream());
	}

	private void close(Answer answer) throws IOException {
		byte[] whole = bytes(answer, Mode.CLOSE);
		this.out.write(whole, 0, whole.length - 2);
	}

	private void drip(Answer answer) throws IOException {
		byte[] body = (" ".repeat(DRIP_BYTES) + answer.body()).getBytes(StandardCharsets.UTF_8);
		this.out.write(head(answer.status(), body.length, Mode.DRIP));
		for (int i = 0; i < body.length && !this.server.isClosing(DRIP_INTERVAL); i++) {
			this.out.write(body[i]);
		}
	}

	private void flood(Answer answer) throws IOException {
		byte[] body = answer.body().getBytes(StandardCharsets.ISO_8859_1);
		int value = answer.body().lastIndexOf(FakeSecrets.CANARY);
		byte[] text = FakeSecrets.CANARY.repeat(1024 * 1024 / FakeSecrets.CANARY.length())
			.getBytes(StandardCharsets.ISO_8859_1);
		this.out.write(head(answer.status(), body.length + HUGE_MEGABYTES * text.length, Mode.HUGE));
		this.out.write(body, 0, value);
		for (int i = 0; i < HUGE_MEGABYTES; i++) {
			this.out.write(text);
		}
		this.out.write(body, value, body.length - value);
	}

	/** In one piece: a body sent after its head may wait for an acknowledgement. */
	private byte[] bytes(Answer answer, Mode mode) {
		byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		bytes.writeBytes(head(answer.status(), body.length, mode));
		bytes.writeBytes(body);
		return bytes.toByteArray();
	}

	private byte[] head(int status, int length, Mode mode) {
		String location = (mode == Mode.REDIRECT) ? "Location: " + this.server.trapAddress() + "\r\n" : "";
		return ("HTTP/1.1 " + status + " CANARY-reason\r\nContent-Type: application/x-amz-json-1.1\r\n"
				+ "x-amzn-RequestId: rid-1\u00e9CANARY<b>\r\n" + location + "Content-Length: " + length + "\r\n\r\n")
			.getBytes(StandardCharsets.ISO_8859_1);
	}

}
