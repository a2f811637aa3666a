package io.github.secretsextension.extension;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * The connection of one client. It answers one request at a time, and while it does, it
 * reads no further. Only the endpoint's thread uses it.
 */
final class EndpointConnection {

	private static final long HEAD_LIMIT = TimeUnit.SECONDS.toNanos(5);

	private static final long IDLE_LIMIT = TimeUnit.SECONDS.toNanos(60);

	private static final long WRITE_LIMIT = TimeUnit.SECONDS.toNanos(5);

	private static final long DRAIN_LIMIT = TimeUnit.SECONDS.toNanos(1);

	private static final int MOST_DRAINED_BYTES = 2 << 20;

	private static final byte[] NONE = new byte[0];

	private final EndpointLoop loop;

	private final SocketChannel channel;

	private final SelectionKey key;

	private State state = State.READING;

	private long since;

	private long limit;

	private EndpointRequestParser parser = new EndpointRequestParser();

	/** What was read behind the request that is being answered. */
	private byte[] surplus = NONE;

	private ByteBuffer output = ByteBuffer.wrap(NONE);

	/** What the answer says of the connection. */
	private String persistence = "";

	private boolean head;

	private int drained;

	EndpointConnection(EndpointLoop loop, SocketChannel channel) throws IOException {
		this.loop = loop;
		this.channel = channel;
		channel.configureBlocking(false);
		channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
		this.key = loop.register(channel, this);
		enter(State.READING, HEAD_LIMIT);
	}

	private void enter(State state, long limit) {
		this.state = state;
		this.since = this.loop.now();
		this.limit = limit;
		int interest = switch (state) {
			case READING, DRAINING -> SelectionKey.OP_READ;
			case WRITING -> SelectionKey.OP_WRITE;
			case ANSWERING, CLOSED -> 0;
		};
		if (this.key.interestOps() != interest) {
			this.key.interestOps(interest);
		}
	}

	/**
	 * Returns whether the client has taken longer than it may.
	 */
	boolean isLate(long now) {
		return this.state != State.ANSWERING && now - this.since >= this.limit;
	}

	/**
	 * Returns whether nothing is lost to a client that keeps the rules if the connection
	 * is closed.
	 */
	boolean isWaiting() {
		return this.state == State.READING || this.state == State.DRAINING;
	}

	/**
	 * Returns since when the connection has waited for the client.
	 */
	long since() {
		return this.since;
	}

	/**
	 * Goes on where the client let it wait.
	 */
	void proceed() {
		run(() -> {
			switch (this.state) {
				case READING -> read();
				case WRITING -> write();
				case DRAINING -> drain();
				case ANSWERING, CLOSED -> {
				}
			}
		});
	}

	private void run(Step step) {
		try {
			step.run();
		}
		catch (IOException | RuntimeException | Error ex) {
			// The client is gone, or there is no telling what it would get.
			close();
		}
	}

	private void read() throws IOException {
		ByteBuffer input = this.loop.input();
		int count = this.channel.read(input);
		if (count < 0) {
			close();
		}
		else {
			process(input.array(), count);
		}
	}

	/**
	 * Answers what is complete, and keeps what is not.
	 */
	private void process(byte[] data, int end) throws IOException {
		int position = 0;
		while (this.state == State.READING && position < end) {
			if (this.parser.isEmpty()) {
				enter(State.READING, HEAD_LIMIT);
			}
			position = parse(data, position, end);
		}
		boolean busy = this.state == State.ANSWERING || this.state == State.WRITING;
		this.surplus = (busy) ? Arrays.copyOfRange(data, position, end) : NONE;
	}

	private int parse(byte[] data, int start, int end) throws IOException {
		try {
			int position = this.parser.parse(data, start, end);
			EndpointRequest request = this.parser.request();
			if (request != null) {
				this.parser = new EndpointRequestParser();
				answer(request);
			}
			return position;
		}
		catch (RefusedRequestException ex) {
			this.persistence = "close";
			this.head = this.parser.isHead();
			send(ex.response());
			return end;
		}
	}

	private void answer(EndpointRequest request) throws IOException {
		this.persistence = (!request.isPersistent()) ? "close" : (request.isHttp11()) ? "" : "keep-alive";
		this.head = request.method().equals("HEAD");
		EndpointResponse response = this.loop.handler()
			.handle(request, (call) -> this.loop.calls().start(call, this::answer));
		if (response != null) {
			send(response);
		}
		else {
			enter(State.ANSWERING, 0);
		}
	}

	private void answer(EndpointResponse response) {
		if (this.state != State.CLOSED) {
			run(() -> {
				send(response);
				processSurplus();
			});
		}
	}

	private void send(EndpointResponse response) throws IOException {
		this.output = ByteBuffer.wrap(response.toBytes(this.loop.date(), this.persistence, this.head));
		this.channel.write(this.output);
		if (this.output.hasRemaining()) {
			enter(State.WRITING, WRITE_LIMIT);
		}
		else {
			sent();
		}
	}

	private void write() throws IOException {
		this.channel.write(this.output);
		if (!this.output.hasRemaining()) {
			sent();
			processSurplus();
		}
	}

	private void sent() throws IOException {
		this.output = ByteBuffer.wrap(NONE);
		if (this.persistence.equals("close")) {
			// With bytes left unread, a close would reset the connection, and the client
			// might never see the answer.
			this.channel.shutdownOutput();
			enter(State.DRAINING, DRAIN_LIMIT);
		}
		else {
			enter(State.READING, IDLE_LIMIT);
		}
	}

	private void processSurplus() throws IOException {
		byte[] data = this.surplus;
		if (this.state == State.READING) {
			process(data, data.length);
		}
	}

	private void drain() throws IOException {
		int count = this.channel.read(this.loop.input());
		this.drained += count;
		if (count < 0 || this.drained > MOST_DRAINED_BYTES) {
			close();
		}
	}

	/**
	 * Closes the connection, whatever is in flight.
	 */
	void close() {
		this.state = State.CLOSED;
		this.surplus = NONE;
		this.output = ByteBuffer.wrap(NONE);
		this.loop.remove(this);
		try {
			this.channel.close();
		}
		catch (IOException ex) {
			// It is closed all the same.
		}
	}

	/**
	 * What a connection waits for.
	 */
	private enum State {

		/** The client's request. */
		READING,

		/** The provider. */
		ANSWERING,

		/** The client's taking of the answer. */
		WRITING,

		/** The client's end of what is not answered any more. */
		DRAINING,

		/** Nothing. */
		CLOSED

	}

	/**
	 * What may fail with the connection.
	 */
	@FunctionalInterface
	private interface Step {

		void run() throws IOException;

	}

}
