package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import io.awspring.cloud.autoconfigure.config.secretsmanager.SecretsManagerClientCustomizer;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier;
import org.springframework.cache.CacheManager;
import org.springframework.context.ConfigurableApplicationContext;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;

import io.github.secretsextension.JavaProcess;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsProvider;

/**
 * The program of {@link TraceLogTests}: applications that log everything there is, one
 * after the other. It does not know its secrets.
 */
final class TraceProbe {

	/** What a text cannot be bound to or injected into. */
	private static final Map<String, Class<?>> BOUND = Map.of("record", ValueFailureTests.Types.class, "bean",
			ValueFailureTests.Beans.class, "constructor", ValueFailureTests.Choosy.class, "validator",
			ValueFailureTests.Valid.class, "unknown", ValueFailureTests.Strict.class, "field",
			ValueFailureTests.FieldOf.class, "parameter", ValueFailureTests.ConstructorOf.class, "enum",
			ValueConversionTests.UnitOf.class, "enums", ValueConversionTests.UnitListOf.class);

	private final List<String> common;

	private ConfigurableApplicationContext context;

	private TraceProbe(List<String> common) {
		this.common = common;
	}

	public static void main(String[] arguments) {
		JavaProcess.serve(new TraceProbe(List.of(arguments))::answer);
	}

	private String answer(String question) {
		String[] words = question.split(" ");
		try {
			return switch (words[0]) {
				case "start" -> start(false, words);
				case "wire" -> start(true, words);
				case "fail" -> fail(words, StartupFailureTests.Reader.class);
				case "bind" -> bind(words);
				case "operate" -> operate(words);
				case "read" -> read(words[1]);
				case "property" -> this.context.getEnvironment().getRequiredProperty(words[1]);
				case "text" -> provider().text(words[1]);
				case "refresh" -> provider().refresh(SecretReference.parse(words[1])).text();
				case "try" -> attempt(words[1]);
				case "get" -> http(words[1]);
				case "look" -> look();
				case "stop" -> stop();
				default -> throw new IllegalArgumentException(question);
			};
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private String start(boolean wire, String[] words) {
		this.context = application(wire, words, TestApplication.Empty.class, SecretsExtensionAutoConfiguration.class,
				SecretsExtensionEndpointAutoConfiguration.class, SecretsExtensionCacheAutoConfiguration.class);
		return "started";
	}

	private String bind(String[] words) {
		Class<?> type = BOUND.get(words[1]);
		return fail(Arrays.copyOfRange(words, 1, words.length), type);
	}

	private String operate(String[] words) {
		this.context = application(false, WebApplicationType.SERVLET, words, MaskingApplication.class);
		return "started";
	}

	private String read(String path) throws IOException {
		String port = this.context.getEnvironment().getRequiredProperty("local.server.port");
		HttpURLConnection connection = (HttpURLConnection) URI.create("http://127.0.0.1:" + port + "/actuator/" + path)
			.toURL()
			.openConnection();
		connection.setRequestProperty("X-User", "operator");
		return (connection.getResponseCode() == 200)
				? new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8).replace('\n', ' ')
				: String.valueOf(connection.getResponseCode());
	}

	private String fail(String[] words, Class<?> type) {
		try {
			application(false, words, TestApplication.Empty.class, type).close();
			return "started";
		}
		catch (RuntimeException ex) {
			return ex.getClass().getSimpleName();
		}
	}

	private ConfigurableApplicationContext application(boolean wire, String[] words, Class<?>... sources) {
		return application(wire, WebApplicationType.NONE, words, sources);
	}

	private ConfigurableApplicationContext application(boolean wire, WebApplicationType type, String[] words,
			Class<?>... sources) {
		SpringApplication application = new SpringApplication(sources);
		application.setWebApplicationType(type);
		application.setRegisterShutdownHook(false);
		if (wire) {
			application.addBootstrapRegistryInitializer((registry) -> registry
				.register(SecretsManagerClientCustomizer.class, InstanceSupplier
					.of((builder) -> builder.httpClient(new WireLoggingHttpClient(UrlConnectionHttpClient.create())))));
		}
		List<String> all = new ArrayList<>(this.common);
		all.addAll(List.of(words).subList(1, words.length));
		return application.run(all.toArray(String[]::new));
	}

	private String attempt(String reference) {
		try {
			return provider().text(reference);
		}
		catch (RuntimeException ex) {
			return ex.getClass().getSimpleName();
		}
	}

	private String http(String path) throws IOException {
		String port = this.context.getEnvironment().getRequiredProperty("local.secrets-extension.endpoint.port");
		HttpURLConnection connection = (HttpURLConnection) URI.create("http://127.0.0.1:" + port + path)
			.toURL()
			.openConnection();
		connection.setRequestProperty("X-Aws-Parameters-Secrets-Token", "token");
		return (connection.getResponseCode() == 200)
				? new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
				: String.valueOf(connection.getResponseCode());
	}

	/**
	 * Shows what can be looked at, and runs the hooks of a snapshot.
	 */
	private String look() {
		StringBuilder seen = new StringBuilder();
		this.context.getBeansOfType(CacheManager.class)
			.values()
			.forEach((manager) -> manager.getCacheNames()
				.forEach((name) -> seen.append(manager.getCache(name).getNativeCache())));
		seen.append(provider()).append(this.context.getEnvironment());
		this.context.stop();
		this.context.start();
		return seen.toString().replace('\n', ' ');
	}

	private String stop() {
		this.context.close();
		return "stopped";
	}

	private SecretsProvider provider() {
		return this.context.getBean(SecretsProvider.class);
	}

}
