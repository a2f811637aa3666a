package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.Principal;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.github.secretsextension.ManualClock;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.aws.FaultServer;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * An application with actuator on a port of its own, whose secrets come from a server
 * that counts. On MVC, who sends the header {@code user} is authenticated.
 */
final class ActuatorApplication implements AutoCloseable {

	private static final HttpClient CLIENT = HttpClient.newHttpClient();

	final FaultServer aws = new FaultServer();

	final ManualClock clock = new ManualClock(0);

	private final TestApplication application = new TestApplication(All.class);

	private ConfigurableApplicationContext context;

	ActuatorApplication(WebApplicationType type) {
		this.application.property("spring.cloud.aws.endpoint", this.aws.endpoint().toString())
			.property("spring.cloud.aws.region.static", "eu-west-1")
			.property("spring.cloud.aws.credentials.access-key", "k")
			.property("spring.cloud.aws.credentials.secret-key", "s")
			.property("secrets-extension.mode", "embedded")
			.property("server.port", "0")
			.customize((application) -> {
				application.setWebApplicationType(type);
				application.addBootstrapRegistryInitializer(
						(registry) -> registry.register(SecretsClock.class, InstanceSupplier.of(this.clock)));
			});
		this.aws.put("db", "CANARY-db");
	}

	ActuatorApplication property(String name, String value) {
		this.application.property(name, value);
		return this;
	}

	ActuatorApplication start() {
		this.context = this.application.run();
		return this;
	}

	ConfigurableApplicationContext context() {
		return this.context;
	}

	SecretsProvider secrets() {
		return this.context.getBean(SecretsProvider.class);
	}

	HttpResponse<String> call(String method, String path, String... headers) throws IOException, InterruptedException {
		URI uri = URI.create("http://localhost:" + this.context.getEnvironment().getProperty("local.server.port")
				+ "/actuator/" + path);
		HttpRequest.Builder request = HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody());
		if (headers.length > 0) {
			request.headers(headers);
		}
		return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
	}

	JsonNode json(String path, String... headers) throws IOException, InterruptedException {
		return JsonMapper.shared().readTree(call("GET", path, headers).body());
	}

	@Override
	public void close() {
		if (this.context != null) {
			this.context.close();
		}
		this.aws.close();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class All {

		@Bean
		@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
		static Filter userOfServletRequests() {
			return (request, response, chain) -> {
				HttpServletRequest http = (HttpServletRequest) request;
				String user = http.getHeader("user");
				chain.doFilter((user == null) ? request : new HttpServletRequestWrapper(http) {

					@Override
					public Principal getUserPrincipal() {
						return () -> user;
					}

				}, response);
			};
		}

	}

}
