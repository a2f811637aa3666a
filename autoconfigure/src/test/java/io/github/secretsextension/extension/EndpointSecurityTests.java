package io.github.secretsextension.extension;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.extension.EndpointClient.Answer;

import static io.github.secretsextension.extension.EndpointClient.TOKEN;
import static io.github.secretsextension.extension.EndpointClient.TOKEN_LINE;
import static io.github.secretsextension.extension.EndpointClient.head;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Tests for what the endpoint refuses: on raw sockets, since no HTTP client would send
 * most of it.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndpointSecurityTests {

	private static final String GET = "GET /secretsmanager/get?secretId=db HTTP/1.1";

	private static final String HOST = "Host: localhost";

	private static final String NAME = "X-Aws-Parameters-Secrets-Token";

	private static final boolean CLOSED = true;

	private static final boolean OPEN = false;

	private static final int MIB = 1 << 20;

	private static final FakeSecrets SECRETS = new FakeSecrets().set("secret:db", "CANARY-1");

	private static final ExtensionEndpoint ENDPOINT = new ExtensionEndpoint(SECRETS, TOKEN, SecretsClock.system());

	private static int port;

	@BeforeAll
	static void start() throws IOException {
		port = ENDPOINT.start(0);
	}

	@AfterAll
	static void stop() {
		ENDPOINT.close();
	}

	@AfterEach
	void forgetCalls() {
		SECRETS.calls().clear();
	}

	static Stream<Arguments> refused() {
		return Stream.of(framing(), bodies(), tokens(), hosts(), pages(), paths(), methods(), parameters())
			.flatMap((rows) -> rows);
	}

	private static Stream<Arguments> framing() {
		return Stream.of(row("no version, as HTTP/0.9", 400, CLOSED, "GET /secretsmanager/get?secretId=db\r\n"),
				row("HTTP/2", 400, CLOSED, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
				row("HTTP/1.2", 400, CLOSED, good(GET.replace("1.1", "1.2"))),
				row("HTTP/1.1 in lower case", 400, CLOSED, good(GET.replace("HTTP", "http"))),
				row("version of two digits", 400, CLOSED, good(GET.replace("1.1", "1.10"))),
				row("two spaces", 400, CLOSED, good(GET.replace("GET ", "GET  "))),
				row("tab for a space", 400, CLOSED, good(GET.replace("GET ", "GET\t"))),
				row("space at the end", 400, CLOSED, good(GET + " ")),
				row("space in the target", 400, CLOSED, good(GET.replace("db", "d b"))),
				row("no target", 400, CLOSED, good("GET  HTTP/1.1")),
				row("method that is no token", 400, CLOSED, good(GET.replace("GET", "G(ET"))),
				row("NUL in the target", 400, CLOSED, good(GET.replace("db", "d\0b"))),
				row("byte beyond ASCII in the target", 400, CLOSED, good(GET.replace("db", "d\u00fcb"))),
				row("two empty lines in front", 400, CLOSED, "\r\n\r\n" + good(GET)),
				row("space in front", 400, CLOSED, " " + good(GET)),
				row("bare LF behind the request line", 400, CLOSED, GET + "\n" + head(HOST, TOKEN_LINE)),
				row("bare LF behind a header", 400, CLOSED, GET + "\r\n" + HOST + "\n" + head(TOKEN_LINE)),
				row("bare LF everywhere", 400, CLOSED, good(GET).replace("\r", "")),
				row("bare CR in a header", 400, CLOSED, good(GET, "A: b\rc")),
				row("two CR", 400, CLOSED, good(GET, "A: b\r")),
				row("NUL in a header", 400, CLOSED, good(GET, "A: \0")),
				row("control character in a header", 400, CLOSED, good(GET, "A: \u001b[31m")),
				row("DEL in a header", 400, CLOSED, good(GET, "A: \u007f")),
				row("folded header", 400, CLOSED, good(GET, "A: b", " c")),
				row("header folded by a tab", 400, CLOSED, good(GET, "A: b", "\tc")),
				row("space in front of the first header", 400, CLOSED, head(GET, " " + HOST, TOKEN_LINE)),
				row("space in front of the colon", 400, CLOSED, head(GET, "Host : localhost", TOKEN_LINE)),
				row("header without a name", 400, CLOSED, good(GET, ": b")),
				row("header without a colon", 400, CLOSED, good(GET, "A")),
				row("header name that is no token", 400, CLOSED, good(GET, "A(b): c")),
				row("header name beyond ASCII", 400, CLOSED, good(GET, "\u00c4: c")),
				row("start of TLS", 400, CLOSED, "\u0016\u0003\u0001\u0002\0\u0001\0\n"),
				row("101 headers", 431, CLOSED, good(GET, many(99))),
				row("10,000 headers", 431, CLOSED, good(GET, many(10_000))),
				row("header of 1 MiB", 431, CLOSED, good(GET, "A: " + "a".repeat(MIB))),
				row("header name of 1 MiB", 431, CLOSED, good(GET, "a".repeat(MIB) + ": b")),
				row("token of 1 MiB", 431, CLOSED, head(GET, HOST, NAME + ": " + "a".repeat(MIB))),
				row("target of 1 MiB", 431, CLOSED, good(GET.replace("db", "a".repeat(MIB)))),
				row("method of 1 MiB", 431, CLOSED, "A".repeat(MIB)));
	}

	private static Stream<Arguments> bodies() {
		String post = GET.replace("GET", "POST");
		return Stream.of(row("GET with a body", 400, CLOSED, good(GET, "Content-Length: 5") + "hello"),
				row("GET with a request as its body", 400, CLOSED,
						good(GET, "Content-Length: " + good(GET).length()) + good(GET)),
				row("GET with a chunked body", 400, CLOSED, good(GET, "Transfer-Encoding: chunked") + "0\r\n\r\n"),
				row("length and coding", 400, CLOSED,
						good(post, "Content-Length: 4", "Transfer-Encoding: chunked") + "0\r\n\r\n" + good(GET)),
				row("coding and length 0", 400, CLOSED,
						good(GET, "Transfer-Encoding: chunked", "Content-Length: 0") + "0\r\n\r\n"),
				row("two lengths", 400, CLOSED, good(post, "Content-Length: 0", "Content-Length: 5") + "hello"),
				row("the same length twice", 400, CLOSED, good(GET, "Content-Length: 0", "Content-Length: 0")),
				row("two lengths in one line", 400, CLOSED, good(GET, "Content-Length: 0, 0")),
				row("negative length", 400, CLOSED, good(GET, "Content-Length: -0")),
				row("length with a sign", 400, CLOSED, good(GET, "Content-Length: +0")),
				row("hexadecimal length", 400, CLOSED, good(GET, "Content-Length: 0x0")),
				row("empty length", 400, CLOSED, good(GET, "Content-Length:")),
				row("length beyond a long", 400, CLOSED, good(post, "Content-Length: 18446744073709551616")),
				row("unknown coding", 400, CLOSED, good(post, "Transfer-Encoding: xchunked") + "0\r\n\r\n"),
				row("two codings", 400, CLOSED, good(post, "Transfer-Encoding: gzip, chunked") + "0\r\n\r\n"),
				row("coding twice", 400, CLOSED,
						good(post, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "0\r\n\r\n"),
				row("coding of HTTP/1.0", 400, CLOSED,
						good(post.replace("1.1", "1.0"), "Transfer-Encoding: chunked") + "0\r\n\r\n"),
				row("POST with a body", 405, CLOSED, good(post, "Content-Length: 5") + "hello"),
				row("POST with a chunked body", 405, CLOSED, good(post, "Transfer-Encoding: chunked") + "0\r\n\r\n"),
				row("POST with a request as its body", 405, CLOSED,
						good(post, "Content-Length: " + good(GET).length()) + good(GET)),
				row("POST with a body, no token", 401, CLOSED, head(post, HOST, "Content-Length: 5") + "hello"),
				row("POST with a body of which nothing comes", 405, CLOSED,
						good(post, "Expect: 100-continue", "Content-Length: 5")));
	}

	private static Stream<Arguments> tokens() {
		return Stream.of(row("no token", 401, OPEN, head(GET, HOST)),
				row("wrong token", 401, OPEN, head(GET, HOST, NAME + ": other")),
				row("empty token", 401, OPEN, head(GET, HOST, NAME + ":")),
				row("blank token", 401, OPEN, head(GET, HOST, NAME + ":   ")),
				row("beginning of the token", 401, OPEN, head(GET, HOST, NAME + ": CANARY-toke")),
				row("token and more", 401, OPEN, head(GET, HOST, TOKEN_LINE + "s")),
				row("token in lower case", 401, OPEN, head(GET, HOST, NAME + ": canary-token")),
				row("token twice", 401, OPEN, head(GET, HOST, TOKEN_LINE, TOKEN_LINE)),
				row("right and wrong token", 401, OPEN, head(GET, HOST, TOKEN_LINE, NAME + ": other")),
				row("two tokens in one line", 401, OPEN, head(GET, HOST, TOKEN_LINE + ", " + TOKEN)),
				row("token with spaces in front", 401, OPEN, head(GET, HOST, NAME + ":  " + TOKEN)),
				row("token with a tab in front", 401, OPEN, head(GET, HOST, NAME + ":\t" + TOKEN)),
				row("token with a space behind", 401, OPEN, head(GET, HOST, TOKEN_LINE + " ")),
				row("quoted token", 401, OPEN, head(GET, HOST, NAME + ": \"" + TOKEN + "\"")),
				row("folded token", 400, CLOSED, head(GET, HOST, NAME + ": CANARY-", " token")),
				row("token with a NUL", 400, CLOSED, head(GET, HOST, TOKEN_LINE + "\0")),
				row("token of the agent", 401, OPEN, head(GET, HOST, "X-Vault-Token: " + TOKEN)),
				row("token as authorization", 401, OPEN, head(GET, HOST, "Authorization: Bearer " + TOKEN)),
				row("token in the query", 401, OPEN, head(GET.replace("db", "db&" + NAME + "=" + TOKEN), HOST)),
				row("no token, HEAD", 401, OPEN, head(GET.replace("GET", "HEAD"), HOST)),
				row("no token, wrong host", 401, OPEN, head(GET, "Host: evil.example")),
				row("no token, origin", 401, OPEN, head(GET, HOST, "Origin: null")),
				row("no token, unknown path", 401, OPEN, head("GET /pong HTTP/1.1", HOST)),
				row("no token, no parameter", 401, OPEN, head("GET /secretsmanager/get HTTP/1.1", HOST)),
				row("no token, ping with a slash", 401, OPEN, head("GET /ping/ HTTP/1.1", HOST)));
	}

	private static Stream<Arguments> hosts() {
		return Stream.of(row("no host", 400, OPEN, head(GET, TOKEN_LINE)),
				row("no host, HTTP/1.0", 400, CLOSED, head(GET.replace("1.1", "1.0"), TOKEN_LINE)),
				row("other host", 400, OPEN, head(GET, "Host: evil.example", TOKEN_LINE)),
				row("other host with our port", 400, OPEN, head(GET, "Host: evil.example:%PORT%", TOKEN_LINE)),
				row("host that begins as ours", 400, OPEN, head(GET, "Host: localhost.evil.example", TOKEN_LINE)),
				row("host that ends as ours", 400, OPEN, head(GET, "Host: evil.localhost", TOKEN_LINE)),
				row("host with a dot", 400, OPEN, head(GET, "Host: localhost.", TOKEN_LINE)),
				row("host of another port", 400, OPEN, head(GET, "Host: localhost:1", TOKEN_LINE)),
				row("host with user", 400, OPEN, head(GET, "Host: localhost@evil.example", TOKEN_LINE)),
				row("any address", 400, OPEN, head(GET, "Host: 0.0.0.0:%PORT%", TOKEN_LINE)),
				row("another loopback address", 400, OPEN, head(GET, "Host: 127.0.0.2", TOKEN_LINE)),
				row("empty host", 400, OPEN, head(GET, "Host:", TOKEN_LINE)),
				row("host twice", 400, OPEN, head(GET, HOST, HOST, TOKEN_LINE)),
				row("right and wrong host", 400, OPEN, head(GET, HOST, "Host: evil.example", TOKEN_LINE)),
				row("two hosts in one line", 400, OPEN, head(GET, "Host: localhost, evil.example", TOKEN_LINE)),
				row("absolute form", 400, OPEN, good(GET.replace("/secrets", "http://localhost/secrets"))),
				row("absolute form of another host", 400, OPEN,
						good(GET.replace("/secrets", "http://evil.example/secrets"))),
				row("target without a slash", 400, OPEN, good(GET.replace("/secretsmanager", "secretsmanager"))),
				row("ping of another host", 400, OPEN, head("GET /ping HTTP/1.1", "Host: evil.example")),
				row("X-Forwarded-For", 400, OPEN, good(GET, "X-Forwarded-For: 10.0.0.1")),
				row("X-Forwarded-Host", 400, OPEN, good(GET, "x-forwarded-host: localhost")),
				row("X-Forwarded-Proto, empty", 400, OPEN, good(GET, "X-Forwarded-Proto:")),
				row("Forwarded", 400, OPEN, good(GET, "Forwarded: for=10.0.0.1")),
				row("Via", 400, OPEN, good(GET, "Via: 1.1 proxy")),
				row("X-Real-IP", 400, OPEN, good(GET, "X-Real-IP: 10.0.0.1")),
				row("forwarded and of a page", 400, OPEN, good(GET, "Via: 1.1 proxy", "Origin: null")));
	}

	private static Stream<Arguments> pages() {
		String options = GET.replace("GET", "OPTIONS");
		return Stream.of(row("origin", 403, OPEN, good(GET, "Origin: https://evil.example")),
				row("our own origin", 403, OPEN, good(GET, "Origin: http://localhost:%PORT%")),
				row("null origin", 403, OPEN, good(GET, "Origin: null")),
				row("empty origin", 403, OPEN, good(GET, "Origin:")),
				row("cross-site fetch", 403, OPEN, good(GET, "Sec-Fetch-Site: cross-site")),
				row("same-site fetch", 403, OPEN, good(GET, "Sec-Fetch-Site: same-site")),
				row("same-origin fetch", 403, OPEN, good(GET, "Sec-Fetch-Site: same-origin")),
				row("two fetch sites", 403, OPEN, good(GET, "Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site")),
				row("preflight", 403, OPEN, good(options, "Access-Control-Request-Method: GET")),
				row("preflight for a private network", 403, OPEN,
						good(options, "Access-Control-Request-Private-Network: true")),
				row("preflight without a token", 401, OPEN,
						head(options, HOST, "Origin: https://evil.example", "Access-Control-Request-Method: GET")),
				row("ping by a page", 403, OPEN, head("GET /ping HTTP/1.1", HOST, "Origin: https://evil.example")),
				row("of a page, unknown path", 403, OPEN, good("GET /pong HTTP/1.1", "Origin: null")));
	}

	private static Stream<Arguments> paths() {
		return Stream
			.of("/pong", "/", "*", "//secretsmanager/get", "/secretsmanager//get", "/secretsmanager/get//",
					"/secretsmanager/./get", "/x/../secretsmanager/get", "/secretsmanager/get/..",
					"/secretsmanager/%67et", "/secretsmanager%2Fget", "/secretsmanager/get;x",
					"/secretsmanager/get.json", "/secretsmanager/getx", "/secretsmanager/get/db", "/SecretsManager/get",
					"/secretsmanager/get%3FsecretId=db", "/secretsmanager/get%00", "/systemsmanager/get",
					"/systemsmanager/parameters/get/x", "/v1/db", "/v1/", "/ping/", "/ping;x", "/%70ing")
			.map((path) -> row("path " + path, 404, OPEN,
					good("GET " + path + ((path.equals("*")) ? "" : "?secretId=db&name=db") + " HTTP/1.1")));
	}

	private static Stream<Arguments> methods() {
		List<Arguments> rows = new ArrayList<>();
		for (String path : List.of("/secretsmanager/get", "/secretsmanager/get/", "/systemsmanager/parameters/get",
				"/systemsmanager/parameters/get/", "/ping")) {
			for (String method : List.of("POST", "PUT", "PATCH", "DELETE", "HEAD", "CONNECT", "OPTIONS", "TRACE", "get",
					"FOO")) {
				rows.add(row(method + " " + path, 405, OPEN, good(method + " " + path + "?secretId=db HTTP/1.1")));
			}
		}
		rows.add(row("CONNECT to a host", 400, OPEN, good("CONNECT evil.example:443 HTTP/1.1")));
		return rows.stream();
	}

	private static Stream<Arguments> parameters() {
		return Stream.of("/secretsmanager/get", "/secretsmanager/get?", "/secretsmanager/get?secretId",
				"/secretsmanager/get?secretId=", "/secretsmanager/get?name=db", "/secretsmanager/get?SecretId=db",
				"/secretsmanager/get?secretId=&secretId=db", "/secretsmanager/get?secretId=%",
				"/secretsmanager/get?secretId=db%2", "/secretsmanager/get?secretId=db%zz",
				"/secretsmanager/get?secretId=%C0%AF", "/secretsmanager/get?secretId=%ED%A0%80",
				"/secretsmanager/get?secretId=db&x=%FF", "/secretsmanager/get?secretId=db&%FF=x",
				"/secretsmanager/get?secretId=db%00", "/secretsmanager/get?secretId=db%0D%0AX:y",
				"/secretsmanager/get?secretId=db#password", "/secretsmanager/get?secretId=db:default",
				"/secretsmanager/get?secretId=db%3FversionStage=x", "/secretsmanager/get?secretId=%24%3Csecret:db%3E",
				"/secretsmanager/get?secretId=db;x", "/secretsmanager/get?secretId=d+b",
				"/secretsmanager/get?secretId=" + "a".repeat(3000), "/secretsmanager/get?secretId=arn:aws:s3:::db",
				"/secretsmanager/get?secretId=db&versionStage=a%26b", "/secretsmanager/get?secretId=db&refreshNow=123",
				"/systemsmanager/parameters/get?secretId=db", "/systemsmanager/parameters/get?name=db&version=0",
				"/systemsmanager/parameters/get?name=db&version=x", "/systemsmanager/parameters/get?name=db:",
				"/systemsmanager/parameters/get?name=db:1:2", "/systemsmanager/parameters/get?name=db:1&label=x",
				"/systemsmanager/parameters/get?name=db&withDecryption=yes")
			.map((target) -> row("query " + target, 400, OPEN, good("GET " + target + " HTTP/1.1")));
	}

	private static String good(String requestLine, String... headers) {
		List<String> lines = new ArrayList<>(List.of(requestLine, HOST, TOKEN_LINE));
		lines.addAll(List.of(headers));
		return head(lines.toArray(String[]::new));
	}

	private static String[] many(int count) {
		return Stream.iterate(0, (i) -> i + 1).limit(count).map((i) -> "A" + i + ": b").toArray(String[]::new);
	}

	private static Arguments row(String name, int status, boolean closed, String request) {
		String shown = (name.length() > 80) ? name.substring(0, 80) + "…" : name;
		return arguments(Named.of(shown, request), status, closed);
	}

	@ParameterizedTest(name = "{0}: {1}")
	@MethodSource
	void refused(String request, int status, boolean closed) throws IOException {
		String sent = request.replace("%PORT%", String.valueOf(port));
		try (EndpointClient client = new EndpointClient(port)) {
			Answer answer = client.sendAtMost(sent).answer();
			assertThat(answer.status()).isEqualTo(status);
			assertThat(answer.headers()).containsEntry("content-type", "text/plain")
				.doesNotContainKey("access-control-allow-origin");
			assertThat(answer.text()).doesNotContain("CANARY", "evil", "<", "\\").hasSizeLessThan(100);
			if (closed) {
				assertThat(answer.headers()).containsEntry("connection", "close");
				assertThat(client.awaitEnd()).as("bytes of a second answer").isZero();
			}
			else {
				Answer next = client.send(head("GET /ping HTTP/1.1", HOST)).answer();
				assertThat(next.text()).isEqualTo("healthy");
			}
		}
		assertThat(SECRETS.calls()).isEmpty();
	}

	static Stream<Arguments> answered() {
		return Stream.of(row("good", 200, OPEN, good(GET)), row("empty line in front", 200, OPEN, "\r\n" + good(GET)),
				row("no space behind the colon", 200, OPEN, head(GET, "Host:localhost", NAME + ":" + TOKEN)),
				row("header names in lower case", 200, OPEN,
						head(GET, "host: localhost", TOKEN_LINE.replace(NAME, NAME.toLowerCase(Locale.ROOT)))),
				row("header names in upper case", 200, OPEN,
						head(GET, "HOST: LOCALHOST", TOKEN_LINE.replace(NAME, NAME.toUpperCase(Locale.ROOT)))),
				row("host with our port", 200, OPEN, head(GET, "Host: localhost:%PORT%", TOKEN_LINE)),
				row("address", 200, OPEN, head(GET, "Host: 127.0.0.1", TOKEN_LINE)),
				row("address with our port", 200, OPEN, head(GET, "Host: 127.0.0.1:%PORT%", TOKEN_LINE)),
				row("address of IPv6", 200, OPEN, head(GET, "Host: [::1]", TOKEN_LINE)),
				row("address of IPv6 with our port", 200, OPEN, head(GET, "Host: [::1]:%PORT%", TOKEN_LINE)),
				row("host with spaces around", 200, OPEN, head(GET, "Host:   localhost  ", TOKEN_LINE)),
				row("length 0", 200, OPEN, good(GET, "Content-Length: 0")),
				row("fetch of no page", 200, OPEN, good(GET, "Sec-Fetch-Site: none", "Sec-Fetch-Mode: cors")),
				row("header beyond ASCII", 200, OPEN, good(GET, "A: \u00fc")),
				row("empty header", 200, OPEN, good(GET, "A:")),
				row("tab in a header", 200, OPEN, good(GET, "A: b\tc")),
				row("100 headers", 200, OPEN, good(GET, many(98))),
				row("head of 15 KiB", 200, OPEN, good(GET, "A: " + "a".repeat(15 << 10))),
				row("HTTP/1.0", 200, CLOSED, good(GET.replace("1.1", "1.0"))),
				row("HTTP/1.0, kept alive", 200, OPEN, good(GET.replace("1.1", "1.0"), "Connection: Keep-Alive")),
				row("closed by the client", 200, CLOSED, good(GET, "Connection: foo, Close")),
				row("closed by the client, with one more request", 200, CLOSED,
						good(GET, "Connection: close") + good(GET)),
				row("kept alive and closed", 200, CLOSED, good(GET, "Connection: keep-alive", "Connection: close")));
	}

	@ParameterizedTest(name = "{0}: {1}")
	@MethodSource
	void answered(String request, int status, boolean closed) throws IOException {
		try (EndpointClient client = new EndpointClient(port)) {
			Answer answer = client.send(request.replace("%PORT%", String.valueOf(port))).answer();
			assertThat(answer.status()).isEqualTo(status);
			assertThat(answer.text()).contains("CANARY-1");
			assertThat(answer.headers()).containsEntry("content-type", "application/json")
				.doesNotContainKey("access-control-allow-origin");
			if (closed) {
				assertThat(answer.headers()).containsEntry("connection", "close");
				assertThat(client.awaitEnd()).as("bytes of a second answer").isZero();
			}
			else {
				assertThat(client.send(good(GET)).answer().text()).contains("CANARY-1");
			}
		}
		assertThat(SECRETS.calls()).hasSize((closed) ? 1 : 2);
	}

	@Test
	void keptAliveByHttp10SaysSo() throws IOException {
		try (EndpointClient client = new EndpointClient(port)) {
			String request = good(GET.replace("1.1", "1.0"), "Connection: keep-alive");
			assertThat(client.send(request).answer().headers()).containsEntry("connection", "keep-alive");
		}
	}

	@Test
	void knownAndUnknownIdsLookAlikeWithoutAToken() throws IOException {
		byte[] known = bytes("secretId=db");
		assertThat(bytes("secretId=no-such")).isEqualTo(known);
		assertThat(bytes("secretId=")).isEqualTo(known);
		assertThat(bytes("x=%zz")).isEqualTo(known);
		assertThat(SECRETS.calls()).isEmpty();
	}

	private static byte[] bytes(String query) throws IOException {
		try (EndpointClient client = new EndpointClient(port)) {
			Answer answer = client.send(head("GET /secretsmanager/get?" + query + " HTTP/1.1", HOST)).answer();
			answer.headers().remove("date");
			return (answer.status() + answer.headers().toString() + answer.text()).getBytes();
		}
	}

	@Test
	void refusalOfTheTokenIsAsCaptured() throws IOException {
		try (EndpointClient client = new EndpointClient(port)) {
			Answer answer = client.send(head("POST /secretsmanager/ HTTP/1.1", HOST)).answer();
			assertThat(answer.status()).isEqualTo(401);
			assertThat(answer.text()).isEqualTo("bad session token or header key");
			assertThat(answer.headers()).containsEntry("content-type", "text/plain")
				.containsEntry("x-amzn-errortype", "AccessDeniedException")
				.containsEntry("content-length", "31");
		}
	}

	@Test
	void otherMethodsAreToldWhatIsAllowed() throws IOException {
		try (EndpointClient client = new EndpointClient(port)) {
			assertThat(client.send(good(GET.replace("GET", "DELETE"))).answer().headers()).containsEntry("allow",
					"GET");
			Answer head = client.send(good(GET.replace("GET", "HEAD"))).answer();
			assertThat(head.headers()).containsEntry("allow", "GET").doesNotContainKey("content-length");
			assertThat(client.send(good(GET)).answer().status()).as("behind an answer without a body").isEqualTo(200);
		}
	}

	@Test
	void pipelinedRequestsAreAnsweredInOrder() throws IOException {
		try (EndpointClient client = new EndpointClient(port)) {
			client.send(good(GET) + head("GET /ping HTTP/1.1", HOST) + head(GET, HOST)
					+ good("GET /secretsmanager/get?secretId=no HTTP/1.1") + good(GET));
			assertThat(client.answer().text()).contains("CANARY-1");
			assertThat(client.answer().text()).isEqualTo("healthy");
			assertThat(client.answer().status()).isEqualTo(401);
			assertThat(client.answer().text()).isEqualTo(ExtensionProtocol.OPAQUE);
			assertThat(client.answer().text()).contains("CANARY-1");
		}
		assertThat(SECRETS.calls()).hasSize(3);
	}

	@Test
	void nothingIsAnsweredBehindAMalformedRequest() throws IOException {
		try (EndpointClient client = new EndpointClient(port)) {
			client.send(good(GET) + good(GET, " folded") + good(GET));
			assertThat(client.answer().status()).isEqualTo(200);
			assertThat(client.answer().status()).isEqualTo(400);
			assertThat(client.awaitEnd()).isZero();
		}
		assertThat(SECRETS.calls()).hasSize(1);
	}

	@Test
	void clientThatOnlyReadsAnyMoreIsAnswered() throws IOException {
		try (EndpointClient client = new EndpointClient(port)) {
			client.send(good(GET)).endOutput();
			assertThat(client.answer().status()).isEqualTo(200);
			assertThat(client.awaitEnd()).isZero();
		}
	}

	@Test
	void failuresSayNothing() throws IOException {
		for (Throwable failure : List.of(new SecretsException(Reason.DENIED, null, "CANARY-problem", "CANARY-action"),
				new SecretsException(Reason.NOT_TEXT, null, "CANARY-problem", "CANARY-action"),
				new IllegalStateException("CANARY-message"), new StackOverflowError("CANARY-message"))) {
			try (ExtensionEndpoint failing = new ExtensionEndpoint((reference) -> {
				throw EndpointSecurityTests.<RuntimeException>any(failure);
			}, TOKEN, SecretsClock.system())) {
				Answer answer = EndpointClient.get(failing.start(0), "/secretsmanager/get?secretId=db");
				assertThat(answer.status()).isEqualTo(400);
				assertThat(answer.text()).isEqualTo(ExtensionProtocol.OPAQUE);
				assertThat(answer.headers().toString()).doesNotContain("CANARY");
			}
		}
	}

	@SuppressWarnings("unchecked")
	private static <T extends Throwable> T any(Throwable failure) throws T {
		throw (T) failure;
	}

	@Test
	void heapStaysFlat() throws IOException {
		int count = 64;
		List<EndpointClient> clients = new ArrayList<>();
		try {
			long before = usedHeap();
			for (int i = 0; i < count; i++) {
				clients.add(new EndpointClient(port).sendAtMost(GET + "\r\nA: "));
			}
			String part = "a".repeat(64 << 10);
			for (int sent = 0; sent < MIB; sent += part.length()) {
				for (EndpointClient client : clients) {
					client.sendAtMost(part);
				}
			}
			assertThat(EndpointClient.get(port, "/ping").status()).isEqualTo(200);
			assertThat(usedHeap() - before).isLessThan(count * MIB / 4);
		}
		finally {
			for (EndpointClient client : clients) {
				client.close();
			}
		}
	}

	private static long usedHeap() {
		System.gc();
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

}
