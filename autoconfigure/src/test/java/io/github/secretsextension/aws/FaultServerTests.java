package io.github.secretsextension.aws;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.services.secretsmanager.model.BatchGetSecretValueResponse;
import software.amazon.awssdk.services.secretsmanager.model.SecretValueEntry;
import software.amazon.awssdk.services.ssm.model.GetParametersResponse;
import software.amazon.awssdk.services.ssm.model.Parameter;

import io.github.secretsextension.aws.FaultServer.Mode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link FaultServer}: that its faults are what they are called, since a fault
 * that is none proves nothing.
 */
@Timeout(30)
class FaultServerTests {

	private final FaultServer server = new FaultServer();

	@AfterEach
	void close() {
		this.server.close();
	}

	@Test
	void callsForOneValue() throws Exception {
		this.server.put("db", "CANARY-\"1\"\\");
		this.server.put("db", "CANARY-\"2\"\\");
		assertThat(post("secretsmanager.GetSecretValue", "{\"SecretId\":\"db\"}").body()).contains("\"Name\":\"db\"",
				"\"SecretString\":\"CANARY-\\\"2\\\"\\\\\"", "000000000002\"");
		assertThat(post("AmazonSSM.GetParameter", "{\"WithDecryption\":true,\"Name\":\"/a/b:3\"}").body())
			.contains("\"Name\":\"/a/b\"", "\"Selector\":\":3\"", "\"Value\":\"CANARY-p\"");
		assertThat(this.server.calls("db")).isEqualTo(1);
		assertThat(this.server.calls(Mode.OK)).isEqualTo(2);
		assertThat(this.server.calls()).extracting(AwsCall::action).containsExactly("GetSecretValue", "GetParameter");
	}

	@Test
	void callForManySecrets() {
		this.server.put("a", "CANARY-a");
		this.server.mode("gone", Mode.NOT_FOUND);
		AwsClients clients = TestClients.clients(this.server.endpoint(), Duration.ofSeconds(5));
		try (var client = clients.secretsManager(null)) {
			String arn = "arn:aws:secretsmanager:eu-west-1:1:secret:b-AbCdEf";
			BatchGetSecretValueResponse response = client
				.batchGetSecretValue((request) -> request.secretIdList("a", arn, "gone"));
			assertThat(response.secretValues()).extracting(SecretValueEntry::name).containsExactly("a", "b");
			assertThat(response.secretValues()).extracting(SecretValueEntry::arn)
				.containsExactly("arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf", arn);
			assertThat(response.secretValues()).extracting(SecretValueEntry::secretString)
				.containsExactly("CANARY-a", "CANARY-s");
			assertThat(response.errors()).singleElement().satisfies((error) -> {
				assertThat(error.secretId()).isEqualTo("gone");
				assertThat(error.errorCode()).isEqualTo("ResourceNotFoundException");
			});
		}
	}

	@Test
	void callForManyParameters() {
		this.server.mode("/gone", Mode.NOT_FOUND);
		AwsClients clients = TestClients.clients(this.server.endpoint(), Duration.ofSeconds(5));
		try (var client = clients.parameterStore(null)) {
			String arn = "arn:aws:ssm:eu-west-1:1:parameter/c/d";
			GetParametersResponse response = client.getParameters((request) -> request.names("a", arn + ":2", "/gone"));
			assertThat(response.parameters()).extracting(Parameter::name).containsExactly("a", "/c/d");
			assertThat(response.parameters()).extracting(Parameter::arn)
				.containsExactly("arn:aws:ssm:us-east-1:123456789012:parameter/a", arn);
			assertThat(response.invalidParameters()).containsExactly("/gone");
		}
	}

	@Test
	void modeOfAnIdOfAnActionAndOfTheRest() throws Exception {
		this.server.mode(Mode.INTERNAL_ERROR);
		this.server.mode("a", Mode.OK);
		this.server.mode("BatchGetSecretValue", Mode.DENIED);
		assertThat(post("x.GetSecretValue", "{\"SecretId\":\"a\"}").statusCode()).isEqualTo(200);
		assertThat(post("x.GetSecretValue", "{\"SecretId\":\"b\"}").statusCode()).isEqualTo(500);
		assertThat(post("x.BatchGetSecretValue", "{\"SecretIdList\":[\"a\",\"c\"]}").body()).contains("AccessDenied");
		assertThat(this.server.calls(Mode.INTERNAL_ERROR)).isEqualTo(1);
		assertThat(this.server.calls("c")).isEqualTo(1);
	}

	@Test
	void connectionIsKeptBetweenCalls() throws Exception {
		HttpClient client = HttpClient.newHttpClient();
		for (int i = 0; i < 3; i++) {
			post(client, "x.GetSecretValue", "{\"SecretId\":\"a\"}");
			assertThat(this.server.connections()).isEqualTo(1);
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "OK", "CLOSE", "INTERNAL_ERROR", "HTML", "TRUNCATED", "OTHER", "THROTTLED", "DENIED",
			"NOT_FOUND", "REDIRECT", "DEEP", "HUGE" })
	void everyBodyHoldsTheMarker(Mode mode) throws Exception {
		this.server.mode(mode);
		try (Socket socket = send()) {
			socket.shutdownOutput();
			String answer = new String(socket.getInputStream().readNBytes(2_000), StandardCharsets.ISO_8859_1);
			assertThat(answer.substring(answer.indexOf("\r\n\r\n"))).contains("CANARY-");
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "HANG", "HANG_ON_ACCEPT" })
	void silence(Mode mode) throws Exception {
		this.server.mode(mode);
		try (Socket socket = send()) {
			socket.setSoTimeout(200);
			assertThatIOException().isThrownBy(() -> socket.getInputStream().read()).withMessageContaining("timed out");
			assertThat(this.server.calls(mode)).isEqualTo(1);
		}
	}

	@Test
	void drip() throws Exception {
		this.server.mode(Mode.DRIP);
		try (Socket socket = send()) {
			String head = "";
			while (!head.endsWith("\r\n\r\n")) {
				head += (char) socket.getInputStream().read();
			}
			long start = System.nanoTime();
			assertThat(socket.getInputStream().readNBytes(10)).containsOnly(' ');
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(150),
					Duration.ofSeconds(10));
		}
	}

	@Test
	void reset() throws Exception {
		this.server.mode(Mode.RESET);
		try (Socket socket = send()) {
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> socket.getInputStream().read())
				.withMessageContaining("reset");
		}
	}

	@Test
	void closeWithinTheBody() {
		this.server.mode(Mode.CLOSE);
		assertThatIOException().isThrownBy(() -> post("x.GetSecretValue", "{\"SecretId\":\"a\"}"));
	}

	@Test
	void trapCountsWhoFollowsARedirect() throws Exception {
		this.server.mode(Mode.REDIRECT);
		HttpClient follower = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.ALWAYS).build();
		assertThat(post("x.GetSecretValue", "{\"SecretId\":\"a\"}").statusCode()).isEqualTo(307);
		assertThat(this.server.trapped()).isZero();
		var following = follower.sendAsync(request("x.GetSecretValue", "{\"SecretId\":\"a\"}"),
				HttpResponse.BodyHandlers.ofString());
		await().until(() -> this.server.trapped() > 0);
		following.cancel(true);
	}

	@Test
	void proxyPassesOnWhatItGetsAndFailsByItself() throws Exception {
		this.server.answer(418, "CANARY-tea");
		try (FaultServer proxy = new FaultServer(this.server.endpoint())) {
			HttpClient client = HttpClient.newHttpClient();
			HttpRequest request = HttpRequest.newBuilder(proxy.endpoint().resolve("/path"))
				.header("X-Amz-Target", "x.GetSecretValue")
				.POST(HttpRequest.BodyPublishers.ofString("{\"SecretId\":\"a\"}"))
				.build();
			HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
			assertThat(List.of(response.statusCode(), response.body())).containsExactly(418, "CANARY-tea");
			assertThat(this.server.calls()).singleElement().satisfies((call) -> {
				assertThat(call.path()).isEqualTo("/path");
				assertThat(call.action()).isEqualTo("GetSecretValue");
				assertThat(call.ids()).containsExactly("a");
			});
			proxy.mode(Mode.THROTTLED);
			assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).body())
				.contains("ThrottlingException");
			assertThat(this.server.calls()).hasSize(1);
			this.server.close();
			proxy.mode(Mode.OK);
			assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode()).isEqualTo(503);
		}
	}

	private Socket send() throws IOException {
		Socket socket = new Socket("127.0.0.1", this.server.endpoint().getPort());
		socket.getOutputStream()
			.write(("POST / HTTP/1.1\r\nX-Amz-Target: x.GetSecretValue\r\nContent-Length: 16\r\n\r\n"
					+ "{\"SecretId\":\"a\"}")
				.getBytes(StandardCharsets.UTF_8));
		return socket;
	}

	private HttpResponse<String> post(String target, String body) throws Exception {
		return post(HttpClient.newHttpClient(), target, body);
	}

	private HttpResponse<String> post(HttpClient client, String target, String body) throws Exception {
		return client.send(request(target, body), HttpResponse.BodyHandlers.ofString());
	}

	private HttpRequest request(String target, String body) {
		return HttpRequest.newBuilder(this.server.endpoint())
			.header("X-Amz-Target", target)
			.POST(HttpRequest.BodyPublishers.ofString(body))
			.build();
	}

}
