package io.github.secretsextension.extension;

import java.time.Duration;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretsClock;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Providers that ask an extension or agent of a test.
 */
final class ExtensionClients {

	static final int MAX_CONNECTIONS = 3;

	/** Longer than anything takes that is not meant to be late. */
	private static final Duration DEADLINE = Duration.ofSeconds(10);

	private ExtensionClients() {
	}

	static ExtensionSecretsProvider provider(FakeExtension extension) {
		return provider(extension, DEADLINE);
	}

	static ExtensionSecretsProvider provider(FakeExtension extension, Duration deadline) {
		return provider(settings(extension.port(), FakeExtension.TOKEN, deadline, Duration.ZERO, null));
	}

	/**
	 * Returns a provider that waits for an extension that is not ready.
	 */
	static ExtensionSecretsProvider waiting(FakeExtension extension, Duration readyTimeout) {
		return provider(settings(extension.port(), FakeExtension.TOKEN, DEADLINE, readyTimeout, null));
	}

	static ExtensionSecretsProvider provider(ExtensionClientSettings settings) {
		return new ExtensionSecretsProvider(settings, SecretsClock.system());
	}

	static ExtensionClientSettings settings(int port, String token) {
		return settings(port, token, DEADLINE, Duration.ZERO, null);
	}

	static ExtensionClientSettings settings(int port, String token, Duration deadline, Duration readyTimeout,
			String initializationType) {
		return new ExtensionClientSettings("127.0.0.1", port, token, deadline, deadline, MAX_CONNECTIONS, readyTimeout,
				initializationType);
	}

	/**
	 * Asserts that a failure, and all it carries, repeats neither the token nor anything
	 * that the other side said: all of it holds the marker.
	 */
	static void assertClean(Throwable failure) {
		assertThat(failure).as("a failure").isNotNull();
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			assertThat(cause.toString()).doesNotContain(FakeSecrets.CANARY);
			assertThat(cause.getSuppressed()).isEmpty();
		}
	}

}
