package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.function.Function;

import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;
import org.springframework.core.env.Environment;
import org.springframework.util.ClassUtils;

import io.github.secretsextension.PrintableText;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.aws.AwsSecretsProvider;
import io.github.secretsextension.aws.CallerListener;
import io.github.secretsextension.aws.ClientConfigurer;
import io.github.secretsextension.aws.DefaultAwsClients;

/**
 * The in-process provider, set up from the environment: by Spring Cloud AWS's properties
 * where Spring Cloud AWS is there, else by the SDK's own settings alone.
 */
final class EmbeddedProviders {

	private static final String SPRING_CLOUD_AWS = "spring.cloud.aws";

	private static final String[] SPRING_CLOUD_AWS_CLASSES = {
			"io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer",
			"io.awspring.cloud.core.SpringCloudClientConfiguration" };

	private EmbeddedProviders() {
	}

	/**
	 * Creates the provider. Properties are bound and the bootstrap context is asked now,
	 * on the calling thread; clients, regions and credentials come at the first read.
	 * @param environment the environment, which holds no reference under
	 * {@code spring.cloud.aws}
	 * @param bootstrap returns the instance that is registered under a type, or
	 * {@code null}
	 * @param deadline how long one call may take, with its retries; zero for no limit
	 * @param clock tells when a value was read
	 * @param log takes the warning about settings that nobody reads
	 * @param listener hears as whom AWS is called
	 * @return the provider
	 */
	static AwsSecretsProvider create(Environment environment, Function<Class<?>, @Nullable Object> bootstrap,
			Duration deadline, SecretsClock clock, Log log, CallerListener listener) {
		return create(environment, bootstrap, deadline, clock, log, listener, isSpringCloudAwsPresent());
	}

	static AwsSecretsProvider create(Environment environment, Function<Class<?>, @Nullable Object> bootstrap,
			Duration deadline, SecretsClock clock, Log log, CallerListener listener, boolean springCloudAws) {
		BootstrapInstances instances = new BootstrapInstances(bootstrap);
		if (!springCloudAws) {
			warnOfUnreadSettings(environment, log);
		}
		ClientConfigurer configurer = (springCloudAws) ? springCloudAws(environment, instances)
				: new ClientConfigurer() {
				};
		boolean keepConnections = !LambdaRuntime.isSnapStart(environment);
		DefaultAwsClients own = new DefaultAwsClients(deadline, configurer, keepConnections,
				naming(environment, springCloudAws, listener));
		return new AwsSecretsProvider(new BootstrapAwsClients(instances, own), clock);
	}

	/**
	 * Returns a listener that hears of properties too, by their names. They are read now:
	 * a call must not read any.
	 */
	private static CallerListener naming(Environment environment, boolean springCloudAws, CallerListener listener) {
		boolean key = springCloudAws && environment.containsProperty(SPRING_CLOUD_AWS + ".credentials.access-key");
		// As a variable AWS_PROFILE.
		String profile = environment.getProperty("aws.profile");
		String own = (springCloudAws) ? environment.getProperty(SPRING_CLOUD_AWS + ".credentials.profile.name") : null;
		String name = (own != null) ? own : profile;
		return (region, credentials) -> {
			String named = (key && CallerListener.FIXED_KEY.equals(credentials))
					? "'" + SPRING_CLOUD_AWS + ".credentials'"
					: (name != null && CallerListener.PROFILE.equals(credentials))
							? "the profile '" + PrintableText.name(name) + "'" : credentials;
			listener.onCall(region, named);
		};
	}

	private static ClientConfigurer springCloudAws(Environment environment, BootstrapInstances instances) {
		return new SpringCloudAwsConfigurer(environment, instances);
	}

	private static boolean isSpringCloudAwsPresent() {
		ClassLoader classLoader = EmbeddedProviders.class.getClassLoader();
		for (String name : SPRING_CLOUD_AWS_CLASSES) {
			if (!ClassUtils.isPresent(name, classLoader)) {
				return false;
			}
		}
		return true;
	}

	private static void warnOfUnreadSettings(Environment environment, Log log) {
		if (PropertyPresence.isAnyUnder(environment, SPRING_CLOUD_AWS)) {
			log.warn("Properties under 'spring.cloud.aws' are set, but Spring Cloud AWS is not on the class path:"
					+ " nothing reads them. Add 'io.awspring.cloud:spring-cloud-aws-starter', or use the AWS SDK's"
					+ " own settings (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL).");
		}
	}

}
