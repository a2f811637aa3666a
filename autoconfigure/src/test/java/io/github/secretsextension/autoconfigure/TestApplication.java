package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

import io.github.secretsextension.SecretsProvider;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * A real {@link SpringApplication} run of a test: its properties stand in a file, its
 * values in a {@link SecretsProvider} of the test's.
 */
class TestApplication {

	private final SpringApplication application;

	private final Map<String, String> file = new LinkedHashMap<>();

	private final Map<String, Map<String, String>> profileFiles = new LinkedHashMap<>();

	private final Map<String, Object> variables = new LinkedHashMap<>();

	private final List<String> arguments = new ArrayList<>(List.of("--spring.main.banner-mode=off"));

	TestApplication(SecretsProvider secrets, Class<?>... sources) {
		this(sources);
		this.application.addBootstrapRegistryInitializer(
				(registry) -> registry.register(SecretsProvider.class, InstanceSupplier.of(secrets)));
	}

	/**
	 * Creates an application that makes its provider from its settings.
	 * @param sources the configuration
	 */
	TestApplication(Class<?>... sources) {
		this.application = new SpringApplication(sources);
		this.application.setRegisterShutdownHook(false);
		this.application.setWebApplicationType(WebApplicationType.NONE);
	}

	TestApplication property(String name, String value) {
		this.file.put(name, value);
		return this;
	}

	TestApplication profileProperty(String profile, String name, String value) {
		this.profileFiles.computeIfAbsent(profile, (key) -> new LinkedHashMap<>()).put(name, value);
		return this;
	}

	TestApplication variable(String name, String value) {
		this.variables.put(name, value);
		return this;
	}

	TestApplication argument(String name, String value) {
		this.arguments.add("--" + name + "=" + value);
		return this;
	}

	TestApplication customize(Consumer<SpringApplication> customizer) {
		customizer.accept(this.application);
		return this;
	}

	ConfigurableApplicationContext run() {
		if (!this.variables.isEmpty()) {
			this.application.setEnvironment(environment());
		}
		try {
			Path folder = Files.createTempDirectory("application");
			write(folder.resolve("application.yml"), this.file);
			for (Map.Entry<String, Map<String, String>> profile : this.profileFiles.entrySet()) {
				write(folder.resolve("application-" + profile.getKey() + ".yml"), profile.getValue());
			}
			this.arguments.add("--spring.config.location=" + folder.toUri());
			return this.application.run(this.arguments.toArray(String[]::new));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static void write(Path file, Map<String, String> properties) throws IOException {
		List<String> lines = new ArrayList<>();
		properties.forEach((name, value) -> lines.add("\"" + name + "\": '" + value.replace("'", "''") + "'"));
		Files.write(file, lines);
	}

	private ConfigurableEnvironment environment() {
		Map<String, Object> all = new LinkedHashMap<>(System.getenv());
		all.putAll(this.variables);
		return new StandardEnvironment() {

			@Override
			protected void customizePropertySources(MutablePropertySources sources) {
				sources.addLast(new org.springframework.core.env.PropertiesPropertySource(
						SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME, System.getProperties()));
				sources.addLast(new SystemEnvironmentPropertySource(SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, all));
			}

		};
	}

	/**
	 * What Boot's auto-configuration gives every application, without the rest.
	 */
	@Configuration(proxyBeanMethods = false)
	@Import({ PropertyPlaceholderAutoConfiguration.class, ConfigurationPropertiesAutoConfiguration.class })
	static class Empty {

	}

}
