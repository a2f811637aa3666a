package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what is in the memory of an application that reads through a
 * {@code SecretsProvider} only, once its secrets were evicted. They are random and made
 * outside of its process, so that no constant holds them.
 */
@ExtendWith(MotoServer.class)
@Timeout(120)
class EvictionHeapTests {

	private static final String PREFIX = UUID.randomUUID() + "/";

	private static final StaticCredentialsProvider CREDENTIALS = StaticCredentialsProvider
		.create(AwsBasicCredentials.create("key", "secret"));

	@TempDir
	private Path folder;

	private final Map<String, String> tokens = Stream.of("text", "field", "binary", "parameter")
		.collect(Collectors.toMap((name) -> name, (name) -> token()));

	private static String token() {
		byte[] bytes = new byte[12];
		new SecureRandom().nextBytes(bytes);
		return HexFormat.of().formatHex(bytes);
	}

	@Test
	void nothingIsLeftOfSecretsThatWereEvicted() throws IOException {
		try (SecretsManagerClient secrets = SecretsManagerClient.builder()
			.endpointOverride(MotoServer.endpoint())
			.region(Region.EU_WEST_1)
			.credentialsProvider(CREDENTIALS)
			.build();
				SsmClient parameters = SsmClient.builder()
					.endpointOverride(MotoServer.endpoint())
					.region(Region.EU_WEST_1)
					.credentialsProvider(CREDENTIALS)
					.build();
				JavaProcess process = start()) {
			create(secrets, parameters);
			process.ask("text secret:" + PREFIX + "text");
			process.ask("text secret:" + PREFIX + "field#key");
			process.ask("bytes secret:" + PREFIX + "binary");
			process.ask("text param:" + PREFIX + "parameter");
			assertThat(found(process)).containsExactlyInAnyOrderElementsOf(this.tokens.keySet());
			for (String name : List.of("text", "field", "binary")) {
				secrets.deleteSecret((secret) -> secret.secretId(PREFIX + name).forceDeleteWithoutRecovery(true));
				process.ask("gone secret:" + PREFIX + name);
			}
			parameters.deleteParameter((parameter) -> parameter.name(PREFIX + "parameter"));
			process.ask("gone param:" + PREFIX + "parameter");
			// While a thread that read is idle, so are the buffers that it read into.
			await().atMost(Duration.ofSeconds(40))
				.pollInterval(Duration.ofSeconds(2))
				.untilAsserted(() -> assertThat(found(process)).isEmpty());
		}
	}

	private void create(SecretsManagerClient secrets, SsmClient parameters) {
		secrets.createSecret((secret) -> secret.name(PREFIX + "text").secretString(this.tokens.get("text")));
		secrets.createSecret((secret) -> secret.name(PREFIX + "field")
			.secretString("{\"key\":\"\\u00e9" + this.tokens.get("field") + "\"}"));
		secrets.createSecret((secret) -> secret.name(PREFIX + "binary")
			.secretBinary(SdkBytes.fromUtf8String(this.tokens.get("binary"))));
		parameters.putParameter((parameter) -> parameter.name(PREFIX + "parameter")
			.value(this.tokens.get("parameter"))
			.type(ParameterType.SECURE_STRING));
	}

	private static JavaProcess start() throws IOException {
		return new JavaProcess(SnapshotProbe.class, List.of(), Map.of("AWS_REGION", "eu-west-1", "AWS_ACCESS_KEY_ID",
				"k", "AWS_SECRET_ACCESS_KEY", "s", "AWS_ENDPOINT_URL", MotoServer.endpoint().toString()));
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
	 * Returns how a token may stand in a heap: in Latin-1 or UTF-8, in UTF-16, in Base64.
	 */
	private static Stream<String> forms(String token) {
		return Stream.of(token, String.join("\0", token.split("")),
				Base64.getEncoder().encodeToString(token.getBytes(StandardCharsets.US_ASCII)));
	}

}
