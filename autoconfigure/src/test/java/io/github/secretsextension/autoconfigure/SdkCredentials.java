package io.github.secretsextension.autoconfigure;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Credentials that the SDK finds by itself while a test runs: with credentials of
 * Spring's properties no extension is asked.
 */
final class SdkCredentials implements BeforeEachCallback, AfterEachCallback {

	@Override
	public void beforeEach(ExtensionContext context) {
		System.setProperty("aws.accessKeyId", "k");
		System.setProperty("aws.secretAccessKey", "s");
	}

	@Override
	public void afterEach(ExtensionContext context) {
		System.clearProperty("aws.accessKeyId");
		System.clearProperty("aws.secretAccessKey");
	}

}
