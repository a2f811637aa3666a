package io.github.secretsextension.extension;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretsClock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests that programs in other languages, written for the extension, work against the
 * endpoint. What is not installed is skipped, but Python must be there where the
 * environment variable {@code CI} is {@code true}.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ForeignClientTests {

	/** The example of AWS's guide, with what it leaves out. */
	private static final String GUIDE = """
			import json, os, sys, requests
			secrets_extension_http_port = os.environ['PARAMETERS_SECRETS_EXTENSION_HTTP_PORT']
			headers = {"X-Aws-Parameters-Secrets-Token": os.environ.get('AWS_SESSION_TOKEN')}
			secrets_extension_endpoint = "http://localhost:" + \\
			    secrets_extension_http_port + \\
			    "/secretsmanager/get?secretId=" + \\
			    "prod/db"
			r = requests.get(secrets_extension_endpoint, headers=headers)
			if r.status_code != 200:
			    sys.exit(str(r.status_code) + " " + r.text)
			secret = json.loads(r.text)["SecretString"] # load the Secrets Manager response into a Python dictionary, access the secret
			print(ascii(secret))
			""";

	private static final String URLLIB = """
			import json, os, sys, urllib.error, urllib.parse, urllib.request
			url = 'http://localhost:' + os.environ['PARAMETERS_SECRETS_EXTENSION_HTTP_PORT']
			query = urllib.parse.urlencode({'name': '/app/url', 'withDecryption': 'true'})
			headers = {'X-Aws-Parameters-Secrets-Token': os.environ['AWS_SESSION_TOKEN']}
			try:
			    for target in ('/secretsmanager/get?secretId=prod%2Fdb', '/systemsmanager/parameters/get/?' + query):
			        with urllib.request.urlopen(urllib.request.Request(url + target, headers=headers)) as answer:
			            body = json.loads(answer.read())
			            print(ascii(body.get('SecretString') or body['Parameter']['Value']))
			except urllib.error.HTTPError as ex:
			    sys.exit(str(ex.code) + ' ' + ex.read().decode())
			""";

	private static final String NODE = """
			const url = 'http://localhost:' + process.env.PARAMETERS_SECRETS_EXTENSION_HTTP_PORT
			const headers = { 'X-Aws-Parameters-Secrets-Token': process.env.AWS_SESSION_TOKEN }
			const ascii = (text) => text.replace(/[^ -~]/g, (c) => '\\\\x' + c.charCodeAt(0).toString(16))
			const http = require('http')
			const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
			const get = (target) => new Promise((resolve, reject) => http.get(url + target, { headers, agent }, (answer) => {
				let body = ''
				answer.setEncoding('utf8').on('data', (part) => body += part)
				answer.on('end', () => answer.statusCode === 200 ? resolve(JSON.parse(body)) : reject(answer.statusCode + ' ' + body))
			}).on('error', reject))
			const main = async () => {
				console.log("'" + ascii((await get('/secretsmanager/get?secretId=prod/db')).SecretString) + "'")
				console.log("'" + (await get('/systemsmanager/parameters/get?name=%2Fapp%2Furl&withDecryption=true')).Parameter.Value + "'")
				if (typeof fetch === 'function') {
					const answer = await fetch(url + '/secretsmanager/get?secretId=prod%2Fdb', { headers })
					console.log("'" + ascii((await answer.json()).SecretString) + "'")
				}
				agent.destroy()
			}
			main().catch((problem) => { console.error(String(problem)); process.exit(1) })
			""";

	private static final String PUBLISHED = "lambda-params-secrets@1.0.5";

	private static final String PUBLISHED_CLIENT = """
			const { Client } = require(process.argv[1])
			const client = new Client()
			const ascii = (text) => "'" + text.replace(/[^ -~]/g, (c) => '\\\\x' + c.charCodeAt(0).toString(16)) + "'"
			client.stringSecret('prod/db').then(async (secret) => {
				console.log(ascii(secret))
				console.log(ascii(await client.secureStringParameter('/app/url')))
			})
			""";

	private final ExtensionEndpoint endpoint = new ExtensionEndpoint(
			new FakeSecrets().set("secret:prod/db", "CANARY-\u00e9").set("param:/app/url", "CANARY-url"),
			EndpointClient.TOKEN, SecretsClock.system());

	private int port;

	@BeforeEach
	void start() throws IOException {
		this.port = this.endpoint.start(0);
	}

	@AfterEach
	void stop() {
		this.endpoint.close();
	}

	@Test
	void pythonUrllib() throws Exception {
		assumePython();
		assertThat(run(EndpointClient.TOKEN, "python3", "-c", URLLIB)).isEqualTo("0: 'CANARY-\\xe9' 'CANARY-url'");
		assertThat(run("wrong", "python3", "-c", URLLIB)).isEqualTo("1: 401 bad session token or header key");
	}

	@Test
	void pythonRequestsAsInTheGuide() throws Exception {
		assumePython();
		assumeTrue(run("", "python3", "-c", "import requests").startsWith("0:"), "python3 has no 'requests'");
		assertThat(run(EndpointClient.TOKEN, "python3", "-c", GUIDE)).isEqualTo("0: 'CANARY-\\xe9'");
		assertThat(run("wrong", "python3", "-c", GUIDE)).isEqualTo("1: 401 bad session token or header key");
	}

	@Test
	void node() throws Exception {
		assumeTrue(isInstalled("node"), "node is not installed");
		assertThat(run(EndpointClient.TOKEN, "node", "-e", NODE)).startsWith("0: 'CANARY-\\xe9' 'CANARY-url'");
		assertThat(run("wrong", "node", "-e", NODE)).isEqualTo("1: 401 bad session token or header key");
	}

	/**
	 * A client that others published for the extension, where the registry of npm has it.
	 */
	@Test
	void publishedNodeClient(@TempDir Path folder) throws Exception {
		assumeTrue(isInstalled("npm"), "npm is not installed");
		String installed = run("", "npm", "install", "--prefix", folder.toString(), "--no-audit", "--no-fund",
				"--omit=dev", PUBLISHED);
		assumeTrue(installed.startsWith("0:"), () -> "npm cannot install " + PUBLISHED);
		String module = folder.resolve("node_modules/lambda-params-secrets").toString();
		assertThat(run(EndpointClient.TOKEN, "node", "-e", PUBLISHED_CLIENT, module))
			.isEqualTo("0: 'CANARY-\\xe9' 'CANARY-url'");
	}

	private void assumePython() throws Exception {
		boolean installed = isInstalled("python3");
		if (!installed && "true".equals(System.getenv("CI"))) {
			fail("python3 is not installed");
		}
		assumeTrue(installed, "python3 is not installed");
	}

	private boolean isInstalled(String program) throws Exception {
		try {
			return run("", program, "--version").startsWith("0:");
		}
		catch (IOException ex) {
			return false;
		}
	}

	/**
	 * Runs a program.
	 * @return its exit status and its output, in one line
	 */
	private String run(String token, String... command) throws IOException, InterruptedException {
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
		Map<String, String> environment = builder.environment();
		List<String> proxies = new ArrayList<>(environment.keySet());
		proxies.removeIf((name) -> !name.toLowerCase(Locale.ROOT).endsWith("_proxy"));
		environment.keySet().removeAll(proxies);
		environment.put("AWS_SESSION_TOKEN", token);
		environment.put("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", String.valueOf(this.port));
		Process process = builder.start();
		try {
			process.getOutputStream().close();
			String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
			return process.exitValue() + ": " + output.strip().replaceAll("\\R", " ");
		}
		finally {
			process.destroyForcibly();
		}
	}

}
