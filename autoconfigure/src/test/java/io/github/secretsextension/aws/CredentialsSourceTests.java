package io.github.secretsextension.aws;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.useragent.BusinessMetricFeatureId;

import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsProvider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for what is heard of the region and the credentials of calls.
 */
class CredentialsSourceTests {

	private static final AwsBasicCredentials KEY = AwsBasicCredentials.create("AKIACANARY", "CANARY-key");

	private final FaultServer server = new FaultServer();

	private final List<String> heard = new ArrayList<>();

	@AfterEach
	void close() {
		this.server.close();
		System.clearProperty("aws.accessKeyId");
		System.clearProperty("aws.secretAccessKey");
	}

	@ParameterizedTest
	@EnumSource(value = BusinessMetricFeatureId.class, mode = EnumSource.Mode.MATCH_ALL, names = "CREDENTIALS_.*")
	void hasWordsForEachCodeOfTheSdk(BusinessMetricFeatureId code) {
		assertThat(CredentialsSource.of(code.value())).doesNotContain("'" + code.value() + "'");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
			g          | environment variables
			z          | the container
			0          | the instance profile
			n          | a profile
			o,i        | a profile, an assumed role
			v,w        | a profile, a process
			r,s        | a profile, SSO
			MyProvider | 'MyProvider'
			""         | a provider of the application's
			<b>        | '\\u003cb\\u003e'
			""")
	void saysWhatAreTheSteps(String note, String words) {
		assertThat(CredentialsSource.of(note)).isEqualTo(words);
	}

	@ParameterizedTest
	@MethodSource("providers")
	void hearsOfTheFirstCallOnly(AwsCredentialsProvider credentials, String words) {
		System.setProperty("aws.accessKeyId", "AKIACANARY");
		System.setProperty("aws.secretAccessKey", "CANARY-key");
		try (SecretsProvider provider = provider(credentials)) {
			provider.text("secret:a");
			provider.text("secret:b");
		}
		assertThat(this.heard).containsExactly("us-east-1 " + words);
	}

	static Stream<Object[]> providers() {
		AwsCredentialsProvider fixed = StaticCredentialsProvider.create(KEY);
		AwsCredentialsProvider own = () -> KEY;
		AwsCredentialsProvider system = SystemPropertyCredentialsProvider.create();
		AwsCredentialsProvider chain = AwsCredentialsProviderChain.of(DefaultCredentialsProvider.builder().build());
		return Stream.of(new Object[] { fixed, "a fixed key" }, new Object[] { own, "a provider of the application's" },
				new Object[] { system, "system properties" }, new Object[] { chain, "system properties" });
	}

	@Test
	void hearsOfACallThatFailsToo() {
		this.server.mode(FaultServer.Mode.DENIED);
		try (SecretsProvider provider = provider(StaticCredentialsProvider.create(KEY))) {
			assertThatExceptionOfType(SecretsException.class).isThrownBy(() -> provider.text("secret:a"));
		}
		assertThat(this.heard).containsExactly("us-east-1 a fixed key");
	}

	@Test
	void hearsThatThereAreNone() {
		AwsCredentialsProvider none = () -> {
			throw SdkClientException.create("CANARY");
		};
		try (SecretsProvider provider = provider(none)) {
			assertThatExceptionOfType(SecretsException.class).isThrownBy(() -> provider.text("secret:a"));
		}
		assertThat(this.heard).startsWith("us-east-1 null").containsOnly("us-east-1 null");
		assertThat(this.server.calls()).isEmpty();
	}

	private SecretsProvider provider(AwsCredentialsProvider credentials) {
		DefaultAwsClients clients = new DefaultAwsClients(java.time.Duration.ofSeconds(5),
				this.server.configurer(credentials), true, (region, source) -> this.heard.add(region + " " + source));
		return new AwsSecretsProvider(clients, new RunningClock());
	}

}
