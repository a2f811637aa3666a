package io.github.secretsextension.extension;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsProvider;

/**
 * The HTTP endpoint of the AWS Parameters and Secrets Lambda Extension, served by this
 * process: clients that were written for the extension, in any language, work against it
 * unchanged.
 * <ul>
 * <li>It listens on 127.0.0.1 only, and answers only who sends the token; {@code /ping}
 * needs none.</li>
 * <li>It refuses what comes through a proxy, from a web page or under another host's
 * name, and every request that is not well-formed.</li>
 * <li>Whatever keeps a value from being read, the client learns no more than the
 * extension would tell.</li>
 * <li>A value at hand is answered at once, while others wait for a call: at most 256,
 * beyond that status 429.</li>
 * <li>At most 512 connections are open. Where one more comes, the one that has waited
 * longest for its client is closed.</li>
 * </ul>
 * Thread-safe.
 */
public final class ExtensionEndpoint implements AutoCloseable {

	/** As many may knock at once; the system's own limit may be lower. */
	private static final int BACKLOG = 4096;

	private final SecretsProvider provider;

	private final byte[] token;

	private final SecretsClock clock;

	private @Nullable EndpointLoop loop;

	/**
	 * Creates an endpoint that is not started.
	 * @param provider where values are read, which is not closed with the endpoint
	 * @param token what a client must send
	 * @param clock the clocks by which clients are late
	 * @throws IllegalArgumentException if the token is blank, or cannot stand in a header
	 */
	public ExtensionEndpoint(SecretsProvider provider, String token, SecretsClock clock) {
		if (!ExtensionProtocol.isToken(token)) {
			throw new IllegalArgumentException("'token' is blank, or has a character that no header can hold");
		}
		this.provider = provider;
		this.token = token.getBytes(StandardCharsets.UTF_8);
		this.clock = clock;
	}

	/**
	 * Starts to listen. It can be started again once it was closed.
	 * @param port the port on 127.0.0.1, or 0 for any that is free
	 * @return the port
	 * @throws IllegalArgumentException if there can be no such port
	 * @throws java.net.BindException if the port is taken
	 * @throws IOException if there is no socket to be had
	 * @throws IllegalStateException if it was started already
	 */
	public synchronized int start(int port) throws IOException {
		if (this.loop != null) {
			throw new IllegalStateException("The endpoint was started already");
		}
		// An address, since a name could lead elsewhere.
		InetAddress loopback = InetAddress.getByAddress(new byte[] { 127, 0, 0, 1 });
		ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.INET);
		try {
			listener.bind(new InetSocketAddress(loopback, port), BACKLOG);
			int bound = listener.socket().getLocalPort();
			EndpointLoop started = new EndpointLoop(listener, new EndpointHandler(this.provider, this.token, bound),
					this.clock);
			started.start();
			this.loop = started;
			return bound;
		}
		catch (IOException | RuntimeException | Error ex) {
			listener.close();
			throw ex;
		}
	}

	/**
	 * Stops listening, and closes all connections, whatever is in flight: within half a
	 * second. Without effect if it is not started.
	 */
	@Override
	public synchronized void close() {
		if (this.loop != null) {
			this.loop.close();
			this.loop = null;
		}
	}

}
