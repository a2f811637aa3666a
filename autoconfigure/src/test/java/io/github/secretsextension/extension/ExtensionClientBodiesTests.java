package io.github.secretsextension.extension;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.extension.FakeExtension.Personality;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the client reads the bodies that the extension and the agent send: files
 * that were written by hand after captures of the one and the source of the other.
 */
@Timeout(30)
class ExtensionClientBodiesTests {

	private static final String ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf";

	private static final String VERSION = "7a1c6f0e-1b2d-4c3e-8f4a-5b6c7d8e9f00";

	private static final byte[] BYTES = { 0, 'C', 'A', 'N', 'A', 'R', 'Y', '-', (byte) 0xff };

	private final FakeExtension fake = new FakeExtension(Personality.EXTENSION);

	private final ExtensionSecretsProvider provider = ExtensionClients.provider(this.fake);

	@AfterEach
	void close() {
		this.provider.close();
		this.fake.close();
	}

	@Test
	void textFromTheExtension() {
		SecretValue value = secret("extension-secret-text");
		assertThat(value.text()).isEqualTo("CANARY-<p> & \"q\" \\ \u2028 \u00e9 \ud83d\udd11\n\t/");
		assertSaid(value, "2022-11-16T08:22:40.499Z", "AWSCURRENT");
	}

	@Test
	void textFromTheAgent() {
		SecretValue value = secret("agent-secret-text");
		assertThat(value.text()).isEqualTo("CANARY-<p> & \"q\" \\ \u00e9 \ud83d\udd11\n\t/");
		assertSaid(value, "2019-09-26T21:53:09.046Z", "AWSCURRENT");
	}

	@Test
	void bytesFromTheExtension() {
		SecretValue value = secret("extension-secret-binary");
		assertThat(value.isBinary()).isTrue();
		assertThat(value.bytes()).containsExactly(BYTES);
		assertSaid(value, "2022-11-16T08:22:40.360Z", "AWSCURRENT", "AWSPENDING");
	}

	@Test
	void bytesFromTheAgent() {
		SecretValue value = secret("agent-secret-binary");
		assertThat(value.isBinary()).isTrue();
		assertThat(value.bytes()).containsExactly(BYTES);
		assertSaid(value, "2019-09-26T21:53:09Z", "AWSCURRENT", "AWSPENDING");
	}

	private static void assertSaid(SecretValue value, String createdAt, String... stages) {
		assertThat(value.name()).isEqualTo("db");
		assertThat(value.arn()).isEqualTo(ARN);
		assertThat(value.versionId()).isEqualTo(VERSION);
		assertThat(value.versionStages()).containsExactly(stages);
		assertThat(value.createdAt()).isEqualTo(createdAt);
	}

	@Test
	void versionThatHasNoStages() {
		SecretValue value = secret("extension-secret-previous");
		assertThat(value.text()).isEqualTo("CANARY-old");
		assertThat(value.versionStages()).isEmpty();
		assertThat(value.createdAt()).isEqualTo("2022-11-16T08:22:40Z");
	}

	@Test
	void answerThatSaysNothingButTheText() {
		SecretValue value = secret("agent-secret-nulls");
		assertThat(value.text()).isEqualTo("CANARY-old");
		assertThat(Stream.of(value.name(), value.arn(), value.versionId())).containsOnlyNulls();
		assertThat(value.versionStages()).isEmpty();
	}

	@Test
	void dateThatIsANumber() {
		SecretValue value = secret("variant-epoch-number");
		assertThat(value.text()).isEqualTo("CANARY-old");
		assertThat(value.createdAt()).isEqualTo("2019-09-26T21:53:09.046Z");
	}

	@Test
	void fieldsThatAreNotKnownAndADateThatIsNone() {
		SecretValue value = secret("variant-unknown-fields");
		assertThat(value.isBinary()).isFalse();
		assertThat(value.text()).isEmpty();
		assertThat(value.versionStages()).isEmpty();
		assertThat(value.createdAt()).isNull();
		assertThat(value.versionId()).isEqualTo(VERSION);
	}

	/**
	 * To make a number of it would take many times the deadline.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "\"9\"", "\"2022-11-16T08:22:40.9Z\"" })
	void dateWithoutAnEndIsLeftOut(String date) {
		String endless = date.replace("9", "9".repeat(1_000_000));
		this.fake.answer(200, "{\"Name\":\"db\",\"SecretString\":\"CANARY-1\",\"CreatedDate\":" + endless + "}");
		long start = System.nanoTime();
		SecretValue value = this.provider.get(SecretReference.secret("db"));
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
		assertThat(value.text()).isEqualTo("CANARY-1");
		assertThat(value.createdAt()).isNull();
	}

	@Test
	void parameter() {
		SecretValue value = parameter("extension-parameter-string", "param:/app/url");
		assertThat(value.text()).isEqualTo("CANARY-a=1&b=<2>");
		assertThat(value.name()).isEqualTo("/app/url");
		assertThat(value.arn()).isEqualTo("arn:aws:ssm:us-east-1:123456789012:parameter/app/url");
		assertThat(value.version()).isEqualTo(1);
		assertThat(List.of(value.type(), value.dataType())).containsExactly("String", "text");
		assertThat(value.sourceResult()).isNull();
		assertThat(value.versionId()).isNull();
		assertThat(value.createdAt()).isEqualTo("2022-11-16T08:22:40.499Z");
	}

	@Test
	void parameterOfManyValuesByLabel() {
		SecretValue value = parameter("extension-parameter-list", "param:/app/url?label=Dev");
		assertThat(value.text()).isEqualTo("CANARY-a,CANARY-b,c");
		assertThat(value.version()).isEqualTo(2);
		assertThat(value.type()).isEqualTo("StringList");
	}

	@Test
	void secureParameterByVersion() {
		SecretValue value = parameter("extension-parameter-secure", "param:/app/url?version=3");
		assertThat(value.text()).isEqualTo("CANARY-decrypted");
		assertThat(value.version()).isEqualTo(3);
		assertThat(List.of(value.type(), value.dataType())).containsExactly("SecureString", "aws:ec2:image");
		assertThat(value.createdAt()).isEqualTo("2022-11-16T08:22:40.500Z");
	}

	@Test
	void parameterThatStandsForASecret() {
		SecretValue value = parameter("extension-parameter-reference",
				"param:/aws/reference/secretsmanager/db?label=AWSPREVIOUS");
		assertThat(value.text()).isEqualTo("CANARY-text");
		assertThat(value.arn()).isEqualTo(ARN);
		assertThat(value.dataType()).isNull();
		assertThat(value.sourceResult()).startsWith("{\"arn\":\"arn:aws").endsWith("[\"AWSPREVIOUS\"]}");
	}

	@Test
	void parameterWithADateThatIsANumber() {
		SecretValue value = parameter("variant-parameter-epoch", "param:/app/url");
		assertThat(value.text()).isEmpty();
		assertThat(value.version()).isEqualTo(12);
		assertThat(value.createdAt()).isEqualTo(Instant.ofEpochMilli(1_569_534_789_046L));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "\n", "\r\n \t" })
	void whiteSpaceAtTheEnd(String end) {
		String body = body("extension-secret-previous").strip();
		this.fake.answer(200, body + end);
		assertThat(this.provider.text("secret:db")).isEqualTo("CANARY-old");
	}

	@ParameterizedTest
	@ValueSource(strings = { "Content-Type: application/json", "content-type: text/html", "X-None: 1" })
	void typeOfTheContentDoesNotMatter(String header) {
		String body = body("agent-secret-nulls");
		this.fake.answer((request) -> new FakeAnswer(200, List.of(header), body));
		assertThat(this.provider.text("secret:db")).isEqualTo("CANARY-old");
	}

	private SecretValue secret(String file) {
		this.fake.answer(200, body(file));
		return this.provider.get(SecretReference.secret("db"));
	}

	private SecretValue parameter(String file, String reference) {
		this.fake.answer(200, body(file));
		return this.provider.get(SecretReference.parse(reference));
	}

	private static String body(String file) {
		try (InputStream in = ExtensionClientBodiesTests.class
			.getResourceAsStream("/extension/client/" + file + ".json")) {
			return new String(in.readAllBytes(), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
