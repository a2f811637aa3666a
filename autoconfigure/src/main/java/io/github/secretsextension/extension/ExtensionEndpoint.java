package io.github.secretsextension.extension;

import java.io.IOException;

import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsProvider;

public final class ExtensionEndpoint implements AutoCloseable {

	public ExtensionEndpoint(SecretsProvider provider, String token, SecretsClock clock) {
	}

	public int start(int port) throws IOException {
		throw new IOException();
	}

	@Override
	public void close() {
	}

}
