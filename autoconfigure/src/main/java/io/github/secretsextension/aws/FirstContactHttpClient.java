package io.github.secretsextension.aws;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.Optional;

import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;

/**
 * An HTTP client that does not let the SDK go on knocking at a host that drops every
 * packet, as one outside of a VPC does: as long as no call ever got an answer, a second
 * attempt that cannot connect in time is the last one of its call. All other failures are
 * the retry strategy's to judge.
 */
final class FirstContactHttpClient implements SdkHttpClient {

	private static final String ATTEMPT = "amz-sdk-request";

	private static final String FIRST = "attempt=1;";

	private final SdkHttpClient delegate;

	private volatile boolean answered;

	FirstContactHttpClient(SdkHttpClient delegate) {
		this.delegate = delegate;
	}

	@Override
	public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
		ExecutableHttpRequest prepared = this.delegate.prepareRequest(request);
		Optional<String> attempt = request.httpRequest().firstMatchingHeader(ATTEMPT);
		return new Attempt(prepared, attempt.isPresent() && !attempt.get().startsWith(FIRST));
	}

	@Override
	public String clientName() {
		return this.delegate.clientName();
	}

	@Override
	public void close() {
		this.delegate.close();
	}

	/**
	 * Returns whether a failure means that no connection came about in time.
	 * @param failure a failure
	 * @return {@code false} for the time limit of an answer too
	 */
	static boolean isConnectTimeout(Throwable failure) {
		// The JDK has one type for both, and no other sign than its message.
		return failure instanceof Unreachable || (failure instanceof SocketTimeoutException
				&& failure.getMessage() != null && failure.getMessage().regionMatches(true, 0, "connect", 0, 7));
	}

	/**
	 * One attempt of a call.
	 */
	private final class Attempt implements ExecutableHttpRequest {

		private final ExecutableHttpRequest request;

		private final boolean repeated;

		private Attempt(ExecutableHttpRequest request, boolean repeated) {
			this.request = request;
			this.repeated = repeated;
		}

		@Override
		public HttpExecuteResponse call() throws IOException {
			try {
				HttpExecuteResponse response = this.request.call();
				FirstContactHttpClient.this.answered = true;
				return response;
			}
			catch (SocketTimeoutException ex) {
				if (this.repeated && !FirstContactHttpClient.this.answered && isConnectTimeout(ex)) {
					throw new Unreachable();
				}
				throw ex;
			}
		}

		@Override
		public void abort() {
			this.request.abort();
		}

	}

	/**
	 * The end of a call. It is no {@link IOException}, nor caused by one: those are
	 * retried.
	 */
	private static final class Unreachable extends RuntimeException {

		private static final long serialVersionUID = 1L;

	}

}
