package io.github.secretsextension.extension;

import java.nio.charset.StandardCharsets;

/**
 * The words of the wire that client and endpoint share. Paths, parameters and the header
 * are documented by AWS; the three texts were captured from the extension.
 */
final class ExtensionProtocol {

	static final String SECRET_PATH = "/secretsmanager/get";

	static final String PARAMETER_PATH = "/systemsmanager/parameters/get";

	static final String TOKEN_HEADER = "X-Aws-Parameters-Secrets-Token";

	static final String SECRET_ID = "secretId";

	static final String VERSION_STAGE = "versionStage";

	static final String VERSION_ID = "versionId";

	static final String NAME = "name";

	static final String VERSION = "version";

	static final String LABEL = "label";

	static final String WITH_DECRYPTION = "withDecryption";

	/** The agent's, not the extension's. */
	static final String REFRESH_NOW = "refreshNow";

	/** With status 400, until the function is invoked for the first time. */
	static final String NOT_READY = "not ready to serve traffic, please wait";

	/** With status 401. */
	static final String BAD_TOKEN = "bad session token or header key";

	/** With status 400, for every failure upstream. */
	static final String OPAQUE = "an unexpected error occurred while executing request";

	private static final String HEX = "0123456789ABCDEF";

	private ExtensionProtocol() {
	}

	/**
	 * Returns whether a text can stand in the header for the token.
	 */
	static boolean isToken(String text) {
		return !text.isEmpty() && text.chars().allMatch((c) -> c > ' ' && c < 0x7f);
	}

	/**
	 * Appends a text percent-encoded: everything but letters, digits and {@code -._~}, so
	 * that no server takes a plus sign for a space or a slash for a part of the path.
	 */
	static void encode(String text, StringBuilder target) {
		for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
			boolean plain = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9')
					|| "-._~".indexOf(b) >= 0;
			if (plain) {
				target.append((char) b);
			}
			else {
				target.append('%').append(HEX.charAt((b >> 4) & 15)).append(HEX.charAt(b & 15));
			}
		}
	}

}
