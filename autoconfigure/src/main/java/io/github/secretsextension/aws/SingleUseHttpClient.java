package io.github.secretsextension.aws;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;

import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;

/**
 * An HTTP client that leaves no connection idle. The buffers of one hold the latest
 * answer, which would be in a snapshot, and after the restore it is dead.
 */
final class SingleUseHttpClient implements SdkHttpClient {

	private final SdkHttpClient delegate;

	SingleUseHttpClient(SdkHttpClient delegate) {
		this.delegate = delegate;
	}

	@Override
	public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
		return new Exchange(this.delegate.prepareRequest(request));
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
	 * One request and its answer, which is read at once.
	 */
	private static final class Exchange implements ExecutableHttpRequest {

		private final ExecutableHttpRequest request;

		private Exchange(ExecutableHttpRequest request) {
			this.request = request;
		}

		@Override
		public HttpExecuteResponse call() throws IOException {
			try {
				HttpExecuteResponse response = this.request.call();
				HttpExecuteResponse.Builder read = HttpExecuteResponse.builder().response(response.httpResponse());
				if (response.responseBody().isPresent()) {
					byte[] body = read(response.responseBody().get());
					read.responseBody(AbortableInputStream.create(new ByteArrayInputStream(body)));
				}
				return read.build();
			}
			finally {
				// It disconnects, also what went back to the JDK's cache; not once the
				// body is closed. "Connection: close" would leave it to the server.
				this.request.abort();
			}
		}

		/**
		 * Reads all, unless the SDK's time limit interrupts it: a body that comes byte by
		 * byte never takes long between two of them.
		 */
		private static byte[] read(InputStream in) throws IOException {
			ByteArrayOutputStream body = new ByteArrayOutputStream();
			byte[] buffer = new byte[8192];
			for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
				if (Thread.currentThread().isInterrupted()) {
					throw new InterruptedIOException();
				}
				body.write(buffer, 0, count);
			}
			return body.toByteArray();
		}

		@Override
		public void abort() {
			this.request.abort();
		}

	}

}
