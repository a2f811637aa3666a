package io.github.secretsextension.benchmarks;

import java.util.Map;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * An application that runs inside the harness, without any bean of its own. The starter
 * takes part where it is on the class path.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
class MeasuredApplication {

	/**
	 * Starts it.
	 * @param properties on top of those in {@code application.properties}
	 * @return the running application
	 */
	static ConfigurableApplicationContext start(Map<String, String> properties) {
		return SpringApplication.run(MeasuredApplication.class,
				properties.entrySet()
					.stream()
					.map((entry) -> "--" + entry.getKey() + "=" + entry.getValue())
					.toArray(String[]::new));
	}

}
