package io.github.secretsextension.autoconfigure;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;

/**
 * A rewriter of texts that turns each reference into a placeholder with a sealed name.
 * <p>
 * A sealed name is a mark that cannot be guessed, and the number of a
 * {@link SealedReference}; behind it stand the reference's nested placeholders, which
 * Spring resolves before it asks for the name; before them stands a name that says that
 * they begin (see {@link WithheldTexts}). So no character of a reference goes through
 * Spring's placeholder grammar, and a name that got out would open nothing but what the
 * configuration asks for anyway. Thread-safe.
 */
final class ReferenceSeals {

	/** Begins a sealed name: no property name begins with a private-use character. */
	static final char SEAL = '\uE000';

	private static final char SLOT = '\uE001';

	/** Behind a sealed name's number: the nested placeholders begin. */
	private static final char NESTED = '\uE007';

	private final String mark = SEAL + UUID.randomUUID().toString();

	private final List<SealedReference> sealed = new CopyOnWriteArrayList<>();

	private final Map<String, RewrittenText> rewritten = new ConcurrentHashMap<>();

	private final Map<SecretReference, String> configured = new ConcurrentHashMap<>();

	private final boolean braceSyntax;

	/**
	 * Creates a rewriter.
	 * @param braceSyntax whether <code>${secret:…}</code> is a reference too
	 */
	ReferenceSeals(boolean braceSyntax) {
		this.braceSyntax = braceSyntax;
	}

	/**
	 * Returns whether a text could hold a reference.
	 * @param text the text
	 * @return {@code false} if it surely holds none
	 */
	boolean concerns(@Nullable Object text) {
		return text instanceof CharSequence chars
				&& new ReferenceScanner(chars.toString(), this.braceSyntax).concerns();
	}

	/**
	 * Returns the value, its references as sealed placeholders. A malformed reference
	 * becomes one whose reading fails.
	 * @param value a value of any type
	 * @param location where the value was found, asked when the text is new
	 * @return the rewritten text, or the value itself if it is no text or holds no
	 * reference
	 */
	@Nullable Object rewrite(@Nullable Object value, Supplier<ReferenceLocation> location) {
		return (concerns(value)) ? rewritten(String.valueOf(value), location).text() : value;
	}

	/**
	 * Returns the references of a text and notes where it was found.
	 * @param text a text
	 * @param location where the text was found
	 * @return the references, malformed ones included
	 */
	List<SealedReference> note(String text, ReferenceLocation location) {
		List<SealedReference> references = rewritten(text, () -> location).references();
		references.forEach((reference) -> reference.foundAt(location));
		return references;
	}

	private RewrittenText rewritten(String text, Supplier<ReferenceLocation> location) {
		return this.rewritten.computeIfAbsent(text, (key) -> {
			List<SealedReference> references = new ArrayList<>();
			String result = new ReferenceScanner(key, this.braceSyntax).replaceReferences((scanned) -> {
				SealedReference reference = new SealedReference(scanned);
				references.add(reference);
				return seal(scanned, reference);
			});
			references.forEach((reference) -> reference.foundAt(location.get()));
			return new RewrittenText(result, List.copyOf(references));
		});
	}

	private synchronized String seal(ScannedReference scanned, SealedReference reference) {
		StringBuilder placeholder = new StringBuilder("${").append(this.mark).append(this.sealed.size());
		if (!scanned.nested().isEmpty()) {
			placeholder.append("${").append(this.mark).append(this.sealed.size()).append(NESTED).append('}');
		}
		scanned.nested().forEach((nested) -> placeholder.append(SLOT).append(nested));
		this.sealed.add(reference);
		configure(reference.reference(), null);
		return placeholder.append('}').toString();
	}

	/**
	 * Returns whether no reference was ever seen.
	 * @return {@code true} if there is nothing to open
	 */
	boolean isEmpty() {
		return this.sealed.isEmpty();
	}

	/**
	 * Returns whether a name is a sealed one.
	 * @param name a property name
	 * @return {@code true} if {@link #open} knows it
	 */
	boolean isSealed(String name) {
		return !name.isEmpty() && name.charAt(0) == SEAL && name.startsWith(this.mark);
	}

	/**
	 * Returns whether a sealed name stands anywhere in a text.
	 * @param text a text from Spring
	 * @return {@code true} if {@link #unseal} would change it
	 */
	boolean holdSealedName(String text) {
		return text.contains(this.mark);
	}

	/**
	 * Returns whether a sealed name stands for nothing but the beginning of nested
	 * placeholders. Its text is empty.
	 * @param name a name
	 * @return {@code true} if none of it is asked of the provider
	 */
	static boolean isBeginning(String name) {
		return !name.isEmpty() && name.charAt(name.length() - 1) == NESTED;
	}

	/**
	 * Returns the name that stood for the beginning of a sealed name's nested
	 * placeholders.
	 * @param name a name for which {@link #isSealed} is true
	 * @return the name, or {@code null} if there are no nested placeholders
	 */
	@Nullable String beginning(String name) {
		int end = name.indexOf(SLOT, this.mark.length());
		return (end >= 0) ? name.substring(0, end) + NESTED : null;
	}

	/**
	 * Opens a sealed name.
	 * @param name a name for which {@link #isSealed} is true
	 * @param withheld what is missing in its nested placeholders, or {@code null}
	 * @return what it stands for, nested placeholders filled in
	 */
	OpenedReference open(String name, @Nullable WithheldTexts withheld) {
		String[] parts = name.substring(this.mark.length()).split(String.valueOf(SLOT), -1);
		OpenedReference opened = this.sealed.get(Integer.parseInt(parts[0])).open(parts, withheld);
		if (opened.filled()) {
			configure(opened.reference(), opened.shown());
		}
		return opened;
	}

	private void configure(@Nullable SecretReference reference, @Nullable String template) {
		if (reference == null) {
			return;
		}
		SecretReference key = reference.key();
		if (template != null) {
			this.configured.put(key, template);
		}
		else {
			this.configured.putIfAbsent(key, key.toString());
		}
	}

	/**
	 * Returns what a sealed name was made from.
	 * @param name a name for which {@link #isSealed} is true
	 * @return the reference as it was written, but for its default
	 */
	String written(String name) {
		int digits = this.mark.length();
		int end = name.indexOf(SLOT, digits);
		return this.sealed.get(Integer.parseInt(name, digits, (end < 0) ? name.length() : end, 10)).written();
	}

	/**
	 * Returns how a value may be named in a log: where a nested placeholder stood in its
	 * reference, not by what that stood for, which could be a secret.
	 * @param key the value's key
	 * @return a text for a message
	 */
	String shown(SecretReference key) {
		String shown = this.configured.get(key);
		return (shown != null) ? shown : key.toString();
	}

	/**
	 * Returns whether the configuration names a value.
	 * @param key the value's key
	 * @return {@code true} if a reference to it was found
	 */
	boolean isConfigured(SecretReference key) {
		return this.configured.containsKey(key);
	}

	/**
	 * Returns the values that the configuration names, those behind nested placeholders
	 * once they were read.
	 * @return a copy of their keys
	 */
	Set<SecretReference> configured() {
		return new LinkedHashSet<>(this.configured.keySet());
	}

	/**
	 * Returns the text with references in place of sealed placeholders, for messages.
	 * @param text a text that Spring may have put a sealed placeholder into
	 * @return the text as its author wrote it, without defaults
	 */
	String unseal(String text) {
		String shown = text;
		for (int start = shown.indexOf(this.mark); start >= 0; start = shown.indexOf(this.mark)) {
			int digits = start + this.mark.length();
			int end = digits;
			while (end < shown.length() && Character.isDigit(shown.charAt(end))) {
				end++;
			}
			String reference = (end > digits) ? this.sealed.get(Integer.parseInt(shown.substring(digits, end))).shown()
					: "";
			int close = (shown.startsWith("${", start - 2)) ? closing(shown, end) : -1;
			shown = shown.substring(0, (close >= 0) ? start - 2 : start) + reference
					+ shown.substring((close >= 0) ? close + 1 : end);
		}
		return shown.replace(SLOT, ' ').replace(NESTED, ' ');
	}

	/** Nested placeholders stand between a sealed name's number and its end. */
	private static int closing(String text, int from) {
		int depth = 1;
		for (int i = from; i < text.length(); i++) {
			depth += (text.charAt(i) == '{') ? 1 : (text.charAt(i) == '}') ? -1 : 0;
			if (depth == 0) {
				return i;
			}
		}
		return -1;
	}

	private record RewrittenText(String text, List<SealedReference> references) {

	}

}
