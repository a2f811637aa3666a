package io.github.secretsextension.autoconfigure;

import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;

import org.springframework.util.ClassUtils;

/**
 * A memory of the texts that references were resolved to, for endpoints that show what
 * code put into beans. It holds salted digests, never a text, and only where there is an
 * actuator. Thread-safe.
 */
final class ResolvedTexts {

	/** A shorter text stands in others by chance: it is recognized as a whole only. */
	private static final int LEAST_WITHIN = 6;

	private static final int LONGEST_SEARCHED = 4096;

	private static final int MOST = 2000;

	private final byte[] salt = UUID.randomUUID().toString().getBytes(StandardCharsets.US_ASCII);

	private final Set<Digest> digests = new LinkedHashSet<>();

	private final Map<SecretReference, WeakReference<String>> last = new ConcurrentHashMap<>();

	private volatile @Nullable Boolean needed;

	/**
	 * Notes a text. While the cache keeps it, it is the same object and digested once.
	 * @param reference what was resolved
	 * @param text its text
	 */
	void onResolved(SecretReference reference, String text) {
		if (!isNeeded() || text.isEmpty() || text.equals(reference.defaultValue())) {
			return;
		}
		WeakReference<String> known = this.last.get(reference);
		if (known != null && known.refersTo(text)) {
			return;
		}
		add(new Digest(text.length(), digest(sha256(), text, 0, text.length())));
		if (this.last.size() >= MOST) {
			this.last.clear();
		}
		this.last.put(reference, new WeakReference<>(text));
	}

	private boolean isNeeded() {
		Boolean needed = this.needed;
		if (needed == null) {
			needed = ClassUtils.isPresent("org.springframework.boot.actuate.endpoint.SanitizingFunction",
					ResolvedTexts.class.getClassLoader());
			this.needed = needed;
		}
		return needed;
	}

	private void add(Digest digest) {
		synchronized (this.digests) {
			this.digests.add(digest);
			if (this.digests.size() > MOST) {
				Iterator<Digest> oldest = this.digests.iterator();
				oldest.next();
				oldest.remove();
				// It may be of a text that is still read: each is noted anew.
				this.last.clear();
			}
		}
	}

	/**
	 * Returns whether a text is, or holds, one that a reference was resolved to.
	 * @param text a text
	 * @return {@code true} also if it is too long to be searched
	 */
	boolean isIn(String text) {
		Set<Digest> known;
		synchronized (this.digests) {
			known = Set.copyOf(this.digests);
		}
		if (known.isEmpty()) {
			return false;
		}
		if (text.length() > LONGEST_SEARCHED) {
			return true;
		}
		MessageDigest sha256 = sha256();
		for (int length : known.stream().map(Digest::length).collect(Collectors.toSet())) {
			int last = (length >= LEAST_WITHIN) ? text.length() - length : (text.length() == length) ? 0 : -1;
			for (int start = 0; start <= last; start++) {
				if (known.contains(new Digest(length, digest(sha256, text, start, start + length)))) {
					return true;
				}
			}
		}
		return false;
	}

	private ByteBuffer digest(MessageDigest sha256, String text, int start, int end) {
		sha256.update(this.salt);
		for (int i = start; i < end; i++) {
			sha256.update((byte) (text.charAt(i) >> 8));
			sha256.update((byte) text.charAt(i));
		}
		return ByteBuffer.wrap(sha256.digest());
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

	private record Digest(int length, ByteBuffer bytes) {

	}

}
