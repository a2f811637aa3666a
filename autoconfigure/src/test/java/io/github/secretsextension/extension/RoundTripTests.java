package io.github.secretsextension.extension;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsClock;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what is sent through the endpoint and read by the client: it arrives as it
 * was, whatever it is and whatever it is called.
 */
@Timeout(120)
class RoundTripTests {

	private static final int CASES = 600;

	private static final int LARGEST = 64 * 1024;

	private static final String LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	private final FakeSecrets secrets = new FakeSecrets();

	private final ExtensionEndpoint endpoint = new ExtensionEndpoint(this.secrets, FakeExtension.TOKEN,
			SecretsClock.system());

	private ExtensionSecretsProvider client;

	@BeforeEach
	void start() throws Exception {
		Duration deadline = Duration.ofSeconds(20);
		this.client = new ExtensionSecretsProvider(new ExtensionClientSettings("127.0.0.1", this.endpoint.start(0),
				FakeExtension.TOKEN, deadline, deadline, 3, Duration.ZERO, null), SecretsClock.system());
	}

	@AfterEach
	void close() {
		this.client.close();
		this.endpoint.close();
	}

	@Test
	void anyValueUnderAnyNameArrivesAsItWas() {
		SplittableRandom random = new SplittableRandom(20261125);
		long bytes = 0;
		for (int i = 0; i < CASES; i++) {
			boolean secret = random.nextBoolean();
			SecretReference reference = (secret) ? secret(random) : parameter(random);
			String name = reference.id();
			SecretValue value = (secret && random.nextInt(3) == 0)
					? SecretValue.builder().bytes(randomBytes(random)).name(name).build()
					: SecretValue.builder().text(text(random)).name(name).build();
			this.secrets.set(written(reference), value);
			SecretValue read = this.client.get(reference);
			assertThat(read.isBinary()).as("case %s, %s", i, reference).isEqualTo(value.isBinary());
			assertThat(read.bytes()).as("case %s, %s", i, reference).isEqualTo(value.bytes());
			if (!value.isBinary()) {
				assertThat(read.text()).isEqualTo(value.text());
			}
			bytes += value.bytes().length;
		}
		assertThat(this.secrets.calls()).hasSize(CASES);
		assertThat(bytes).as("bytes in all").isGreaterThan(5_000_000);
	}

	/** Every code point, in texts of a few thousand. */
	@Test
	void everyCodePointArrives() {
		SecretReference reference = SecretReference.secret("all");
		for (int first = 0; first <= Character.MAX_CODE_POINT; first += 0x2000) {
			StringBuilder text = new StringBuilder("CANARY-");
			for (int point = first; point < first + 0x2000; point++) {
				if (point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE) {
					text.appendCodePoint(point);
				}
			}
			this.secrets.set("secret:all", text.toString());
			assertThat(this.client.get(reference).text()).isEqualTo(text.toString());
		}
	}

	static Stream<String> extremes() {
		return Stream.of("", " ", "\u0000", "\"", "\\", "\\u0041", "\uD800", "x\uDC00", "\uDC00\uD800", "\uD83D\uDE00",
				"\u2028\u2029", "<>&'/", "\r\n\t\b\f", "\uFEFF", "x".repeat(LARGEST), "\u0001".repeat(LARGEST),
				"\uD83D\uDE00".repeat(LARGEST / 4), "null", "{\"SecretString\":\"x\"}", "\u007f");
	}

	@ParameterizedTest
	@MethodSource("extremes")
	void extremeTextArrives(String text) {
		this.secrets.set("secret:x", text);
		assertThat(this.client.get(SecretReference.secret("x")).text()).isEqualTo(text);
		this.secrets.set("param:x", text);
		assertThat(this.client.get(SecretReference.parameter("x")).text()).isEqualTo(text);
	}

	private static SecretReference secret(SplittableRandom random) {
		SecretReference reference = SecretReference.secret(name(random, LETTERS + "/_+=.@-!", 512));
		return switch (random.nextInt(4)) {
			case 0 -> reference.withSelector("versionStage", name(random, LETTERS + " +=/%?ü€", 50));
			case 1 -> reference.withSelector("versionId", name(random, LETTERS + "-", 64));
			default -> reference;
		};
	}

	private static SecretReference parameter(SplittableRandom random) {
		SecretReference reference = SecretReference.parameter("/" + name(random, LETTERS + "/_.-", 1000));
		return switch (random.nextInt(4)) {
			case 0 -> reference.withSelector("version", String.valueOf(1 + random.nextInt(1000)));
			case 1 -> reference.withSelector("label", name(random, LETTERS + "_.-", 100));
			case 2 -> reference.withSelector("withDecryption", "false");
			default -> reference;
		};
	}

	private static String written(SecretReference reference) {
		String text = reference.toString();
		return text.substring(2, text.length() - 1);
	}

	private static String name(SplittableRandom random, String letters, int longest) {
		int length = 1 + random.nextInt((random.nextInt(10) == 0) ? longest : Math.min(longest, 40));
		StringBuilder name = new StringBuilder(length);
		for (int i = 0; i < length; i++) {
			name.append(letters.charAt(random.nextInt(letters.length())));
		}
		return name.toString();
	}

	private static int length(SplittableRandom random) {
		return random.nextInt((random.nextInt(3) == 0) ? LARGEST + 1 : 500);
	}

	private static byte[] randomBytes(SplittableRandom random) {
		byte[] bytes = new byte[length(random)];
		random.nextBytes(bytes);
		return bytes;
	}

	private static String text(SplittableRandom random) {
		int most = length(random);
		int limit = switch (random.nextInt(3)) {
			case 0 -> 0x80;
			case 1 -> 0x3000;
			default -> Character.MAX_CODE_POINT + 1;
		};
		StringBuilder text = new StringBuilder();
		int bytes = 0;
		while (true) {
			int point = random.nextInt(limit);
			if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
				continue;
			}
			bytes += Character.toString(point).getBytes(StandardCharsets.UTF_8).length;
			if (bytes > most) {
				return text.toString();
			}
			text.appendCodePoint(point);
		}
	}

}
