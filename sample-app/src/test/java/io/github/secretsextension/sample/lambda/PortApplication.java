package io.github.secretsextension.sample.lambda;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;

/**
 * A function that starts only with a number for a port. It is no component, or the
 * sample's own scan would find it.
 */
@EnableAutoConfiguration
class PortApplication {

	@Value("${app.port}")
	private int port;

	int port() {
		return this.port;
	}

}
