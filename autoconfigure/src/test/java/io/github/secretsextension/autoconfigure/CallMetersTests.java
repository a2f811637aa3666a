package io.github.secretsextension.autoconfigure;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.actuate.SecretsCacheDescriptors.CacheDescriptor;
import io.github.secretsextension.actuate.SecretsCacheEndpoint;
import io.github.secretsextension.aws.FaultServer;
import io.github.secretsextension.extension.FakeExtension;
import io.github.secretsextension.extension.FakeExtension.Personality;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the meters of an application that asks an extension and AWS.
 */
@ExtendWith(SdkCredentials.class)
@Timeout(60)
class CallMetersTests {

	private final FaultServer aws = new FaultServer();

	private final FakeExtension extension = new FakeExtension(Personality.EXTENSION);

	@AfterEach
	void close() {
		this.aws.close();
		this.extension.close();
	}

	@Test
	void callsAndFallbacks() {
		for (String name : new String[] { "one", "two" }) {
			this.aws.put(name, "CANARY-aws-" + name);
			this.extension.putSecret(name, "CANARY-extension-" + name);
		}
		this.extension.neverReady();
		try (ConfigurableApplicationContext context = application().run()) {
			assertThat(context.getEnvironment().getProperty("one")).isEqualTo("CANARY-aws-one");
			this.extension.ready();
			assertThat(context.getBean(SecretsProvider.class).text("secret:two")).isEqualTo("CANARY-extension-two");
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			assertThat(calls(registry, "aws", "success")).isEqualTo(1);
			assertThat(calls(registry, "extension", "success")).isEqualTo(1);
			assertThat(calls(registry, "extension", "not_ready")).isPositive();
			double fallbacks = registry.get("secrets.extension.fallbacks")
				.tag("kind", "secret")
				.functionCounter()
				.count();
			CacheDescriptor cache = context.getBean(SecretsCacheEndpoint.class).cache();
			assertThat(cache.secrets().remoteLoads()).isEqualTo(1);
			assertThat(cache.secrets().remoteFailures()).isPositive();
			assertThat(cache.secrets().fallbacks()).isEqualTo((long) fallbacks).isEqualTo(1);
			assertThat(cache.mode().reason()).startsWith("values are read from the extension");
			assertThat(registry.getMeters()).extracting(Meter::getId)
				.allSatisfy((id) -> assertThat(id.toString()).doesNotContain("CANARY"));
			assertThat(context.getBeansOfType(ObservationRegistry.class)).hasSize(1);
			// One of Boot's own handlers makes it a timer.
			assertThat(registry.get("secrets.extension.call")
				.tags("source", "extension", "outcome", "success")
				.timer()
				.count()).isEqualTo(1);
		}
	}

	private TestApplication application() {
		return new TestApplication(All.class).property("spring.cloud.aws.endpoint", this.aws.endpoint().toString())
			.property("spring.cloud.aws.region.static", "us-east-1")
			.property("secrets-extension.prefetch", "off")
			.property("management.endpoints.jmx.exposure.include", "*")
			.property("spring.jmx.enabled", "true")
			.property("one", "$<secret:one>")
			.variable("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", String.valueOf(this.extension.port()))
			.variable("AWS_SESSION_TOKEN", FakeExtension.TOKEN)
			.variable("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1");
	}

	private static double calls(MeterRegistry registry, String source, String outcome) {
		return registry.get("secrets.extension.calls")
			.tags("kind", "secret", "source", source, "outcome", outcome)
			.functionTimer()
			.count();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class All {

	}

}
