package io.github.secretsextension.aws;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.URI;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.utils.AttributeMap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for which failures {@link FirstContactHttpClient} takes from the retry strategy.
 */
class FirstContactHttpClientTests {

	private static final IOException CONNECT_TIMEOUT = new SocketTimeoutException("Connect timed out");

	private IOException next = CONNECT_TIMEOUT;

	private boolean closed;

	private final SdkHttpClient client = new WrappedHttpClientBuilder(new ScriptedBuilder(),
			FirstContactHttpClient::new)
		.build();

	@ParameterizedTest
	@CsvSource(nullValues = "-",
			value = { "attempt=1; max=4, true", "attempt=2; max=4, false", "attempt=3; max=4, false", "-, true" })
	void connectTimeoutOfAnAttempt(String attempt, boolean retried) {
		assertThat(call(attempt) == CONNECT_TIMEOUT).isEqualTo(retried);
	}

	@Test
	void whatStopsACallIsNotRetriedByTheSdk() {
		Throwable failure = call("attempt=2; max=4");
		assertThat(failure).isNotInstanceOf(IOException.class).hasNoCause();
		assertThat(FirstContactHttpClient.isConnectTimeout(failure)).isTrue();
	}

	@Test
	void otherFailuresAreTheStrategysToJudge() {
		for (IOException failure : new IOException[] { new SocketTimeoutException("Read timed out"),
				new SocketTimeoutException(), new ConnectException("Connection refused"),
				new IOException("connect") }) {
			this.next = failure;
			assertThat(call("attempt=2; max=4")).isSameAs(failure);
			assertThat(FirstContactHttpClient.isConnectTimeout(failure)).isFalse();
		}
	}

	@Test
	void hostThatHasAnsweredIsTriedAsOftenAsTheStrategyWants() {
		this.next = null;
		assertThat(call("attempt=1; max=4")).isNull();
		this.next = CONNECT_TIMEOUT;
		assertThat(call("attempt=2; max=4")).isSameAs(CONNECT_TIMEOUT);
	}

	@Test
	void nameAndEndAreTheDelegates() {
		assertThat(this.client.clientName()).isEqualTo("Scripted");
		this.client.close();
		assertThat(this.closed).isTrue();
	}

	private Throwable call(String attempt) {
		SdkHttpRequest.Builder request = SdkHttpRequest.builder()
			.uri(URI.create("http://127.0.0.1"))
			.method(SdkHttpMethod.POST);
		if (attempt != null) {
			request.putHeader("amz-sdk-request", attempt);
		}
		return catchThrowable(
				() -> this.client.prepareRequest(HttpExecuteRequest.builder().request(request.build()).build()).call());
	}

	/**
	 * Builds a client that fails as it is told, or answers.
	 */
	private final class ScriptedBuilder implements SdkHttpClient.Builder<ScriptedBuilder> {

		@Override
		public SdkHttpClient buildWithDefaults(AttributeMap defaults) {
			return new SdkHttpClient() {

				@Override
				public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
					return new ScriptedRequest();
				}

				@Override
				public String clientName() {
					return "Scripted";
				}

				@Override
				public void close() {
					FirstContactHttpClientTests.this.closed = true;
				}

			};
		}

	}

	/**
	 * A request that fails as it is told, or is answered.
	 */
	private final class ScriptedRequest implements ExecutableHttpRequest {

		@Override
		public HttpExecuteResponse call() throws IOException {
			if (FirstContactHttpClientTests.this.next != null) {
				throw FirstContactHttpClientTests.this.next;
			}
			return HttpExecuteResponse.builder().response(SdkHttpResponse.builder().statusCode(500).build()).build();
		}

		@Override
		public void abort() {
		}

	}

}
