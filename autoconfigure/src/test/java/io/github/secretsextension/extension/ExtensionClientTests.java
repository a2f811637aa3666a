package io.github.secretsextension.extension;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.extension.FakeExtension.Personality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Tests for what {@link ExtensionSecretsProvider} asks the extension and the agent, and
 * what it gets from them.
 */
@Timeout(30)
class ExtensionClientTests {

	/** All that the name of a secret may have. */
	private static final String SECRET_CHARACTERS = "ABCXYZabcxyz0189/_+=.@-!";

	private static final String SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf";

	private FakeExtension fake;

	private ExtensionSecretsProvider provider;

	@AfterEach
	void close() {
		this.provider.close();
		this.fake.close();
	}

	@ParameterizedTest
	@EnumSource
	void secretByNameAndByArn(Personality personality) {
		open(personality);
		String version = this.fake.putSecret("prod/db", "CANARY-1");
		for (String id : List.of("prod/db", SECRET_ARN, SECRET_ARN.replace("-AbCdEf", ""))) {
			SecretValue value = get("secret:" + id);
			assertThat(value.text()).isEqualTo("CANARY-1");
			assertThat(value.name()).isEqualTo("prod/db");
			assertThat(value.arn()).isEqualTo(SECRET_ARN);
			assertThat(value.versionId()).isEqualTo(version);
			assertThat(value.versionStages()).containsExactly("AWSCURRENT");
			assertThat(value.createdAt()).isEqualTo("2022-11-16T08:22:40.499Z");
		}
	}

	@ParameterizedTest
	@EnumSource
	void versionsAndStagesOfASecret(Personality personality) {
		open(personality);
		String first = this.fake.putSecret("db", "CANARY-1");
		String second = this.fake.putSecret("db", "CANARY-2");
		String third = this.fake.putSecret("db", "CANARY-3", "AWSPENDING");
		assertThat(text("secret:db")).isEqualTo("CANARY-2");
		assertThat(text("secret:db?versionStage=AWSPREVIOUS")).isEqualTo("CANARY-1");
		assertThat(text("secret:db?versionStage=AWSPENDING")).isEqualTo("CANARY-3");
		assertThat(text("secret:db?versionId=" + first)).isEqualTo("CANARY-1");
		assertThat(text("secret:db?versionId=" + second + "&versionStage=AWSCURRENT")).isEqualTo("CANARY-2");
		this.fake.moveStage("db", "AWSCURRENT", third);
		assertThat(get("secret:db").versionId()).isEqualTo(third);
		assertThat(get("secret:db?versionStage=AWSPREVIOUS").versionId()).isEqualTo(second);
		assertThat(get("secret:db?versionId=" + first).versionStages()).isEmpty();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			secret:db?versionId=1-2               | {"SecretString":"CANARY-1","VersionId":"1-2"}              | true
			secret:db?versionId=1-2               | {"SecretString":"CANARY-1"}                                | true
			secret:db?versionId=1-2               | {"SecretString":"CANARY-1","VersionId":"1-3"}              | false
			secret:db                             | {"SecretString":"CANARY-1","VersionId":"1-3"}              | true
			param:db?version=3                    | {"Parameter":{"Value":"CANARY-1","Version":3}}             | true
			param:db?version=3                    | {"Parameter":{"Value":"CANARY-1","Version":0}}             | true
			param:db?version=3                    | {"Parameter":{"Value":"CANARY-1","Version":2}}             | false
			param:db?label=x                      | {"Parameter":{"Value":"CANARY-1","Version":2}}             | true
			""")
	void versionOfAnAnswer(String reference, String body, boolean accepted) {
		open(Personality.EXTENSION);
		this.fake.answer(200, body);
		if (accepted) {
			assertThat(text(reference)).isEqualTo("CANARY-1");
			return;
		}
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> get(reference));
		ExtensionClients.assertClean(failure);
		assertThat(failure.getReason()).isEqualTo(Reason.BAD_ANSWER);
		assertThat(failure).hasMessageContaining("its answer is about another version");
	}

	@ParameterizedTest
	@EnumSource
	void binarySecret(Personality personality) {
		open(personality);
		byte[] bytes = new byte[256];
		for (int i = 0; i < bytes.length; i++) {
			bytes[i] = (byte) i;
		}
		this.fake.putSecret("db", bytes);
		assertThat(get("secret:db").isBinary()).isTrue();
		assertThat(get("secret:db").bytes()).containsExactly(bytes);
	}

	@ParameterizedTest
	@EnumSource
	void textIsKeptAsItIs(Personality personality) {
		open(personality);
		String text = "CANARY- <a href=\"x\">&amp; \\ \b\f\n\r\t\u0000\u007f ${x} #{1+1} \u00e9\u2028\u2029\ufffe\ud83d\udd11/";
		this.fake.putSecret("db", text);
		assertThat(text("secret:db")).isEqualTo(text);
	}

	@ParameterizedTest
	@EnumSource
	void secretsOfTheLargestSize(Personality personality) {
		open(personality);
		this.fake.putSecret("long", "CANARY-" + "a".repeat(65_529));
		assertThat(text("secret:long")).hasSize(65_536).endsWith("aaa");
		// Each of these is sent as six characters.
		this.fake.putSecret("escaped", "\u0001".repeat(65_536));
		assertThat(text("secret:escaped")).hasSize(65_536).containsOnlyOnce("\u0001".repeat(65_536));
		this.fake.putSecret("binary", "CANARY-!".repeat(8_192).getBytes(StandardCharsets.UTF_8));
		assertThat(get("secret:binary").bytes()).hasSize(65_536);
	}

	@ParameterizedTest
	@EnumSource
	void everyReadAsks(Personality personality) {
		open(personality);
		this.fake.putSecret("db", "CANARY-1");
		assertThat(text("secret:db")).isEqualTo("CANARY-1");
		this.fake.putSecret("db", "CANARY-2");
		assertThat(text("secret:db")).isEqualTo("CANARY-2");
		assertThat(this.fake.requests("db")).isEqualTo(2);
	}

	@Test
	void fieldAndDefaultStayHere() {
		open(Personality.AGENT);
		this.fake.putSecret("db", "{\"user\":\"CANARY-u\"}");
		assertThat(this.provider.text("secret:db#user:CANARY-default")).isEqualTo("CANARY-u");
		assertThat(this.provider.text("secret:db#nope:CANARY-default")).isEqualTo("CANARY-default");
		assertThat(this.fake.requests()).extracting(FakeRequest::target)
			.containsOnly("/secretsmanager/get?secretId=db");
	}

	@Test
	void defaultAppliesWhereTheAgentKnowsThatThereIsNone() {
		open(Personality.AGENT);
		assertThat(this.provider.text("secret:nope:CANARY-default")).isEqualTo("CANARY-default");
	}

	@Test
	void defaultDoesNotApplyWhereTheExtensionDoesNotTell() {
		open(Personality.EXTENSION);
		SecretsException failure = catchThrowableOfType(SecretsException.class,
				() -> this.provider.text("secret:nope:CANARY-default"));
		assertThat(failure.getReason()).isEqualTo(Reason.AMBIGUOUS);
		assertThat(failure).hasMessageContaining("default").hasMessageNotContaining("CANARY-");
	}

	@Test
	void parameters() {
		open(Personality.EXTENSION);
		this.fake.putParameter("/app/url", "String", "CANARY-1");
		this.fake.putParameter("/app/url", "String", "CANARY-2");
		this.fake.label("/app/url", 1, "Dev.1-x");
		this.fake.putParameter("flat", "StringList", "CANARY-a,b");
		assertThat(text("param:/app/url")).isEqualTo("CANARY-2");
		assertThat(text("param:/app/url?version=1")).isEqualTo("CANARY-1");
		assertThat(text("param:/app/url?label=Dev.1-x")).isEqualTo("CANARY-1");
		assertThat(text("param:arn:aws:ssm:us-east-1:123456789012:parameter/app/url")).isEqualTo("CANARY-2");
		assertThat(text("param:flat")).isEqualTo("CANARY-a,b");
		assertThat(get("param:flat").type()).isEqualTo("StringList");
		assertThat(get("param:/app/url").version()).isEqualTo(2);
	}

	@Test
	void secureParameterIsDecryptedUnlessTheReferenceSaysOtherwise() {
		open(Personality.EXTENSION);
		this.fake.putParameter("/key", "SecureString", "CANARY-1");
		assertThat(text("param:/key")).isEqualTo("CANARY-1");
		assertThat(text("param:/key?withDecryption=true")).isEqualTo("CANARY-1");
		assertThat(text("param:/key?withDecryption=false")).startsWith("AQICAHh");
	}

	@Test
	void secretAsAParameter() {
		open(Personality.EXTENSION);
		this.fake.putSecret("db+1", "CANARY-1");
		this.fake.putSecret("db+1", "CANARY-2");
		SecretValue value = get("param:/aws/reference/secretsmanager/db+1");
		assertThat(value.text()).isEqualTo("CANARY-2");
		assertThat(value.name()).isEqualTo("/aws/reference/secretsmanager/db+1");
		assertThat(value.sourceResult()).contains("\"versionStages\":[\"AWSCURRENT\"]");
		assertThat(text("param:/aws/reference/secretsmanager/db+1?label=AWSPREVIOUS")).isEqualTo("CANARY-1");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			secret:db                               | /secretsmanager/get?secretId=db
			secret:prod/db_+=.@-!                   | /secretsmanager/get?secretId=prod%2Fdb_%2B%3D.%40-%21
			secret:arn:aws:secretsmanager:r:1:secret:a/b-AbCdEf | \
			/secretsmanager/get?secretId=arn%3Aaws%3Asecretsmanager%3Ar%3A1%3Asecret%3Aa%2Fb-AbCdEf
			secret:db?versionStage=AWSCURRENT       | /secretsmanager/get?secretId=db
			secret:db?versionStage=AWSPREVIOUS      | /secretsmanager/get?secretId=db&versionStage=AWSPREVIOUS
			secret:db?versionStage=a b+ü%=          | \
			/secretsmanager/get?secretId=db&versionStage=a%20b%2B%C3%BC%25%3D
			secret:db?versionId=1-2#f               | /secretsmanager/get?secretId=db&versionId=1-2
			secret:db?versionId=1&versionStage=X    | /secretsmanager/get?secretId=db&versionStage=X&versionId=1
			secret:db#user:CANARY-default           | /secretsmanager/get?secretId=db
			param:/app/a.b-c_d                      | \
			/systemsmanager/parameters/get?name=%2Fapp%2Fa.b-c_d&withDecryption=true
			param:flat?version=12                   | \
			/systemsmanager/parameters/get?name=flat&version=12&withDecryption=true
			param:flat?label=Dev 1                  | \
			/systemsmanager/parameters/get?name=flat&label=Dev%201&withDecryption=true
			param:flat?withDecryption=true          | /systemsmanager/parameters/get?name=flat&withDecryption=true
			param:flat?withDecryption=false&label=x | /systemsmanager/parameters/get?name=flat&label=x
			param:arn:aws:ssm:r:1:parameter/a/b     | \
			/systemsmanager/parameters/get?name=arn%3Aaws%3Assm%3Ar%3A1%3Aparameter%2Fa%2Fb&withDecryption=true
			param:/aws/reference/secretsmanager/a+b | \
			/systemsmanager/parameters/get?name=%2Faws%2Freference%2Fsecretsmanager%2Fa%2Bb&withDecryption=true
			""")
	void requestLine(String reference, String target) {
		open(Personality.EXTENSION);
		catchThrowableOfType(SecretsException.class, () -> get(reference));
		assertThat(this.fake.requests()).singleElement().satisfies((request) -> {
			assertThat(request.method()).isEqualTo("GET");
			assertThat(request.target()).isEqualTo(target);
		});
	}

	@ParameterizedTest
	@EnumSource
	void everyLegalCharacterOfASecretsName(Personality personality) {
		open(personality);
		for (char c : SECRET_CHARACTERS.toCharArray()) {
			String name = "a" + c + "b";
			this.fake.putSecret(name, "CANARY-" + c);
			assertThat(text("secret:" + name)).isEqualTo("CANARY-" + c);
			assertThat(this.fake.requests(name)).isEqualTo(1);
		}
	}

	@Test
	void everyLegalCharacterOfAParametersName() {
		open(Personality.EXTENSION);
		String all = "ABCXYZabcxyz0189/_.-";
		for (String name : List.of(all, "/" + all, "/" + "a".repeat(1_010))) {
			this.fake.putParameter(name, "String", "CANARY-1");
			assertThat(text("param:" + name)).isEqualTo("CANARY-1");
			assertThat(this.fake.requests(name)).isEqualTo(1);
		}
	}

	@ParameterizedTest
	@EnumSource
	void longestNameOfASecret(Personality personality) {
		open(personality);
		String name = "+".repeat(512);
		this.fake.putSecret(name, "CANARY-1");
		assertThat(text("secret:" + name)).isEqualTo("CANARY-1");
		assertThat(text("secret:" + FakeStore.secretArn(name))).isEqualTo("CANARY-1");
	}

	@Test
	void tokenIsSentOnceAndNeverInTheTarget() {
		open(Personality.EXTENSION);
		this.fake.putSecret("db", "CANARY-1");
		text("secret:db");
		FakeRequest request = this.fake.requests().get(0);
		assertThat(request.headers("X-Aws-Parameters-Secrets-Token")).containsExactly(FakeExtension.TOKEN);
		assertThat(request.target()).doesNotContain("CANARY-");
		assertThat(request.headers("Host")).containsExactly("127.0.0.1:" + this.fake.port());
		assertThat(request.headers("X-Forwarded-For")).isEmpty();
		assertThat(String.join("\n", request.headers())).containsOnlyOnce("CANARY-");
	}

	@Test
	void tokenIsNotShown() {
		open(Personality.EXTENSION);
		ExtensionClientSettings settings = ExtensionClients.settings(2773, "CANARY-token");
		assertThat(settings).hasToString("ExtensionClientSettings[127.0.0.1:2773]");
		assertThat(this.provider.toString()).contains("127.0.0.1").doesNotContain("CANARY-");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "CANARY-a b", "CANARY-\r\nX-Forwarded-For: 1", "CANARY-\n", "CANARY-\u0000",
			"CANARY-\u00e9", "CANARY-\ud83d\udd11" })
	void tokenThatNoHeaderCanHold(String token) {
		open(Personality.EXTENSION);
		assertThatIllegalArgumentException().isThrownBy(() -> ExtensionClients.settings(1, token))
			.withMessageNotContaining("CANARY-");
	}

	/**
	 * What only looks like an address of this machine is a name to the resolver.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "192.0.2.1", "127.999.1.1.invalid" })
	void tokenStaysOnTheMachine(String host) {
		open(Personality.EXTENSION);
		Duration deadline = Duration.ofSeconds(5);
		try (ExtensionSecretsProvider beyond = ExtensionClients.provider(new ExtensionClientSettings(host,
				this.fake.port(), FakeExtension.TOKEN, deadline, deadline, 1, Duration.ZERO, null))) {
			SecretsException failure = catchThrowableOfType(SecretsException.class, () -> beyond.text("secret:db"));
			ExtensionClients.assertClean(failure);
			assertThat(failure.getReason()).isEqualTo(Reason.NOT_CONFIGURED);
			assertThat(failure).hasMessageContaining("'" + host + "' is no loopback address")
				.hasMessageContaining("'secrets-extension.remote.host'");
		}
	}

	@Test
	void timeOfTheLoadIsThatOfTheClock() {
		open(Personality.EXTENSION);
		this.fake.putSecret("db", "CANARY-1");
		ManualClock clock = new ManualClock(-5);
		try (ExtensionSecretsProvider manual = new ExtensionSecretsProvider(
				ExtensionClients.settings(this.fake.port(), FakeExtension.TOKEN), clock)) {
			assertThat(manual.get(SecretReference.secret("db")).loadedAt())
				.isEqualTo(Instant.ofEpochMilli(clock.currentTimeMillis()));
		}
	}

	@Test
	void refreshPassesTheCacheOfTheAgent() {
		open(Personality.AGENT);
		this.fake.putSecret("db", "CANARY-1");
		assertThat(this.provider.refresh(SecretReference.secret("db")).text()).isEqualTo("CANARY-1");
		assertThat(this.fake.requests()).extracting(FakeRequest::target)
			.containsExactly("/secretsmanager/get?secretId=db&refreshNow=true");
	}

	@Test
	void refreshAsksAgainIfItMayBeTheParameterThatIsNotKnown() {
		open(Personality.EXTENSION);
		this.fake.putSecret("db", "CANARY-1");
		this.fake.answer((request) -> (request.first("refreshNow") != null)
				? new FakeAnswer(400, "unknown parameter: refreshNow") : null);
		assertThat(this.provider.refresh(SecretReference.secret("db")).text()).isEqualTo("CANARY-1");
		assertThat(this.fake.requests()).extracting(FakeRequest::query)
			.containsExactly("secretId=db&refreshNow=true", "secretId=db");
	}

	private void open(Personality personality) {
		this.fake = new FakeExtension(personality);
		this.provider = ExtensionClients.provider(this.fake);
	}

	private SecretValue get(String reference) {
		return this.provider.get(SecretReference.parse(reference));
	}

	private String text(String reference) {
		return get(reference).text();
	}

}
