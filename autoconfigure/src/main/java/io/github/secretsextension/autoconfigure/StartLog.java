package io.github.secretsextension.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;

import io.github.secretsextension.PrintableText;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsException;

/**
 * A log of where values come from: one line for the mode, with region and identity once a
 * call has shown them, and one for what was fetched at the start. Nothing is asked for
 * the log's sake, and an application that reads nothing logs nothing. Thread-safe.
 */
final class StartLog {

	private final Log log;

	/** What is not told yet. */
	private volatile @Nullable String mode;

	private @Nullable String told;

	private boolean callerTold;

	private final Map<Kind, String> fetched = new EnumMap<>(Kind.class);

	private final List<String> refusals = new ArrayList<>();

	StartLog(Log log) {
		this.log = log;
	}

	/**
	 * Notes the mode of a provider that was made, which its first call tells together
	 * with the region and the identity. What the latest line says already is not told
	 * again.
	 * @param mode where values come from, and why
	 */
	synchronized void mode(String mode) {
		this.mode = mode;
		this.callerTold = false;
	}

	/**
	 * Hears as whom AWS was called.
	 * @param region the region, or {@code null} if the client has none
	 * @param credentials where the credentials came from, or {@code null} if there were
	 * none
	 */
	synchronized void onCall(@Nullable String region, @Nullable String credentials) {
		String mode = this.mode;
		if (this.callerTold || (mode == null && credentials == null)) {
			return;
		}
		this.callerTold = credentials != null;
		tell(((mode != null) ? mode + "; " : "AWS is called in-process: ") + "region "
				+ PrintableText.name((region != null) ? region : "unknown") + ", "
				+ ((credentials != null) ? "credentials from " + credentials : "no credentials"));
	}

	/**
	 * Tells the mode, if no call of ours has: another client may have made it.
	 */
	void onLoaded() {
		if (this.mode != null) {
			tellMode();
		}
	}

	private synchronized void tellMode() {
		String mode = this.mode;
		if (mode != null) {
			tell(mode);
		}
	}

	private void tell(String line) {
		this.mode = null;
		if (!line.equals(this.told)) {
			this.told = line;
			this.log.info(line);
		}
	}

	synchronized void onBatchRefused(Kind kind, SecretsException failure) {
		this.refusals.add("Each " + kind + " was fetched by a call of its own, because a call for several failed: "
				+ failure.getProblem() + ". " + failure.getAction());
	}

	synchronized void onPrefetched(Kind kind, int asked, int found, int calls, Duration time) {
		String one = found + " of " + asked + " " + kind + ((asked != 1) ? "s" : "") + " in " + calls
				+ ((calls != 1) ? " calls, " : " call, ") + time.toMillis() + " ms";
		this.fetched.merge(kind, one, (earlier, later) -> earlier + "; " + later);
	}

	synchronized void onPrefetchEnded() {
		if (this.fetched.isEmpty()) {
			return;
		}
		String refused = (this.refusals.isEmpty()) ? "" : ". " + String.join(" ", this.refusals)
				+ " Or set 'secrets-extension.prefetch=single', which asks for no permission but those of single reads.";
		this.log.info("Fetched " + String.join("; ", this.fetched.values()) + refused);
		this.fetched.clear();
		this.refusals.clear();
	}

}
