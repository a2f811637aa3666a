package io.github.secretsextension.aws;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

import io.github.secretsextension.PrintableText;

/**
 * Words for where credentials came from. The SDK notes it on them, in short codes that it
 * also sends to AWS, one for each step.
 */
final class CredentialsSource {

	private static final int LONGEST_NAME = 100;

	private static final String PROFILE = CallerListener.PROFILE;

	private static final String SSO = "SSO";

	private static final String LOGIN = "'aws login'";

	private static final String WEB_IDENTITY = "a web identity";

	private static final String ASSUMED_ROLE = "an assumed role";

	private static final String PROCESS = "a process";

	private static final Map<String, String> WORDS = Map.ofEntries(Map.entry("e", CallerListener.FIXED_KEY),
			Map.entry("f", "system properties"), Map.entry("g", "environment variables"), Map.entry("h", WEB_IDENTITY),
			Map.entry("i", ASSUMED_ROLE), Map.entry("j", ASSUMED_ROLE), Map.entry("k", WEB_IDENTITY),
			Map.entry("l", "STS"), Map.entry("m", "STS"), Map.entry("n", PROFILE), Map.entry("o", PROFILE),
			Map.entry("p", PROFILE), Map.entry("q", PROFILE), Map.entry("r", PROFILE), Map.entry("s", SSO),
			Map.entry("t", PROFILE), Map.entry("u", SSO), Map.entry("v", PROFILE), Map.entry("w", PROCESS),
			Map.entry("z", "the container"), Map.entry("0", "the instance profile"), Map.entry("AC", PROFILE),
			Map.entry("AD", LOGIN));

	private CredentialsSource() {
	}

	/**
	 * Returns words for what the SDK noted on credentials.
	 * @param note the note: codes, or the name that a provider gave itself
	 * @return the words
	 */
	static String of(String note) {
		return (note.isBlank()) ? "a provider of the application's"
				: Arrays.stream(note.split(","))
					.map((step) -> WORDS.getOrDefault(step, named(step)))
					.distinct()
					.collect(Collectors.joining(", "));
	}

	private static String named(String provider) {
		return "'" + PrintableText.name(provider.substring(0, Math.min(provider.length(), LONGEST_NAME))) + "'";
	}

}
