package io.github.secretsextension.extension;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.JsonDocument;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;

/**
 * The JSON bodies of answers. They are written as the extension writes them, which is
 * what Go makes of the AWS SDK's structures; they are read as the extension and as the
 * agent write them.
 */
final class ExtensionBodies {

	/** Of a longer text no number is made, which may take longer than any deadline. */
	private static final int LONGEST_DATE = 64;

	private static final String HEX = "0123456789abcdef";

	private ExtensionBodies() {
	}

	/**
	 * Writes an answer.
	 * @param reference what was asked for
	 * @param value the value
	 * @return the JSON text
	 */
	static String write(SecretReference reference, SecretValue value) {
		StringBuilder json = new StringBuilder(512);
		return ((reference.kind() == Kind.SECRET) ? secret(value, json) : parameter(reference, value, json)).toString();
	}

	private static StringBuilder secret(SecretValue value, StringBuilder json) {
		member(json.append('{'), "ARN", value.arn());
		member(json.append(','), "CreatedDate", date(value.createdAt()));
		member(json.append(','), "Name", value.name());
		member(json.append(','), "SecretBinary",
				(value.isBinary()) ? Base64.getEncoder().encodeToString(value.bytes()) : null);
		member(json.append(','), "SecretString", (value.isBinary()) ? null : value.text());
		member(json.append(','), "VersionId", value.versionId());
		json.append(",\"VersionStages\":");
		char separator = '[';
		for (String stage : value.versionStages()) {
			string(json.append(separator), stage);
			separator = ',';
		}
		json.append((value.versionStages().isEmpty()) ? "null" : "]");
		return json.append(",\"ResultMetadata\":{}}");
	}

	private static StringBuilder parameter(SecretReference reference, SecretValue value, StringBuilder json) {
		member(json.append("{\"Parameter\":{"), "ARN", value.arn());
		member(json.append(','), "DataType", value.dataType());
		member(json.append(','), "LastModifiedDate", date(value.createdAt()));
		member(json.append(','), "Name", value.name());
		Object selector = (reference.version() != null) ? reference.version() : reference.label();
		member(json.append(','), "Selector", (selector != null) ? ":" + selector : null);
		member(json.append(','), "SourceResult", value.sourceResult());
		member(json.append(','), "Type", value.type());
		member(json.append(','), "Value", value.text());
		Long version = value.version();
		json.append(",\"Version\":").append((version != null) ? version : 0);
		return json.append("},\"ResultMetadata\":{}}");
	}

	private static @Nullable String date(@Nullable Instant instant) {
		if (instant == null) {
			return null;
		}
		String text = instant.toString();
		int dot = text.indexOf('.');
		if (dot < 0) {
			return text;
		}
		// As Go does: no zeros at the end of the fraction.
		int end = text.length() - 1;
		while (text.charAt(end - 1) == '0') {
			end--;
		}
		return text.substring(0, end) + 'Z';
	}

	private static void member(StringBuilder json, String name, @Nullable String value) {
		json.append('"').append(name).append("\":");
		if (value != null) {
			string(json, value);
		}
		else {
			json.append("null");
		}
	}

	private static void string(StringBuilder json, String text) {
		json.append('"');
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			switch (c) {
				case '"', '\\' -> json.append('\\').append(c);
				case '\n' -> json.append("\\n");
				case '\r' -> json.append("\\r");
				case '\t' -> json.append("\\t");
				default -> {
					boolean plain = c >= ' ' && c != '<' && c != '>' && c != '&' && c != '\u2028' && c != '\u2029'
							&& !isLone(text, i);
					if (plain) {
						json.append(c);
					}
					else {
						json.append("\\u")
							.append(HEX.charAt(c >> 12))
							.append(HEX.charAt((c >> 8) & 15))
							.append(HEX.charAt((c >> 4) & 15))
							.append(HEX.charAt(c & 15));
					}
				}
			}
		}
		json.append('"');
	}

	/** A half of a surrogate pair has no form in UTF-8. */
	private static boolean isLone(String text, int index) {
		char c = text.charAt(index);
		if (!Character.isSurrogate(c)) {
			return false;
		}
		int other = (Character.isHighSurrogate(c)) ? index + 1 : index - 1;
		return other < 0 || other == text.length() || !Character.isSurrogate(text.charAt(other))
				|| Character.isHighSurrogate(text.charAt(other)) == Character.isHighSurrogate(c);
	}

	/**
	 * Reads an answer. What it does not say is left out; what it says of another secret
	 * is for the caller to check.
	 * @param kind what was asked for
	 * @param json the body
	 * @return the value, without the time of its load, or {@code null} if the answer has
	 * none
	 * @throws io.github.secretsextension.MalformedJsonException if it is no JSON object
	 * @throws IllegalArgumentException if it is not of the form of an answer
	 */
	static SecretValue.@Nullable Builder read(Kind kind, String json) {
		Map<String, @Nullable Object> answer = JsonDocument.parse(json);
		return (kind == Kind.SECRET) ? secret(answer) : parameter(answer.get("Parameter"));
	}

	private static SecretValue.@Nullable Builder secret(Map<?, ?> answer) {
		String text = string(answer, "SecretString");
		String binary = string(answer, "SecretBinary");
		if (text != null && binary != null) {
			throw new IllegalArgumentException("The answer holds both a text and bytes");
		}
		SecretValue.Builder value = SecretValue.builder();
		if (text != null) {
			value.text(text);
		}
		else if (binary != null) {
			value.bytes(Base64.getDecoder().decode(binary));
		}
		else {
			return null;
		}
		if (answer.get("VersionStages") instanceof List<?> stages) {
			value.versionStages(stages.stream().filter(String.class::isInstance).map(String.class::cast).toList());
		}
		return value.arn(string(answer, "ARN"))
			.name(string(answer, "Name"))
			.versionId(string(answer, "VersionId"))
			.createdAt(instant(answer.get("CreatedDate")));
	}

	private static SecretValue.@Nullable Builder parameter(@Nullable Object parameter) {
		if (!(parameter instanceof Map<?, ?> answer)) {
			return null;
		}
		String text = string(answer, "Value");
		if (text == null) {
			return null;
		}
		return SecretValue.builder()
			.text(text)
			.arn(string(answer, "ARN"))
			.name(string(answer, "Name"))
			.version((answer.get("Version") instanceof BigDecimal version) ? version.longValue() : null)
			.type(string(answer, "Type"))
			.dataType(string(answer, "DataType"))
			.sourceResult(string(answer, "SourceResult"))
			.createdAt(instant(answer.get("LastModifiedDate")));
	}

	private static @Nullable String string(Map<?, ?> answer, String name) {
		Object value = answer.get(name);
		if (value != null && !(value instanceof String)) {
			throw new IllegalArgumentException("'" + name + "' is not a string");
		}
		return (String) value;
	}

	/**
	 * Reads a date: RFC 3339, or seconds since the epoch as a number or a string. One
	 * that is none of these is left out, since nothing depends on it.
	 */
	private static @Nullable Instant instant(@Nullable Object date) {
		try {
			if (date instanceof String text && text.length() <= LONGEST_DATE) {
				return (text.indexOf('T') > 0) ? Instant.parse(text) : instant(new BigDecimal(text));
			}
			return (date instanceof BigDecimal seconds) ? instant(seconds) : null;
		}
		catch (DateTimeParseException | NumberFormatException ex) {
			return null;
		}
	}

	private static @Nullable Instant instant(BigDecimal seconds) {
		try {
			return (seconds.abs().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) < 0)
					? Instant.ofEpochMilli(seconds.movePointRight(3).longValue()) : null;
		}
		catch (DateTimeException | ArithmeticException ex) {
			return null;
		}
	}

}
