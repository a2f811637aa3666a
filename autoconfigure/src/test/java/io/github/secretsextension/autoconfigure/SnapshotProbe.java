package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.lang.management.ManagementFactory;

import com.amazonaws.services.lambda.crac.CheckpointException;
import com.amazonaws.services.lambda.crac.Core;
import com.amazonaws.services.lambda.crac.RestoreException;
import com.amazonaws.services.lambda.runtime.api.client.runtimeapi.JniHelper;
import com.sun.management.HotSpotDiagnosticMXBean;

import io.github.secretsextension.JavaProcess;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsProvider;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * The program of {@link SnapshotHeapTests} and {@link EvictionHeapTests}: an application
 * that reads where it uses, runs the hooks around Lambda's snapshot, and dumps its heap.
 * It does not know its secrets.
 */
final class SnapshotProbe {

	private final ConfigurableApplicationContext context;

	private SnapshotProbe(ConfigurableApplicationContext context) {
		this.context = context;
	}

	public static void main(String[] arguments) {
		// As the runtime does: its checkpoint forgets the addresses that libc knows.
		JniHelper.load();
		SpringApplication application = new SpringApplication(TestApplication.Empty.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		SnapshotProbe probe = new SnapshotProbe(application.run(arguments));
		JavaProcess.serve(probe::answer);
	}

	private String answer(String question) {
		try {
			switch (question.replaceAll(" .*", "")) {
				case "property" -> this.context.getEnvironment().getRequiredProperty(argument(question));
				case "text" -> provider().text(argument(question));
				case "bytes" -> provider().get(SecretReference.parse(argument(question))).bytes();
				case "refresh" -> provider().refresh(SecretReference.parse(argument(question)));
				case "gone" -> gone(SecretReference.parse(argument(question)));
				case "checkpoint" -> Core.getGlobalContext().beforeCheckpoint(null);
				case "restore" -> Core.getGlobalContext().afterRestore(null);
				case "dump" -> ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
					.dumpHeap(argument(question), true);
				default -> throw new IllegalArgumentException(question);
			}
		}
		catch (IOException | CheckpointException | RestoreException ex) {
			throw new IllegalStateException(ex);
		}
		return "done";
	}

	private void gone(SecretReference reference) {
		try {
			provider().refresh(reference);
		}
		catch (SecretsException ex) {
			return;
		}
		throw new IllegalStateException("It is still there");
	}

	private SecretsProvider provider() {
		return this.context.getBean(SecretsProvider.class);
	}

	private static String argument(String question) {
		return question.substring(question.indexOf(' ') + 1);
	}

}
