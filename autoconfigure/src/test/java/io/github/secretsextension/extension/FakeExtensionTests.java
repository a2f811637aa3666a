package io.github.secretsextension.extension;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.JavaProcess;
import io.github.secretsextension.extension.FakeExtension.Mode;
import io.github.secretsextension.extension.FakeExtension.Personality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link FakeExtension}: that it answers what the extension and the agent
 * answer, and that its faults are what they are called, since a fault that is none proves
 * nothing.
 */
@Timeout(30)
class FakeExtensionTests {

	private static final String SECRET = "/secretsmanager/get?secretId=";

	private static final String PARAMETER = "/systemsmanager/parameters/get?name=";

	private FakeExtension fake;

	@AfterEach
	void close() {
		this.fake.close();
	}

	@Test
	void secretOfTheExtension() throws Exception {
		extension();
		this.fake.putSecret("prod/db", "CANARY-<1>\n\"\\");
		assertThat(get(SECRET + "prod/db").body())
			.isEqualTo("{\"ARN\":\"arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf\","
					+ "\"CreatedDate\":\"2022-11-16T08:22:40.499Z\",\"Name\":\"prod/db\",\"SecretBinary\":null,"
					+ "\"SecretString\":\"CANARY-\\u003c1\\u003e\\n\\\"\\\\\","
					+ "\"VersionId\":\"00000000-0000-4000-8000-000000000001\","
					+ "\"VersionStages\":[\"AWSCURRENT\"],\"ResultMetadata\":{}}");
		this.fake.putSecret("prod/db", "CANARY-2".getBytes(StandardCharsets.UTF_8));
		assertThat(get(SECRET + "prod%2Fdb&abc=1").body()).contains("\"CreatedDate\":\"2022-11-16T08:22:40.5Z\"",
				"\"SecretBinary\":\"Q0FOQVJZLTI=\",\"SecretString\":null", "\"VersionStages\":[\"AWSCURRENT\"]");
		assertThat(get(SECRET + "prod/db&versionStage=AWSPREVIOUS").body()).contains("CANARY-\\u003c1");
	}

	@Test
	void secretOfTheAgent() throws Exception {
		agent();
		this.fake.putSecret("db", "CANARY-<1>");
		assertThat(get(SECRET + "x&secretId=db").body())
			.isEqualTo("{\"ARN\":\"arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf\",\"Name\":\"db\","
					+ "\"VersionId\":\"00000000-0000-4000-8000-000000000001\",\"SecretString\":\"CANARY-<1>\","
					+ "\"VersionStages\":[\"AWSCURRENT\"],\"CreatedDate\":\"1668586960.499\"}");
		this.fake.putSecret("db", new byte[] { 1 }, "AWSPENDING");
		assertThat(get("/v1/db?versionStage=AWSPENDING").body()).contains("\"SecretBinary\":\"AQ==\"",
				"\"CreatedDate\":\"1668586960.5\"");
	}

	@Test
	void parameters() throws Exception {
		extension();
		this.fake.putParameter("/a/b", "SecureString", "CANARY-1");
		this.fake.putParameter("/a/b", "SecureString", "CANARY-2");
		this.fake.label("/a/b", 1, "Dev");
		assertThat(get(PARAMETER + "/a/b&withDecryption=true").body()).isEqualTo(
				"{\"Parameter\":{\"ARN\":\"arn:aws:ssm:us-east-1:123456789012:parameter/a/b\",\"DataType\":\"text\","
						+ "\"LastModifiedDate\":\"2022-11-16T08:22:40.5Z\",\"Name\":\"/a/b\",\"Selector\":null,"
						+ "\"SourceResult\":null,\"Type\":\"SecureString\",\"Value\":\"CANARY-2\",\"Version\":2},"
						+ "\"ResultMetadata\":{}}");
		assertThat(get(PARAMETER + "/a/b").body()).contains("AQICAHh").doesNotContain("CANARY-");
		assertThat(get(PARAMETER.replace("?", "/?") + "%2Fa%2Fb&withDecryption=true&label=Dev&version=2").body())
			.contains("\"Selector\":\":Dev\"", "CANARY-1");
		assertThat(get(PARAMETER + "/a/b&version=3").statusCode()).isEqualTo(400);
	}

	@Test
	void secretByReference() throws Exception {
		extension();
		this.fake.putSecret("db", "CANARY-1");
		assertThat(get(PARAMETER + "/aws/reference/secretsmanager/db&withDecryption=true").body()).contains(
				"\"ARN\":\"arn:aws:secretsmanager:", "\"Name\":\"/aws/reference/secretsmanager/db\"",
				"\"SourceResult\":\"{\\\"arn\\\":", "\"Type\":\"SecureString\",\"Value\":\"CANARY-1\",\"Version\":0}");
		assertThat(get(PARAMETER + "/aws/reference/secretsmanager/db").statusCode()).isEqualTo(400);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					GET  | /secretsmanager/get?secretId=nope         | 400 | an unexpected error occurred while executing request
					GET  | /systemsmanager/parameters/get?name=/nope | 400 | an unexpected error occurred while executing request
					GET  | /secretsmanager/get?secretId=             | 400 | CANARY-no id
					GET  | /secretsmanager/get?versionStage=X        | 400 | CANARY-no id
					GET  | /secretsmanager/get?secretId=a&abc=1      | 200 | {"ARN":
					GET  | /secretsmanager/get?secretId=a%2Bb        | 200 | {"ARN":
					GET  | /secretsmanager/get?secretId=a+b          | 400 | an unexpected error occurred while executing request
					POST | /secretsmanager/get?secretId=a            | 405 | Method
					GET  | /ping                                     | 404 | 404 page not found
					GET  | /v1/a                                     | 404 | 404 page not found
					""")
	void refusalsOfTheExtension(String method, String target, int status, String body) throws Exception {
		extension();
		assertAnswer(method, target, status, body);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					GET  | /secretsmanager/get?secretId=nope             | 400 | {"__type":"ResourceNotFoundException","message":
					GET  | /secretsmanager/get?secretId=                 | 400 | missing parameter secretId
					GET  | /secretsmanager/get?versionStage=X            | 400 | missing parameter secretId
					GET  | /v1/                                          | 400 | missing secret ID
					GET  | /secretsmanager/get?secretId=a&abc=1          | 400 | unknown parameter: abc
					GET  | /secretsmanager/get?secretId=a&refreshNow=TRUE| 200 | {"ARN":
					GET  | /secretsmanager/get?secretId=a&refreshNow=123 | 400 | invalid refreshNow value
					GET  | /secretsmanager/get?secretId=a&roleArn=x      | 400 | invalid roleArn format
					GET  | /secretsmanager/get?secretId=a%2Bb            | 200 | {"ARN":
					GET  | /v1/a+b                                       | 200 | {"ARN":
					GET  | /v1/a%2Bb                                     | 400 | {"__type":"ResourceNotFoundException"
					HEAD | /secretsmanager/get?secretId=a                | 405 | ''
					POST | /ping                                         | 405 | Not allowed
					GET  | /ping                                         | 200 | healthy
					GET  | /systemsmanager/parameters/get?name=/a        | 404 | Not found
					""")
	void refusalsOfTheAgent(String method, String target, int status, String body) throws Exception {
		agent();
		assertAnswer(method, target, status, body);
	}

	private void assertAnswer(String method, String target, int status, String body) throws Exception {
		this.fake.putSecret("a", "CANARY-a");
		this.fake.putSecret("a+b", "CANARY-ab");
		HttpResponse<String> response = send(method, target, Map.of(FakeRequest.TOKEN_HEADER, FakeExtension.TOKEN));
		assertThat(response.statusCode()).isEqualTo(status);
		assertThat(response.body()).startsWith(body);
	}

	@ParameterizedTest
	@CsvSource({ "EXTENSION, 401, bad session token or header key", "AGENT, 403, Bad Token" })
	void token(Personality personality, int status, String body) throws Exception {
		open(personality);
		for (Map<String, String> headers : List.of(Map.<String, String>of(),
				Map.of(FakeRequest.TOKEN_HEADER, "CANARY-wrong"))) {
			HttpResponse<String> response = send("POST", "/unknown", headers);
			assertThat(response.statusCode()).isEqualTo(status);
			assertThat(response.body()).isEqualTo(body);
		}
		assertThat(this.fake.requests()).extracting(FakeRequest::hasToken).containsExactly(false, true);
	}

	@Test
	void forwardedRequestsAndOtherHeadersOfTheAgent() throws Exception {
		agent();
		this.fake.putSecret("a", "CANARY-a");
		assertThat(send("GET", SECRET + "a", Map.of("X-Forwarded-For", "10.0.0.1")).body()).isEqualTo("Forwarded");
		assertThat(send("GET", SECRET + "a", Map.of("X-Vault-Token", FakeExtension.TOKEN)).statusCode()).isEqualTo(200);
	}

	@Test
	void readyAfterRequestsOrByACall() throws Exception {
		extension();
		this.fake.putSecret("a", "CANARY-a");
		this.fake.readyAfter(2);
		for (int i = 0; i < 2; i++) {
			assertThat(get(SECRET + "a").body()).isEqualTo("not ready to serve traffic, please wait");
		}
		assertThat(get(SECRET + "a").statusCode()).isEqualTo(200);
		this.fake.neverReady();
		for (int i = 0; i < 3; i++) {
			assertThat(get(SECRET + "a").statusCode()).isEqualTo(400);
		}
		assertThat(send("GET", SECRET + "a", Map.of()).statusCode()).as("the token comes first").isEqualTo(401);
		this.fake.ready();
		assertThat(get(SECRET + "a").statusCode()).isEqualTo(200);
	}

	@Test
	void stagesMove() throws Exception {
		extension();
		this.fake.putSecret("a", "CANARY-1");
		String pending = this.fake.putSecret("a", "CANARY-2", "AWSPENDING");
		assertThat(get(SECRET + "a").body()).contains("CANARY-1");
		assertThat(get(SECRET + "a&versionStage=AWSPENDING").body()).contains("CANARY-2");
		this.fake.moveStage("a", "AWSCURRENT", pending);
		assertThat(get(SECRET + "a").body()).contains("CANARY-2", "[\"AWSPENDING\",\"AWSCURRENT\"]");
		assertThat(get(SECRET + "a&versionStage=AWSPREVIOUS").body()).contains("CANARY-1", "[\"AWSPREVIOUS\"]");
		assertThat(get(SECRET + "a&versionId=" + pending + "&versionStage=AWSPREVIOUS").statusCode()).isEqualTo(400);
	}

	@ParameterizedTest
	@CsvSource({ "EXTENSION, 400", "AGENT, 429" })
	void limitOfConnectionsCountsIdleOnes(Personality personality, int status) throws Exception {
		open(personality);
		this.fake.putSecret("a", "CANARY-a");
		this.fake.limit(2);
		List<Socket> idle = new ArrayList<>(List.of(connect(), connect()));
		await().until(() -> this.fake.connections() == 2);
		assertThat(raw(idle.get(0))).contains(" 200 ");
		idle.add(connect());
		await().until(() -> this.fake.connections() == 3);
		assertThat(raw(idle.get(2))).contains(" " + status + " ");
		idle.get(1).close();
		await().until(() -> this.fake.connections() == 2);
		assertThat(raw(idle.get(2))).contains(" 200 ");
		assertThat(this.fake.mostConnections()).isEqualTo(3);
		assertThat(this.fake.acceptedConnections()).isEqualTo(3);
		for (Socket socket : idle) {
			socket.close();
		}
		await().until(() -> this.fake.connections() == 0);
	}

	@Test
	void connectionsLiveNoLongerThanTheyMay() throws Exception {
		agent();
		this.fake.connectionLife(Duration.ofMillis(100));
		try (Socket socket = connect()) {
			assertThat(socket.getInputStream().read()).isEqualTo(-1);
		}
		this.fake.mode(Mode.HANG);
		try (Socket socket = connect()) {
			assertThat(raw(socket)).as("a pending answer").isEmpty();
		}
	}

	@Test
	void diesAndComesBack() throws Exception {
		extension();
		this.fake.putSecret("a", "CANARY-a");
		int port = this.fake.port();
		try (Socket idle = connect()) {
			await().until(() -> this.fake.connections() == 1);
			this.fake.die();
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> idle.getInputStream().read());
			assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> new Socket("127.0.0.1", port));
		}
		this.fake.comeBack();
		assertThat(this.fake.port()).isEqualTo(port);
		assertThat(get(SECRET + "a").body()).contains("CANARY-a");
	}

	@ParameterizedTest
	@ValueSource(ints = { 1_000, 100_000 })
	void largeBodiesComeInChunksFromTheExtension(int length) throws Exception {
		extension();
		this.fake.putSecret("a", "CANARY-" + "a".repeat(length));
		HttpResponse<String> response = get(SECRET + "a");
		assertThat(response.headers().firstValue("transfer-encoding").isPresent()).isEqualTo(length > 2048);
		assertThat(response.body()).contains("CANARY-" + "a".repeat(length) + "\"").endsWith("}");
	}

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.INCLUDE, names = { "INTERIM", "ODD_CHUNKS", "TO_END", "LAST" })
	void rightAnswersOfOtherForms(Mode mode) throws Exception {
		extension();
		this.fake.putSecret("a", "CANARY-a");
		String expected = get(SECRET + "a").body();
		this.fake.next(mode);
		HttpResponse<String> response = get(SECRET + "a");
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(response.body()).isEqualTo(expected);
	}

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = { "HANG", "DRIP", "DRIP_HEAD", "RESET", "HANG_UP", "CUT_CHUNK",
			"NO_BODY", "EMPTY", "NULLS", "NUMBER", "SMALL_CHUNKS", "THROTTLED", "DENIED", "INTERNAL_ERROR" })
	void everyAnswerHoldsTheMarker(Mode mode) throws Exception {
		extension();
		this.fake.putSecret("a", "CANARY-a");
		this.fake.mode(mode);
		try (Socket socket = connect()) {
			assertThat(raw(socket)).contains("CANARY-");
		}
	}

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.INCLUDE,
			names = { "CLOSE", "CUT_CHUNK", "NOT_HTTP", "BAD_LENGTH", "BAD_CHUNK", "RESET", "HANG_UP" })
	void answersThatAreNone(Mode mode) throws Exception {
		extension();
		this.fake.putSecret("a", "CANARY-a");
		this.fake.mode(mode);
		assertThatIOException().isThrownBy(() -> get(SECRET + "a"));
	}

	@Test
	void reset() throws Exception {
		extension();
		this.fake.next(Mode.RESET);
		try (Socket socket = connect()) {
			send(socket);
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> socket.getInputStream().read())
				.withMessageContaining("reset");
		}
		try (Socket socket = connect()) {
			await().until(() -> this.fake.connections() == 1);
			this.fake.cutConnections();
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> socket.getInputStream().read())
				.withMessageContaining("reset");
		}
	}

	@Test
	void silence() throws Exception {
		extension();
		this.fake.mode(Mode.HANG);
		try (Socket socket = connect()) {
			send(socket);
			socket.setSoTimeout(200);
			assertThatIOException().isThrownBy(() -> socket.getInputStream().read()).withMessageContaining("timed out");
			assertThat(this.fake.requests("a")).isEqualTo(1);
		}
	}

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.INCLUDE, names = { "DRIP", "DRIP_HEAD" })
	void drip(Mode mode) throws Exception {
		extension();
		this.fake.putSecret("a", "CANARY-a");
		this.fake.mode(mode);
		try (Socket socket = connect()) {
			send(socket);
			String head = "";
			while (!head.endsWith((mode == Mode.DRIP) ? "\r\n\r\n" : "X-Drip: ")) {
				head += (char) socket.getInputStream().read();
			}
			long start = System.nanoTime();
			assertThat(socket.getInputStream().readNBytes(10)).containsOnly(' ');
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(150),
					Duration.ofSeconds(10));
		}
	}

	@ParameterizedTest
	@EnumSource(mode = EnumSource.Mode.INCLUDE, names = { "HUGE", "ENDLESS", "LONG_HEAD", "DEEP" })
	void answersThatFillTheMemory(Mode mode) throws Exception {
		extension();
		this.fake.putSecret("a", "CANARY-a");
		this.fake.mode(mode);
		try (Socket socket = connect()) {
			send(socket);
			int least = (mode == Mode.DEEP) ? 100_000 : 20_000_000;
			assertThat(socket.getInputStream().readNBytes(least)).hasSize(least);
		}
	}

	@Test
	void trapCountsWhoFollowsARedirect() throws Exception {
		extension();
		this.fake.putSecret("a", "CANARY-a");
		this.fake.mode(Mode.REDIRECT);
		assertThat(get(SECRET + "a").statusCode()).isEqualTo(307);
		assertThat(this.fake.trapped()).isZero();
		HttpClient follower = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.ALWAYS).build();
		var following = follower.sendAsync(
				request("GET", SECRET + "a", Map.of(FakeRequest.TOKEN_HEADER, FakeExtension.TOKEN)),
				HttpResponse.BodyHandlers.ofString());
		await().until(() -> this.fake.trapped() > 0);
		following.cancel(true);
	}

	@Test
	void modeOfTheNextRequestOfAnIdAndOfTheRest() throws Exception {
		agent();
		this.fake.putSecret("a", "CANARY-a");
		this.fake.mode(Mode.DENIED);
		this.fake.mode("a", Mode.OK);
		this.fake.next(Mode.THROTTLED);
		assertThat(get(SECRET + "a").body()).contains("ThrottlingException");
		assertThat(get(SECRET + "a").body()).contains("CANARY-a");
		assertThat(get(SECRET + "b").body()).contains("AccessDeniedException");
		this.fake.answer((request) -> (request.id().equals("a")) ? new FakeAnswer(418, "CANARY-tea") : null);
		assertThat(get(SECRET + "a").statusCode()).isEqualTo(418);
		assertThat(get(SECRET + "b").statusCode()).isEqualTo(400);
	}

	@Test
	void requestsAreLoggedAsTheyCame() throws Exception {
		extension();
		try (Socket socket = connect()) {
			socket.getOutputStream()
				.write("GET /a%2fb?x=%41+1&x=2 HTTP/1.1\r\nx-aws-Parameters-secrets-token:  t \r\n\r\n"
					.getBytes(StandardCharsets.UTF_8));
			await().until(() -> !this.fake.requests().isEmpty());
			FakeRequest request = this.fake.requests().get(0);
			assertThat(List.of(request.target(), request.path(), request.query())).containsExactly("/a%2fb?x=%41+1&x=2",
					"/a%2fb", "x=%41+1&x=2");
			assertThat(request.headers(FakeRequest.TOKEN_HEADER)).containsExactly("t");
			assertThat(List.of(request.first("x"), request.last("x"))).containsExactly("A 1", "2");
			assertThat(request.connection()).isEqualTo(1);
		}
	}

	@Test
	void processOfItsOwn() throws Exception {
		extension();
		try (JavaProcess process = new JavaProcess(FakeExtension.class, List.of("-Xmx32m"), Map.of(), "EXTENSION",
				"CANARY-own", "0")) {
			URI uri = URI.create("http://127.0.0.1:" + process.ask("port") + SECRET + "a");
			HttpRequest request = HttpRequest.newBuilder(uri).header(FakeRequest.TOKEN_HEADER, "CANARY-own").build();
			process.ask("secret a CANARY-with blanks");
			process.ask("never-ready");
			HttpClient client = HttpClient.newHttpClient();
			assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).body()).startsWith("not ready");
			process.ask("ready");
			assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).body())
				.contains("CANARY-with blanks");
			assertThat(process.ask("requests")).isEqualTo("2");
			assertThat(process.ask("targets")).isEqualTo(SECRET + "a " + SECRET + "a");
			process.ask("die");
			assertThatIOException().isThrownBy(() -> client.send(request, HttpResponse.BodyHandlers.ofString()));
			process.ask("come-back");
			assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode()).isEqualTo(200);
		}
	}

	private void extension() {
		open(Personality.EXTENSION);
	}

	private void agent() {
		open(Personality.AGENT);
	}

	private void open(Personality personality) {
		this.fake = new FakeExtension(personality);
	}

	private Socket connect() throws IOException {
		return new Socket("127.0.0.1", this.fake.port());
	}

	private static void send(Socket socket) throws IOException {
		socket.getOutputStream()
			.write(("GET " + SECRET + "a HTTP/1.1\r\n" + FakeRequest.TOKEN_HEADER + ": " + FakeExtension.TOKEN
					+ "\r\n\r\n")
				.getBytes(StandardCharsets.UTF_8));
	}

	/** Returns the beginning of the answer, or nothing if the connection ends. */
	private static String raw(Socket socket) throws IOException {
		send(socket);
		socket.setSoTimeout(300);
		StringBuilder answer = new StringBuilder();
		try {
			for (int next = socket.getInputStream().read(); next >= 0
					&& answer.length() < 4_000; next = socket.getInputStream().read()) {
				answer.append((char) next);
			}
		}
		catch (IOException ex) {
			// It is kept alive, and all was said; or it was reset.
		}
		return answer.toString();
	}

	private HttpResponse<String> get(String target) throws Exception {
		return send("GET", target, Map.of(FakeRequest.TOKEN_HEADER, FakeExtension.TOKEN));
	}

	private HttpResponse<String> send(String method, String target, Map<String, String> headers) throws Exception {
		return HttpClient.newHttpClient().send(request(method, target, headers), HttpResponse.BodyHandlers.ofString());
	}

	private HttpRequest request(String method, String target, Map<String, String> headers) {
		HttpRequest.Builder request = HttpRequest
			.newBuilder(URI.create("http://127.0.0.1:" + this.fake.port() + target))
			.version(HttpClient.Version.HTTP_1_1)
			.method(method, HttpRequest.BodyPublishers.noBody());
		headers.forEach(request::header);
		return request.build();
	}

}
