package io.github.secretsextension.aws;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/**
 * A server on a real socket that speaks the protocol of Secrets Manager and Parameter
 * Store, by itself or as a proxy in front of another, fails as a test tells it and
 * remembers who called.
 * <p>
 * By itself it has every secret and parameter it is asked for. All it says holds the
 * marker by which a leak is found.
 */
public final class FaultServer implements AutoCloseable {

	private final ServerSocket listener = listen();

	private final ServerSocket trap = listen();

	private final AwsAnswers answers;

	private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

	private final List<AwsCall> calls = new CopyOnWriteArrayList<>();

	private final Map<Mode, Integer> counts = new ConcurrentHashMap<>();

	private final Map<String, Mode> modes = new ConcurrentHashMap<>();

	private final CountDownLatch closing = new CountDownLatch(1);

	private volatile Mode mode = Mode.OK;

	private volatile Duration delay = Duration.ZERO;

	private volatile Function<AwsCall, Answer> custom = (call) -> null;

	/**
	 * Starts a server that answers by itself.
	 */
	public FaultServer() {
		this(null);
	}

	/**
	 * Starts a proxy.
	 * @param upstream the server that it stands in front of, or {@code null} for none
	 */
	public FaultServer(URI upstream) {
		this.answers = new AwsAnswers(upstream, (id) -> mode(id) == Mode.NOT_FOUND);
		start(this::accept);
	}

	private static ServerSocket listen() {
		try {
			return new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void start(Runnable task) {
		Thread thread = new Thread(task, "fault-server");
		thread.setDaemon(true);
		thread.start();
	}

	/**
	 * Returns where the server listens.
	 */
	public URI endpoint() {
		return URI.create("http://127.0.0.1:" + this.listener.getLocalPort());
	}

	/**
	 * Returns what makes clients call this server, with the access key {@code AKIA} and
	 * in the region {@code us-east-1}.
	 */
	ClientConfigurer configurer() {
		return configurer(TestClients.CREDENTIALS);
	}

	ClientConfigurer configurer(AwsCredentialsProvider credentials) {
		return TestClients.configurer(endpoint(), credentials);
	}

	/**
	 * Sets how all calls are answered that have no mode of their own.
	 */
	public void mode(Mode mode) {
		this.mode = mode;
	}

	/**
	 * Sets how the calls for one id, or of one action such as
	 * {@code BatchGetSecretValue}, are answered.
	 */
	public void mode(String idOrAction, Mode mode) {
		this.modes.put(idOrAction, mode);
	}

	private Mode mode(String id) {
		return this.modes.getOrDefault(id, this.mode);
	}

	/**
	 * Returns the mode of the call's action, or of the first of its ids that has one. A
	 * call for many has a right answer for those that are missing.
	 */
	private Mode mode(AwsCall call) {
		Mode ofAction = this.modes.get(call.action());
		if (ofAction != null) {
			return ofAction;
		}
		boolean batch = call.action().matches("BatchGetSecretValue|GetParameters");
		return call.ids()
			.stream()
			.map(this::mode)
			.filter((mode) -> mode != Mode.OK && !(batch && mode == Mode.NOT_FOUND))
			.findFirst()
			.orElse(Mode.OK);
	}

	/**
	 * Sets how long every answer takes at least, in whatever mode.
	 */
	public void delay(Duration delay) {
		this.delay = delay;
	}

	/**
	 * Sets what calls get where their mode gives the right answer.
	 */
	public void answer(int status, String body) {
		answer((call) -> new Answer(status, body));
	}

	/**
	 * Sets what calls get where their mode gives the right answer; what is {@code null}
	 * stays as it is.
	 */
	public void answer(Function<AwsCall, Answer> answer) {
		this.custom = answer;
	}

	/**
	 * Refuses the calls that are signed with an access key.
	 * @param accessKey the key
	 * @param code the error code of the answer
	 */
	public void refuse(String accessKey, String code) {
		Answer refusal = new Answer(400, "{\"__type\":\"" + code + "\",\"Message\":\"CANARY-text\"}");
		answer((call) -> (call.accessKey().equals(accessKey)) ? refusal : null);
	}

	/**
	 * Gives a secret or parameter a new version.
	 */
	public void put(String id, String text) {
		this.answers.put(id, text);
	}

	/**
	 * Returns the calls so far.
	 */
	public List<AwsCall> calls() {
		return this.calls;
	}

	/**
	 * Returns how many calls met a mode; connections for {@link Mode#HANG_ON_ACCEPT}.
	 */
	public int calls(Mode mode) {
		return this.counts.getOrDefault(mode, 0);
	}

	/**
	 * Returns how many calls asked for an id.
	 */
	public int calls(String id) {
		return (int) this.calls.stream().filter((call) -> call.ids().contains(id)).count();
	}

	/**
	 * Returns how many connections clients hold open.
	 */
	public int connections() {
		return this.connections.size();
	}

	/**
	 * Returns how many connections there were, since the last question, to where
	 * {@link Mode#REDIRECT} points.
	 */
	public int trapped() {
		int count = 0;
		try {
			this.trap.setSoTimeout(1);
			while (true) {
				// The kernel answered it long before: none is missed.
				this.trap.accept().close();
				count++;
			}
		}
		catch (SocketTimeoutException ex) {
			return count;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void accept() {
		while (!isClosing(Duration.ZERO)) {
			try {
				Socket socket = this.listener.accept();
				this.connections.add(socket);
				start(() -> serve(socket));
			}
			catch (IOException ex) {
				// It is being closed.
			}
		}
	}

	private void serve(Socket socket) {
		try (socket) {
			boolean silent = this.mode == Mode.HANG_ON_ACCEPT;
			if (silent) {
				count(Mode.HANG_ON_ACCEPT);
			}
			new FaultConnection(this, socket).serve(silent);
		}
		catch (IOException ex) {
			// The client is gone, or the server is being closed.
		}
		finally {
			this.connections.remove(socket);
		}
	}

	private void count(Mode mode) {
		this.counts.merge(mode, 1, Integer::sum);
	}

	/**
	 * Takes a call, for as long as an answer takes.
	 * @return how to answer
	 */
	Mode take(AwsCall call) {
		Mode mode = mode(call);
		this.calls.add(call);
		count(mode);
		isClosing(this.delay);
		return mode;
	}

	Answer answer(AwsCall call, Mode mode) {
		Answer answer = (mode == Mode.OK) ? this.custom.apply(call) : null;
		return (answer != null) ? answer : this.answers.to(call, mode);
	}

	String trapAddress() {
		return "http://127.0.0.1:" + this.trap.getLocalPort() + "/";
	}

	/**
	 * Waits, unless the server is closed.
	 */
	boolean isClosing(Duration wait) {
		try {
			return this.closing.await(wait.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.closing.countDown();
		try {
			this.listener.close();
			this.trap.close();
			for (Socket socket : this.connections) {
				socket.close();
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * What a call meets.
	 */
	public enum Mode {

		/** The right answer. */
		OK,

		/** A connection on which nothing is said. */
		HANG_ON_ACCEPT,

		/** Silence, once the call was read. */
		HANG,

		/** The right answer in single bytes, for minutes. */
		DRIP,

		/** A connection that is reset once the call was read. */
		RESET,

		/** A connection that ends within the body. */
		CLOSE,

		/** An internal error, with status 500. */
		INTERNAL_ERROR,

		/** A page, as of a proxy, with status 200. */
		HTML,

		/** A body that ends within its JSON. */
		TRUNCATED,

		/** An empty JSON object. */
		EMPTY,

		/** A JSON object of nulls. */
		NULLS,

		/** The value of another id. */
		OTHER,

		/** Too many calls, with status 400 as AWS does. */
		THROTTLED,

		/** The caller may not. */
		DENIED,

		/** There is no such secret or parameter. */
		NOT_FOUND,

		/** A redirect to where connections are counted. */
		REDIRECT,

		/** A value of tens of megabytes. */
		HUGE,

		/** 10,000 JSON objects, one in the other. */
		DEEP

	}

	/**
	 * What is sent.
	 */
	public record Answer(int status, String body) {

	}

}
