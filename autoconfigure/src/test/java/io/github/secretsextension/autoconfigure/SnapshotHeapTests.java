package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.model.ParameterType;

import io.github.secretsextension.JavaProcess;
import io.github.secretsextension.aws.MotoServer;
import io.github.secretsextension.aws.StoredAws;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what objects hold when Lambda takes its snapshot: no secret of an application
 * that reads where it uses. The secrets are random and made outside of its process, so
 * that no constant holds them.
 */
@ExtendWith(MotoServer.class)
class SnapshotHeapTests {

	private static final String PREFIX = UUID.randomUUID() + "/";

	@TempDir
	private Path folder;

	private final Map<String, String> tokens = Stream
		.of("latin", "wide", "field", "binary", "parameter", "rotated", "new")
		.collect(Collectors.toMap((name) -> name, (name) -> token()));

	private static String token() {
		byte[] bytes = new byte[12];
		new SecureRandom().nextBytes(bytes);
		return HexFormat.of().formatHex(bytes);
	}

	@Test
	void noObjectHoldsASecretReadFromMoto() throws IOException {
		StaticCredentialsProvider credentials = StaticCredentialsProvider
			.create(AwsBasicCredentials.create("key", "secret"));
		try (SecretsManagerClient secrets = SecretsManagerClient.builder()
			.endpointOverride(MotoServer.endpoint())
			.region(Region.EU_WEST_1)
			.credentialsProvider(credentials)
			.build();
				SsmClient parameters = SsmClient.builder()
					.endpointOverride(MotoServer.endpoint())
					.region(Region.EU_WEST_1)
					.credentialsProvider(credentials)
					.build()) {
			texts().forEach((name, text) -> secrets.createSecret((secret) -> secret.name(name).secretString(text)));
			secrets.createSecret(
					(secret) -> secret.name(PREFIX + "binary").secretBinary(SdkBytes.fromByteArray(binary())));
			parameters.putParameter((parameter) -> parameter.name(PREFIX + "parameter")
				.value(this.tokens.get("parameter"))
				.type(ParameterType.SECURE_STRING));
			run(MotoServer.endpoint(), List.of(),
					(name, text) -> secrets.putSecretValue((secret) -> secret.secretId(name).secretString(text)));
		}
	}

	/**
	 * Over TLS the buffers of an idle connection hold what was read last.
	 */
	@Test
	void noObjectHoldsASecretReadOverTls() throws Exception {
		Path keys = keys();
		try (StoredAws aws = new StoredAws(tls(keys))) {
			texts().forEach((name, text) -> aws.secret(name, "1", text));
			aws.secret(PREFIX + "binary", "1", binary());
			aws.parameter(PREFIX + "parameter", 1, this.tokens.get("parameter"));
			run(aws.endpoint(),
					List.of("-Djavax.net.ssl.trustStore=" + keys, "-Djavax.net.ssl.trustStorePassword=changeit"),
					(name, text) -> aws.secret(name, "2", text));
		}
	}

	private Map<String, String> texts() {
		return Map.of(PREFIX + "latin", this.tokens.get("latin"), PREFIX + "wide", this.tokens.get("wide") + "€",
				PREFIX + "field", "{\"key\":\"\\\"\\u00e9" + this.tokens.get("field") + "\\\\\"}", PREFIX + "rotated",
				this.tokens.get("rotated"));
	}

	private byte[] binary() {
		return this.tokens.get("binary").getBytes(StandardCharsets.US_ASCII);
	}

	private void run(URI endpoint, List<String> options, BiConsumer<String, String> rotation) throws IOException {
		try (JavaProcess process = start(endpoint, options)) {
			read(process);
			process.ask("text secret:" + PREFIX + "rotated");
			rotation.accept(PREFIX + "rotated", this.tokens.get("new"));
			process.ask("refresh secret:" + PREFIX + "rotated");
			assertThat(found(process)).contains("latin", "wide", "field", "binary", "parameter", "new");
			process.ask("checkpoint");
			assertThat(found(process)).isEmpty();
			process.ask("restore");
			read(process);
		}
	}

	private static void read(JavaProcess process) {
		process.ask("property app.latin");
		process.ask("property app.parameter");
		process.ask("text secret:" + PREFIX + "wide");
		process.ask("text secret:" + PREFIX + "field#key");
		process.ask("bytes secret:" + PREFIX + "binary");
	}

	private JavaProcess start(URI endpoint, List<String> options) throws IOException {
		List<String> all = new ArrayList<>(options);
		all.add("-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac");
		return new JavaProcess(SnapshotProbe.class, all,
				Map.of("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start", "AWS_REGION", "eu-west-1", "AWS_ACCESS_KEY_ID",
						"k", "AWS_SECRET_ACCESS_KEY", "s", "AWS_ENDPOINT_URL", endpoint.toString()),
				"--app.latin=$<secret:" + PREFIX + "latin>", "--app.parameter=$<param:" + PREFIX + "parameter>");
	}

	private Set<String> found(JavaProcess process) throws IOException {
		Path dump = this.folder.resolve("heap.hprof");
		process.ask("dump " + dump);
		String heap = Files.readString(dump, StandardCharsets.ISO_8859_1);
		Files.delete(dump);
		return this.tokens.keySet()
			.stream()
			.filter((name) -> forms(this.tokens.get(name)).anyMatch(heap::contains))
			.collect(Collectors.toSet());
	}

	/**
	 * Returns how a token may stand in a heap, each half for itself: escaped or not, in
	 * Latin-1 or UTF-8, in UTF-16, in Base64.
	 */
	private static Stream<String> forms(String token) {
		int half = token.length() / 2;
		return Stream.of(token.substring(0, half), token.substring(half))
			.flatMap((part) -> Stream.of(part, String.join("\0", part.split("")),
					Base64.getEncoder().encodeToString(part.getBytes(StandardCharsets.US_ASCII))));
	}

	private Path keys() throws IOException, InterruptedException {
		Path keys = this.folder.resolve("keys.p12");
		int status = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
				"-genkeypair", "-keyalg", "EC", "-alias", "server", "-dname", "CN=server", "-ext", "san=ip:127.0.0.1",
				"-storetype", "PKCS12", "-storepass", "changeit", "-keystore", keys.toString())
			.inheritIO()
			.start()
			.waitFor();
		assertThat(status).isZero();
		return keys;
	}

	private static SSLContext tls(Path file) throws IOException, GeneralSecurityException {
		KeyStore keys = KeyStore.getInstance("PKCS12");
		try (InputStream stream = Files.newInputStream(file)) {
			keys.load(stream, "changeit".toCharArray());
		}
		KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
		managers.init(keys, "changeit".toCharArray());
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(managers.getKeyManagers(), null, null);
		return context;
	}

}
