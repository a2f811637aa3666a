package io.github.secretsextension.autoconfigure;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

import com.sun.net.httpserver.HttpServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.aws.FaultServer;
import io.github.secretsextension.aws.UnreachableHost;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The environment variables of the AWS SDK, with Spring Cloud AWS on the class path and
 * with its jars taken away. Each row is a process of its own, because a process cannot
 * set its own variables.
 * <p>
 * Who wins, as these rows show:
 * <ol>
 * <li>{@code spring.cloud.aws.<service>.*} over {@code spring.cloud.aws.*} over the
 * environment variables over the profile's file, for each setting on its own: an endpoint
 * property leaves region and credentials to the variables.</li>
 * <li>{@code AWS_ENDPOINT_URL_SECRETS_MANAGER} and {@code AWS_ENDPOINT_URL_SSM} over
 * {@code AWS_ENDPOINT_URL}; an endpoint property, also the global one, over all
 * three.</li>
 * <li>{@code AWS_ACCESS_KEY_ID} over the credentials of {@code AWS_PROFILE}, and
 * {@code AWS_REGION} over its region: that is the SDK's own order.</li>
 * <li>{@code AWS_MAX_ATTEMPTS} and {@code AWS_RETRY_MODE} have no property.</li>
 * <li>Without Spring Cloud AWS no {@code spring.cloud.aws.*} property is read.</li>
 * </ol>
 */
@Timeout(120)
class ProcessEnvironmentTests {

	private final FaultServer server = new FaultServer();

	private final Map<String, String> variables = new TreeMap<>();

	private boolean springCloudAws = true;

	private String missing = "none";

	@TempDir
	private Path home;

	@BeforeEach
	void isolate() {
		this.variables.put("AWS_EC2_METADATA_DISABLED", "true");
		this.variables.put("AWS_CONFIG_FILE", this.home.resolve("config").toString());
		this.variables.put("AWS_SHARED_CREDENTIALS_FILE", this.home.resolve("credentials").toString());
	}

	@AfterEach
	void close() {
		this.server.close();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void regionKeysAndGlobalEndpoint(boolean springCloudAws) throws Exception {
		this.springCloudAws = springCloudAws;
		keys();
		this.variables.put("AWS_REGION", "xx-env-1");
		this.variables.put("AWS_ENDPOINT_URL", this.server.endpoint() + "/all");
		assertThat(run()).contains("VALUE CANARY-s", "VALUE CANARY-p");
		assertThat(calls()).containsExactly("/all AKIAENV xx-env-1", "/all AKIAENV xx-env-1");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void profileAndEndpointsOfTheServices(boolean springCloudAws) throws Exception {
		this.springCloudAws = springCloudAws;
		Files.writeString(this.home.resolve("config"), "[profile work]\nregion = xx-profile-1\n");
		Files.writeString(this.home.resolve("credentials"),
				"[work]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = key\n");
		this.variables.put("AWS_PROFILE", "work");
		this.variables.put("AWS_ENDPOINT_URL", this.server.endpoint() + "/all");
		this.variables.put("AWS_ENDPOINT_URL_SECRETS_MANAGER", this.server.endpoint() + "/sm");
		this.variables.put("AWS_ENDPOINT_URL_SSM", this.server.endpoint() + "/ps");
		assertThat(run()).contains("VALUE CANARY-s", "VALUE CANARY-p");
		assertThat(calls()).containsExactly("/sm AKIAPROFILE xx-profile-1", "/ps AKIAPROFILE xx-profile-1");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void numberOfAttempts(boolean springCloudAws) throws Exception {
		this.springCloudAws = springCloudAws;
		keys();
		this.variables.put("AWS_REGION", "xx-env-1");
		this.variables.put("AWS_ENDPOINT_URL", this.server.endpoint().toString());
		this.variables.put("AWS_MAX_ATTEMPTS", "2");
		this.server.answer(500, "{\"__type\":\"InternalServiceError\",\"message\":\"CANARY-text\"}");
		assertThat(run()).contains("FAILURE SERVICE_ERROR").doesNotContain("CANARY-");
		assertThat(this.server.calls()).hasSize(4);
	}

	@Test
	void propertiesWinOverVariables() throws Exception {
		keys();
		this.variables.put("AWS_REGION", "xx-env-1");
		this.variables.put("AWS_ENDPOINT_URL_SECRETS_MANAGER", this.server.endpoint() + "/envsm");
		this.variables.put("AWS_ENDPOINT_URL_SSM", this.server.endpoint() + "/envps");
		run("spring.cloud.aws.region.static=xx-prop-1", "spring.cloud.aws.credentials.access-key=AKIAPROP",
				"spring.cloud.aws.credentials.secret-key=key",
				"spring.cloud.aws.endpoint=" + this.server.endpoint() + "/prop");
		assertThat(calls()).containsExactly("/prop AKIAPROP xx-prop-1", "/prop AKIAPROP xx-prop-1");
	}

	@Test
	void propertiesWinOneByOne() throws Exception {
		keys();
		this.variables.put("AWS_REGION", "xx-env-1");
		this.variables.put("AWS_ENDPOINT_URL_SSM", this.server.endpoint() + "/envps");
		run("spring.cloud.aws.secretsmanager.endpoint=" + this.server.endpoint() + "/propsm",
				"spring.cloud.aws.secretsmanager.region=xx-prop-1");
		assertThat(calls()).containsExactly("/propsm AKIAENV xx-prop-1", "/envps AKIAENV xx-env-1");
	}

	@Test
	void propertiesAreNotReadWithoutSpringCloudAws() throws Exception {
		this.springCloudAws = false;
		keys();
		this.variables.put("AWS_REGION", "xx-env-1");
		this.variables.put("AWS_ENDPOINT_URL", this.server.endpoint() + "/env");
		String output = run("spring.cloud.aws.region.static=xx-prop-1",
				"spring.cloud.aws.endpoint=" + this.server.endpoint() + "/prop");
		assertThat(output).containsOnlyOnce("Spring Cloud AWS is not on the class path");
		assertThat(calls()).containsExactly("/env AKIAENV xx-env-1", "/env AKIAENV xx-env-1");
	}

	@Test
	void variablesWinOverTheProfile() throws Exception {
		Files.writeString(this.home.resolve("config"),
				"[profile work]\nregion = xx-profile-1\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = key\n");
		keys();
		this.variables.put("AWS_PROFILE", "work");
		this.variables.put("AWS_REGION", "xx-env-1");
		this.variables.put("AWS_ENDPOINT_URL", this.server.endpoint().toString());
		run();
		assertThat(calls()).containsOnly("/ AKIAENV xx-env-1");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void noRegion(boolean springCloudAws) throws Exception {
		this.springCloudAws = springCloudAws;
		keys();
		assertThat(run()).contains("FAILURE NOT_CONFIGURED", "The AWS region is not known", "AWS_REGION",
				"secrets-extension.mode=local");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void noCredentials(boolean springCloudAws) throws Exception {
		this.springCloudAws = springCloudAws;
		this.variables.put("AWS_REGION", "eu-west-1");
		assertThat(run()).contains("FAILURE NOT_CONFIGURED", "No AWS credentials could be loaded",
				"Set AWS_ACCESS_KEY_ID", "secrets-extension.mode=local");
	}

	/**
	 * Credentials that a container's endpoint gives are kept until they expire there, so
	 * only a new chain asks again.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void expiredCredentialsOfTheDefaultChainAreRenewed(boolean springCloudAws) throws Exception {
		this.springCloudAws = springCloudAws;
		this.variables.put("AWS_REGION", "xx-env-1");
		this.variables.put("AWS_ENDPOINT_URL", this.server.endpoint().toString());
		this.server.refuse("AKIA1", "ExpiredTokenException");
		AtomicInteger asked = new AtomicInteger();
		HttpServer container = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		container.createContext("/", (exchange) -> {
			byte[] keys = ("{\"AccessKeyId\":\"AKIA" + asked.incrementAndGet()
					+ "\",\"SecretAccessKey\":\"key\",\"Token\":\"t\",\"Expiration\":\"2999-01-01T00:00:00Z\"}")
				.getBytes(StandardCharsets.UTF_8);
			exchange.sendResponseHeaders(200, keys.length);
			exchange.getResponseBody().write(keys);
			exchange.close();
		});
		container.start();
		try {
			this.variables.put("AWS_CONTAINER_CREDENTIALS_FULL_URI",
					"http://127.0.0.1:" + container.getAddress().getPort());
			assertThat(run()).contains("VALUE CANARY-s", "VALUE CANARY-p");
		}
		finally {
			container.stop(0);
		}
		assertThat(this.server.calls()).extracting((call) -> call.action() + " " + call.accessKey())
			.startsWith("GetSecretValue AKIA1", "GetSecretValue AKIA2")
			.hasSize(3);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void unreachableHostIsNamedWithoutAnEndpoint(boolean springCloudAws) throws Exception {
		this.springCloudAws = springCloudAws;
		keys();
		this.variables.put("AWS_REGION", "eu-west-1");
		try (UnreachableHost proxy = new UnreachableHost()) {
			this.variables.put("HTTPS_PROXY", proxy.endpoint().toString());
			assertThat(run()).contains("FAILURE UNREACHABLE", "'secretsmanager.eu-west-1.amazonaws.com'",
					"'ssm.eu-west-1.amazonaws.com'", "a function in a VPC needs an interface endpoint or NAT");
		}
	}

	@Test
	void webIdentityNamesTheMissingModule() throws Exception {
		this.variables.put("AWS_REGION", "eu-west-1");
		this.variables.put("AWS_WEB_IDENTITY_TOKEN_FILE", Files.writeString(this.home.resolve("t"), "t").toString());
		this.variables.put("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r");
		assertThat(run()).contains("FAILURE NOT_CONFIGURED", "'software.amazon.awssdk:sts'");
	}

	@ParameterizedTest
	@ValueSource(strings = { "AWS_PROFILE", "spring.cloud.aws.credentials.profile.name" })
	void ssoProfileNamesTheMissingModules(String setting) throws Exception {
		Files.writeString(this.home.resolve("config"), """
				[profile work]
				sso_session = corp
				sso_account_id = 123456789012
				sso_role_name = dev
				[sso-session corp]
				sso_region = eu-west-1
				sso_start_url = https://corp.example/start
				""");
		this.variables.put("AWS_REGION", "eu-west-1");
		this.variables.put("AWS_PROFILE", "work");
		String output = (setting.startsWith("AWS_")) ? run() : run(setting + "=work");
		assertThat(output).contains("FAILURE NOT_CONFIGURED", "'software.amazon.awssdk:sso'",
				"'software.amazon.awssdk:ssooidc'");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void moduleOfTheOtherServiceMayBeMissing(boolean springCloudAws) throws Exception {
		this.springCloudAws = springCloudAws;
		this.missing = "ssm-";
		keys();
		this.variables.put("AWS_REGION", "xx-env-1");
		this.variables.put("AWS_ENDPOINT_URL", this.server.endpoint().toString());
		assertThat(run()).contains("VALUE CANARY-s", "FAILURE NOT_CONFIGURED", "'software.amazon.awssdk:ssm'");
	}

	private void keys() {
		this.variables.put("AWS_ACCESS_KEY_ID", "AKIAENV");
		this.variables.put("AWS_SECRET_ACCESS_KEY", "key");
	}

	private List<String> calls() {
		return this.server.calls()
			.stream()
			.map((call) -> call.path().replaceAll("(.)/$", "$1") + " " + call.accessKey() + " " + call.region())
			.toList();
	}

	private String run(String... properties) throws IOException, InterruptedException {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
						"-Duser.home=" + this.home, "-cp", classPath(), ClientProbe.class.getName()));
		command.addAll(Arrays.asList(properties));
		Path output = this.home.resolve("output.txt");
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
		builder.environment().keySet().removeIf((name) -> name.startsWith("AWS_") || name.startsWith("SPRING_"));
		builder.environment().putAll(this.variables);
		Process process = builder.start();
		try {
			assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
		}
		finally {
			process.destroyForcibly();
		}
		String text = Files.readString(output, StandardCharsets.UTF_8);
		assertThat(process.exitValue()).as(text).isZero();
		return text;
	}

	private String classPath() {
		return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
			.filter((entry) -> this.springCloudAws || !new File(entry).getName().startsWith("spring-cloud-aws"))
			.filter((entry) -> !new File(entry).getName().startsWith(this.missing))
			.collect(Collectors.joining(File.pathSeparator));
	}

}
