package io.github.secretsextension;

import java.util.Objects;

/**
 * An error in the text of a reference.
 * <p>
 * The message shows the reference, the place and the accepted form. It never shows a
 * default: the reference is shown up to the first colon that could begin one.
 */
public class SecretReferenceSyntaxException extends IllegalArgumentException {

	private static final long serialVersionUID = 1L;

	private static final int MAX_SHOWN = 200;

	private final String reference;

	private final int position;

	private final String problem;

	/**
	 * Creates an exception.
	 * @param reference the reference without its delimiters
	 * @param position the index of the offending character in it
	 * @param problem what is wrong, as half a sentence
	 */
	public SecretReferenceSyntaxException(String reference, int position, String problem) {
		this(reference, position, problem, true);
	}

	/**
	 * Creates an exception.
	 * @param reference the reference without its delimiters
	 * @param position the index of the offending character in it
	 * @param problem what is wrong, as half a sentence
	 * @param closed whether the reference has its closing delimiter
	 */
	public SecretReferenceSyntaxException(String reference, int position, String problem, boolean closed) {
		super(message(reference, position, problem, closed));
		this.reference = shown(reference, closed);
		this.position = position;
		this.problem = PrintableText.of(Objects.requireNonNull(problem, "'problem' must not be null"));
	}

	private static String message(String reference, int position, String problem, boolean closed) {
		return "Malformed reference '" + shown(reference, closed) + "', character " + (position + 3) + ": "
				+ PrintableText.of(problem) + ". Accepted: " + acceptedForm(reference);
	}

	private static String shown(String reference, boolean closed) {
		int defaultStart = SecretReferenceParser.defaultStart(reference);
		String shown = reference.substring(0, defaultStart);
		String end = (closed) ? ">" : "";
		String rest = (defaultStart == reference.length()) ? end : ":…" + end;
		if (shown.length() > MAX_SHOWN) {
			shown = shown.substring(0, MAX_SHOWN);
			rest = "…";
		}
		StringBuilder printable = new StringBuilder("$<");
		for (int i = 0; i < shown.length(); i++) {
			boolean markup = shown.charAt(i) == '<' && !shown.startsWith("secret:", i + 1)
					&& !shown.startsWith("param:", i + 1);
			printable.append((markup) ? PrintableText.name("<") : SecretReferenceParser.printable(shown.charAt(i)));
		}
		return printable.append(rest).toString();
	}

	private static String acceptedForm(String reference) {
		return (reference.startsWith("param:"))
				? "$<param:NAME[?version=N | ?label=LABEL][&withDecryption=false][#FIELD][:DEFAULT]>"
				: "$<secret:ID[?versionStage=STAGE&versionId=UUID][#FIELD][:DEFAULT]>";
	}

	/**
	 * Returns the reference as it may be shown: with its delimiters, without its default.
	 * @return the reference
	 */
	public String getReference() {
		return this.reference;
	}

	/**
	 * Returns the place of the error.
	 * @return the index of the offending character, counted without the delimiters
	 */
	public int getPosition() {
		return this.position;
	}

	/**
	 * Returns what is wrong.
	 * @return the problem, as half a sentence
	 */
	public String getProblem() {
		return this.problem;
	}

	/**
	 * Returns the form that would be accepted.
	 * @return the accepted form
	 */
	public String getAcceptedForm() {
		return acceptedForm(this.reference.substring(2));
	}

}
