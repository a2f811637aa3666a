package io.github.secretsextension.aws;

import java.util.function.UnaryOperator;

import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.utils.AttributeMap;

/**
 * A builder of an HTTP client around another, since the SDK asks for builders.
 */
final class WrappedHttpClientBuilder implements SdkHttpClient.Builder<WrappedHttpClientBuilder> {

	private final SdkHttpClient.Builder<?> delegate;

	private final UnaryOperator<SdkHttpClient> wrapper;

	/**
	 * Creates a builder.
	 * @param delegate builds the inner client
	 * @param wrapper makes the outer one
	 */
	WrappedHttpClientBuilder(SdkHttpClient.Builder<?> delegate, UnaryOperator<SdkHttpClient> wrapper) {
		this.delegate = delegate;
		this.wrapper = wrapper;
	}

	@Override
	public SdkHttpClient buildWithDefaults(AttributeMap serviceDefaults) {
		return this.wrapper.apply(this.delegate.buildWithDefaults(serviceDefaults));
	}

}
