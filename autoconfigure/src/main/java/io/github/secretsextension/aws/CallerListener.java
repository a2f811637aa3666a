package io.github.secretsextension.aws;

import org.jspecify.annotations.Nullable;

/**
 * A listener that hears as whom AWS is called, from the calls that are made anyway.
 */
@FunctionalInterface
public interface CallerListener {

	/** Credentials that configuration or code gave to a client. */
	String FIXED_KEY = "a fixed key";

	/** Credentials of a profile, of whatever kind. */
	String PROFILE = "a profile";

	/**
	 * Hears of the first call of a client, when it has ended. The calling thread waits.
	 * @param region the region that was called, or {@code null} if the client has none
	 * @param credentials where the credentials came from, in words, or {@code null} if
	 * there were none; never a key
	 */
	void onCall(@Nullable String region, @Nullable String credentials);

}
