package io.github.secretsextension.sample;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What can be shown of a secret.
 */
final class Digests {

	private static final String HMAC = "HmacSHA256";

	private Digests() {
	}

	/**
	 * Returns the signature of a message.
	 * @param key the key, not empty
	 * @param message what is signed
	 * @return the HMAC-SHA256 in hexadecimal digits
	 */
	static String sign(String key, String message) {
		try {
			Mac mac = Mac.getInstance(HMAC);
			mac.init(new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), HMAC));
			return HexFormat.of().formatHex(mac.doFinal(message.getBytes(StandardCharsets.UTF_8)));
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Returns the beginning of a secret's digest.
	 * @param secret the secret
	 * @return {@code sha256:} and eight hexadecimal digits
	 */
	static String fingerprint(String secret) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
			return "sha256:" + HexFormat.of().formatHex(digest, 0, 4);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
