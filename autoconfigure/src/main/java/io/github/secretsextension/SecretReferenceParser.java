package io.github.secretsextension;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretReference.Selectors;

/**
 * A parser for one {@link SecretReference}, from left to right without going back.
 */
final class SecretReferenceParser {

	static final String ARN = "arn:";

	private static final String REFERENCE_PARAMETER = "/aws/reference/secretsmanager/";

	private static final int MAX_SECRET_NAME = 512;

	private static final int MAX_PARAMETER_NAME = 1011;

	private static final int MAX_ARN = 2048;

	private static final String ENCODED_IN_FIELD = ":#?<>{}%";

	private static final String HEX = "0123456789ABCDEF";

	/** What ECS appends to a secret's ARN: {@code :json-key:version-stage:version-id}. */
	private static final Pattern ECS_SUFFIX = Pattern.compile("[^:]*:[^:]*:(|[0-9a-fA-F-]{32,64})");

	/** What precedes a name in an ARN; nothing less is taken for one when it is shown. */
	private static final Pattern ARN_HEAD = Pattern
		.compile("secret:arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:|param:arn:[^:]*:ssm:[^:]*:[^:]*:parameter/");

	private final String text;

	private int position;

	SecretReferenceParser(String text) {
		this.text = text;
	}

	/**
	 * Returns where the default of a reference begins, which may be malformed.
	 * @param text the reference without its delimiters
	 * @return the index of the first colon that could begin a default, or the length of
	 * the text
	 */
	static int defaultStart(String text) {
		Matcher arn = ARN_HEAD.matcher(text);
		int idStart = (arn.lookingAt()) ? arn.end() : 0;
		for (Kind kind : Kind.values()) {
			idStart = Math.max(idStart, (text.startsWith(kind.prefix())) ? kind.prefix().length() : 0);
		}
		int colon = text.indexOf(':', idStart);
		return (colon < 0) ? text.length() : colon;
	}

	SecretReference parse() {
		Kind kind = kind();
		String id = id(kind);
		Selectors selectors = (at('?')) ? selectors(kind) : Selectors.NONE;
		String field = (at('#')) ? field() : null;
		String defaultValue = (at(':')) ? defaultValue(kind, id) : null;
		return new SecretReference(kind, id, selectors, field, defaultValue);
	}

	private Kind kind() {
		for (Kind kind : Kind.values()) {
			if (this.text.startsWith(kind.prefix())) {
				this.position = kind.prefix().length();
				return kind;
			}
		}
		throw error(0, "it starts neither with 'secret:' nor with 'param:'");
	}

	private String id(Kind kind) {
		int start = this.position;
		boolean arn = this.text.startsWith(ARN, start);
		if (arn) {
			skipArnColons((kind == Kind.SECRET) ? 6 : 5, start);
		}
		while (this.position < this.text.length() && "?#:".indexOf(this.text.charAt(this.position)) < 0) {
			this.position++;
		}
		String id = this.text.substring(start, this.position);
		checkId(kind, id, arn, start);
		return id;
	}

	private void skipArnColons(int colons, int start) {
		for (int i = 0; i < colons; i++) {
			int colon = this.text.indexOf(':', this.position);
			if (colon < 0) {
				throw error(start, "the ARN is too short: it needs " + colons + " colons");
			}
			this.position = colon + 1;
		}
	}

	private void checkId(Kind kind, String id, boolean arn, int start) {
		String noun = (kind == Kind.SECRET) ? "secret" : "parameter";
		if (id.isEmpty()) {
			throw error(start, "the " + noun + "'s name is missing");
		}
		if (arn) {
			// First, since only a well-formed ARN tells the id from a default.
			checkArn(kind, id.split(":", 7), start, noun);
		}
		int max = (arn) ? MAX_ARN : (kind == Kind.SECRET) ? MAX_SECRET_NAME : MAX_PARAMETER_NAME;
		if (id.length() > max) {
			throw error(start + max, "the " + noun + "'s name is longer than " + max + " characters");
		}
		boolean wide = kind == Kind.SECRET || id.startsWith(REFERENCE_PARAMETER);
		for (int i = 0; i < id.length(); i++) {
			char c = id.charAt(i);
			boolean legal = (c < 128 && Character.isLetterOrDigit(c)) || "/_.-".indexOf(c) >= 0
					|| (wide && "+=@!".indexOf(c) >= 0) || (arn && c == ':');
			if (!legal) {
				throw error(start + i, "no " + noun + "'s name has the character '" + printable(c) + "'");
			}
		}
	}

	private void checkArn(Kind kind, String[] parts, int start, String noun) {
		boolean secret = kind == Kind.SECRET;
		boolean matches = !parts[1].isEmpty() && parts[2].equals((secret) ? "secretsmanager" : "ssm")
				&& !parts[3].isEmpty() && !parts[4].isEmpty()
				&& ((secret) ? parts[5].equals("secret") && !parts[6].isEmpty() : parts[5].startsWith("parameter/"));
		if (!matches) {
			throw error(start, "this is not the ARN of a " + noun + ": arn:aws:"
					+ ((secret) ? "secretsmanager:REGION:ACCOUNT:secret:NAME" : "ssm:REGION:ACCOUNT:parameter/NAME"));
		}
	}

	private Selectors selectors(Kind kind) {
		String versionStage = null;
		String versionId = null;
		Long version = null;
		String label = null;
		boolean withDecryption = true;
		Set<String> seen = new HashSet<>();
		do {
			this.position++;
			int start = this.position;
			String name = until("=&#:");
			if (!seen.add(name)) {
				throw error(start, "the selector '" + printable(name) + "' is repeated");
			}
			if (!at('=')) {
				throw error(this.position, "a selector is written name=value");
			}
			this.position++;
			int valueStart = this.position;
			String value = until("&#:");
			if (value.isEmpty()) {
				throw error(valueStart, "the selector '" + printable(name) + "' has no value");
			}
			checkPrintable(value, valueStart);
			switch (kind.prefix() + name) {
				case "secret:versionStage" -> versionStage = value;
				case "secret:versionId" -> versionId = value;
				case "param:version" -> version = number(value, valueStart);
				case "param:label" -> label = value;
				case "param:withDecryption" -> withDecryption = bool(value, valueStart);
				default -> throw error(start, "unknown selector '" + printable(name) + "'");
			}
			if (version != null && label != null) {
				throw error(start, "'version' and 'label' cannot stand together");
			}
		}
		while (at('&'));
		return new Selectors(versionStage, versionId, version, label, withDecryption);
	}

	private void checkPrintable(String value, int start) {
		for (int i = 0; i < value.length(); i++) {
			char c = value.charAt(i);
			if (Character.isISOControl(c)) {
				throw error(start + i, "no selector's value has the character '" + printable(c) + "'");
			}
		}
	}

	private long number(String value, int start) {
		if (!value.chars().allMatch((c) -> c >= '0' && c <= '9') || value.length() > 18 || value.startsWith("0")) {
			throw error(start, "'version' is a number from 1 on");
		}
		return Long.parseLong(value);
	}

	private boolean bool(String value, int start) {
		if (!value.equals("true") && !value.equals("false")) {
			throw error(start, "'withDecryption' is true or false");
		}
		return value.equals("true");
	}

	private String field() {
		this.position++;
		int start = this.position;
		String raw = until(":");
		if (raw.isEmpty()) {
			throw error(start, "the field's name is missing");
		}
		for (int i = 0; i < raw.length(); i++) {
			char c = raw.charAt(i);
			if (c != '%' && ENCODED_IN_FIELD.indexOf(c) >= 0) {
				throw error(start + i, "in a field '" + c + "' is written '" + encodeField(String.valueOf(c)) + "'");
			}
		}
		return decodeField(raw, start);
	}

	private String decodeField(String raw, int start) {
		if (raw.indexOf('%') < 0) {
			return checkPointer(raw, start);
		}
		byte[] bytes = raw.getBytes(StandardCharsets.UTF_8);
		byte[] decoded = new byte[bytes.length];
		int length = 0;
		for (int i = 0; i < bytes.length; i++) {
			int value = bytes[i];
			if (value == '%') {
				int high = (i + 2 < bytes.length) ? Character.digit(bytes[i + 1], 16) : -1;
				int low = (i + 2 < bytes.length) ? Character.digit(bytes[i + 2], 16) : -1;
				if (high < 0 || low < 0) {
					throw error(start, "in a field '%' is followed by two hexadecimal digits; itself it is '%25'");
				}
				value = high * 16 + low;
				i += 2;
			}
			decoded[length++] = (byte) value;
		}
		String field = utf8(decoded, length, start);
		// A key that only starts with a slash once decoded is a key, not a pointer.
		return (raw.startsWith("/")) ? checkPointer(field, start)
				: (field.startsWith("/")) ? "/" + field.replace("~", "~0").replace("/", "~1") : field;
	}

	private String utf8(byte[] bytes, int length, int start) {
		try {
			return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
		}
		catch (CharacterCodingException ex) {
			// A replacement character would be a field that does not exist: the default.
			throw error(start, "what '%' encodes in a field is not UTF-8");
		}
	}

	private String checkPointer(String field, int start) {
		if (!field.startsWith("/")) {
			return field;
		}
		for (int tilde = field.indexOf('~'); tilde >= 0; tilde = field.indexOf('~', tilde + 1)) {
			if (tilde + 1 == field.length() || "01".indexOf(field.charAt(tilde + 1)) < 0) {
				throw error(start, "in a JSON Pointer '~' is written '~0' and a '/' of a key '~1'");
			}
		}
		return field;
	}

	static String encodeField(String field) {
		StringBuilder encoded = new StringBuilder(field.length());
		field.codePoints().forEach((c) -> {
			if (ENCODED_IN_FIELD.indexOf(c) >= 0 || !PrintableText.isPlain(c)) {
				for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
					encoded.append('%').append(HEX.charAt((b >> 4) & 15)).append(HEX.charAt(b & 15));
				}
			}
			else {
				encoded.appendCodePoint(c);
			}
		});
		return encoded.toString();
	}

	private String defaultValue(Kind kind, String id) {
		int start = this.position + 1;
		String rest = this.text.substring(start);
		if (kind == Kind.SECRET && id.startsWith(ARN) && ECS_SUFFIX.matcher(rest).matches()) {
			String key = rest.substring(0, rest.indexOf(':'));
			throw error(this.position,
					"':" + printable(key) + ":…' behind an ARN is how ECS task definitions write it; "
							+ "here a JSON key is '#" + ((key.isEmpty()) ? "password" : printable(key))
							+ "' and a stage is '?versionStage=…'");
		}
		this.position = this.text.length();
		return rest.replace("%3E", ">")
			.replace("%3e", ">")
			.replace("%7B", "{")
			.replace("%7b", "{")
			.replace("%7D", "}")
			.replace("%7d", "}");
	}

	private boolean at(char c) {
		return this.position < this.text.length() && this.text.charAt(this.position) == c;
	}

	private String until(String delimiters) {
		int start = this.position;
		while (this.position < this.text.length() && delimiters.indexOf(this.text.charAt(this.position)) < 0) {
			this.position++;
		}
		return this.text.substring(start, this.position);
	}

	private SecretReferenceSyntaxException error(int at, String problem) {
		return new SecretReferenceSyntaxException(this.text, at, problem);
	}

	private static String printable(String text) {
		StringBuilder printable = new StringBuilder();
		text.chars().limit(40).forEach((c) -> printable.append(printable((char) c)));
		return PrintableText.name(printable.append((text.length() > 40) ? "…" : "").toString());
	}

	static String printable(char c) {
		boolean plain = c >= ' ' && c != 0x7f && (c < 0x80 || Character.isLetterOrDigit(c));
		return (plain) ? String.valueOf(c) : String.format("\\u%04x", (int) c);
	}

}
