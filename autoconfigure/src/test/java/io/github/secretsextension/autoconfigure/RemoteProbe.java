package io.github.secretsextension.autoconfigure;

import java.util.Objects;

import io.github.secretsextension.JavaProcess;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * An application that is asked for its properties.
 */
final class RemoteProbe {

	private RemoteProbe() {
	}

	/**
	 * Answers with the value of the property that is asked for.
	 * @param args further properties
	 */
	public static void main(String[] args) {
		SpringApplication application = new SpringApplication(TestApplication.Empty.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		ConfigurableApplicationContext context = application.run("--spring.main.banner-mode=off",
				"--a=$<secret:db#password>", "--b=$<param:/app/url>");
		JavaProcess.serve((name) -> Objects.toString(context.getEnvironment().getProperty(name)));
	}

}
