package io.github.secretsextension.extension;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretsClock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests for the endpoint with clients in other languages, which were written for the
 * extension and know nothing of this project. Each is a process of its own. Where its
 * interpreter is missing a test is skipped, but for Python with the environment variable
 * {@code CI}.
 */
@Timeout(120)
class ForeignClientTests {

	/** The example of AWS's guide, line by line. */
	private static final String PYTHON_REQUESTS = """
			import os, json, requests
			secrets_extension_http_port = os.environ.get('PARAMETERS_SECRETS_EXTENSION_HTTP_PORT')
			headers = {"X-Aws-Parameters-Secrets-Token": os.environ.get('AWS_SESSION_TOKEN')}
			secrets_extension_endpoint = "http://localhost:" + \\
			secrets_extension_http_port + \\
			"/secretsmanager/get?secretId=" + \\
			"prod/db"
			r = requests.get(secrets_extension_endpoint, headers=headers)
			print(r.status_code)
			secret = json.loads(r.text)["SecretString"] if r.status_code == 200 else r.text
			print(secret)
			""";

	private static final String PYTHON = """
			import os, json, urllib.request, urllib.parse, urllib.error
			port = os.environ['PARAMETERS_SECRETS_EXTENSION_HTTP_PORT']
			url = 'http://localhost:' + port + '/secretsmanager/get?secretId=' + urllib.parse.quote('prod/db')
			headers = {'X-Aws-Parameters-Secrets-Token': os.environ['AWS_SESSION_TOKEN']}
			try:
			    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
			        print(answer.status)
			        print(json.loads(answer.read())['SecretString'])
			except urllib.error.HTTPError as error:
			    print(error.code)
			    print(error.read().decode())
			""";

	private static final String NODE_FETCH = """
			const port = process.env.PARAMETERS_SECRETS_EXTENSION_HTTP_PORT
			const url = `http://localhost:${port}/secretsmanager/get?secretId=${encodeURIComponent('prod/db')}`
			const headers = { 'X-Aws-Parameters-Secrets-Token': process.env.AWS_SESSION_TOKEN }
			fetch(url, { headers }).then(async (answer) => {
			  console.log(answer.status)
			  const text = await answer.text()
			  console.log(answer.ok ? JSON.parse(text).SecretString : text)
			})
			""";

	private static final String NODE_HTTP = """
			const http = require('http')
			const options = {
			  host: '127.0.0.1', port: process.env.PARAMETERS_SECRETS_EXTENSION_HTTP_PORT,
			  path: '/secretsmanager/get?secretId=prod/db', agent: new http.Agent({ keepAlive: true }),
			  headers: { 'x-aws-parameters-secrets-token': process.env.AWS_SESSION_TOKEN }
			}
			http.get(options, (answer) => {
			  let text = ''
			  answer.on('data', (chunk) => { text += chunk })
			  answer.on('end', () => {
			    console.log(answer.statusCode)
			    console.log(answer.statusCode === 200 ? JSON.parse(text).SecretString : text)
			    options.agent.destroy()
			  })
			})
			""";

	private static final String PUBLISHED_CLIENT = "lambda-params-secrets@1.0.3";

	/** Of the published client, as its documentation shows it. */
	private static final String NODE_PACKAGE = """
			const { Client } = require('lambda-params-secrets')
			const client = new Client({ port: Number(process.env.PARAMETERS_SECRETS_EXTENSION_HTTP_PORT) })
			client.stringSecret('prod/db').then(
			  (value) => { console.log(200); console.log(value) },
			  (error) => { console.log(401); console.log(String(error)) })
			""";

	private static final String SECRET = "CANARY-{\"p\":\"ü€𝄞 <&> \\\\\"}";

	private final FakeSecrets secrets = new FakeSecrets().set("secret:prod/db", SECRET);

	private final ExtensionEndpoint endpoint = new ExtensionEndpoint(this.secrets, EndpointClient.TOKEN,
			SecretsClock.system());

	private int port;

	@TempDir
	private Path folder;

	@BeforeEach
	void start() throws IOException {
		this.port = this.endpoint.start(0);
	}

	@AfterEach
	void close() {
		this.endpoint.close();
	}

	static Stream<Arguments> clients() {
		return Stream.of(Arguments.of("Python, urllib", List.of("python3", "-c", PYTHON), List.of("python3", "-V")),
				Arguments.of("Python, the guide's example", List.of("python3", "-c", PYTHON_REQUESTS),
						List.of("python3", "-c", "import requests")),
				Arguments.of("Node, fetch", List.of("node", "-e", NODE_FETCH),
						List.of("node", "-e", "process.exit(typeof fetch === 'function' ? 0 : 1)")),
				Arguments.of("Node, http", List.of("node", "-e", NODE_HTTP), List.of("node", "-v")));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("clients")
	void clientGetsTheValue(String name, List<String> client, List<String> probe) throws Exception {
		assumeRuns(name, probe);
		assertThat(run(client, EndpointClient.TOKEN)).containsExactly("200", SECRET);
		assertThat(this.secrets.calls()).hasSize(1);
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("clients")
	void clientWithAnotherTokenIsRefused(String name, List<String> client, List<String> probe) throws Exception {
		assumeRuns(name, probe);
		assertThat(run(client, "other")).containsExactly("401", "bad session token or header key");
		assertThat(this.secrets.calls()).isEmpty();
	}

	@Test
	void publishedClientGetsTheValue() throws Exception {
		assumeTrue(
				exitStatus(List.of("npm", "install", "--no-audit", "--no-fund", "--omit=dev", PUBLISHED_CLIENT)) == 0,
				() -> "npm cannot install " + PUBLISHED_CLIENT);
		assertThat(run(List.of("node", "-e", NODE_PACKAGE), EndpointClient.TOKEN)).containsExactly("200", SECRET);
	}

	private void assumeRuns(String name, List<String> probe) throws Exception {
		boolean runs = exitStatus(probe) == 0;
		if (name.equals("Python, urllib") && Boolean.parseBoolean(System.getenv("CI"))) {
			assertThat(runs).as("python3 is there").isTrue();
		}
		assumeTrue(runs, () -> name + ": " + probe.get(0) + " or a module of it is missing");
	}

	private int exitStatus(List<String> command) throws InterruptedException {
		try {
			Process process = builder(command).redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			if (!process.waitFor(60, TimeUnit.SECONDS)) {
				process.destroyForcibly();
				return -1;
			}
			return process.exitValue();
		}
		catch (IOException ex) {
			return -1;
		}
	}

	private List<String> run(List<String> command, String token) throws Exception {
		ProcessBuilder builder = builder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
		builder.environment().put("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", String.valueOf(this.port));
		builder.environment().put("AWS_SESSION_TOKEN", token);
		builder.environment().put("PYTHONIOENCODING", "utf-8");
		Process process = builder.start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).isZero();
		return output.lines().toList();
	}

	private ProcessBuilder builder(List<String> command) {
		ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(command)).directory(this.folder.toFile());
		// Neither proxies of the machine nor credentials of who runs the tests.
		builder.environment().keySet().removeIf((name) -> name.matches("(?i)(http|https|all|no)_proxy|AWS_.*"));
		return builder;
	}

}
