package io.github.secretsextension;

import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * A reference to one Secrets Manager secret or one Systems Manager parameter, or to one
 * field of its JSON text.
 * <p>
 * The grammar, in which {@code [ ]} marks what may be left out: <pre>
 * $&lt;secret:ID[?versionStage=STAGE&amp;versionId=UUID][#FIELD][:DEFAULT]&gt;
 * $&lt;param:NAME[?version=N | ?label=LABEL][&amp;withDecryption=false][#FIELD][:DEFAULT]&gt;
 * </pre>
 * <ul>
 * <li>{@code ID} is a secret's name, partial or full ARN; {@code NAME} a parameter's
 * name, path or ARN. The colons that belong to an ARN are counted before a default is
 * looked for.</li>
 * <li>{@code FIELD} is a top-level key of a JSON object, or a JSON Pointer (RFC 6901)
 * when it starts with {@code /}. The characters {@code : # ? < > { } %} are
 * percent-encoded in it.</li>
 * <li>{@code DEFAULT} runs to the end and may be empty. It is used only when the secret,
 * parameter, version, stage or field does not exist. In it {@code %3E}, {@code %7B} and
 * {@code %7D} stand for the delimiters <code>&gt;</code>, <code>{</code> and
 * <code>}</code>.</li>
 * </ul>
 * Instances are immutable and equal when every part is equal.
 */
public final class SecretReference {

	/** What AWS appends to a secret's name in its ARN. */
	private static final Pattern ARN_SUFFIX = Pattern.compile("-[A-Za-z0-9]{6}");

	/** Parameters under this path are secrets of Secrets Manager. */
	private static final String SECRETS_PATH = "/aws/reference/secretsmanager/";

	private final Kind kind;

	private final String id;

	private final Selectors selectors;

	private final @Nullable String field;

	private final @Nullable String defaultValue;

	private final SecretReference key;

	private final int hash;

	SecretReference(Kind kind, String id, Selectors selectors, @Nullable String field, @Nullable String defaultValue) {
		this.kind = kind;
		this.id = id;
		this.selectors = selectors;
		this.field = field;
		this.defaultValue = defaultValue;
		Selectors canonical = selectors.canonical();
		boolean isKey = field == null && defaultValue == null && canonical.equals(selectors);
		this.key = (isKey) ? this : new SecretReference(kind, id, canonical, null, null);
		this.hash = Objects.hash(kind, id, selectors, field, defaultValue);
	}

	/**
	 * Returns a reference to the current version of a secret.
	 * @param secretId the secret's name, partial or full ARN
	 * @return the reference
	 * @throws SecretReferenceSyntaxException if no secret can have that id
	 */
	public static SecretReference secret(String secretId) {
		return of(Kind.SECRET, secretId);
	}

	/**
	 * Returns a reference to the latest version of a parameter, decrypted.
	 * @param name the parameter's name, path or ARN
	 * @return the reference
	 * @throws SecretReferenceSyntaxException if no parameter can have that name
	 */
	public static SecretReference parameter(String name) {
		return of(Kind.PARAMETER, name);
	}

	private static SecretReference of(Kind kind, String id) {
		SecretReference reference = parse(kind.prefix() + id);
		if (!reference.id.equals(id)) {
			throw new SecretReferenceSyntaxException(kind.prefix() + id, kind.prefix().length() + reference.id.length(),
					"a selector, field or default where only an id is expected");
		}
		return reference;
	}

	/**
	 * Parses a reference.
	 * @param text the reference, with or without its <code>$&lt; &gt;</code> or
	 * <code>${ }</code>
	 * @return the reference
	 * @throws SecretReferenceSyntaxException if the text does not follow the grammar
	 */
	public static SecretReference parse(String text) {
		Objects.requireNonNull(text, "'text' must not be null");
		return new SecretReferenceParser(inner(text)).parse();
	}

	private static String inner(String text) {
		boolean delimited = (text.startsWith("$<") && text.endsWith(">"))
				|| (text.startsWith("${") && text.endsWith("}"));
		return (delimited) ? text.substring(2, text.length() - 1) : text;
	}

	/**
	 * Returns which service the reference points to.
	 * @return the kind
	 */
	public Kind kind() {
		return this.kind;
	}

	/**
	 * Returns the name, partial or full ARN, as it was given.
	 * @return the id
	 */
	public String id() {
		return this.id;
	}

	/**
	 * Returns the staging label of the wanted secret version.
	 * @return the stage, or {@code null} when none was given, which means
	 * {@code AWSCURRENT} unless there is a version id
	 */
	public @Nullable String versionStage() {
		return this.selectors.versionStage();
	}

	/**
	 * Returns the id of the wanted secret version.
	 * @return the version id, or {@code null} when none was given
	 */
	public @Nullable String versionId() {
		return this.selectors.versionId();
	}

	/**
	 * Returns the number of the wanted parameter version.
	 * @return the version, or {@code null} when none was given
	 */
	public @Nullable Long version() {
		return this.selectors.version();
	}

	/**
	 * Returns the label of the wanted parameter version.
	 * @return the label, or {@code null} when none was given
	 */
	public @Nullable String label() {
		return this.selectors.label();
	}

	/**
	 * Returns whether a {@code SecureString} parameter is asked for decrypted.
	 * @return {@code true} unless the reference says otherwise
	 */
	public boolean withDecryption() {
		return this.selectors.withDecryption();
	}

	/**
	 * Returns the wanted field of the JSON text.
	 * @return a top-level key, or a JSON Pointer when it starts with {@code /};
	 * {@code null} for the whole text
	 */
	public @Nullable String field() {
		return this.field;
	}

	/**
	 * Returns the text to use when what is referred to does not exist.
	 * @return the default, possibly empty, or {@code null} when there is none
	 */
	public @Nullable String defaultValue() {
		return this.defaultValue;
	}

	/**
	 * Returns what one upstream call can be asked: this reference without field and
	 * default, and without a stage that is the default stage.
	 * @return the key, this very object where nothing had to go
	 */
	public SecretReference key() {
		return this.key;
	}

	/**
	 * Returns the region that the id names.
	 * @return the region of an ARN, or {@code null} for a plain name
	 */
	public @Nullable String region() {
		return (isArn()) ? this.id.split(":", 5)[3] : null;
	}

	/**
	 * Returns whether the id is an ARN, full or partial.
	 * @return {@code true} for an ARN
	 */
	public boolean isArn() {
		return this.id.startsWith(SecretReferenceParser.ARN);
	}

	/**
	 * Returns whether an answer is about what this reference asks for, so far as it says.
	 * @param name the name in the answer, or {@code null}
	 * @param arn the ARN in the answer, or {@code null}
	 * @return {@code false} if it is about another secret or parameter
	 */
	public boolean isAnsweredBy(@Nullable String name, @Nullable String arn) {
		return (this.kind == Kind.SECRET) ? isSecret(name, arn) : isParameter(name, arn);
	}

	/**
	 * Returns whether an answer is about the version that this reference asks for by its
	 * id or number, so far as it says.
	 * @param versionId the version id in the answer, or {@code null}
	 * @param version the version number in the answer, or {@code null} or zero
	 * @return {@code false} if it is about another version
	 */
	public boolean isAnsweredByVersion(@Nullable String versionId, @Nullable Long version) {
		return isSaid(versionId(), versionId) && (version == null || version == 0 || isSaid(version(), version));
	}

	private static boolean isSaid(@Nullable Object asked, @Nullable Object answered) {
		return asked == null || answered == null || asked.equals(answered);
	}

	private boolean isSecret(@Nullable String name, @Nullable String arn) {
		if (!isArn()) {
			return name == null || name.equals(this.id);
		}
		return arn == null || arn.equals(this.id)
				|| (arn.startsWith(this.id) && ARN_SUFFIX.matcher(arn.substring(this.id.length())).matches());
	}

	private boolean isParameter(@Nullable String name, @Nullable String arn) {
		if (!isArn()) {
			return name == null || isSameParameter(name, this.id) || this.id.equals(SECRETS_PATH + name);
		}
		boolean secret = this.id.contains(":parameter" + SECRETS_PATH);
		if (arn != null && !secret) {
			return arn.equals(this.id);
		}
		return name == null || name.equals(this.id)
				|| isSameParameter(name, this.id.substring(this.id.indexOf(":parameter/") + 10));
	}

	/** At the root the slash may be missing. */
	private static boolean isSameParameter(String name, String asked) {
		return withSlash(name).equals(withSlash(asked));
	}

	private static String withSlash(String name) {
		return (name.startsWith("/")) ? name : "/" + name;
	}

	/**
	 * Returns a reference that also asks for a version or form of the value.
	 * @param name a selector of the grammar, such as {@code versionStage}
	 * @param value its value
	 * @return the reference, without field and default
	 * @throws SecretReferenceSyntaxException if there is no such selector, or none with
	 * that value beside the others
	 */
	public SecretReference withSelector(String name, String value) {
		StringBuilder text = new StringBuilder(this.kind.prefix()).append(this.id);
		boolean first = this.selectors.equals(Selectors.NONE);
		this.selectors.appendTo(text);
		int start = text.append((first) ? '?' : '&').append(name).append('=').length();
		for (int i = 0; i < value.length(); i++) {
			if ("&#:".indexOf(value.charAt(i)) >= 0) {
				throw new SecretReferenceSyntaxException(text + value, start + i,
						"no selector's value has the character '" + value.charAt(i) + "'");
			}
		}
		return parse(text.append(value).toString());
	}

	/**
	 * Returns whether another reference asks for the same version in the same way,
	 * whatever it asks of.
	 */
	boolean isSameVersion(SecretReference other) {
		return this.kind == other.kind && this.selectors.equals(other.selectors);
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return this == other || (other instanceof SecretReference that && this.hash == that.hash
				&& this.kind == that.kind && this.id.equals(that.id) && this.selectors.equals(that.selectors)
				&& Objects.equals(this.field, that.field) && Objects.equals(this.defaultValue, that.defaultValue));
	}

	@Override
	public int hashCode() {
		return this.hash;
	}

	/**
	 * Returns the reference in its written form, without its default. What is not plain
	 * text is encoded in a field, and escaped in a selector.
	 */
	@Override
	public String toString() {
		StringBuilder text = new StringBuilder("$<").append(this.kind.prefix()).append(this.id);
		if (!this.selectors.equals(Selectors.NONE)) {
			StringBuilder shown = new StringBuilder();
			this.selectors.appendTo(shown);
			text.append(PrintableText.name(shown.toString()));
		}
		if (this.field != null) {
			text.append('#').append(SecretReferenceParser.encodeField(this.field));
		}
		return text.append('>').toString();
	}

	/**
	 * The service a reference points to.
	 */
	public enum Kind {

		/**
		 * An AWS Secrets Manager secret, written <code>$&lt;secret:…&gt;</code>.
		 */
		SECRET("secret:"),

		/**
		 * An AWS Systems Manager parameter, written <code>$&lt;param:…&gt;</code>.
		 */
		PARAMETER("param:");

		private final String prefix;

		Kind(String prefix) {
			this.prefix = prefix;
		}

		/**
		 * Returns how a reference of this kind begins, the colon included.
		 * @return the prefix
		 */
		public String prefix() {
			return this.prefix;
		}

		@Override
		public String toString() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

	/**
	 * What stands between {@code ?} and the field.
	 */
	record Selectors(@Nullable String versionStage, @Nullable String versionId, @Nullable Long version,
			@Nullable String label, boolean withDecryption) {

		static final Selectors NONE = new Selectors(null, null, null, null, true);

		private static final String CURRENT = "AWSCURRENT";

		Selectors canonical() {
			return (this.versionId == null && CURRENT.equals(this.versionStage)) ? NONE : this;
		}

		// The JVM makes a record's own at the first use: some milliseconds of a start.

		@Override
		public boolean equals(@Nullable Object other) {
			return this == other || (other instanceof Selectors that && this.withDecryption == that.withDecryption
					&& Objects.equals(this.versionStage, that.versionStage)
					&& Objects.equals(this.versionId, that.versionId) && Objects.equals(this.version, that.version)
					&& Objects.equals(this.label, that.label));
		}

		@Override
		public int hashCode() {
			return Objects.hash(this.versionStage, this.versionId, this.version, this.label, this.withDecryption);
		}

		void appendTo(StringBuilder text) {
			char separator = '?';
			separator = append(text, separator, "versionStage", this.versionStage);
			separator = append(text, separator, "versionId", this.versionId);
			separator = append(text, separator, "version", this.version);
			separator = append(text, separator, "label", this.label);
			append(text, separator, "withDecryption", (this.withDecryption) ? null : false);
		}

		private static char append(StringBuilder text, char separator, String name, @Nullable Object value) {
			if (value == null) {
				return separator;
			}
			text.append(separator).append(name).append('=').append(value);
			return '&';
		}

	}

}
