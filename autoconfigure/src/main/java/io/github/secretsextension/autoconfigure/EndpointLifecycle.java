package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.autoconfigure.SecretsExtensionProperties.Mode;
import io.github.secretsextension.extension.ExtensionEndpoint;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * A lifecycle that opens the extension's endpoint with the context and closes it with it,
 * and before a snapshot. Its port stands in the property
 * {@code local.secrets-extension.endpoint.port} while it is open.
 */
final class EndpointLifecycle implements SmartLifecycle {

	static final String PREFIX = "secrets-extension.endpoint";

	private static final String PORT = "local.secrets-extension.endpoint.port";

	private static final String PORTS = "secretsExtensionPorts";

	private final SecretsProvider provider;

	private final ConfigurableEnvironment environment;

	private final @Nullable EndpointLifecycle parent;

	private final Log log = LogFactory.getLog(SecretsProvider.class);

	private volatile @Nullable ExtensionEndpoint endpoint;

	/**
	 * Creates a lifecycle.
	 * @param provider where values are read
	 * @param environment holds the settings
	 * @param parent the parent context's, whose settings a child inherits, or
	 * {@code null}
	 */
	EndpointLifecycle(SecretsProvider provider, ConfigurableEnvironment environment,
			@Nullable EndpointLifecycle parent) {
		this.provider = provider;
		this.environment = environment;
		this.parent = parent;
	}

	@Override
	public void start() {
		if (this.parent != null && this.parent.isRunning()) {
			return;
		}
		Binder binder = Binder.get(this.environment);
		checkNames(binder);
		SecretsExtensionProperties properties = binder.bindOrCreate("secrets-extension",
				SecretsExtensionProperties.class);
		if (properties.endpoint().enabled()) {
			open(properties);
		}
	}

	/**
	 * A setting that is not known, such as an address to bind to, must not be taken for
	 * one that works.
	 */
	private static void checkNames(Binder binder) {
		try {
			binder.bind(PREFIX, Bindable.of(SecretsExtensionProperties.Endpoint.class),
					new NoUnboundElementsBindHandler(BindHandler.DEFAULT, EndpointLifecycle::isExact));
		}
		catch (BindException ex) {
			if (ex.getCause() instanceof UnboundConfigurationPropertiesException unbound) {
				// Not the exception itself, which shows the values.
				String names = unbound.getUnboundProperties()
					.stream()
					.map((property) -> "'" + property.getName() + "'")
					.sorted()
					.collect(Collectors.joining(", "));
				throw new SecretsException(Reason.NOT_CONFIGURED, null, "There is no setting " + names,
						"The endpoint has 'enabled', 'port' and 'token'; it listens at 127.0.0.1 only.");
			}
			throw ex;
		}
	}

	/** Environment variables have names that could mean several properties. */
	private static boolean isExact(ConfigurationPropertySource source) {
		return !(source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource);
	}

	private void open(SecretsExtensionProperties properties) {
		ExtensionSettings merged = ExtensionSettings.of(properties,
				new ExtensionVariables(this.environment, new OnceLog(this.log)));
		if (properties.mode() == Mode.REMOTE) {
			RemoteProviders.checkOtherEndpoint(properties, merged);
		}
		String token = ExtensionToken.toExpect(this.environment, properties.endpoint());
		if (token == null) {
			throw new SecretsException(Reason.NOT_CONFIGURED, null,
					"The endpoint of 'secrets-extension.endpoint.enabled' has no token, and would serve everyone",
					"Set 'secrets-extension.endpoint.token', AWS_TOKEN or AWS_SESSION_TOKEN to a text that is not"
							+ " blank; clients send it in the header X-Aws-Parameters-Secrets-Token.");
		}
		if (this.provider instanceof BootstrapSecretsProvider bootstrap) {
			bootstrap.onOwnEndpoint();
		}
		Integer port = properties.endpoint().port();
		ExtensionEndpoint endpoint = endpoint(token);
		int opened = open(endpoint, (port != null) ? port : merged.httpPort());
		this.endpoint = endpoint;
		publish(opened);
		if (!LambdaRuntime.isPresent(this.environment) && properties.allow().isEmpty()) {
			this.log.warn("The endpoint at 127.0.0.1:" + opened + " gives out everything that this process may read, to"
					+ " everyone on this machine who holds the token. Set 'secrets-extension.allow' to what clients"
					+ " need");
		}
	}

	private ExtensionEndpoint endpoint(String token) {
		try {
			return new ExtensionEndpoint(this.provider, token, SecretsClock.system());
		}
		catch (IllegalArgumentException ex) {
			throw new SecretsException(Reason.NOT_CONFIGURED, null, "The token of the endpoint cannot be sent to it",
					"Check 'secrets-extension.endpoint.token', AWS_TOKEN and AWS_SESSION_TOKEN: a token has no blanks, no"
							+ " control characters and no letters beyond ASCII.");
		}
	}

	private int open(ExtensionEndpoint endpoint, int port) {
		try {
			return endpoint.start(port);
		}
		catch (java.net.BindException ex) {
			throw new SecretsException(Reason.NOT_CONFIGURED, null,
					"Port " + port + " of the endpoint" + portSetting() + " is taken, or may not be used",
					"Set 'secrets-extension.endpoint.port' to another port (0 for any), or"
							+ " PARAMETERS_SECRETS_EXTENSION_HTTP_PORT to one from 1 to 65535. Inside Lambda the layer"
							+ " 'AWS-Parameters-and-Secrets-Lambda-Extension' probably holds it: remove the layer, or set 'secrets-extension.endpoint.enabled=false'.");
		}
		catch (IOException ex) {
			throw new SecretsException(Reason.NOT_CONFIGURED, null,
					"The endpoint cannot listen at port " + port + " (" + ex.getClass().getName() + ")",
					"Check that this process may open sockets, and how many.");
		}
	}

	private String portSetting() {
		String name = PREFIX + ".port";
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(this.environment)) {
			ConfigurationProperty property = source.getConfigurationProperty(ConfigurationPropertyName.of(name));
			if (property != null) {
				return ", from " + ReferenceLocation.of(property) + ",";
			}
		}
		return "";
	}

	private void publish(int port) {
		Map<String, Object> ports = new ConcurrentHashMap<>();
		ports.put(PORT, port);
		MapPropertySource source = new MapPropertySource(PORTS, ports);
		if (this.environment.getPropertySources().contains(PORTS)) {
			this.environment.getPropertySources().replace(PORTS, source);
		}
		else {
			this.environment.getPropertySources().addLast(source);
		}
	}

	@Override
	public void stop() {
		ExtensionEndpoint endpoint = this.endpoint;
		this.endpoint = null;
		if (endpoint != null) {
			endpoint.close();
			this.environment.getPropertySources().remove(PORTS);
		}
	}

	@Override
	public boolean isRunning() {
		return this.endpoint != null;
	}

	/**
	 * As web servers do: clients were told the port.
	 */
	@Override
	public boolean isPauseable() {
		return false;
	}

	@Override
	public int getPhase() {
		// Open before others begin, closed after them, yet before the cache goes.
		return Integer.MIN_VALUE + 1000;
	}

}
