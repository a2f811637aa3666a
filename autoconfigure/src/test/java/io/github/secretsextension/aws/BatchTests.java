package io.github.secretsextension.aws;

import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Tests for how {@link AwsSecretsProvider} divides references into groups, and what it
 * takes from the answer to a whole group.
 */
@Timeout(60)
class BatchTests {

	private static final String SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";

	private static final String PARAMETER_ARN = "arn:aws:ssm:us-east-1:123456789012:parameter";

	private final FaultServer server = new FaultServer();

	private final ManualClock clock = new ManualClock(0);

	private final AwsSecretsProvider provider = new AwsSecretsProvider(
			new DefaultAwsClients(Duration.ofSeconds(10), this.server.configurer()), this.clock);

	@AfterEach
	void close() {
		this.provider.close();
		this.server.close();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			secret: | 0  |
			secret: | 1  | 1
			secret: | 3  | 1 1 1
			secret: | 4  | 4
			secret: | 20 | 20
			secret: | 21 | 20 1
			secret: | 45 | 20 20 5
			param:/ | 3  | 1 1 1
			param:/ | 4  | 4
			param:/ | 10 | 10
			param:/ | 11 | 10 1
			param:/ | 25 | 10 10 5
			""")
	void groupsOfOneKind(String prefix, int count, String sizes) {
		Set<SecretReference> references = references(prefix, count);
		assertThat(sizes(references)).isEqualTo((sizes != null) ? sizes : "");
		assertThat(this.provider.batches(references)).flatMap((group) -> group)
			.containsExactlyInAnyOrderElementsOf(references);
		assertThat(this.server.calls()).isEmpty();
	}

	@Test
	void kindsAreCountedEachForItself() {
		Set<SecretReference> references = references("secret:", 3);
		references.addAll(references("param:/", 4));
		assertThat(sizes(references)).isEqualTo("1 1 1 4");
	}

	@ParameterizedTest
	@ValueSource(strings = { "secret:x?versionStage=AWSPREVIOUS",
			"secret:x?versionId=11111111-2222-3333-4444-555555555555", "param:/x?version=3", "param:/x?label=stable",
			"param:/x?withDecryption=false", "param:/aws/reference/secretsmanager/x" })
	void whatOnlyASingleCallCanTellGoesAlone(String single) {
		Set<SecretReference> references = references("secret:", 4);
		references.addAll(references("param:/", 4));
		SecretReference reference = SecretReference.parse(single);
		references.add(reference);
		List<Set<SecretReference>> groups = this.provider.batches(references);
		assertThat(groups).hasSize(3).contains(Set.of(reference));
	}

	@Test
	void singleOnesDoNotCountTowardsAGroup() {
		Set<SecretReference> references = references("secret:", 3);
		references.add(SecretReference.parse("secret:x?versionStage=AWSPREVIOUS"));
		assertThat(sizes(references)).isEqualTo("1 1 1 1");
	}

	@Test
	void regionsAreCountedEachForItself() {
		Set<SecretReference> references = references("secret:", 4);
		references.addAll(references("secret:arn:aws:secretsmanager:eu-west-1:123456789012:secret:", 3));
		references.addAll(references("secret:arn:aws:secretsmanager:eu-north-1:123456789012:secret:", 5));
		assertThat(sizes(references)).isEqualTo("4 1 1 1 5");
	}

	@Test
	void namesShareAGroupWithArnsOfTheDefaultRegionOnceItIsKnown() {
		Set<SecretReference> references = references("secret:", 2);
		references.addAll(references("secret:" + SECRET_ARN, 2));
		assertThat(sizes(references)).isEqualTo("1 1 1 1");
		this.provider.prepare(SecretReference.secret("any"));
		assertThat(sizes(references)).isEqualTo("4");
		assertThat(this.server.calls()).isEmpty();
	}

	@Test
	void secretsInOneCall() {
		this.server.answer(200, """
				{"SecretValues":[
				{"Name":"a","ARN":"%1$sa-AbCdEf","VersionId":"v1","VersionStages":["AWSCURRENT"],
				"SecretString":"CANARY-a"},
				{"Name":"b","ARN":"%1$sb-AbCdEf","SecretBinary":"AP8="}],
				"Errors":[{"SecretId":"c","ErrorCode":"AccessDeniedException","Message":"CANARY-text"},
				{"SecretId":"d","ErrorCode":"ResourceNotFoundException","Message":"CANARY-text"}]}"""
			.formatted(SECRET_ARN));
		Map<SecretReference, SecretValue> values = getAll("secret:a", "secret:b", "secret:c", "secret:d");
		assertThat(values).containsOnlyKeys(SecretReference.secret("a"), SecretReference.secret("b"));
		SecretValue value = values.get(SecretReference.secret("a"));
		assertThat(value.text()).isEqualTo("CANARY-a");
		assertThat(value.name()).isEqualTo("a");
		assertThat(value.arn()).isEqualTo(SECRET_ARN + "a-AbCdEf");
		assertThat(value.versionId()).isEqualTo("v1");
		assertThat(value.versionStages()).containsExactly("AWSCURRENT");
		assertThat(value.loadedAt().toEpochMilli()).isEqualTo(this.clock.currentTimeMillis());
		assertThat(values.get(SecretReference.secret("b")).bytes()).containsExactly(0, 0xff);
		assertThat(this.server.calls()).singleElement().satisfies((call) -> {
			assertThat(call.action()).isEqualTo("BatchGetSecretValue");
			assertThat(call.body()).isEqualTo("{\"SecretIdList\":[\"a\",\"b\",\"c\",\"d\"]}");
		});
	}

	@Test
	void pagesAreFollowed() {
		this.server.answer((call) -> page(this.server.calls().size()));
		assertThat(getAll("secret:p1", "secret:p2", "secret:p3", "secret:p4")).hasSize(3);
		assertThat(this.server.calls()).extracting(AwsCall::body)
			.containsExactly("{\"SecretIdList\":[\"p1\",\"p2\",\"p3\",\"p4\"]}",
					"{\"SecretIdList\":[\"p1\",\"p2\",\"p3\",\"p4\"],\"NextToken\":\"t1\"}",
					"{\"SecretIdList\":[\"p1\",\"p2\",\"p3\",\"p4\"],\"NextToken\":\"t2\"}");
	}

	private static FaultServer.Answer page(int number) {
		String token = (number < 3) ? ",\"NextToken\":\"t" + number + "\"" : "";
		return new FaultServer.Answer(200,
				"{\"SecretValues\":[{\"Name\":\"p" + number + "\",\"SecretString\":\"CANARY-s\"}]" + token + "}");
	}

	@Test
	void pagesThatDoNotEndAreNotFollowedForEver() {
		this.server.answer(200, "{\"SecretValues\":[],\"NextToken\":\"again\"}");
		assertThat(getAll("secret:a", "secret:b", "secret:c", "secret:d")).isEmpty();
		assertThat(this.server.calls()).hasSize(4);
	}

	@Test
	void nameAndArnsOfOneSecretAllGetItsValue() {
		this.server.answer(200, "{\"SecretValues\":[{\"Name\":\"a\",\"ARN\":\"" + SECRET_ARN
				+ "a-AbCdEf\",\"SecretString\":\"CANARY-a\"}]}");
		assertThat(getAll("secret:a", "secret:" + SECRET_ARN + "a", "secret:" + SECRET_ARN + "a-AbCdEf", "secret:b"))
			.containsOnlyKeys(SecretReference.secret("a"), SecretReference.secret(SECRET_ARN + "a"),
					SecretReference.secret(SECRET_ARN + "a-AbCdEf"));
	}

	/**
	 * The answer to a single call need not say what it is about; one of several must.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "{\"SecretString\":\"CANARY-x\"}", "{\"Name\":\"x\",\"SecretString\":\"CANARY-x\"}",
			"{\"Name\":\"a\"}", "{\"Name\":\"a\",\"SecretString\":null}",
			"{\"Name\":\"A\",\"SecretString\":\"CANARY-x\"}",
			"{\"ARN\":\"arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf\",\"SecretString\":\"CANARY-x\"}",
			"{\"Name\":\"db\",\"ARN\":\"arn:aws:secretsmanager:us-east-1:210987654321:secret:db\",\"SecretString\":\"CANARY-x\"}",
			"{\"Name\":\"db\",\"SecretString\":\"CANARY-x\"}" })
	void secretThatIsNotProvenIsMissing(String entry) {
		this.server.answer(200, "{\"SecretValues\":[" + entry + "]}");
		assertThat(getAll("secret:a", "secret:b", "secret:c", "secret:" + SECRET_ARN + "db")).isEmpty();
	}

	@Test
	void parametersInOneCall() {
		this.server.answer(200, """
				{"Parameters":[
				{"Name":"/a","ARN":"%1$s/a","Value":"CANARY-a","Version":7,"Type":"SecureString"},
				{"Name":"b","ARN":"%1$s/b","Value":"CANARY-b","Version":1,"Type":"String"}],
				"InvalidParameters":["/c"]}""".formatted(PARAMETER_ARN));
		Map<SecretReference, SecretValue> values = getAll("param:/a", "param:" + PARAMETER_ARN + "/a", "param:b",
				"param:/c");
		assertThat(values).containsOnlyKeys(SecretReference.parameter("/a"),
				SecretReference.parameter(PARAMETER_ARN + "/a"), SecretReference.parameter("b"));
		SecretValue value = values.get(SecretReference.parameter("/a"));
		assertThat(value.text()).isEqualTo("CANARY-a");
		assertThat(value.name()).isEqualTo("/a");
		assertThat(value.arn()).isEqualTo(PARAMETER_ARN + "/a");
		assertThat(value.version()).isEqualTo(7);
		assertThat(value.type()).isEqualTo("SecureString");
		assertThat(value.loadedAt().toEpochMilli()).isEqualTo(this.clock.currentTimeMillis());
		assertThat(this.server.calls()).singleElement().satisfies((call) -> {
			assertThat(call.action()).isEqualTo("GetParameters");
			assertThat(call.body())
				.isEqualTo("{\"Names\":[\"/a\",\"" + PARAMETER_ARN + "/a\",\"b\",\"/c\"],\"WithDecryption\":true}");
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"Value\":\"CANARY-x\"}", "{\"Name\":\"/x\",\"Value\":\"CANARY-x\"}",
			"{\"Name\":\"/a\"}", "{\"Name\":\"a\",\"Value\":\"CANARY-x\"}", "{\"Name\":\"/db\",\"Value\":\"CANARY-x\"}",
			"{\"Name\":\"/db\",\"ARN\":\"arn:aws:ssm:us-east-1:210987654321:parameter/db\",\"Value\":\"CANARY-x\"}",
			"{\"ARN\":\"arn:aws:ssm:us-east-1:123456789012:parameter/a\",\"Value\":\"CANARY-x\"}" })
	void parameterThatIsNotProvenIsMissing(String entry) {
		this.server.answer(200, "{\"Parameters\":[" + entry + "]}");
		assertThat(getAll("param:/a", "param:/b", "param:/c", "param:" + PARAMETER_ARN + "/db")).isEmpty();
	}

	@Test
	void groupOfAnotherRegionGoesThere() {
		String arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:";
		Set<SecretReference> references = references("secret:" + arn, 4);
		references.addAll(references("secret:", 4));
		for (Set<SecretReference> group : this.provider.batches(references)) {
			assertThat(this.provider.getAll(group)).containsOnlyKeys(group);
		}
		assertThat(this.server.calls()).extracting((call) -> call.action() + " " + call.region())
			.containsExactlyInAnyOrder("BatchGetSecretValue eu-west-1", "BatchGetSecretValue us-east-1");
	}

	@Test
	void everyReferenceOfManyIsReadInFewCalls() {
		Set<SecretReference> references = references("secret:", 45);
		references.addAll(references("param:/", 25));
		for (Set<SecretReference> group : this.provider.batches(references)) {
			assertThat(this.provider.getAll(group)).containsOnlyKeys(group);
		}
		assertThat(this.server.calls()).hasSize(6);
	}

	@Test
	void nothingIsAskedForNothing() {
		assertThat(this.provider.getAll(Set.of())).isEmpty();
		assertThat(this.server.calls()).isEmpty();
	}

	@Test
	void denialOfTheWholeCallNamesTheActionsOfTheBatch() {
		this.server.answer(400, "{\"__type\":\"AccessDeniedException\",\"Message\":\"CANARY-text\"}");
		SecretsException secrets = failure("secret:a", "secret:b");
		assertThat(secrets.getReason()).isEqualTo(Reason.DENIED);
		assertThat(secrets.getReference()).isNull();
		assertThat(secrets).hasMessageContaining("Secrets Manager answered 'AccessDeniedException'")
			.hasMessageContaining("'secretsmanager:BatchGetSecretValue' on '*'")
			.hasMessageContaining("'secretsmanager:GetSecretValue' on each secret")
			.hasMessageContaining("'kms:Decrypt'");
		SecretsException parameters = failure("param:/a", "param:/b");
		assertThat(parameters.getReason()).isEqualTo(Reason.DENIED);
		assertThat(parameters).hasMessageContaining("'ssm:GetParameters' on each parameter")
			.hasMessageContaining("'kms:Decrypt'");
	}

	@ParameterizedTest
	@CsvSource({ "ThrottlingException, 400, THROTTLED", "UnrecognizedClientException, 400, DENIED",
			"InternalServiceError, 500, SERVICE_ERROR", "InvalidNextTokenException, 400, SERVICE_ERROR" })
	void otherFailureOfTheWholeCall(String code, int status, Reason reason) {
		this.server.answer(status, "{\"__type\":\"" + code + "\",\"Message\":\"CANARY-text\"}");
		assertThat(failure("secret:a", "secret:b").getReason()).isEqualTo(reason);
		assertThat(failure("param:/a", "param:/b").getReason()).isEqualTo(reason);
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"SecretValues\":\"CANARY-\"}", "<html>CANARY-</html>" })
	void answerThatIsNoneOfAws(String body) {
		this.server.answer(200, body);
		assertThat(failure("secret:a", "secret:b").getReason()).isEqualTo(Reason.BAD_ANSWER);
	}

	private Map<SecretReference, SecretValue> getAll(String... references) {
		return this.provider.getAll(Arrays.stream(references)
			.map(SecretReference::parse)
			.collect(Collectors.toCollection(LinkedHashSet::new)));
	}

	private SecretsException failure(String... references) {
		SecretsException failure = catchThrowableOfType(SecretsException.class, () -> getAll(references));
		assertThat(failure).hasNoCause();
		AwsSecretsProviderContract.assertNoCanary(failure);
		return failure;
	}

	private String sizes(Set<SecretReference> references) {
		return this.provider.batches(references)
			.stream()
			.map(Set::size)
			.map(String::valueOf)
			.collect(Collectors.joining(" "));
	}

	private static Set<SecretReference> references(String prefix, int count) {
		return IntStream.range(0, count)
			.mapToObj((i) -> SecretReference.parse(prefix + "r" + i))
			.collect(Collectors.toCollection(LinkedHashSet::new));
	}

}
