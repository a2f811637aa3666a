package io.github.secretsextension.aws;

import java.util.concurrent.atomic.AtomicBoolean;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.signer.AwsSignerExecutionAttribute;
import software.amazon.awssdk.awscore.AwsExecutionAttribute;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.regions.Region;

/**
 * An interceptor that tells once as whom AWS was called: after the call, when region and
 * credentials are known without asking for them.
 */
final class CallerInterceptor implements ExecutionInterceptor {

	private final CallerListener listener;

	private final AtomicBoolean told = new AtomicBoolean();

	CallerInterceptor(CallerListener listener) {
		this.listener = listener;
	}

	@Override
	public void afterTransmission(Context.AfterTransmission context, ExecutionAttributes attributes) {
		tell(attributes);
	}

	@Override
	public void onExecutionFailure(Context.FailedExecution context, ExecutionAttributes attributes) {
		tell(attributes);
	}

	private void tell(ExecutionAttributes attributes) {
		if (this.told.compareAndSet(false, true)) {
			Region region = attributes.getAttribute(AwsExecutionAttribute.AWS_REGION);
			this.listener.onCall((region != null) ? region.id() : null, credentials(attributes));
		}
	}

	/** The SDK has no other place where an identity that was used can be seen. */
	@SuppressWarnings("deprecation")
	private static @Nullable String credentials(ExecutionAttributes attributes) {
		try {
			AwsCredentials credentials = attributes.getAttribute(AwsSignerExecutionAttribute.AWS_CREDENTIALS);
			return (credentials != null) ? CredentialsSource.of(credentials.providerName().orElse("")) : null;
		}
		catch (RuntimeException ex) {
			// They could not be loaded, which the call's failure tells.
			return null;
		}
	}

}
