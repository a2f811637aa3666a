package io.github.secretsextension.sample.lambda;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * A function that starts only with a number for a port.
 */
@SpringBootApplication
class PortApplication {

	@Value("${app.port}")
	private int port;

	int port() {
		return this.port;
	}

}
