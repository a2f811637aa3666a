package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.aws.FaultServer;
import io.github.secretsextension.extension.FakeExtension;
import io.github.secretsextension.extension.FakeExtension.Personality;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.PropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests for the life of provider and endpoint with the contexts they are in: opened late,
 * paused, inherited, closed.
 */
@ExtendWith({ OutputCaptureExtension.class, SdkCredentials.class })
@Timeout(60)
class EndpointContextTests {

	private static final String TOKEN = "CANARY-endpoint-token";

	private static final String DB = "/secretsmanager/get?secretId=db";

	private final HttpClient client = HttpClient.newHttpClient();

	private final FaultServer aws = new FaultServer();

	@TempDir
	private Path folder;

	@AfterEach
	void close() {
		this.aws.close();
	}

	private TestApplication application(Class<?>... sources) {
		Class<?>[] all = new Class<?>[sources.length + 1];
		System.arraycopy(sources, 0, all, 0, sources.length);
		all[sources.length] = Endpoint.class;
		this.aws.put("db", "CANARY-db");
		return new TestApplication(all).property("spring.cloud.aws.endpoint", this.aws.endpoint().toString())
			.property("spring.cloud.aws.region.static", "eu-west-1");
	}

	private TestApplication endpoint(Class<?>... sources) {
		return application(sources).property("secrets-extension.endpoint.enabled", "true")
			.property("secrets-extension.endpoint.port", "0")
			.property("secrets-extension.endpoint.token", TOKEN);
	}

	private static int port(ConfigurableApplicationContext context) {
		return context.getEnvironment().getRequiredProperty("local.secrets-extension.endpoint.port", Integer.class);
	}

	private static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0)) {
			return socket.getLocalPort();
		}
	}

	private static HttpRequest request(int port, String target) {
		return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + target))
			.version(HttpClient.Version.HTTP_1_1)
			.timeout(Duration.ofSeconds(20))
			.header("X-Aws-Parameters-Secrets-Token", TOKEN)
			.build();
	}

	private HttpResponse<String> get(int port, String target) throws Exception {
		return this.client.send(request(port, target), BodyHandlers.ofString());
	}

	@Test
	void othersAreServedWhileTheProviderIsBeingMade() throws Exception {
		CountDownLatch asked = new CountDownLatch(1);
		CountDownLatch gate = new CountDownLatch(1);
		InstanceSupplier<SecretsClock> slow = InstanceSupplier.from(() -> {
			asked.countDown();
			await(gate);
			return SecretsClock.system();
		});
		try (ConfigurableApplicationContext context = endpoint()
			.customize((application) -> application
				.addBootstrapRegistryInitializer((registry) -> registry.register(SecretsClock.class, slow)))
			.run()) {
			int port = port(context);
			CompletableFuture<HttpResponse<String>> first = this.client.sendAsync(request(port, DB),
					BodyHandlers.ofString());
			assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
			CompletableFuture<HttpResponse<String>> ping = this.client.sendAsync(request(port, "/ping"),
					BodyHandlers.ofString());
			assertThat(ping).succeedsWithin(Duration.ofSeconds(5));
			assertThat(first).isNotDone();
			gate.countDown();
			assertThat(first.join().statusCode()).isEqualTo(200);
		}
		finally {
			gate.countDown();
		}
	}

	private static void await(CountDownLatch latch) {
		try {
			latch.await(30, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * The provider was made before, and knew nothing of it.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void endpointThatALatePropertySourceSwitchesOnIsNotAskedByItself(boolean read) throws Exception {
		int port = freePort();
		TestApplication application = application(LateSettings.class).variable("AWS_TOKEN", TOKEN)
			.variable("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", String.valueOf(port));
		if (read) {
			application.property("a", "$<secret:db>");
		}
		try (ConfigurableApplicationContext context = application.run()) {
			if (read) {
				assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-db");
			}
			for (int i = 0; i < 3; i++) {
				assertThat(get(port, "/secretsmanager/get?secretId=cold" + i).statusCode()).isEqualTo(200);
				assertThat(this.aws.calls("cold" + i)).isEqualTo(1);
			}
			assertThat(context.getBean(BootstrapSecretsProvider.class).remoteCache()).isNull();
		}
	}

	/**
	 * As Spring's cache of test contexts pauses those that are not in use.
	 */
	@Test
	void pausedContextKeepsItsPortAndItsCache(CapturedOutput output) throws Exception {
		try (ConfigurableApplicationContext context = endpoint().property("a", "$<secret:db>").run()) {
			context.getEnvironment().getProperty("a");
			int port = port(context);
			context.pause();
			context.restart();
			assertThat(port(context)).isEqualTo(port);
			assertThat(get(port, DB).statusCode()).isEqualTo(200);
			assertThat(this.aws.calls("db")).isEqualTo(1);
			assertThat(output).doesNotContain("A snapshot");
		}
	}

	@Test
	void childContextOpensNoSecondEndpoint() throws Exception {
		int port = freePort();
		try (ConfigurableApplicationContext parent = endpoint()
			.property("secrets-extension.endpoint.port", String.valueOf(port))
			.run();
				ConfigurableApplicationContext child = new SpringApplicationBuilder(Endpoint.class).parent(parent)
					.web(WebApplicationType.NONE)
					.run()) {
			assertThat(port(child)).isEqualTo(port);
			child.close();
			assertThat(get(port, DB).statusCode()).isEqualTo(200);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "a\nCANARY-b", "a\u0001CANARY-b", "tok\u00e9nCANARY-" })
	void tokenThatNoHeaderCanHoldFailsTheStart(String token) throws IOException {
		Path file = Files.writeString(this.folder.resolve("token"), token);
		TestApplication application = application().property("secrets-extension.endpoint.enabled", "true")
			.property("secrets-extension.endpoint.port", "0")
			.variable("AWS_TOKEN", "file://" + file);
		assertThat(catchThrowable(() -> application.run().close())).rootCause()
			.hasMessageContaining("The token of the endpoint cannot be sent")
			.hasMessageNotContaining("CANARY");
	}

	@Test
	void autoReadsInProcessWithoutItsTokenFile(CapturedOutput output) {
		try (ConfigurableApplicationContext context = application()
			.variable("AWS_TOKEN", "file://" + this.folder.resolve("not-yet"))
			.property("a", "$<secret:db>")
			.run()) {
			assertThat(context.getEnvironment().getProperty("a")).isEqualTo("CANARY-db");
		}
		assertThat(output.toString().lines().filter((line) -> line.contains(" WARN "))).singleElement()
			.asString()
			.contains("The file that 'AWS_TOKEN' names cannot be read", "no extension or agent is asked");
	}

	@Test
	void cacheServesUntilTheLastBeanHasStopped() {
		Stopping.onStop.set(() -> true);
		ConfigurableApplicationContext context = endpoint(Stopping.class).run();
		int port = port(context);
		AtomicBoolean destroyed = new AtomicBoolean();
		SecretsProvider provider = context.getBean(SecretsProvider.class);
		provider.text("secret:db");
		Stopping.onStop.set(() -> get(port, DB).statusCode() == 200);
		Stopping.onDestroy.set(() -> destroyed.compareAndSet(false, !provider.text("secret:other").isEmpty()));
		context.close();
		assertThat(Stopping.stopped).isTrue();
		assertThat(destroyed).isTrue();
		assertThat(this.aws.calls("db")).as("no cold read while it stops").isEqualTo(1);
		assertEnded(provider);
	}

	@Test
	void readAfterTheEndLeavesNothingOpen() {
		try (FakeExtension extension = new FakeExtension(Personality.EXTENSION, TOKEN, 0)) {
			extension.putSecret("db", "CANARY-db");
			ConfigurableApplicationContext context = application().property("secrets-extension.mode", "remote")
				.property("secrets-extension.remote.port", String.valueOf(extension.port()))
				.property("secrets-extension.remote.token", TOKEN)
				.run();
			SecretsProvider provider = context.getBean(SecretsProvider.class);
			context.close();
			assertEnded(provider);
			assertThat(extension.acceptedConnections()).isZero();
		}
	}

	@Test
	void startThatFailsEndsTheProvider() {
		Failing.provider.set(null);
		assertThat(catchThrowable(() -> application(Failing.class).property("a", "$<secret:db>").run())).rootCause()
			.hasMessage("fails");
		assertEnded(Failing.provider.get());
	}

	private static void assertEnded(SecretsProvider provider) {
		assertThatExceptionOfType(SecretsException.class).isThrownBy(() -> provider.text("secret:db"))
			.withMessageContaining("The application has ended");
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ SecretsExtensionAutoConfiguration.class,
			SecretsExtensionEndpointAutoConfiguration.class })
	static class Endpoint extends TestApplication.Empty {

	}

	@Configuration(proxyBeanMethods = false)
	@PropertySource("classpath:endpoint.properties")
	static class LateSettings {

	}

	@Configuration(proxyBeanMethods = false)
	static class Failing {

		static final AtomicReference<SecretsProvider> provider = new AtomicReference<>();

		@Bean
		static SmartLifecycle failing(SecretsProvider secrets) {
			provider.set(secrets);
			secrets.text("secret:db");
			throw new IllegalStateException("fails");
		}

	}

	/**
	 * Beans that read while the context closes.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Stopping {

		static final AtomicReference<Step> onStop = new AtomicReference<>();

		static final AtomicReference<Step> onDestroy = new AtomicReference<>();

		static volatile boolean stopped;

		@Bean
		static DisposableBean disposable() {
			return () -> onDestroy.get().run();
		}

		@Bean
		static SmartLifecycle slow() {
			return new SmartLifecycle() {

				private volatile boolean running;

				@Override
				public void start() {
					this.running = true;
				}

				@Override
				public void stop() {
					this.running = false;
					try {
						stopped = onStop.get().run();
					}
					catch (Exception ex) {
						stopped = false;
					}
				}

				@Override
				public boolean isRunning() {
					return this.running;
				}

			};
		}

	}

	/**
	 * A step that may fail.
	 */
	interface Step {

		boolean run() throws Exception;

	}

}
