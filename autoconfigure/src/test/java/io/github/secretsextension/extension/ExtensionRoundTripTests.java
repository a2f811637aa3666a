package io.github.secretsextension.extension;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that what goes through the endpoint and the client comes out as it went in,
 * whatever its name, version and value.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExtensionRoundTripTests {

	private static final int CASES = 500;

	private static final long SEED = 20_260_719;

	private static final int MOST_BYTES = 65_536;

	private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	private static final String PARAMETER_CHARACTERS = LETTERS + "/_.-";

	private static final String SECRET_CHARACTERS = PARAMETER_CHARACTERS + "+=@!";

	/** What JSON, HTML, a log or this project could take for something else. */
	private static final String SPECIAL = "\"\\<>&'/\u0000\b\t\n\f\r\u001f\u007f\u0080\u00a0\u2028\u2029\ufeff\ufffe"
			+ "\uffff${}#:?%+";

	private final SplittableRandom random = new SplittableRandom(SEED);

	private final Upstream upstream = new Upstream();

	private final ExtensionEndpoint endpoint = new ExtensionEndpoint(this.upstream, FakeExtension.TOKEN,
			SecretsClock.system());

	private ExtensionSecretsProvider client;

	@BeforeEach
	void start() throws Exception {
		int port = this.endpoint.start(0);
		this.client = ExtensionClients.provider(
				ExtensionClients.settings(port, FakeExtension.TOKEN, Duration.ofSeconds(20), Duration.ZERO, null));
	}

	@AfterEach
	void close() {
		this.client.close();
		this.endpoint.close();
	}

	@Test
	void anyReferenceAndAnyValue() {
		for (int i = 0; i < CASES; i++) {
			SecretReference reference = reference();
			this.upstream.expected = reference.key();
			this.upstream.value = value(reference);
			assertSame(this.client.get(reference), "case " + i + " of seed " + SEED + ": " + reference);
		}
	}

	@Test
	void everyCodePoint() {
		SecretReference reference = SecretReference.secret("db");
		this.upstream.expected = reference;
		int step = 8_192;
		for (int first = 0; first <= Character.MAX_CODE_POINT; first += step) {
			StringBuilder text = new StringBuilder();
			for (int codePoint = first; codePoint < first + step
					&& codePoint <= Character.MAX_CODE_POINT; codePoint++) {
				// Apart, or two halves would make a whole.
				text.appendCodePoint(codePoint).append(' ');
			}
			this.upstream.value = SecretValue.builder().name("db").text(text.toString()).build();
			assertSame(this.client.get(reference), "from " + first);
		}
	}

	private void assertSame(SecretValue value, String description) {
		SecretValue sent = this.upstream.value;
		assertThat(value.isBinary()).as(description).isEqualTo(sent.isBinary());
		if (sent.isBinary()) {
			assertThat(value.bytes()).as(description).isEqualTo(sent.bytes());
		}
		else {
			// Not by AssertJ: it would print 64 KiB.
			assertThat(value.text().equals(sent.text())).as(description).isTrue();
		}
		assertThat(value.name()).as(description).isEqualTo(sent.name());
		assertThat(value.arn()).as(description).isEqualTo(sent.arn());
		assertThat(value.versionId()).as(description).isEqualTo(sent.versionId());
		assertThat(value.versionStages()).as(description).isEqualTo(sent.versionStages());
		assertThat(value.version()).as(description).isEqualTo(sent.version());
		assertThat(value.type()).as(description).isEqualTo(sent.type());
		assertThat(value.dataType()).as(description).isEqualTo(sent.dataType());
		assertThat(value.sourceResult()).as(description).isEqualTo(sent.sourceResult());
		assertThat(value.createdAt()).as(description).isEqualTo(sent.createdAt());
	}

	private SecretReference reference() {
		SecretReference reference = (this.random.nextInt(5) < 3) ? secret() : parameter();
		return (this.random.nextBoolean()) ? select(reference) : reference;
	}

	private SecretReference secret() {
		boolean arn = this.random.nextInt(4) == 0;
		String name = name(SECRET_CHARACTERS, 512);
		return SecretReference.secret((arn) ? secretArn(name) : name);
	}

	private SecretReference parameter() {
		String path = "/" + name(PARAMETER_CHARACTERS, 1_000);
		return switch (this.random.nextInt(4)) {
			case 0 -> SecretReference.parameter(path.substring(1));
			case 1 -> SecretReference.parameter(parameterArn(path));
			default -> SecretReference.parameter(path);
		};
	}

	/** Short ones more often than long ones. */
	private int length(int most) {
		return 1 + this.random.nextInt(1 + this.random.nextInt(1 + this.random.nextInt(most)));
	}

	private String name(String characters, int longest) {
		StringBuilder name = new StringBuilder();
		int length = Math.min(longest, length(longest));
		while (name.length() < length) {
			name.append(characters.charAt(this.random.nextInt(characters.length())));
		}
		return name.toString();
	}

	private static String secretArn(String name) {
		return "arn:aws:secretsmanager:us-east-1:123456789012:secret:" + name + "-AbCdEf";
	}

	private static String parameterArn(String path) {
		return "arn:aws:ssm:us-east-1:123456789012:parameter" + path;
	}

	private SecretReference select(SecretReference reference) {
		boolean first = this.random.nextBoolean();
		if (reference.kind() == Kind.SECRET) {
			SecretReference version = (first) ? reference.withSelector("versionId", selector()) : reference;
			return (!first || this.random.nextBoolean()) ? version.withSelector("versionStage", selector()) : version;
		}
		SecretReference version = (first)
				? reference.withSelector("version", String.valueOf(1 + this.random.nextLong(999_999_999_999_999_999L)))
				: reference.withSelector("label", selector());
		return (this.random.nextBoolean()) ? version.withSelector("withDecryption", "false") : version;
	}

	private String selector() {
		StringBuilder text = new StringBuilder();
		while (text.length() < 1 + this.random.nextInt(40)) {
			int codePoint = codePoint();
			boolean legal = !Character.isISOControl(codePoint) && "&#:".indexOf(codePoint) < 0 && !isHalf(codePoint);
			text.appendCodePoint((legal) ? codePoint : 'x');
		}
		return text.toString();
	}

	private static boolean isHalf(int codePoint) {
		return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
	}

	private SecretValue value(SecretReference reference) {
		SecretValue.Builder value = SecretValue.builder()
			.createdAt(Instant.ofEpochMilli(this.random.nextLong(4_000_000_000_000L)));
		if (reference.kind() == Kind.PARAMETER) {
			String path = reference.id().replaceFirst("^arn:.*?:parameter(?=/)", "");
			return value.name(path)
				.arn((reference.isArn()) ? reference.id() : parameterArn("/" + path.replaceFirst("^/", "")))
				.version(or(reference.version(), 1 + this.random.nextLong(1_000_000)))
				.type("SecureString")
				.dataType((this.random.nextBoolean()) ? "text" : null)
				.sourceResult((this.random.nextInt(10) == 0) ? text() : null)
				.text(text())
				.build();
		}
		String name = reference.id().replaceFirst("^arn:.*?:secret:(.*)-AbCdEf$", "$1");
		value.name(name).arn(secretArn(name)).versionId(or(reference.versionId(), selector())).versionStages(stages());
		return ((this.random.nextInt(4) == 0) ? value.bytes(bytes()) : value.text(text())).build();
	}

	private static <T> T or(T asked, T other) {
		return (asked != null) ? asked : other;
	}

	private List<String> stages() {
		return List.of("AWSCURRENT", selector(), selector()).subList(0, this.random.nextInt(4));
	}

	private byte[] bytes() {
		byte[] bytes = new byte[size()];
		this.random.nextBytes(bytes);
		return bytes;
	}

	private String text() {
		StringBuilder text = new StringBuilder();
		int codePoint = codePoint();
		for (int rest = size() - bytes(codePoint); rest >= 0; rest -= bytes(codePoint)) {
			text.appendCodePoint(codePoint);
			codePoint = codePoint();
		}
		return text.toString();
	}

	private static int bytes(int codePoint) {
		return (codePoint < 0x80) ? 1 : (codePoint < 0x800) ? 2 : (codePoint < 0x10000) ? 3 : 4;
	}

	/** The largest now and then, nothing too. */
	private int size() {
		return (this.random.nextInt(25) == 0) ? MOST_BYTES : length(MOST_BYTES) - 1;
	}

	/** Halves of pairs too: JSON can hold them. */
	private int codePoint() {
		return switch (this.random.nextInt(6)) {
			case 0 -> SPECIAL.charAt(this.random.nextInt(SPECIAL.length()));
			case 1 -> this.random.nextInt(Character.MIN_SUPPLEMENTARY_CODE_POINT);
			case 2 -> this.random.nextInt(Character.MAX_CODE_POINT + 1);
			case 3 -> this.random.nextInt(0x100);
			default -> LETTERS.charAt(this.random.nextInt(LETTERS.length()));
		};
	}

	/**
	 * What stands behind the endpoint: it has one value, for who asks as is expected.
	 */
	private static final class Upstream implements SecretsProvider {

		private volatile SecretReference expected;

		private volatile SecretValue value;

		@Override
		public SecretValue get(SecretReference reference) {
			if (!reference.key().equals(this.expected)) {
				throw new SecretsException(Reason.NOT_FOUND, reference, "It was not expected", "Correct it.");
			}
			return this.value;
		}

	}

}
