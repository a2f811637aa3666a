package io.github.secretsextension.autoconfigure;

import io.github.secretsextension.JavaProcess;

/**
 * An application in a process of its own, whose environment the AWS SDK reads: it tries
 * to start with a reference and says whether it could.
 */
final class MisconfigurationProbe {

	private MisconfigurationProbe() {
	}

	public static void main(String[] args) {
		String result;
		try {
			MisconfigurationTests.application("embedded").run().close();
			result = "started";
		}
		catch (RuntimeException ex) {
			result = "failed";
		}
		String answer = result;
		JavaProcess.serve((question) -> answer);
	}

}
