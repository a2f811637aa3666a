package io.github.secretsextension.extension;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.github.secretsextension.AllowedSecrets;
import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.TestCaches;
import io.github.secretsextension.extension.EndpointClient.Answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that the endpoint answers as the extension does, through a real cache. Each row
 * of the table of conformance has its test, by its id.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndpointConformanceTests {

	private static final String SECRET = "/secretsmanager/get?secretId=";

	private static final String PARAMETER = "/systemsmanager/parameters/get?name=";

	private static final String VERSION_ID = "11111111-2222-3333-4444-555555555555";

	private static final String ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf";

	private static final String DB_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf";

	private static final String PARAMETER_ARN = "arn:aws:ssm:us-east-1:123456789012:parameter/a";

	private static final Instant CREATED = Instant.parse("2022-11-16T08:22:40.499Z");

	private static final Duration TTL = Duration.ofSeconds(300);

	private final ManualClock clock = new ManualClock(0);

	private final Upstream upstream = new Upstream();

	private final ExecutorService pool = Executors.newCachedThreadPool();

	private SecretsCache cache;

	private ExtensionEndpoint endpoint;

	private int port;

	@BeforeEach
	void start() throws IOException {
		this.upstream.set("secret:prod/db", secret("prod/db").text("{\"user\":\"app\",\"password\":\"CANARY-1\"}"));
		this.upstream.set("param:/app/url?withDecryption=false", parameter("/app/url", "String", 3).text("CANARY-url"));
		start(TTL, 1000);
	}

	private void start(Duration ttl, int size) throws IOException {
		stop();
		this.cache = TestCaches.cache(this.upstream,
				TestCaches.settings(ttl, ttl, size, Duration.ZERO, AllowedSecrets.ALL), this.clock, Runnable::run);
		this.endpoint = new ExtensionEndpoint(this.cache, EndpointClient.TOKEN, this.clock);
		this.port = this.endpoint.start(0);
	}

	@AfterEach
	void stop() {
		if (this.endpoint != null) {
			this.endpoint.close();
			this.cache.close();
		}
	}

	@AfterEach
	void stopPool() {
		this.pool.shutdownNow();
	}

	@Test
	@DisplayName("H1: /ping needs no token")
	void ping() throws IOException {
		try (EndpointClient client = new EndpointClient(this.port)) {
			Answer answer = client.send(EndpointClient.head("GET /ping HTTP/1.1", "Host: localhost")).answer();
			assertThat(answer.status()).isEqualTo(200);
			assertThat(answer.text()).isEqualTo("healthy");
		}
	}

	@Test
	@DisplayName("R1: an unknown path")
	void unknownPath() throws IOException {
		assertThat(get("/pong").status()).isEqualTo(404);
	}

	@ParameterizedTest
	@DisplayName("R2: other methods")
	@ValueSource(strings = { "POST", "PUT", "PATCH", "DELETE", "HEAD", "CONNECT", "OPTIONS", "TRACE" })
	void otherMethod(String method) throws IOException {
		for (String target : List.of(SECRET + "prod/db", PARAMETER + "/app/url", "/ping")) {
			assertThat(send(method + " " + target + " HTTP/1.1", EndpointClient.TOKEN_LINE).status()).isEqualTo(405);
		}
	}

	@ParameterizedTest
	@DisplayName("R3: the paths, with and without a slash at the end")
	@ValueSource(strings = { "/secretsmanager/get?secretId=prod/db", "/secretsmanager/get/?secretId=prod/db",
			"/systemsmanager/parameters/get?name=/app/url", "/systemsmanager/parameters/get/?name=/app/url" })
	void path(String target) throws IOException {
		assertThat(get(target).status()).isEqualTo(200);
	}

	@ParameterizedTest
	@DisplayName("Q1: no id")
	@ValueSource(strings = { "", "?", "?secretId=", "?versionStage=AWSCURRENT" })
	void noId(String query) throws IOException {
		Answer secret = get("/secretsmanager/get" + query);
		assertThat(secret.status()).isEqualTo(400);
		assertThat(secret.text()).isEqualTo("missing parameter secretId");
		Answer parameter = get("/systemsmanager/parameters/get" + query.replace("secretId", "name"));
		assertThat(parameter.status()).isEqualTo(400);
		assertThat(parameter.text()).isEqualTo("missing parameter name");
	}

	@Test
	@DisplayName("Q2: an unknown key is ignored, of a repeated one the first counts")
	void unknownKey() throws IOException {
		assertGolden(SECRET + "prod/db&abc=1&abc&=&&secretId=other", "secret");
	}

	@Test
	@DisplayName("Q3: stage, version id, both; an empty one is none")
	void versions() throws IOException {
		String stage = "versionStage=AWSPREVIOUS";
		String id = "versionId=" + VERSION_ID;
		this.upstream.set("secret:prod/db?" + stage, secret("prod/db").text("CANARY-stage"));
		this.upstream.set("secret:prod/db?" + id, secret("prod/db").text("CANARY-id"));
		this.upstream.set("secret:prod/db?" + stage + "&" + id, secret("prod/db").text("CANARY-both"));
		assertThat(string(SECRET + "prod/db&" + stage)).isEqualTo("CANARY-stage");
		assertThat(string(SECRET + "prod/db&" + id)).isEqualTo("CANARY-id");
		assertThat(string(SECRET + "prod/db&" + stage + "&" + id)).isEqualTo("CANARY-both");
		assertThat(string(SECRET + "prod/db&" + id + "&" + stage)).isEqualTo("CANARY-both");
		assertThat(string(SECRET + "prod/db&versionId=&" + stage + "&versionStage=x")).isEqualTo("CANARY-stage");
	}

	@Test
	@DisplayName("Q4: of version and label the first in the URL wins")
	void versionAndLabel() throws IOException {
		this.upstream.set("param:/app/url?version=1&withDecryption=false",
				parameter("/app/url", "String", 1).text("CANARY-first"));
		this.upstream.set("param:/app/url?label=Dev&withDecryption=false",
				parameter("/app/url", "String", 2).text("CANARY-dev"));
		assertGolden(PARAMETER + "/app/url&version=1&label=Dev", "parameter-version");
		assertGolden(PARAMETER + "/app/url&label=Dev&version=1", "parameter-label");
		assertGolden("/systemsmanager/parameters/get?version=1&label=Dev&name=/app/url", "parameter-version");
		assertGolden(PARAMETER + "/app/url&version=&label=Dev", "parameter-label");
	}

	@Test
	@DisplayName("Q5: names and ARNs raw and encoded, plus as %2B")
	void encodings() throws IOException {
		this.upstream.set("secret:" + ARN, secret("a").text("CANARY-arn"));
		this.upstream.set("secret:a+b", secret("a+b").text("CANARY-plus"));
		this.upstream.set("param:" + PARAMETER_ARN + "?withDecryption=false",
				parameter("/a", "String", 3).text("CANARY-arn"));
		assertThat(string(SECRET + "prod/db")).isEqualTo(string(SECRET + "prod%2Fdb"));
		assertThat(string(SECRET + ARN)).isEqualTo("CANARY-arn");
		assertThat(string(SECRET + ARN.replace(":", "%3A").replace("/", "%2f"))).isEqualTo("CANARY-arn");
		assertThat(string(SECRET + "a%2Bb")).isEqualTo("CANARY-plus");
		assertThat(get(SECRET + "a+b").text()).isEqualTo(ExtensionProtocol.OPAQUE);
		assertThat(get("/secretsmanager/get?secret%49d=prod%2fdb").status()).isEqualTo(200);
		assertThat(value(PARAMETER + "%2Fapp%2furl")).isEqualTo("CANARY-url");
		assertThat(value(PARAMETER + PARAMETER_ARN)).isEqualTo("CANARY-arn");
		assertThat(value(PARAMETER + PARAMETER_ARN.replace(":", "%3A"))).isEqualTo("CANARY-arn");
	}

	@ParameterizedTest
	@DisplayName("Q6: refreshNow")
	@CsvSource({ "true,200,2", "1,200,2", "TRUE,200,2", "True,200,2", "false,200,1", "0,200,1", "FALSE,200,1",
			"123,400,1", "yes,400,1", "'',400,1" })
	void refreshNow(String value, int status, int calls) throws IOException {
		get(SECRET + "prod/db");
		this.clock.advance(Duration.ofSeconds(2));
		assertThat(get(SECRET + "prod/db&refreshNow=" + value).status()).isEqualTo(status);
		assertThat(this.upstream.calls()).hasSize(calls);
	}

	@ParameterizedTest
	@DisplayName("P1, P2: the agent's paths")
	@ValueSource(strings = { "/v1/prod/db", "/v1/db?versionStage=AWSCURRENT", "/v1/" })
	void agentPath(String target) throws IOException {
		assertThat(get(target).status()).isEqualTo(404);
	}

	@ParameterizedTest
	@DisplayName("T1: no token, or a wrong one")
	@ValueSource(
			strings = { "/secretsmanager/get?secretId=prod/db", "/secretsmanager/get?secretId=prod/db&refreshNow=true",
					"/v1/prod/db", "/systemsmanager/parameters/get?name=/app/url" })
	void noToken(String target) throws IOException {
		for (String header : List.of("A: b", "X-Aws-Parameters-Secrets-Token: x")) {
			Answer answer = send("GET " + target + " HTTP/1.1", header);
			assertThat(answer.status()).isEqualTo(401);
			assertThat(answer.text()).isEqualTo("bad session token or header key");
		}
		assertThat(this.upstream.calls()).isEmpty();
	}

	@Test
	@DisplayName("T2: the token in the agent's header")
	void agentsHeader() throws IOException {
		assertThat(send("GET " + SECRET + "prod/db HTTP/1.1", "X-Vault-Token: " + EndpointClient.TOKEN).status())
			.isEqualTo(401);
	}

	@Test
	@DisplayName("T3: a forwarded request")
	void forwarded() throws IOException {
		assertThat(send("GET " + SECRET + "prod/db HTTP/1.1", EndpointClient.TOKEN_LINE, "X-Forwarded-For: 10.0.0.1")
			.status()).isEqualTo(400);
	}

	@Test
	@DisplayName("T4: the token comes first")
	void tokenFirst() throws IOException {
		assertThat(send("POST /secretsmanager/ HTTP/1.1", "X-Aws-Parameters-Secrets-Token: x").status()).isEqualTo(401);
	}

	@Test
	@DisplayName("B1: a text")
	void text() throws IOException {
		assertGolden(SECRET + "prod/db", "secret");
		assertGolden(SECRET + "prod/db", "secret");
		assertThat(this.upstream.calls()).hasSize(1);
	}

	@Test
	@DisplayName("B2: bytes")
	void bytes() throws IOException {
		byte[] bytes = { 'C', 'A', 'N', 'A', 'R', 'Y', '-', 0, 1, (byte) 254, (byte) 255 };
		this.upstream.set("secret:keystore",
				secret("keystore").createdAt(Instant.parse("2022-11-16T08:22:40.360Z"))
					.versionStages(List.of("AWSCURRENT", "green"))
					.bytes(bytes));
		assertGolden(SECRET + "keystore", "secret-binary");
	}

	@Test
	@DisplayName("B3: 64 KiB")
	void large() throws IOException {
		String text = FakeSecrets.CANARY + "ü<\"".repeat(16_000);
		this.upstream.set("secret:large", secret("large").text(text));
		assertThat(string(SECRET + "large")).isEqualTo(text);
		assertThat(string(SECRET + "large")).isEqualTo(text);
	}

	@Test
	@DisplayName("B4: characters that Go escapes, and others")
	void escapes() throws IOException {
		String text = "CANARY-<b>&\"\\/\u2028\u2029é\ud83d\ude00\t\n\r\u0001";
		this.upstream.set("secret:markup",
				secret("markup").createdAt(Instant.parse("2022-11-16T08:22:40Z")).text(text));
		assertGolden(SECRET + "markup", "secret-escapes");
		assertThat(string(SECRET + "markup")).isEqualTo(text);
	}

	@Test
	@DisplayName("B5: parameters")
	void parameters() throws IOException {
		this.upstream.set("param:/app/hosts?withDecryption=false",
				parameter("/app/hosts", "StringList", 1).text("CANARY-a,CANARY-b"));
		this.upstream.set("param:/app/key", parameter("/app/key", "SecureString", 1).text("CANARY-key"));
		this.upstream.set("param:/app/key?withDecryption=false",
				parameter("/app/key", "SecureString", 1).text("AQICAHh-CANARY-ciphertext=="));
		assertGolden(PARAMETER + "/app/url", "parameter-string");
		assertGolden(PARAMETER + "/app/hosts", "parameter-list");
		assertGolden(PARAMETER + "/app/key", "parameter-encrypted");
		for (String no : List.of("0", "f", "F", "FALSE", "false", "False", "")) {
			assertGolden(PARAMETER + "/app/key&withDecryption=" + no, "parameter-encrypted");
		}
		for (String yes : List.of("1", "t", "T", "TRUE", "true", "True")) {
			assertGolden(PARAMETER + "/app/key&withDecryption=" + yes, "parameter-decrypted");
		}
		for (String bad : List.of("tRUE", "yes", "2", "true%20")) {
			Answer answer = get(PARAMETER + "/app/key&withDecryption=" + bad);
			assertThat(answer.status()).isEqualTo(400);
			assertThat(answer.text()).isNotEqualTo(ExtensionProtocol.OPAQUE);
		}
	}

	@Test
	@DisplayName("B5: version and label behind the name")
	void selectorBehindTheName() throws IOException {
		this.upstream.set("param:/app/url?version=1&withDecryption=false",
				parameter("/app/url", "String", 1).text("CANARY-first"));
		this.upstream.set("param:/app/url?label=Dev&withDecryption=false",
				parameter("/app/url", "String", 2).text("CANARY-dev"));
		assertGolden(PARAMETER + "/app/url:1", "parameter-version");
		assertGolden(PARAMETER + "/app/url%3A1", "parameter-version");
		assertGolden(PARAMETER + "/app/url:Dev", "parameter-label");
	}

	@Test
	@DisplayName("B6: a secret as a parameter")
	void secretAsParameter() throws IOException {
		String name = "/aws/reference/secretsmanager/prod/db";
		this.upstream.set("param:" + name + "?label=AWSPREVIOUS", SecretValue.builder()
			.arn(DB_ARN)
			.name(name)
			.createdAt(CREATED)
			.type("SecureString")
			.version(0L)
			.text("CANARY-0")
			.sourceResult("{\"aRN\":\"" + DB_ARN + "\",\"createdDate\":\"Nov 16, 2022 8:22:40 AM\","
					+ "\"name\":\"prod/db\",\"secretString\":\"CANARY-0\",\"versionStages\":[\"AWSPREVIOUS\"]}"));
		assertGolden(PARAMETER + name + "&label=AWSPREVIOUS&withDecryption=true", "parameter-reference");
	}

	@Test
	@DisplayName("B6: bytes as a parameter")
	void bytesAsParameter() throws IOException {
		this.upstream.set("param:/aws/reference/secretsmanager/keystore",
				SecretValue.builder().bytes(new byte[] { 1 }));
		Answer answer = get(PARAMETER + "/aws/reference/secretsmanager/keystore&withDecryption=true");
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.text()).isEqualTo(ExtensionProtocol.OPAQUE);
	}

	@ParameterizedTest
	@DisplayName("E1, E2: every failure")
	@EnumSource
	void failure(Reason reason) throws IOException {
		this.upstream.failure = reason;
		for (String target : List.of(SECRET + "prod/db", SECRET + "prod/db&refreshNow=1", PARAMETER + "/app/url")) {
			Answer answer = get(target);
			assertThat(answer.status()).isEqualTo(400);
			assertThat(answer.text()).isEqualTo("an unexpected error occurred while executing request");
			assertThat(answer.headers()).containsEntry("content-type", "text/plain");
			assertThat(answer.headers().toString()).doesNotContain("CANARY", "prod/db", "/app/url");
		}
	}

	@ParameterizedTest
	@DisplayName("E1: what nothing can be called")
	@ValueSource(strings = { "/secretsmanager/get?secretId=no%20name", "/secretsmanager/get?secretId=a:b",
			"/systemsmanager/parameters/get?name=/app/url&version=0",
			"/systemsmanager/parameters/get?name=/app/url&version=x", "/systemsmanager/parameters/get?name=%3Cb%3E" })
	void impossible(String target) throws IOException {
		Answer answer = get(target);
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.text()).isEqualTo(ExtensionProtocol.OPAQUE);
		assertThat(this.upstream.calls()).isEmpty();
	}

	@Test
	@DisplayName("C1: a second read within the TTL makes no call")
	void cached() throws IOException {
		get(SECRET + "prod/db");
		this.clock.advance(TTL.minusMillis(1));
		get(SECRET + "prod/db");
		assertThat(this.upstream.calls()).hasSize(1);
	}

	@Test
	@DisplayName("C2: a rotation shows after the TTL")
	void rotation() throws IOException {
		get(SECRET + "prod/db");
		this.upstream.set("secret:prod/db", secret("prod/db").versionId("v2").text("CANARY-2"));
		this.clock.advance(TTL.minusMillis(1));
		assertThat(json(SECRET + "prod/db").get("VersionId").stringValue()).isEqualTo(VERSION_ID);
		this.clock.advance(Duration.ofMillis(1));
		JsonNode rotated = json(SECRET + "prod/db");
		assertThat(rotated.get("VersionId").stringValue()).isEqualTo("v2");
		assertThat(rotated.get("SecretString").stringValue()).isEqualTo("CANARY-2");
		assertThat(rotated.get("VersionStages").toString()).isEqualTo("[\"AWSCURRENT\"]");
	}

	@Test
	@DisplayName("C3: refreshNow shows the new value and begins a TTL; a failure leaves the old one")
	void refresh() throws IOException {
		get(SECRET + "prod/db");
		this.upstream.set("secret:prod/db", secret("prod/db").text("CANARY-2"));
		this.clock.advance(TTL.minusMillis(1));
		assertThat(string(SECRET + "prod/db&refreshNow=true")).isEqualTo("CANARY-2");
		this.clock.advance(TTL.minusMillis(1));
		assertThat(string(SECRET + "prod/db")).isEqualTo("CANARY-2");
		this.upstream.failure = Reason.SERVICE_ERROR;
		assertThat(get(SECRET + "prod/db&refreshNow=true").text()).isEqualTo(ExtensionProtocol.OPAQUE);
		assertThat(string(SECRET + "prod/db")).isEqualTo("CANARY-2");
	}

	@ParameterizedTest
	@DisplayName("C4: TTL 0 and size 0")
	@CsvSource({ "0,1000", "300,0" })
	void uncached(int ttl, int size) throws IOException {
		start(Duration.ofSeconds(ttl), size);
		get(SECRET + "prod/db");
		this.upstream.set("secret:prod/db", secret("prod/db").text("CANARY-2"));
		assertThat(string(SECRET + "prod/db")).isEqualTo("CANARY-2");
	}

	@Test
	@DisplayName("C5: stage AWSCURRENT is no stage, decryption is another entry")
	void entries() throws IOException {
		this.upstream.set("param:/app/url", parameter("/app/url", "String", 3).text("CANARY-decrypted"));
		get(SECRET + "prod/db");
		get(SECRET + "prod/db&versionStage=AWSCURRENT");
		assertThat(this.upstream.calls()).hasSize(1);
		assertThat(value(PARAMETER + "/app/url")).isEqualTo("CANARY-url");
		assertThat(value(PARAMETER + "/app/url&withDecryption=true")).isEqualTo("CANARY-decrypted");
		assertThat(value(PARAMETER + "/app/url")).isEqualTo("CANARY-url");
		assertThat(this.upstream.calls()).hasSize(3);
	}

	@Test
	@DisplayName("C6: the size holds")
	void size() throws IOException {
		start(TTL, 1);
		this.upstream.set("secret:other", secret("other").text("CANARY-other"));
		for (int i = 0; i < 3; i++) {
			assertThat(string(SECRET + "prod/db")).contains("CANARY-1");
			assertThat(string(SECRET + "other")).isEqualTo("CANARY-other");
		}
		assertThat(this.cache.size(SecretReference.Kind.SECRET)).isLessThanOrEqualTo(1);
	}

	@Test
	@DisplayName("C7: past the TTL a transient failure gets the old value")
	void stale() throws IOException {
		get(SECRET + "prod/db");
		this.upstream.failure = Reason.TIMEOUT;
		this.clock.advance(TTL);
		assertGolden(SECRET + "prod/db", "secret");
		this.clock.advance(Duration.ofHours(2));
		assertThat(get(SECRET + "prod/db").text()).isEqualTo(ExtensionProtocol.OPAQUE);
	}

	@Test
	@DisplayName("C8: past the TTL a denial gets no value")
	void denied() throws IOException {
		get(SECRET + "prod/db");
		this.upstream.failure = Reason.DENIED;
		this.clock.advance(TTL);
		assertThat(get(SECRET + "prod/db").text()).isEqualTo(ExtensionProtocol.OPAQUE);
	}

	@Test
	@DisplayName("C9: a failure is remembered for seconds only")
	void failureMemory() throws IOException {
		this.upstream.failure = Reason.NOT_FOUND;
		get(SECRET + "prod/db");
		get(SECRET + "prod/db");
		assertThat(this.upstream.calls()).hasSize(1);
		this.upstream.failure = null;
		this.clock.advance(Duration.ofSeconds(5));
		assertGolden(SECRET + "prod/db", "secret");
	}

	@Test
	@DisplayName("C10: 50 concurrent misses make one call")
	void herd() throws Exception {
		CountDownLatch gate = new CountDownLatch(1);
		this.upstream.gate = gate;
		List<Future<Answer>> answers = IntStream.range(0, 50)
			.mapToObj((i) -> this.pool.submit(() -> get(SECRET + "prod/db")))
			.toList();
		await().until(() -> this.upstream.calls().size() == 1);
		gate.countDown();
		for (Future<Answer> answer : answers) {
			assertThat(answer.get().text()).isEqualTo(golden("secret"));
		}
		assertThat(this.upstream.calls()).hasSize(1);
	}

	@Test
	@DisplayName("V1: AWSPENDING becomes AWSCURRENT, and the old version stays to be read")
	void promotion() throws IOException {
		this.upstream.set("secret:prod/db?versionStage=AWSPENDING",
				secret("prod/db").versionId("v2").versionStages(List.of("AWSPENDING")).text("CANARY-2"));
		this.upstream.set("secret:prod/db?versionId=" + VERSION_ID, secret("prod/db").text("CANARY-1"));
		assertThat(string(SECRET + "prod/db&versionStage=AWSPENDING")).isEqualTo("CANARY-2");
		assertThat(string(SECRET + "prod/db")).contains("CANARY-1");
		this.upstream.set("secret:prod/db", secret("prod/db").versionId("v2").text("CANARY-2"));
		this.upstream.set("secret:prod/db?versionId=" + VERSION_ID,
				secret("prod/db").versionStages(List.of("AWSPREVIOUS")).text("CANARY-1"));
		this.clock.advance(TTL);
		assertThat(json(SECRET + "prod/db").get("VersionId").stringValue()).isEqualTo("v2");
		JsonNode old = json(SECRET + "prod/db&versionId=" + VERSION_ID);
		assertThat(old.get("SecretString").stringValue()).isEqualTo("CANARY-1");
		assertThat(old.get("VersionStages").toString()).isEqualTo("[\"AWSPREVIOUS\"]");
	}

	@Test
	@DisplayName("a version without stages has null, as a nil slice of Go")
	void noStages() throws IOException {
		this.upstream.set("secret:prod/db", secret("prod/db").versionStages(List.of()).text("CANARY-1"));
		assertThat(get(SECRET + "prod/db").text()).contains("\"VersionStages\":null,");
	}

	@Test
	@DisplayName("the date is as HTTP writes it")
	void date() throws IOException {
		assertThat(get("/ping").headers()).containsEntry("date", "Tue, 14 Nov 2023 22:13:20 GMT");
		this.clock.advance(Duration.ofDays(17));
		assertThat(get("/ping").headers()).containsEntry("date", "Fri, 01 Dec 2023 22:13:20 GMT");
	}

	private static SecretValue.Builder secret(String name) {
		return SecretValue.builder()
			.arn("arn:aws:secretsmanager:us-east-1:123456789012:secret:" + name + "-AbCdEf")
			.name(name)
			.createdAt(CREATED)
			.versionId(VERSION_ID)
			.versionStages(List.of("AWSCURRENT"));
	}

	private static SecretValue.Builder parameter(String name, String type, long version) {
		return SecretValue.builder()
			.arn("arn:aws:ssm:us-east-1:123456789012:parameter" + name)
			.name(name)
			.createdAt(CREATED)
			.dataType("text")
			.type(type)
			.version(version);
	}

	private Answer get(String target) throws IOException {
		return EndpointClient.get(this.port, target);
	}

	private Answer send(String... lines) throws IOException {
		String[] all = new String[lines.length + 1];
		all[0] = lines[0];
		all[1] = "Host: localhost:" + this.port;
		System.arraycopy(lines, 1, all, 2, lines.length - 1);
		try (EndpointClient client = new EndpointClient(this.port)) {
			return client.send(EndpointClient.head(all)).answer();
		}
	}

	private JsonNode json(String target) throws IOException {
		Answer answer = get(target);
		assertThat(answer.status()).isEqualTo(200);
		return new JsonMapper().readTree(answer.body());
	}

	private String string(String target) throws IOException {
		return json(target).get("SecretString").stringValue();
	}

	private String value(String target) throws IOException {
		return json(target).get("Parameter").get("Value").stringValue();
	}

	private void assertGolden(String target, String name) throws IOException {
		Answer answer = get(target);
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.headers()).containsEntry("content-type", "application/json");
		assertThat(answer.text()).isEqualTo(golden(name));
		assertThat(answer.body()).isEqualTo(golden(name).getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * Returns a body as the extension would write it, from a file that was written by
	 * hand and ends with a line break, which the body does not.
	 */
	private static String golden(String name) throws IOException {
		try (InputStream file = EndpointConformanceTests.class.getResourceAsStream("/extension/" + name + ".json")) {
			return new String(file.readAllBytes(), StandardCharsets.UTF_8).stripTrailing();
		}
	}

	/**
	 * What stands behind the cache.
	 */
	private static final class Upstream extends FakeSecrets {

		private volatile Reason failure;

		private volatile CountDownLatch gate = new CountDownLatch(0);

		void set(String reference, SecretValue.Builder value) {
			set(reference, value.build());
		}

		@Override
		public SecretValue get(SecretReference reference) {
			SecretValue value = super.get(reference);
			try {
				this.gate.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			if (this.failure != null) {
				throw new SecretsException(this.failure, reference, "CANARY-problem", "CANARY-action");
			}
			return value;
		}

	}

}
