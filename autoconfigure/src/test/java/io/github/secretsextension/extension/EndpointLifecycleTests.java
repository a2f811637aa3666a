package io.github.secretsextension.extension;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.TestCaches;
import io.github.secretsextension.extension.EndpointClient.Answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the start and the end of the endpoint, its address, its threads and its file
 * descriptors.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndpointLifecycleTests {

	private static final String TARGET = "/secretsmanager/get?secretId=db";

	private static final int READERS = 50;

	private final BlockingSecrets secrets = new BlockingSecrets();

	private final ExecutorService readers = Executors.newFixedThreadPool(READERS);

	private final ExecutorService calls = Executors.newCachedThreadPool();

	private final List<ExtensionEndpoint> endpoints = new ArrayList<>();

	private ExtensionEndpoint endpoint(SecretsProvider provider) {
		ExtensionEndpoint endpoint = new ExtensionEndpoint(provider, EndpointClient.TOKEN, SecretsClock.system());
		this.endpoints.add(endpoint);
		return endpoint;
	}

	@AfterEach
	void stop() {
		this.secrets.release();
		this.endpoints.forEach(ExtensionEndpoint::close);
		this.readers.shutdownNow();
		this.calls.shutdownNow();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "\t\n" })
	void blankTokenIsRefused(String token) {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new ExtensionEndpoint(this.secrets, token, SecretsClock.system()))
			.withMessage("'token' is blank, or has a character that no header can hold");
	}

	@Test
	void textFormDoesNotShowTheToken() {
		assertThat(endpoint(this.secrets).toString()).doesNotContain("CANARY");
	}

	@Test
	void takenPortFailsTheStartAndCanBeTriedAgain() throws IOException {
		ExtensionEndpoint endpoint = endpoint(this.secrets);
		int port;
		try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
			port = other.getLocalPort();
			assertThatExceptionOfType(BindException.class).isThrownBy(() -> endpoint.start(port));
		}
		assertThat(threads()).isEmpty();
		assertThat(endpoint.start(port)).isEqualTo(port);
		assertThat(EndpointClient.get(port, "/ping").status()).isEqualTo(200);
	}

	@Test
	void startedTwiceIsAnError() throws IOException {
		ExtensionEndpoint endpoint = endpoint(this.secrets);
		int port = endpoint.start(0);
		assertThatIllegalStateException().isThrownBy(() -> endpoint.start(0));
		assertThat(EndpointClient.get(port, "/ping").status()).isEqualTo(200);
	}

	@Test
	void closedBeforeItsStartAndTwice() throws IOException {
		ExtensionEndpoint endpoint = endpoint(this.secrets);
		endpoint.close();
		endpoint.start(0);
		endpoint.close();
		endpoint.close();
		assertThat(threads()).isEmpty();
	}

	@Test
	void startsAgainOnTheSamePort() throws IOException {
		ExtensionEndpoint endpoint = endpoint(new FakeSecrets().set("secret:db", "CANARY-1"));
		int port = endpoint.start(0);
		for (int i = 0; i < 3; i++) {
			try (EndpointClient client = new EndpointClient(port)) {
				assertThat(client.send(EndpointClient.request(TARGET)).answer().text()).contains("CANARY-1");
				endpoint.close();
				assertThat(client.awaitEnd()).isZero();
			}
			assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> new EndpointClient(port));
			assertThat(endpoint.start(port)).isEqualTo(port);
		}
	}

	@Test
	void closeEndsConnectionsAndThreadsWhateverIsInFlight() throws IOException {
		ExtensionEndpoint endpoint = endpoint(this.secrets);
		int port = endpoint.start(0);
		try (EndpointClient answering = new EndpointClient(port).send(EndpointClient.request(TARGET));
				EndpointClient writing = new EndpointClient(port)
					.send(EndpointClient.request("/secretsmanager/get?secretId=fresh-large").repeat(400));
				EndpointClient reading = new EndpointClient(port).send("GET ");
				EndpointClient draining = new EndpointClient(port).send("\n")) {
			assertThat(draining.answer().status()).isEqualTo(400);
			await().until(() -> !this.secrets.calls().isEmpty());
			long start = System.nanoTime();
			endpoint.close();
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(500));
			// A pool has ended a moment before its last thread.
			await().atMost(Duration.ofMillis(250)).until(() -> threads().isEmpty());
			assertThat(answering.awaitEnd()).isZero();
			assertThat(reading.awaitEnd()).isZero();
			assertThat(draining.awaitEnd()).isZero();
			assertThat(writing.awaitEnd()).isLessThan(400L * BlockingSecrets.LARGE);
		}
	}

	@Test
	void closeDoesNotWaitForACallThatNoInterruptEnds() throws IOException {
		CountDownLatch called = new CountDownLatch(1);
		CountDownLatch answer = new CountDownLatch(1);
		ExtensionEndpoint endpoint = endpoint((reference) -> {
			called.countDown();
			while (answer.getCount() > 0) {
				LockSupport.parkNanos(1_000_000);
			}
			return SecretValue.of("CANARY-1");
		});
		try (EndpointClient client = new EndpointClient(endpoint.start(0)).send(EndpointClient.request(TARGET))) {
			await().until(() -> called.getCount() == 0);
			long start = System.nanoTime();
			endpoint.close();
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(500));
			assertThat(client.awaitEnd()).isZero();
		}
		finally {
			answer.countDown();
		}
		await().until(() -> threads().isEmpty());
	}

	@Test
	void closeByAnInterruptedThreadClosesAsWell() throws IOException {
		ExtensionEndpoint endpoint = endpoint(this.secrets);
		int port = endpoint.start(0);
		Thread.currentThread().interrupt();
		endpoint.close();
		assertThat(Thread.interrupted()).as("still interrupted").isTrue();
		assertThat(threads()).isEmpty();
		assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> new EndpointClient(port));
	}

	@Test
	void threadsAreDaemonsAndCallsEndTheirs() throws IOException {
		ExtensionEndpoint endpoint = endpoint(this.secrets);
		int port = endpoint.start(0);
		assertThat(EndpointClient.get(port, "/secretsmanager/get?secretId=fresh").status()).isEqualTo(200);
		assertThat(threads()).as("no thread for what takes no call").hasSize(1);
		this.secrets.release();
		assertThat(EndpointClient.get(port, TARGET).status()).isEqualTo(200);
		assertThat(threads()).hasSize(2).allMatch(Thread::isDaemon);
		await().atMost(Duration.ofSeconds(15)).until(() -> threads().size() == 1);
	}

	@Test
	void concurrentMissesOfOneKeyMakeOneCall() throws Exception {
		int port = endpoint(cache()).start(0);
		List<Future<Answer>> answers = read(port, (i) -> TARGET);
		await().until(() -> threads().size() == READERS + 1);
		this.secrets.release();
		for (Future<Answer> answer : answers) {
			assertThat(answer.get().text()).contains("CANARY-db");
		}
		assertThat(this.secrets.calls()).hasSize(1);
	}

	@Test
	void coldKeysAreReadSideBySide() throws Exception {
		int port = endpoint(cache()).start(0);
		List<Future<Answer>> answers = read(port, (i) -> TARGET + i);
		await().until(() -> this.secrets.calls().size() == READERS);
		this.secrets.release();
		for (int i = 0; i < READERS; i++) {
			assertThat(answers.get(i).get().text()).contains("CANARY-db" + i + "\"");
		}
		assertThat(this.secrets.calls()).hasSize(READERS);
	}

	private SecretsCache cache() {
		Duration ttl = Duration.ofSeconds(300);
		return TestCaches.cache(this.secrets,
				TestCaches.settings(ttl, ttl, 1000, Duration.ofSeconds(30), AllowedSecrets.ALL), SecretsClock.system(),
				this.calls);
	}

	private List<Future<Answer>> read(int port, IntFunction<String> target) {
		return IntStream.range(0, READERS)
			.mapToObj((i) -> this.readers.submit(() -> EndpointClient.get(port, target.apply(i))))
			.toList();
	}

	@Test
	void otherLocalAddressesAreRefused() throws IOException {
		int port = endpoint(this.secrets).start(0);
		assertThat(EndpointClient.get(port, "/ping").status()).isEqualTo(200);
		List<InetAddress> others = NetworkInterface.networkInterfaces()
			.flatMap(NetworkInterface::inetAddresses)
			.filter((address) -> !address.getHostAddress().equals("127.0.0.1"))
			.collect(Collectors.toCollection(ArrayList::new));
		if (OS.LINUX.isCurrentOs()) {
			others.add(Inet4Address.getByName("127.0.0.2"));
		}
		for (InetAddress other : others) {
			assertThatExceptionOfType(ConnectException.class).as("%s", other).isThrownBy(() -> {
				try (Socket socket = new Socket()) {
					socket.connect(new InetSocketAddress(other, port), 5000);
				}
			});
		}
	}

	@Test
	@EnabledOnOs(OS.LINUX)
	void processWithoutFileDescriptorsServesAgainOnceItHasSome() throws Exception {
		try (LimitedProcess process = new LimitedProcess(250)) {
			int port = Integer.parseInt(process.ask("port"));
			// Classes are loaded while there are file descriptors for them.
			process.ask("cpu");
			process.ask("exhaust");
			process.ask("release");
			assertThat(EndpointClient.get(port, TARGET).text()).contains("CANARY-1");
			List<EndpointClient> idle = new ArrayList<>();
			try {
				for (int i = 0; i < 400; i++) {
					idle.add(new EndpointClient(port));
				}
				assertThat(EndpointClient.get(port, TARGET).text()).as("idle clients give way").contains("CANARY-1");
			}
			finally {
				for (EndpointClient client : idle) {
					client.close();
				}
			}
			assertThat(EndpointClient.get(port, TARGET).text()).contains("CANARY-1");
			assertThat(Integer.parseInt(process.ask("exhaust"))).isPositive();
			Future<Answer> waiting = this.readers.submit(() -> EndpointClient.get(port, TARGET));
			long before = Long.parseLong(process.ask("cpu"));
			await().pollDelay(Duration.ofSeconds(2)).until(() -> true);
			assertThat(Long.parseLong(process.ask("cpu")) - before).as("CPU time in 2 s").isLessThan(500);
			assertThat(waiting.isDone()).as("served without a file descriptor").isFalse();
			process.ask("release");
			assertThat(waiting.get(10, TimeUnit.SECONDS).text()).contains("CANARY-1");
		}
	}

	private static List<Thread> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("secrets-extension-endpoint"))
			.toList();
	}

	/**
	 * A process with an endpoint and few file descriptors.
	 */
	private static final class LimitedProcess implements AutoCloseable {

		private final Process process;

		private final PrintWriter questions;

		private final BufferedReader answers;

		private LimitedProcess(int files) throws IOException {
			this.process = new ProcessBuilder("sh", "-c", "ulimit -n " + files + " && exec \"$0\" \"$@\"",
					Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:-MaxFDLimit",
					"-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
					EndpointProbe.class.getName())
				.redirectError(ProcessBuilder.Redirect.INHERIT)
				.start();
			this.questions = new PrintWriter(this.process.outputWriter(StandardCharsets.UTF_8), true);
			this.answers = this.process.inputReader(StandardCharsets.UTF_8);
		}

		String ask(String question) throws IOException {
			this.questions.println(question);
			String line = this.answers.readLine();
			assertThat(line).startsWith("= ");
			return line.substring(2);
		}

		@Override
		public void close() {
			this.process.destroyForcibly().onExit().join();
		}

	}

}
