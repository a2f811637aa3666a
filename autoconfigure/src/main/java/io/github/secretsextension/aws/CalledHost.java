package io.github.secretsextension.aws;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.interceptor.Context.FailedExecution;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;

/**
 * The host of a failed call, which no client tells: a note that hangs on what the SDK
 * throws, as its notes on earlier attempts do.
 */
final class CalledHost extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private final String host;

	private CalledHost(String host) {
		super("The host was " + host, null, false, false);
		this.host = host;
	}

	/**
	 * Returns the host that a note on a failure names.
	 * @param failure what the SDK threw
	 * @return the host, or {@code null} when there is no note
	 */
	static @Nullable String of(Throwable failure) {
		for (Throwable note : failure.getSuppressed()) {
			if (note instanceof CalledHost called) {
				return called.host;
			}
		}
		return null;
	}

	/**
	 * An interceptor that hangs the note on failures.
	 */
	static final class Interceptor implements ExecutionInterceptor {

		@Override
		public void onExecutionFailure(FailedExecution context, ExecutionAttributes attributes) {
			context.httpRequest()
				.ifPresent((request) -> context.exception().addSuppressed(new CalledHost(request.host())));
		}

	}

}
