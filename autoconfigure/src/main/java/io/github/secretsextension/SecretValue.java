package io.github.secretsextension;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretsException.Reason;

/**
 * A value of a secret or parameter at one version, with what upstream said about it.
 * <p>
 * It holds text or bytes. JSON fields are read at the first request and kept. Immutable
 * to its users and thread-safe; {@link #toString()} shows nothing of the value, and
 * instances are equal only to themselves.
 */
public final class SecretValue {

	private final @Nullable String text;

	private final byte @Nullable [] bytes;

	private final @Nullable String name;

	private final @Nullable String arn;

	private final @Nullable String versionId;

	private final List<String> versionStages;

	private final @Nullable Long version;

	private final @Nullable String type;

	private final @Nullable String dataType;

	private final @Nullable String sourceResult;

	private final @Nullable Instant createdAt;

	private final Instant loadedAt;

	private final Map<String, String> fields = new ConcurrentHashMap<>(2);

	private SecretValue(Builder builder) {
		if ((builder.text == null) == (builder.bytes == null)) {
			throw new IllegalStateException("A secret value holds either text or bytes");
		}
		this.text = builder.text;
		this.bytes = builder.bytes;
		this.name = builder.name;
		this.arn = builder.arn;
		this.versionId = builder.versionId;
		this.versionStages = builder.versionStages;
		this.version = builder.version;
		this.type = builder.type;
		this.dataType = builder.dataType;
		this.sourceResult = builder.sourceResult;
		this.createdAt = builder.createdAt;
		this.loadedAt = builder.loadedAt;
	}

	/**
	 * Returns a value of a text, without anything said about it.
	 * @param text the text
	 * @return the value
	 */
	public static SecretValue of(String text) {
		return builder().text(text).build();
	}

	/**
	 * Returns a builder for a value.
	 * @return a builder that needs a text or bytes
	 */
	public static Builder builder() {
		return new Builder();
	}

	/**
	 * Returns whether the value is binary.
	 * @return {@code true} when it has no text
	 */
	public boolean isBinary() {
		return this.bytes != null;
	}

	/**
	 * Returns the text.
	 * @return the text, possibly empty
	 * @throws SecretsException if the value is binary
	 */
	public String text() {
		if (this.text == null) {
			throw failure(Reason.NOT_TEXT, "The value is binary",
					"Read it in code with SecretsProvider.get(reference).bytes().");
		}
		return this.text;
	}

	/**
	 * Returns the bytes.
	 * @return a copy of the binary value, or the text in UTF-8
	 */
	public byte[] bytes() {
		return (this.bytes != null) ? this.bytes.clone() : text().getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * Returns the text of one field of the JSON value.
	 * @param field a top-level key, or a JSON Pointer when it starts with {@code /}
	 * @return the text of a scalar, or the JSON of an object or array without white space
	 * @throws SecretsException if the value is binary, is not such a JSON text or has no
	 * such field
	 */
	public String field(String field) {
		String known = this.fields.get(field);
		return (known != null) ? known : readField(field);
	}

	private String readField(String field) {
		String read;
		try {
			read = new JsonFieldReader(text(), field).read();
		}
		catch (MalformedJsonException ex) {
			throw failure(Reason.NOT_JSON, "The value is not JSON that could have fields: " + ex.getMessage(),
					"Leave out '#…' to get the whole text, or store a JSON object.");
		}
		if (read == null) {
			throw failure(Reason.FIELD_NOT_FOUND, "The JSON value has no such field",
					"Check the key: it is case-sensitive, and one inside another object is written '#/outer/inner'.");
		}
		this.fields.put(field, read);
		return read;
	}

	private SecretsException failure(Reason reason, String problem, String action) {
		return new SecretsException(reason, null, problem, action);
	}

	/**
	 * Returns the name that upstream gave.
	 * @return the name, or {@code null} when it gave none
	 */
	public @Nullable String name() {
		return this.name;
	}

	/**
	 * Returns the ARN that upstream gave.
	 * @return the ARN, or {@code null} when it gave none
	 */
	public @Nullable String arn() {
		return this.arn;
	}

	/**
	 * Returns the version of a secret.
	 * @return the version id, or {@code null} for a parameter
	 */
	public @Nullable String versionId() {
		return this.versionId;
	}

	/**
	 * Returns the staging labels of a secret's version.
	 * @return the stages, none for a parameter
	 */
	public List<String> versionStages() {
		return this.versionStages;
	}

	/**
	 * Returns the version of a parameter.
	 * @return the version, or {@code null} for a secret
	 */
	public @Nullable Long version() {
		return this.version;
	}

	/**
	 * Returns the type of a parameter.
	 * @return {@code String}, {@code StringList} or {@code SecureString}, or {@code null}
	 * for a secret
	 */
	public @Nullable String type() {
		return this.type;
	}

	/**
	 * Returns the data type of a parameter.
	 * @return such as {@code text} or {@code aws:ec2:image}, or {@code null} for a secret
	 */
	public @Nullable String dataType() {
		return this.dataType;
	}

	/**
	 * Returns what another service said of a parameter that stands for something of its
	 * own, such as a secret. It holds the value too.
	 * @return a JSON text, or {@code null}, as for most parameters
	 */
	public @Nullable String sourceResult() {
		return this.sourceResult;
	}

	/**
	 * Returns when this version was made: a secret's creation date, a parameter's last
	 * modification.
	 * @return the time by the service's clock, or {@code null} if it gave none
	 */
	public @Nullable Instant createdAt() {
		return this.createdAt;
	}

	/**
	 * Returns how much memory the value takes: a text with any character beyond Latin-1
	 * two bytes for each.
	 */
	int sizeInBytes() {
		return ((this.bytes != null) ? this.bytes.length : size(this.text)) + size(this.sourceResult);
	}

	private static int size(@Nullable String text) {
		if (text == null) {
			return 0;
		}
		for (int i = 0; i < text.length(); i++) {
			if (text.charAt(i) > 0xff) {
				return 2 * text.length();
			}
		}
		return text.length();
	}

	/**
	 * Returns when the value was read from upstream.
	 * @return the time by the wall clock
	 */
	public Instant loadedAt() {
		return this.loadedAt;
	}

	/**
	 * Returns a text that shows nothing of the value.
	 */
	@Override
	public String toString() {
		return "SecretValue[" + ((isBinary()) ? "binary" : "text") + "]";
	}

	/**
	 * A builder for a {@link SecretValue}. Not thread-safe.
	 */
	public static final class Builder {

		private @Nullable String text;

		private byte @Nullable [] bytes;

		private @Nullable String name;

		private @Nullable String arn;

		private @Nullable String versionId;

		private List<String> versionStages = List.of();

		private @Nullable Long version;

		private @Nullable String type;

		private @Nullable String dataType;

		private @Nullable String sourceResult;

		private @Nullable Instant createdAt;

		private Instant loadedAt = Instant.EPOCH;

		private Builder() {
		}

		/**
		 * Sets the text.
		 * @param text the text
		 * @return this builder
		 */
		public Builder text(String text) {
			this.text = text;
			return this;
		}

		/**
		 * Sets the binary value.
		 * @param bytes the bytes, which are copied
		 * @return this builder
		 */
		public Builder bytes(byte[] bytes) {
			this.bytes = bytes.clone();
			return this;
		}

		/**
		 * Sets the name.
		 * @param name the name, or {@code null}
		 * @return this builder
		 */
		public Builder name(@Nullable String name) {
			this.name = name;
			return this;
		}

		/**
		 * Sets the ARN.
		 * @param arn the ARN, or {@code null}
		 * @return this builder
		 */
		public Builder arn(@Nullable String arn) {
			this.arn = arn;
			return this;
		}

		/**
		 * Sets the version of a secret.
		 * @param versionId the version id, or {@code null}
		 * @return this builder
		 */
		public Builder versionId(@Nullable String versionId) {
			this.versionId = versionId;
			return this;
		}

		/**
		 * Sets the staging labels of a secret's version.
		 * @param versionStages the stages, which are copied
		 * @return this builder
		 */
		public Builder versionStages(List<String> versionStages) {
			this.versionStages = List.copyOf(versionStages);
			return this;
		}

		/**
		 * Sets the version of a parameter.
		 * @param version the version, or {@code null}
		 * @return this builder
		 */
		public Builder version(@Nullable Long version) {
			this.version = version;
			return this;
		}

		/**
		 * Sets the type of a parameter.
		 * @param type the type, or {@code null}
		 * @return this builder
		 */
		public Builder type(@Nullable String type) {
			this.type = type;
			return this;
		}

		/**
		 * Sets the data type of a parameter.
		 * @param dataType the data type, or {@code null}
		 * @return this builder
		 */
		public Builder dataType(@Nullable String dataType) {
			this.dataType = dataType;
			return this;
		}

		/**
		 * Sets what another service said of a parameter.
		 * @param sourceResult a JSON text, or {@code null}
		 * @return this builder
		 */
		public Builder sourceResult(@Nullable String sourceResult) {
			this.sourceResult = sourceResult;
			return this;
		}

		/**
		 * Sets when this version was made.
		 * @param createdAt the time by the service's clock, or {@code null}
		 * @return this builder
		 */
		public Builder createdAt(@Nullable Instant createdAt) {
			this.createdAt = createdAt;
			return this;
		}

		/**
		 * Sets when the value was read.
		 * @param loadedAt the time by the wall clock
		 * @return this builder
		 */
		public Builder loadedAt(Instant loadedAt) {
			this.loadedAt = loadedAt;
			return this;
		}

		/**
		 * Builds the value.
		 * @return the value
		 * @throws IllegalStateException if it has neither text nor bytes, or both
		 */
		public SecretValue build() {
			return new SecretValue(this);
		}

	}

}
