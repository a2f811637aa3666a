package io.github.secretsextension.extension;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.github.secretsextension.JavaProcess;

/**
 * A server on a real socket that behaves as the AWS Parameters and Secrets Lambda
 * Extension or as AWS's agent does, fails as a test tells it and remembers who asked.
 * <p>
 * It shares no code with the client and the endpoint, since it is there to test them.
 * Within a test it is an object; {@link #main} makes a process of it, which needs this
 * project's test classes and nothing else.
 */
public final class FakeExtension implements AutoCloseable {

	/** What nobody may say but the client, in the header. */
	public static final String TOKEN = "CANARY-token";

	private final Personality personality;

	private final String token;

	private final FakeStore store = new FakeStore();

	private final FakeService service;

	private final ServerSocket trap = listen(0);

	private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

	private final AtomicInteger accepted = new AtomicInteger();

	private final AtomicInteger most = new AtomicInteger();

	private final AtomicInteger refusals = new AtomicInteger();

	private final List<FakeRequest> requests = new CopyOnWriteArrayList<>();

	private final Map<String, Mode> modes = new ConcurrentHashMap<>();

	private final Queue<Mode> next = new ConcurrentLinkedQueue<>();

	private final CountDownLatch closing = new CountDownLatch(1);

	private volatile ServerSocket listener;

	private volatile Thread acceptor;

	private volatile Mode mode = Mode.OK;

	private volatile Duration delay = Duration.ZERO;

	private volatile Duration life = Duration.ofSeconds(61);

	private volatile int limit = 800;

	private volatile Function<FakeRequest, FakeAnswer> custom = (request) -> null;

	/**
	 * Starts a server whose token is {@link #TOKEN}.
	 */
	public FakeExtension(Personality personality) {
		this(personality, TOKEN, 0);
	}

	/**
	 * Starts a server.
	 * @param personality whose behaviour it has
	 * @param token what it wants to see in the header
	 * @param port where it listens, 0 for any port
	 */
	public FakeExtension(Personality personality, String token, int port) {
		this.personality = personality;
		this.token = token;
		this.service = new FakeService(personality, token, this.store);
		start(listen(port));
	}

	private static ServerSocket listen(int port) {
		try {
			ServerSocket listener = new ServerSocket();
			listener.setReuseAddress(true);
			listener.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 200);
			return listener;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void start(ServerSocket listener) {
		this.listener = listener;
		this.acceptor = run(() -> accept(listener));
	}

	private static Thread run(Runnable task) {
		Thread thread = new Thread(task, "fake-extension");
		thread.setDaemon(true);
		thread.start();
		return thread;
	}

	/**
	 * Returns where the server listens, on 127.0.0.1.
	 */
	public int port() {
		return this.listener.getLocalPort();
	}

	/**
	 * Returns whose behaviour the server has.
	 */
	public Personality personality() {
		return this.personality;
	}

	/**
	 * Returns what the server wants to see in the header.
	 */
	public String token() {
		return this.token;
	}

	/**
	 * Adds a version of a secret.
	 * @param name its name
	 * @param value its text or bytes
	 * @param stages what moves to this version; none makes it the current one
	 * @return the version's id
	 */
	public String putSecret(String name, Object value, String... stages) {
		return this.store.putSecret(name, value, stages);
	}

	/**
	 * Moves a stage of a secret to another version.
	 */
	public void moveStage(String name, String stage, String versionId) {
		this.store.moveStage(name, stage, versionId);
	}

	/**
	 * Adds a version of a parameter.
	 * @param type such as {@code SecureString}
	 */
	public void putParameter(String name, String type, String value) {
		this.store.putParameter(name, type, value);
	}

	/**
	 * Gives a version of a parameter a label.
	 */
	public void label(String name, long version, String label) {
		this.store.label(name, version, label);
	}

	/**
	 * Makes the extension refuse the next requests, as long as it is not ready.
	 * @param requests how many
	 */
	public void readyAfter(int requests) {
		this.refusals.set(requests);
	}

	/**
	 * Makes the extension refuse all requests until {@link #ready()}.
	 */
	public void neverReady() {
		readyAfter(Integer.MAX_VALUE);
	}

	/**
	 * Makes the extension answer from now on, as the first invocation of a function does.
	 */
	public void ready() {
		readyAfter(0);
	}

	/**
	 * Sets how all requests are answered that have no mode of their own.
	 */
	public void mode(Mode mode) {
		this.mode = mode;
	}

	/**
	 * Sets how the requests for one id are answered.
	 */
	public void mode(String id, Mode mode) {
		this.modes.put(id, mode);
	}

	/**
	 * Sets how the next requests are answered, one mode for each.
	 */
	public void next(Mode... modes) {
		this.next.addAll(List.of(modes));
	}

	/**
	 * Sets what is answered instead of the right answer.
	 */
	public void answer(int status, String body) {
		answer((request) -> new FakeAnswer(status, body));
	}

	/**
	 * Sets what is answered instead of the right answer; what is {@code null} stays as it
	 * is.
	 */
	public void answer(Function<FakeRequest, FakeAnswer> answer) {
		this.custom = answer;
	}

	/**
	 * Sets how long every answer takes at least.
	 */
	public void delay(Duration delay) {
		this.delay = delay;
	}

	/**
	 * Sets how many connections may be open, idle ones included, before requests are
	 * refused.
	 */
	public void limit(int connections) {
		this.limit = connections;
	}

	/**
	 * Sets after what time a connection is cut, idle or not; at first it is the agent's
	 * time.
	 */
	public void connectionLife(Duration life) {
		this.life = life;
	}

	/**
	 * Sends on all connections what nobody asked for.
	 */
	public void volunteer(int status, String body) {
		String answer = "HTTP/1.1 " + status + " CANARY-reason\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
		for (Socket socket : this.connections) {
			try {
				socket.getOutputStream().write(answer.getBytes(StandardCharsets.UTF_8));
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
	}

	/**
	 * Resets all connections, idle or not.
	 */
	public void cutConnections() {
		this.connections.forEach(FakeExtension::reset);
	}

	/**
	 * Ends as a process does that crashes: nobody listens, and all connections are reset.
	 */
	public void die() {
		try {
			this.listener.close();
			// Until its accept ends the kernel goes on taking connections.
			this.acceptor.join(5_000);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		cutConnections();
	}

	/**
	 * Listens again, on the same port, if it died.
	 */
	public void comeBack() {
		if (this.listener.isClosed()) {
			start(listen(this.listener.getLocalPort()));
		}
	}

	/**
	 * Returns the requests so far, in their order.
	 */
	public List<FakeRequest> requests() {
		return this.requests;
	}

	/**
	 * Returns how many requests asked for an id.
	 */
	public int requests(String id) {
		return (int) this.requests.stream().filter((request) -> id.equals(request.id())).count();
	}

	/**
	 * Returns how many connections are open.
	 */
	public int connections() {
		return this.connections.size();
	}

	/**
	 * Returns how many connections were open at the same time at most.
	 */
	public int mostConnections() {
		return this.most.get();
	}

	/**
	 * Returns how many connections there were in all.
	 */
	public int acceptedConnections() {
		return this.accepted.get();
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

	private void accept(ServerSocket listener) {
		while (!listener.isClosed()) {
			try {
				Socket socket = listener.accept();
				socket.setTcpNoDelay(true);
				this.connections.add(socket);
				this.most.accumulateAndGet(this.connections.size(), Math::max);
				int number = this.accepted.incrementAndGet();
				if (listener.isClosed()) {
					// Before it is served: who dies answers nobody.
					reset(socket);
					this.connections.remove(socket);
					continue;
				}
				run(() -> serve(socket, number));
				limitLife(socket);
			}
			catch (IOException ex) {
				// It is being closed.
			}
		}
	}

	private void limitLife(Socket socket) {
		Duration life = this.life;
		run(() -> {
			isClosing(life);
			close(socket);
		});
	}

	private void serve(Socket socket, int number) {
		try (socket) {
			new FakeConnection(this, number, socket).serve();
		}
		catch (IOException ex) {
			// The client is gone, or the connection was cut.
		}
		finally {
			this.connections.remove(socket);
		}
	}

	private static void reset(Socket socket) {
		try {
			socket.setSoLinger(true, 0);
		}
		catch (IOException ex) {
			// It is closed already.
		}
		close(socket);
	}

	private static void close(Socket socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Takes a request.
	 * @return how to answer it
	 */
	Mode take(FakeRequest request) {
		this.requests.add(request);
		Mode next = this.next.poll();
		String id = request.id();
		return (next != null) ? next : (id != null) ? this.modes.getOrDefault(id, this.mode) : this.mode;
	}

	/**
	 * Returns the answer to a request, after as much time as one takes.
	 */
	FakeAnswer answer(FakeRequest request, Mode mode) {
		isClosing(this.delay);
		FakeAnswer refusal = this.service.refusal(request, this.connections.size() - this.limit, this::isReady);
		if (refusal != null) {
			return refusal;
		}
		FakeAnswer answer = this.custom.apply(request);
		return FakeFaults.apply(mode, (answer != null) ? answer : this.service.value(request), this.service,
				"http://127.0.0.1:" + this.trap.getLocalPort() + "/");
	}

	private boolean isReady() {
		return this.refusals
			.getAndUpdate((refusals) -> (refusals == Integer.MAX_VALUE) ? refusals : Math.max(0, refusals - 1)) == 0;
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
		die();
		try {
			this.trap.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Runs a server as a process of its own, which a test tells what to do line by line
	 * and which ends with its input. The answer to a line begins with {@code "= "}.
	 * @param args the personality, the token and the port, 0 for any
	 */
	public static void main(String[] args) {
		FakeExtension extension = new FakeExtension(Personality.valueOf(args[0]), args[1], Integer.parseInt(args[2]));
		JavaProcess.serve((line) -> extension.obey(line.split(" ", 3)));
		extension.close();
	}

	private String obey(String[] words) {
		switch (words[0]) {
			case "secret" -> putSecret(words[1], words[2]);
			case "parameter" -> putParameter(words[1], "SecureString", words[2]);
			case "never-ready" -> neverReady();
			case "ready-after" -> readyAfter(Integer.parseInt(words[1]));
			case "ready" -> ready();
			case "mode" -> mode(Mode.valueOf(words[1]));
			case "delay" -> delay(Duration.ofMillis(Long.parseLong(words[1])));
			case "limit" -> limit(Integer.parseInt(words[1]));
			case "die" -> die();
			case "come-back" -> comeBack();
			default -> {
				return tell(words[0]);
			}
		}
		return "done";
	}

	private String tell(String what) {
		return switch (what) {
			case "port" -> String.valueOf(port());
			case "requests" -> String.valueOf(this.requests.size());
			case "targets" -> this.requests.stream().map(FakeRequest::target).collect(Collectors.joining(" "));
			case "tokens" -> String.valueOf(this.requests.stream().filter(FakeRequest::hasToken).count());
			case "connections" -> String.valueOf(connections());
			case "most-connections" -> String.valueOf(mostConnections());
			default -> throw new IllegalArgumentException(what);
		};
	}

	/**
	 * Whose behaviour a server has.
	 */
	public enum Personality {

		/** The AWS Parameters and Secrets Lambda Extension. */
		EXTENSION,

		/** AWS's agent, the Workload Credentials Provider. */
		AGENT

	}

	/**
	 * What a request meets.
	 */
	public enum Mode {

		/** The right answer; of the extension in chunks if it is large, as Go does. */
		OK,

		/** The right answer behind an interim one. */
		INTERIM,

		/** The right answer in chunks with extensions, before a trailer. */
		ODD_CHUNKS,

		/**
		 * A right answer of half a megabyte, one byte in a chunk.
		 */
		SMALL_CHUNKS,

		/** The right answer without a length, which ends with the connection. */
		TO_END,

		/** The right answer, the last one on its connection. */
		LAST,

		/** Silence. */
		HANG,

		/** The right answer behind minutes of single blanks. */
		DRIP,

		/** The same, within the head. */
		DRIP_HEAD,

		/** A reset instead of an answer. */
		RESET,

		/** The end of the connection instead of an answer. */
		HANG_UP,

		/** A connection that ends within the body. */
		CLOSE,

		/** A connection that ends within a chunk. */
		CUT_CHUNK,

		/** A value of tens of megabytes. */
		HUGE,

		/** A value without an end. */
		ENDLESS,

		/** A head without an end. */
		LONG_HEAD,

		/** Another protocol. */
		NOT_HTTP,

		/** A change to another protocol, and then silence. */
		SWITCH,

		/** A length below zero. */
		BAD_LENGTH,

		/** Chunks without a length. */
		BAD_CHUNK,

		/** A redirect to where connections are counted. */
		REDIRECT,

		/** Too many calls, says AWS. */
		THROTTLED,

		/** The caller may not, says AWS. */
		DENIED,

		/** An internal error of AWS. */
		INTERNAL_ERROR,

		/** A page, as of a proxy, with status 200. */
		HTML,

		/** Nothing, with status 200. */
		NO_BODY,

		/** An empty JSON object. */
		EMPTY,

		/** A JSON object of nulls. */
		NULLS,

		/** A body that ends within its JSON. */
		TRUNCATED,

		/** Two JSON objects. */
		TWICE,

		/** The value of another id. */
		OTHER,

		/** A secret with both text and bytes. */
		BOTH,

		/** A secret whose bytes are not base64. */
		BAD_BASE64,

		/** A value that is a number. */
		NUMBER,

		/** An array around the right answer. */
		ARRAY,

		/** A value that is there twice. */
		DUPLICATE,

		/** 10,000 JSON objects, one in the other. */
		DEEP,

		/**
		 * A byte of the value is none of UTF-8.
		 */
		NOT_UTF_8

	}

}
