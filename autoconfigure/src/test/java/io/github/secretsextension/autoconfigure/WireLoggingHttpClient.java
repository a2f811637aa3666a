package io.github.secretsextension.autoconfigure;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;

/**
 * An HTTP client of the SDK that logs what goes over the wire, as Apache's does.
 */
final class WireLoggingHttpClient implements SdkHttpClient {

	private final Log log = LogFactory.getLog("org.apache.http.wire");

	private final SdkHttpClient delegate;

	WireLoggingHttpClient(SdkHttpClient delegate) {
		this.delegate = delegate;
	}

	@Override
	public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
		ExecutableHttpRequest prepared = this.delegate.prepareRequest(request);
		return new ExecutableHttpRequest() {

			@Override
			public HttpExecuteResponse call() throws IOException {
				HttpExecuteResponse response = prepared.call();
				byte[] body = response.responseBody().orElseThrow().readAllBytes();
				WireLoggingHttpClient.this.log.debug("http-outgoing-0 << " + new String(body, StandardCharsets.UTF_8));
				return HttpExecuteResponse.builder()
					.response(response.httpResponse())
					.responseBody(AbortableInputStream.create(new ByteArrayInputStream(body)))
					.build();
			}

			@Override
			public void abort() {
				prepared.abort();
			}

		};
	}

	@Override
	public void close() {
		this.delegate.close();
	}

}
