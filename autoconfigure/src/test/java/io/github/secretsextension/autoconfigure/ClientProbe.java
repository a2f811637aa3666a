package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.Properties;

import org.apache.commons.logging.LogFactory;
import org.springframework.core.env.PropertiesPropertySource;
import org.springframework.core.env.StandardEnvironment;

import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.aws.AwsSecretsProvider;

/**
 * The program of {@link ProcessEnvironmentTests}: it reads a secret and a parameter with
 * the process's environment variables, and the properties that are its arguments.
 */
final class ClientProbe {

	private ClientProbe() {
	}

	public static void main(String[] arguments) {
		Properties properties = new Properties();
		for (String argument : arguments) {
			int separator = argument.indexOf('=');
			properties.setProperty(argument.substring(0, separator), argument.substring(separator + 1));
		}
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources().addFirst(new PropertiesPropertySource("arguments", properties));
		try (AwsSecretsProvider provider = EmbeddedProviders.create(environment, (type) -> null, Duration.ofSeconds(20),
				SecretsClock.system(), LogFactory.getLog(ClientProbe.class), (region, credentials) -> {
				})) {
			read(provider, "secret:db");
			read(provider, "param:db");
		}
	}

	private static void read(AwsSecretsProvider provider, String reference) {
		try {
			System.out.println("VALUE " + provider.text(reference));
		}
		catch (SecretsException ex) {
			System.out.println("FAILURE " + ex.getReason() + " " + ex.getMessage());
		}
	}

}
