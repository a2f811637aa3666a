package io.github.secretsextension.autoconfigure;

import io.github.secretsextension.JavaProcess;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsProvider;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * The program of {@link ApplicationMemoryTests}: an application that reads its
 * properties, and secrets whose names come from outside.
 */
final class ApplicationMemoryProbe {

	private final ConfigurableApplicationContext context;

	private ApplicationMemoryProbe(ConfigurableApplicationContext context) {
		this.context = context;
	}

	public static void main(String[] arguments) {
		SpringApplication application = new SpringApplication(TestApplication.Empty.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		ApplicationMemoryProbe probe = new ApplicationMemoryProbe(application.run(arguments));
		JavaProcess.serve((question) -> String.valueOf(probe.answer(question)));
	}

	private long answer(String question) {
		String[] words = question.split(" ");
		return switch (words[0]) {
			case "properties" -> readProperties(Integer.parseInt(words[1]));
			case "others" -> readOthers(Integer.parseInt(words[1]));
			case "evictions" -> this.context.getBean(ReferenceResolution.class).statistics(Kind.SECRET).evictions();
			default -> throw new IllegalArgumentException(question);
		};
	}

	private long readProperties(int count) {
		long length = 0;
		for (int i = 0; i < count; i++) {
			length += this.context.getEnvironment().getRequiredProperty("app.secret" + i).length();
		}
		return length;
	}

	private long readOthers(int count) {
		SecretsProvider secrets = this.context.getBean(SecretsProvider.class);
		long length = 0;
		for (int i = 0; i < count; i++) {
			length += secrets.text(SecretReference.secret("other/" + i)).length();
		}
		return length;
	}

}
