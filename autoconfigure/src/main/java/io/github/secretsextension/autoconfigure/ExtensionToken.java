package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

import org.springframework.core.env.ConfigurableEnvironment;

/**
 * The token that an extension and its clients share: a property, else the first of the
 * agent's three variables that is set and not blank. {@code file://PATH} stands for what
 * is in that file.
 */
final class ExtensionToken {

	static final String OWN = "AWS_TOKEN";

	static final String SESSION = "AWS_SESSION_TOKEN";

	private static final String CONTAINER = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

	private static final String FILE = "file://";

	private ExtensionToken() {
	}

	/**
	 * Returns the token to send. Outside Lambda two of the variables are live credentials
	 * of AWS, which only go out where that is allowed.
	 * @param environment holds the variables
	 * @param properties the settings of the other side
	 * @return the token, or {@code null} if there is none
	 */
	static @Nullable String toSend(ConfigurableEnvironment environment, SecretsExtensionProperties.Remote properties) {
		boolean all = LambdaRuntime.isPresent(environment) || properties.allowAwsToken();
		return find(environment, "secrets-extension.remote.token", properties.token(),
				(all) ? List.of(OWN, SESSION, CONTAINER) : List.of(OWN));
	}

	/**
	 * Returns the token to send as it is now: a file may hold another one.
	 * @param environment holds the variables
	 * @param properties the settings of the other side
	 * @return the token, or {@code null} if there is none, or none that can be read
	 */
	static @Nullable String anew(ConfigurableEnvironment environment, SecretsExtensionProperties.Remote properties) {
		try {
			return toSend(environment, properties);
		}
		catch (SecretsException ex) {
			return null;
		}
	}

	/**
	 * Returns the token to send without being told to ask an extension. The extension
	 * does not support SnapStart, under which there is no session token.
	 * @param environment holds the variables
	 * @param properties the settings of the other side
	 * @return the token, or {@code null} if the other side is not to be asked
	 */
	static @Nullable String toTry(ConfigurableEnvironment environment, SecretsExtensionProperties.Remote properties) {
		boolean snapStart = LambdaRuntime.isSnapStart(environment) && !isSet(properties.token())
				&& !isSet(ExtensionVariables.value(environment, OWN))
				&& !isSet(ExtensionVariables.value(environment, SESSION));
		return (snapStart) ? null : toSend(environment, properties);
	}

	/**
	 * Returns the token that clients of our own endpoint must send.
	 * @param environment holds the variables
	 * @param properties the settings of the endpoint
	 * @return the token, or {@code null} if there is none
	 */
	static @Nullable String toExpect(ConfigurableEnvironment environment,
			SecretsExtensionProperties.Endpoint properties) {
		return find(environment, "secrets-extension.endpoint.token", properties.token(),
				List.of(OWN, SESSION, CONTAINER));
	}

	private static @Nullable String find(ConfigurableEnvironment environment, String property, @Nullable String value,
			List<String> variables) {
		if (value != null && !value.isBlank()) {
			return read(property, value.strip());
		}
		for (String variable : variables) {
			String token = ExtensionVariables.value(environment, variable);
			if (token != null && !token.isBlank()) {
				return read(variable, token);
			}
		}
		return null;
	}

	private static boolean isSet(@Nullable String value) {
		return value != null && !value.isBlank();
	}

	private static String read(String setting, String token) {
		if (!token.startsWith(FILE)) {
			return token;
		}
		try {
			String content = Files.readString(Path.of(token.substring(FILE.length()))).strip();
			if (content.isEmpty()) {
				throw unreadable(setting, "is empty");
			}
			return content;
		}
		catch (IOException | InvalidPathException ex) {
			throw unreadable(setting, "cannot be read (" + ex.getClass().getSimpleName() + ")");
		}
	}

	private static SecretsException unreadable(String setting, String problem) {
		return new SecretsException(Reason.NOT_CONFIGURED, null, "The file that '" + setting + "' names " + problem,
				"Check its path and who may read it: it holds the token of the extension's endpoint.");
	}

}
