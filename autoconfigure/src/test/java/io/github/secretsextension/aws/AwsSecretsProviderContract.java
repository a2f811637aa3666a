package io.github.secretsextension.aws;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClientBuilder;
import software.amazon.awssdk.services.secretsmanager.model.CreateSecretResponse;
import software.amazon.awssdk.services.ssm.SsmClient;
import software.amazon.awssdk.services.ssm.SsmClientBuilder;
import software.amazon.awssdk.services.ssm.model.ParameterType;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What {@link AwsSecretsProvider} promises against anything that speaks AWS's protocol:
 * one suite, run against moto in every build and against LocalStack where there are
 * containers.
 */
abstract class AwsSecretsProviderContract {

	private static final Region HOME = Region.US_EAST_1;

	private static final Region ABROAD = Region.EU_WEST_1;

	private static final String NOT_THERE = "not-there-" + UUID.randomUUID();

	private final String name = "contract/" + UUID.randomUUID();

	private final String path = "/" + this.name;

	private AwsSecretsProvider provider;

	private SecretsManagerClient secrets;

	private SsmClient parameters;

	abstract URI endpoint();

	@BeforeEach
	void connect() {
		this.secrets = secretsIn(HOME);
		this.parameters = configure(SsmClient.builder(), HOME).httpClientBuilder(UrlConnectionHttpClient.builder())
			.build();
		this.provider = new AwsSecretsProvider(new DefaultAwsClients(Duration.ofSeconds(20), new ClientConfigurer() {

			@Override
			public void secretsManager(SecretsManagerClientBuilder builder, Region region) {
				configure(builder, HOME);
			}

			@Override
			public void parameterStore(SsmClientBuilder builder, Region region) {
				configure(builder, HOME);
			}

		}), SecretsClock.system());
	}

	private SecretsManagerClient secretsIn(Region region) {
		return configure(SecretsManagerClient.builder(), region).httpClientBuilder(UrlConnectionHttpClient.builder())
			.build();
	}

	private <B extends AwsClientBuilder<B, ?>> B configure(B builder, Region region) {
		return builder.endpointOverride(endpoint())
			.region(region)
			.credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")));
	}

	@AfterEach
	void disconnect() {
		this.provider.close();
		this.secrets.close();
		this.parameters.close();
	}

	@Test
	void secretByName() {
		CreateSecretResponse created = create("CANARY-one");
		Instant before = Instant.ofEpochMilli(System.currentTimeMillis());
		SecretValue value = get("secret:" + this.name);
		assertThat(value.text()).isEqualTo("CANARY-one");
		assertThat(value.name()).isEqualTo(this.name);
		assertThat(value.arn()).isEqualTo(created.arn());
		assertThat(value.versionId()).isEqualTo(created.versionId());
		assertThat(value.versionStages()).containsExactly("AWSCURRENT");
		assertThat(value.version()).isNull();
		assertThat(value.type()).isNull();
		assertThat(value.loadedAt()).isBetween(before, before.plusSeconds(60));
	}

	@Test
	void secretByFullArn() {
		assertThat(get("secret:" + create("CANARY-one").arn()).text()).isEqualTo("CANARY-one");
	}

	@Test
	void secretByPartialArn() {
		String arn = create("CANARY-one").arn();
		assertThat(get("secret:" + arn.substring(0, arn.length() - 7)).text()).isEqualTo("CANARY-one");
	}

	@Test
	void secretByArnOfAnotherRegion() {
		try (SecretsManagerClient abroad = secretsIn(ABROAD)) {
			String arn = abroad.createSecret((request) -> request.name(this.name).secretString("CANARY-abroad")).arn();
			assertThat(arn).contains(ABROAD.id());
			assertThat(get("secret:" + arn).text()).isEqualTo("CANARY-abroad");
			assertThat(failure("secret:" + this.name).getReason()).isEqualTo(Reason.NOT_FOUND);
		}
	}

	@Test
	void secretByStage() {
		String first = create("CANARY-one").versionId();
		put("CANARY-two");
		SecretValue previous = get("secret:" + this.name + "?versionStage=AWSPREVIOUS");
		assertThat(previous.text()).isEqualTo("CANARY-one");
		assertThat(previous.versionId()).isEqualTo(first);
		assertThat(previous.versionStages()).containsExactly("AWSPREVIOUS");
		assertThat(get("secret:" + this.name).text()).isEqualTo("CANARY-two");
		assertThat(get("secret:" + this.name + "?versionStage=AWSCURRENT").text()).isEqualTo("CANARY-two");
	}

	@Test
	void secretByVersionId() {
		String first = create("CANARY-one").versionId();
		put("CANARY-two");
		assertThat(get("secret:" + this.name + "?versionId=" + first).text()).isEqualTo("CANARY-one");
	}

	@Test
	void secretByVersionIdAndItsStage() {
		String first = create("CANARY-one").versionId();
		put("CANARY-two");
		assertThat(get("secret:" + this.name + "?versionStage=AWSPREVIOUS&versionId=" + first).text())
			.isEqualTo("CANARY-one");
	}

	@Test
	void secretByVersionIdAndAnotherStage() {
		String first = create("CANARY-one").versionId();
		put("CANARY-two");
		assertThat(failure("secret:" + this.name + "?versionStage=AWSCURRENT&versionId=" + first).getReason())
			.isEqualTo(Reason.NOT_FOUND);
	}

	@Test
	void missingSecret() {
		SecretsException failure = failure("secret:" + NOT_THERE);
		assertThat(failure.getReason()).isEqualTo(Reason.NOT_FOUND);
		assertThat(failure).hasMessageContaining(NOT_THERE)
			.hasMessageContaining("ResourceNotFoundException")
			.hasMessageContaining("region " + HOME);
	}

	@Test
	void missingSecretWithDefault() {
		assertThat(this.provider.text("secret:" + NOT_THERE + ":fallback")).isEqualTo("fallback");
	}

	@ParameterizedTest
	@ValueSource(strings = { "versionStage=NOTHERE", "versionId=11111111-2222-3333-4444-555555555555" })
	void missingSecretVersion(String selector) {
		create("CANARY-one");
		assertThat(failure("secret:" + this.name + "?" + selector).getReason()).isEqualTo(Reason.NOT_FOUND);
	}

	@Test
	void deletedSecret() {
		create("CANARY-one");
		this.secrets.deleteSecret((request) -> request.secretId(this.name).recoveryWindowInDays(7L));
		assertThat(failure("secret:" + this.name).getReason()).isEqualTo(Reason.NOT_FOUND);
		this.secrets.restoreSecret((request) -> request.secretId(this.name));
		assertThat(get("secret:" + this.name).text()).isEqualTo("CANARY-one");
	}

	@Test
	void binarySecret() {
		byte[] bytes = { 0, (byte) 0xff, 10, 'C', 'A', 'N', 'A', 'R', 'Y', '-' };
		this.secrets.createSecret((request) -> request.name(this.name).secretBinary(SdkBytes.fromByteArray(bytes)));
		SecretValue value = get("secret:" + this.name);
		assertThat(value.isBinary()).isTrue();
		assertThat(value.bytes()).isEqualTo(bytes);
		SecretsException failure = catchThrowableOfType(SecretsException.class,
				() -> this.provider.text("secret:" + this.name));
		assertThat(failure.getReason()).isEqualTo(Reason.NOT_TEXT);
		assertNoCanary(failure);
	}

	@Test
	void jsonFieldOfSecret() {
		create("{\"user\":\"CANARY-u\",\"hosts\":[{\"name\":\"CANARY-h\"}]}");
		assertThat(this.provider.text("secret:" + this.name + "#user")).isEqualTo("CANARY-u");
		assertThat(this.provider.text("secret:" + this.name + "#/hosts/0/name")).isEqualTo("CANARY-h");
		SecretsException failure = catchThrowableOfType(SecretsException.class,
				() -> this.provider.text("secret:" + this.name + "#nope"));
		assertThat(failure.getReason()).isEqualTo(Reason.FIELD_NOT_FOUND);
		assertNoCanary(failure);
	}

	@Test
	void secretTextIsKeptAsItIs() {
		String text = "CANARY- \"ü\\n\u2028 ${x} #{1+1} \ud83d\udd11\t";
		create(text);
		assertThat(get("secret:" + this.name).text()).isEqualTo(text);
	}

	@Test
	void parameterByName() {
		String flat = "flat-" + UUID.randomUUID();
		this.parameters.putParameter((request) -> request.name(flat).value("CANARY-flat").type(ParameterType.STRING));
		SecretValue value = get("param:" + flat);
		assertThat(value.text()).isEqualTo("CANARY-flat");
		assertThat(value.name()).isEqualTo(flat);
	}

	@Test
	void parameterByPath() {
		put("CANARY-one", ParameterType.STRING);
		SecretValue value = get("param:" + this.path);
		assertThat(value.text()).isEqualTo("CANARY-one");
		assertThat(value.name()).isEqualTo(this.path);
		assertThat(value.arn()).endsWith(":parameter" + this.path);
		assertThat(value.version()).isEqualTo(1L);
		assertThat(value.type()).isEqualTo("String");
		assertThat(value.versionId()).isNull();
		assertThat(value.versionStages()).isEmpty();
	}

	@Test
	void parameterByArn() {
		put("CANARY-one", ParameterType.STRING);
		String arn = get("param:" + this.path).arn();
		assertThat(get("param:" + arn).text()).isEqualTo("CANARY-one");
	}

	@Test
	void parameterByArnOfAnotherRegion() {
		try (SsmClient abroad = configure(SsmClient.builder(), ABROAD)
			.httpClientBuilder(UrlConnectionHttpClient.builder())
			.build()) {
			abroad.putParameter((request) -> request.name(this.path).value("CANARY-abroad").type(ParameterType.STRING));
			String arn = abroad.getParameter((request) -> request.name(this.path)).parameter().arn();
			assertThat(get("param:" + arn).text()).isEqualTo("CANARY-abroad");
			assertThat(failure("param:" + this.path).getReason()).isEqualTo(Reason.NOT_FOUND);
		}
	}

	@Test
	void parameterByVersion() {
		put("CANARY-one", ParameterType.STRING);
		put("CANARY-two", ParameterType.STRING);
		assertThat(get("param:" + this.path).version()).isEqualTo(2L);
		assertThat(get("param:" + this.path + "?version=1").text()).isEqualTo("CANARY-one");
		assertThat(get("param:" + this.path + "?version=1").version()).isEqualTo(1L);
	}

	@Test
	void parameterByLabel() {
		put("CANARY-one", ParameterType.STRING);
		put("CANARY-two", ParameterType.STRING);
		this.parameters
			.labelParameterVersion((request) -> request.name(this.path).parameterVersion(1L).labels("stable"));
		assertThat(get("param:" + this.path + "?label=stable").text()).isEqualTo("CANARY-one");
	}

	@Test
	void missingParameter() {
		SecretsException failure = failure("param:/" + NOT_THERE);
		assertThat(failure.getReason()).isEqualTo(Reason.NOT_FOUND);
		assertThat(failure).hasMessageContaining("ParameterNotFound");
		assertThat(this.provider.text("param:/" + NOT_THERE + ":fallback")).isEqualTo("fallback");
	}

	@ParameterizedTest
	@ValueSource(strings = { "version=7", "label=nope" })
	void missingParameterVersion(String selector) {
		put("CANARY-one", ParameterType.STRING);
		assertThat(failure("param:" + this.path + "?" + selector).getReason()).isEqualTo(Reason.NOT_FOUND);
	}

	@Test
	void secureStringIsDecrypted() {
		put("CANARY-secure", ParameterType.SECURE_STRING);
		SecretValue value = get("param:" + this.path);
		assertThat(value.text()).isEqualTo("CANARY-secure");
		assertThat(value.type()).isEqualTo("SecureString");
	}

	@Test
	void secureStringWithoutDecryption() {
		put("CANARY-secure", ParameterType.SECURE_STRING);
		assertThat(get("param:" + this.path + "?withDecryption=false").text()).isNotEmpty()
			.isNotEqualTo("CANARY-secure");
	}

	@Test
	void stringListStaysOneText() {
		put("CANARY-a,b,c", ParameterType.STRING_LIST);
		SecretValue value = get("param:" + this.path);
		assertThat(value.text()).isEqualTo("CANARY-a,b,c");
		assertThat(value.type()).isEqualTo("StringList");
	}

	@Test
	void jsonFieldOfParameter() {
		put("{\"url\":\"CANARY-url\"}", ParameterType.STRING);
		assertThat(this.provider.text("param:" + this.path + "#url")).isEqualTo("CANARY-url");
	}

	@Test
	void secretThroughParameterStore() {
		create("CANARY-reference");
		assertThat(get("param:/aws/reference/secretsmanager/" + this.name).text()).isEqualTo("CANARY-reference");
		assertThat(failure("param:/aws/reference/secretsmanager/" + NOT_THERE).getReason()).isEqualTo(Reason.NOT_FOUND);
	}

	@Test
	void manySecretsInBatches() {
		Map<SecretReference, String> expected = new LinkedHashMap<>();
		for (int i = 0; i < 22; i++) {
			String secret = this.name + "/" + i;
			String text = "CANARY-" + i;
			String arn = this.secrets.createSecret((request) -> request.name(secret).secretString(text)).arn();
			String id = (i % 3 == 0) ? secret : (i % 3 == 1) ? arn : arn.substring(0, arn.length() - 7);
			expected.put(SecretReference.secret(id), text);
		}
		SecretReference missing = SecretReference.secret(NOT_THERE);
		SecretReference deleted = SecretReference.secret(this.name);
		create("CANARY-deleted");
		this.secrets.deleteSecret((request) -> request.secretId(this.name).recoveryWindowInDays(7L));
		Set<SecretReference> references = new LinkedHashSet<>(expected.keySet());
		references.addAll(List.of(missing, deleted));
		expectBatches(references, 2, expected);
	}

	@Test
	void nameAndArnOfOneSecretInABatch() {
		String arn = create("CANARY-one").arn();
		String versionId = get("secret:" + arn).versionId();
		byte[] bytes = { 0, (byte) 0xff };
		String binary = this.name + "/binary";
		this.secrets.createSecret((request) -> request.name(binary).secretBinary(SdkBytes.fromByteArray(bytes)));
		Map<SecretReference, SecretValue> values = this.provider
			.getAll(Set.of(SecretReference.secret(this.name), SecretReference.secret(arn),
					SecretReference.secret(arn.substring(0, arn.length() - 7)), SecretReference.secret(binary)));
		assertThat(values).hasSize(4);
		SecretValue value = values.get(SecretReference.secret(arn));
		assertThat(value.text()).isEqualTo("CANARY-one");
		assertThat(value.name()).isEqualTo(this.name);
		assertThat(value.arn()).isEqualTo(arn);
		assertThat(value.versionId()).isEqualTo(versionId);
		assertThat(value.versionStages()).containsExactly("AWSCURRENT");
		assertThat(values.get(SecretReference.secret(binary)).bytes()).isEqualTo(bytes);
	}

	@Test
	void batchOfAnotherRegion() {
		try (SecretsManagerClient abroad = secretsIn(ABROAD)) {
			Map<SecretReference, String> expected = new LinkedHashMap<>();
			for (int i = 0; i < 4; i++) {
				String secret = this.name + "/" + i;
				expected.put(SecretReference
					.secret(abroad.createSecret((request) -> request.name(secret).secretString("CANARY-abroad")).arn()),
						"CANARY-abroad");
			}
			expectBatches(expected.keySet(), 1, expected);
		}
	}

	@Test
	void manyParametersInBatches() {
		Map<SecretReference, String> expected = new LinkedHashMap<>();
		for (int i = 0; i < 12; i++) {
			String parameter = this.path + "/" + i;
			String text = "CANARY-" + i;
			ParameterType type = (i % 2 == 0) ? ParameterType.SECURE_STRING : ParameterType.STRING;
			this.parameters.putParameter((request) -> request.name(parameter).value(text).type(type));
			// No ARNs: in a batch moto does not know them.
			expected.put(SecretReference.parameter(parameter), text);
		}
		Set<SecretReference> references = new LinkedHashSet<>(expected.keySet());
		references.add(SecretReference.parameter("/" + NOT_THERE));
		expectBatches(references, 2, expected);
	}

	private void expectBatches(Set<SecretReference> references, int calls, Map<SecretReference, String> expected) {
		this.provider.prepare(SecretReference.secret(this.name));
		this.provider.prepare(SecretReference.parameter(this.path));
		List<Set<SecretReference>> batches = this.provider.batches(references);
		assertThat(batches).hasSize(calls);
		Map<SecretReference, String> texts = new HashMap<>();
		for (Set<SecretReference> batch : batches) {
			this.provider.getAll(batch).forEach((reference, value) -> texts.put(reference, value.text()));
		}
		assertThat(texts).isEqualTo(expected);
	}

	@Test
	void everyReadAsksAnew() {
		create("CANARY-one");
		assertThat(get("secret:" + this.name).text()).isEqualTo("CANARY-one");
		put("CANARY-two");
		assertThat(get("secret:" + this.name).text()).isEqualTo("CANARY-two");
	}

	private CreateSecretResponse create(String text) {
		return this.secrets.createSecret((request) -> request.name(this.name).secretString(text));
	}

	private void put(String text) {
		this.secrets.putSecretValue((request) -> request.secretId(this.name).secretString(text));
	}

	private void put(String value, ParameterType type) {
		this.parameters.putParameter((request) -> request.name(this.path).value(value).type(type).overwrite(true));
	}

	private SecretValue get(String reference) {
		SecretValue value = this.provider.get(SecretReference.parse(reference));
		assertThat(value.toString()).doesNotContain("CANARY-");
		return value;
	}

	private SecretsException failure(String reference) {
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> get(reference));
		assertNoCanary(failure);
		return failure;
	}

	static void assertNoCanary(Throwable failure) {
		assertThat(failure).as("a failure").isNotNull();
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			assertThat(cause.toString()).doesNotContain("CANARY-");
			assertThat(cause.getSuppressed()).isEmpty();
		}
	}

}
