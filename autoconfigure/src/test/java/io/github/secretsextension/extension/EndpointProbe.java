package io.github.secretsextension.extension;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayDeque;
import java.util.Deque;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.JavaProcess;
import io.github.secretsextension.SecretsClock;

/**
 * A process with an endpoint, which a test makes use up its file descriptors.
 */
final class EndpointProbe {

	private static final Deque<FileInputStream> FILES = new ArrayDeque<>();

	private EndpointProbe() {
	}

	public static void main(String[] arguments) throws IOException {
		ExtensionEndpoint endpoint = new ExtensionEndpoint(new FakeSecrets().set("secret:db", "CANARY-1"),
				EndpointClient.TOKEN, SecretsClock.system());
		int port = endpoint.start(0);
		JavaProcess.serve((question) -> switch (question) {
			case "port" -> String.valueOf(port);
			case "cpu" -> String.valueOf(cpuMillis());
			case "exhaust" -> String.valueOf(exhaust());
			case "release" -> release();
			default -> throw new IllegalArgumentException(question);
		});
	}

	private static long cpuMillis() {
		ThreadMXBean threads = ManagementFactory.getThreadMXBean();
		long nanos = 0;
		for (long id : threads.getAllThreadIds()) {
			if (threads.getThreadInfo(id).getThreadName().equals("secrets-extension-endpoint")) {
				nanos += threads.getThreadCpuTime(id);
			}
		}
		return nanos / 1_000_000;
	}

	private static int exhaust() {
		try {
			while (true) {
				FILES.add(new FileInputStream("/dev/null"));
			}
		}
		catch (IOException ex) {
			return FILES.size();
		}
	}

	private static String release() {
		try {
			for (FileInputStream file = FILES.poll(); file != null; file = FILES.poll()) {
				file.close();
			}
			return "";
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
