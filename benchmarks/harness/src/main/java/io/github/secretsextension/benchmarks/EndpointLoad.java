package io.github.secretsextension.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A load of requests over keep-alive connections, each of which sends the next request
 * when it has the answer to the last one. One thread drives all connections.
 */
final class EndpointLoad {

	private final byte[] request;

	private final List<Long> nanos = new ArrayList<>();

	private int answerLength;

	private EndpointLoad(byte[] request) {
		this.request = request;
	}

	/**
	 * Runs a load.
	 * @param endpoint the server
	 * @param connections how many connections there are
	 * @param millis how long it runs
	 * @return what was measured
	 */
	static Result run(EndpointProcess endpoint, int connections, long millis) throws IOException {
		EndpointLoad load = new EndpointLoad(endpoint.request());
		InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.port());
		load.learn(address);
		try (Selector selector = Selector.open()) {
			for (int i = 0; i < connections; i++) {
				SocketChannel channel = SocketChannel.open(address);
				channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
				channel.configureBlocking(false);
				channel.register(selector, SelectionKey.OP_READ, new Exchange());
			}
			long begin = System.nanoTime();
			for (SelectionKey key : selector.keys()) {
				load.send(key);
			}
			while (System.nanoTime() - begin < millis * 1_000_000) {
				selector.select(load::receive, 1000);
			}
			double seconds = (System.nanoTime() - begin) / 1e9;
			for (SelectionKey key : selector.keys()) {
				key.channel().close();
			}
			Spread spread = Spread.of(load.nanos);
			return new Result(load.nanos.size() / seconds, spread.median() / 1e3, spread.ninetyNine() / 1e3);
		}
	}

	/** All answers are as long as the first one. */
	private void learn(InetSocketAddress address) throws IOException {
		try (SocketChannel channel = SocketChannel.open(address)) {
			channel.write(ByteBuffer.wrap(this.request));
			ByteBuffer buffer = ByteBuffer.allocate(16 * 1024);
			while (true) {
				channel.read(buffer);
				String text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.ISO_8859_1);
				int end = text.indexOf("\r\n\r\n");
				if (end > 0) {
					if (!text.startsWith("HTTP/1.1 200")) {
						throw new IllegalStateException("The server does not answer: " + text.lines().findFirst());
					}
					String head = text.substring(0, end).toLowerCase(Locale.ROOT);
					int length = Integer.parseInt(head.replaceAll("(?s).*content-length:\\s*(\\d+).*", "$1"));
					this.answerLength = end + 4 + length;
					return;
				}
			}
		}
	}

	private void send(SelectionKey key) {
		Exchange exchange = (Exchange) key.attachment();
		exchange.begin = System.nanoTime();
		exchange.buffer.clear();
		try {
			((SocketChannel) key.channel()).write(ByteBuffer.wrap(this.request));
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void receive(SelectionKey key) {
		Exchange exchange = (Exchange) key.attachment();
		try {
			if (((SocketChannel) key.channel()).read(exchange.buffer) < 0) {
				throw new IllegalStateException("The server closed a connection");
			}
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		if (exchange.buffer.position() >= this.answerLength) {
			this.nanos.add(System.nanoTime() - exchange.begin);
			send(key);
		}
	}

	/**
	 * What was measured.
	 *
	 * @param perSecond answers per second
	 * @param median median time of an answer in microseconds
	 * @param ninetyNine the time in microseconds that 99 % do not exceed
	 */
	record Result(double perSecond, double median, double ninetyNine) {

	}

	private static final class Exchange {

		private final ByteBuffer buffer = ByteBuffer.allocate(16 * 1024);

		private long begin;

	}

}
