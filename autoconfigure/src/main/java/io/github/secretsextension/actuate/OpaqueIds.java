package io.github.secretsextension.actuate;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import io.github.secretsextension.SecretReference;

/**
 * Ids that stand for references and tell nothing of them: the same for a reference as
 * long as the process lives, and others in the next. Thread-safe.
 */
final class OpaqueIds {

	private static final String ALGORITHM = "HmacSHA256";

	private static final int ID_BYTES = 8;

	private final SecretKeySpec key;

	OpaqueIds() {
		byte[] random = new byte[32];
		new SecureRandom().nextBytes(random);
		this.key = new SecretKeySpec(random, ALGORITHM);
	}

	/**
	 * Returns the id of a reference to one source.
	 */
	String of(String source, SecretReference reference) {
		try {
			Mac mac = Mac.getInstance(ALGORITHM);
			mac.init(this.key);
			byte[] hash = mac.doFinal((source + ' ' + reference).getBytes(StandardCharsets.UTF_8));
			return HexFormat.of().formatHex(hash, 0, ID_BYTES);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("Every Java platform has " + ALGORITHM, ex);
		}
	}

}
