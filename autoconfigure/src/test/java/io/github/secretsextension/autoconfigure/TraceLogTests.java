package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.ParameterType;

import io.github.secretsextension.JavaProcess;
import io.github.secretsextension.aws.FaultServer;
import io.github.secretsextension.aws.FaultServer.Mode;
import io.github.secretsextension.aws.MotoServer;
import io.github.secretsextension.extension.FakeExtension;
import io.github.secretsextension.extension.FakeExtension.Personality;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what stands in the log of applications that log everything at TRACE: no
 * secret, whatever they do. The secrets are random and made outside of their process.
 */
@ExtendWith(MotoServer.class)
@Timeout(180)
class TraceLogTests {

	private static final String PREFIX = "trace/" + UUID.randomUUID() + "/";

	private static final StaticCredentialsProvider CREDENTIALS = StaticCredentialsProvider
		.create(AwsBasicCredentials.create("key", "secret"));

	private final String marker = "m" + UUID.randomUUID().toString().replace("-", "");

	private final FaultServer aws = new FaultServer(MotoServer.endpoint());

	private final FakeExtension extension = new FakeExtension(Personality.EXTENSION);

	private final SecretsManagerClient secrets = SecretsManagerClient.builder()
		.endpointOverride(MotoServer.endpoint())
		.region(Region.EU_WEST_1)
		.credentialsProvider(CREDENTIALS)
		.build();

	@TempDir
	private Path folder;

	private Path log;

	@BeforeEach
	void create() {
		this.log = this.folder.resolve("trace.log");
		for (String name : List.of("db", "b", "c", "d")) {
			this.secrets.createSecret(
					(secret) -> secret.name(name(name)).secretString("{\"password\":\"" + this.marker + name + "\"}"));
		}
		this.secrets.createSecret((secret) -> secret.name(name("text")).secretString(this.marker + "${x}#{1+1}{text"));
		this.secrets
			.createSecret((secret) -> secret.name(name(this.marker + "token")).secretString(this.marker + "nested"));
		this.secrets.createSecret((secret) -> secret.name(name("token")).secretString(this.marker + "token"));
		this.extension.putSecret("db", "{\"password\":\"" + this.marker + "remote\"}");
		try (SsmClient parameters = SsmClient.builder()
			.endpointOverride(MotoServer.endpoint())
			.region(Region.EU_WEST_1)
			.credentialsProvider(CREDENTIALS)
			.build()) {
			parameters.putParameter((parameter) -> parameter.name("/" + name("p"))
				.value(this.marker + "p")
				.type(ParameterType.SECURE_STRING));
		}
	}

	@AfterEach
	void close() {
		this.secrets.close();
		this.aws.close();
		this.extension.close();
	}

	private String name(String name) {
		return PREFIX + this.marker.hashCode() + name;
	}

	@Test
	void logHoldsNoSecretAtTrace() throws IOException {
		try (JavaProcess process = process()) {
			process.ask("start " + references() + " --secrets-extension.secrets-manager.ttl=1ms"
					+ " --secrets-extension.endpoint.enabled=true --secrets-extension.endpoint.port=0"
					+ " --secrets-extension.endpoint.token=token");
			assertThat(process.ask("property a")).isEqualTo(this.marker + "db");
			assertThat(process.ask("property p")).isEqualTo(this.marker + "p");
			assertThat(process.ask("property t")).startsWith(this.marker);
			assertThat(process.ask("property nested")).isEqualTo(this.marker + "nested");
			assertThat(process.ask("text secret:" + name("b"))).contains(this.marker);
			assertThat(process.ask("get /secretsmanager/get?secretId=" + name("c"))).contains(this.marker);
			assertThat(process.ask("get /secretsmanager/get?secretId=" + name("none"))).isEqualTo("400");
			this.secrets.putSecretValue((secret) -> secret.secretId(name("db"))
				.secretString("{\"password\":\"" + this.marker + "rotated\"}"));
			assertThat(process.ask("refresh secret:" + name("db"))).contains(this.marker + "rotated");
			faults(process);
			assertThat(process.ask("look")).doesNotContain(this.marker);
			process.ask("stop");
			failures(process);
			operators(process);
			process
				.ask("start --secrets-extension.mode=remote --a=$<secret:db#password> --secrets-extension.remote.port="
						+ this.extension.port() + " --secrets-extension.remote.token=" + FakeExtension.TOKEN);
			assertThat(process.ask("property a")).isEqualTo(this.marker + "remote");
			process.ask("stop");
			process.ask("start --a=$<secret:" + name("b") + "#password> --AWS_LAMBDA_RUNTIME_API=127.0.0.1:1"
					+ " --AWS_SESSION_TOKEN=" + FakeExtension.TOKEN + " --PARAMETERS_SECRETS_EXTENSION_HTTP_PORT="
					+ this.extension.port());
			assertThat(process.ask("property a")).isEqualTo(this.marker + "b");
			process.ask("stop");
			assertThat(process.log()).doesNotContain(this.marker);
		}
		String text = Files.readString(this.log);
		assertThat(text).contains(" TRACE ", " DEBUG ", "software.amazon.awssdk", "s.n.www.protocol.http", "Mode auto:",
				"Mode remote:", "past its TTL and served on", "APPLICATION FAILED TO START", "Fetched 6 of 6 secrets");
		assertThat(lines(text)).isEmpty();
	}

	private void faults(JavaProcess process) {
		for (Mode mode : List.of(Mode.INTERNAL_ERROR, Mode.THROTTLED, Mode.HTML, Mode.TRUNCATED, Mode.EMPTY, Mode.NULLS,
				Mode.RESET, Mode.CLOSE)) {
			this.aws.mode(mode);
			process.ask("try secret:" + name("db"));
			process.ask("try secret:" + name("d"));
		}
		for (Mode mode : List.of(Mode.DENIED, Mode.NOT_FOUND)) {
			this.aws.mode(mode);
			process.ask("try secret:" + name("b"));
			process.ask("try secret:" + name("d"));
		}
		this.aws.mode(Mode.OK);
	}

	private void failures(JavaProcess process) {
		for (String reference : List.of("$<secret:" + name("none") + ">", "$<secret:" + name("text") + "#field>",
				"$<secret:" + name("db") + "#none>", "$<secret:" + name("db") + "#>",
				"$<param:" + name("none") + ">")) {
			assertThat(process.ask("fail --app.text=" + reference)).isNotEqualTo("started");
		}
		for (Mode mode : List.of(Mode.DENIED, Mode.OTHER, Mode.INTERNAL_ERROR)) {
			this.aws.mode(mode);
			assertThat(process.ask("fail --app.text=$<secret:" + name("db") + ">")).isNotEqualTo("started");
		}
		this.aws.mode(Mode.OK);
		String secret = "=$<secret:" + name("text") + ">";
		for (String bound : List.of("record --bound.number", "record --bound.list[0]", "record --bound.list[2]",
				"record --bound.map.a", "bean --bean.number", "bean --bean.text", "constructor --choosy.text",
				"validator --valid.text", "unknown --strict.none", "field --app.value", "parameter --app.value",
				"enum --app.value", "enums --app.value")) {
			assertThat(process.ask("bind " + bound + secret)).as(bound).isNotEqualTo("started");
		}
	}

	private void operators(JavaProcess process) {
		String secret = "$<secret:" + name("b") + "#password>";
		for (String show : List.of("never", "always", "when-authorized")) {
			process.ask("operate --server.port=0 --management.endpoints.web.exposure.include=*"
					+ " --management.endpoint.env.show-values=" + show
					+ " --management.endpoint.configprops.show-values=" + show
					+ " --management.endpoint.secretscache.show-ids=" + show
					+ " --management.endpoint.health.show-details=always --management.info.env.enabled=true"
					+ " --app.brace=${secret:" + name("b") + "#password} --database.password=" + secret
					+ " --database.through=jdbc:${database.password}@host --database.list[0]=" + secret
					+ " --info.app.key=" + secret);
			for (String path : List.of("env", "env/database.password", "env?pattern=database.*", "env/secret:any",
					"configprops", "secretscache", "secretscache/secret:other", "health", "info", "caches", "beans",
					"conditions", "mappings", "loggers", "threaddump", "scheduledtasks", "metrics",
					"metrics/secrets.extension.calls")) {
				assertThat(process.ask("read " + path)).as(path + ", " + show)
					.hasSizeGreaterThan(1)
					.doesNotContain(this.marker);
			}
			assertThat(process.ask("property database.password")).isEqualTo(this.marker + "b");
			process.ask("stop");
		}
	}

	/**
	 * The control: what the log of an HTTP client says is found.
	 */
	@Test
	void clientThatLogsTheWireIsCaught() throws IOException {
		try (JavaProcess process = process()) {
			process.ask("wire " + references());
			assertThat(process.ask("property a")).isEqualTo(this.marker + "db");
			process.ask("stop");
		}
		assertThat(lines(Files.readString(this.log))).isNotEmpty()
			.allMatch((line) -> line.contains("org.apache.http.wire"));
	}

	private List<String> lines(String text) {
		return text.lines().filter((line) -> line.contains(this.marker)).toList();
	}

	private String references() {
		List<String> arguments = new ArrayList<>();
		for (String name : List.of("b", "c", "d")) {
			arguments.add("--" + name + "=$<secret:" + name(name) + "#password>");
		}
		arguments.add("--a=${secret:" + name("db") + "#password}");
		arguments.add("--p=$<param:/" + name("p") + ">");
		arguments.add("--t=$<secret:" + name("text") + ">");
		arguments.add("--token=$<secret:" + name("token") + ">");
		arguments.add("--nested=$<secret:" + name("") + "${token}>");
		return String.join(" ", arguments);
	}

	private JavaProcess process() throws IOException {
		return new JavaProcess(TraceProbe.class, List.of(),
				Map.of("AWS_REGION", "eu-west-1", "AWS_ACCESS_KEY_ID", "k", "AWS_SECRET_ACCESS_KEY", "s",
						"AWS_ENDPOINT_URL", this.aws.endpoint().toString()),
				"--logging.level.root=trace", "--logging.file.name=" + this.log,
				"--logging.logback.rollingpolicy.max-file-size=1GB", "--spring.main.banner-mode=off");
	}

}
