package io.github.secretsextension.extension;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.stream.Collectors;

/**
 * The bodies of a {@link FakeExtension}, written as captures of the extension and the
 * source of the agent show them.
 */
final class FakeBodies {

	private FakeBodies() {
	}

	static String secretOfExtension(FakeStore.Secret secret) {
		return "{\"ARN\":" + go(secret.arn()) + ",\"CreatedDate\":" + go(date(secret.millis())) + ",\"Name\":"
				+ go(secret.name()) + ",\"SecretBinary\":" + go(base64(secret)) + ",\"SecretString\":"
				+ go(secret.text()) + ",\"VersionId\":" + go(secret.id()) + ",\"VersionStages\":"
				+ array(secret.stages()) + ",\"ResultMetadata\":{}}";
	}

	static String secretOfAgent(FakeStore.Secret secret) {
		return "{\"ARN\":" + rust(secret.arn()) + ",\"Name\":" + rust(secret.name()) + ",\"VersionId\":"
				+ rust(secret.id())
				+ ((secret.text() != null) ? ",\"SecretString\":" + rust(secret.text())
						: ",\"SecretBinary\":" + rust(base64(secret)))
				+ ((secret.stages().isEmpty()) ? "" : ",\"VersionStages\":" + array(secret.stages()))
				+ ",\"CreatedDate\":\"" + BigDecimal.valueOf(secret.millis(), 3).stripTrailingZeros().toPlainString()
				+ "\"}";
	}

	static String parameter(FakeStore.Parameter parameter, String selector, boolean withDecryption) {
		boolean encrypted = parameter.type().equals("SecureString") && !withDecryption;
		return "{\"Parameter\":{\"ARN\":" + go(parameter.arn()) + ",\"DataType\":\"text\",\"LastModifiedDate\":"
				+ go(date(parameter.millis())) + ",\"Name\":" + go(parameter.name()) + ",\"Selector\":"
				+ go((selector != null) ? ":" + selector : null) + ",\"SourceResult\":null,\"Type\":"
				+ go(parameter.type()) + ",\"Value\":" + go((encrypted) ? "AQICAHhciphertext==" : parameter.value())
				+ ",\"Version\":" + parameter.version() + "},\"ResultMetadata\":{}}";
	}

	/** A secret that is asked for as a parameter. */
	static String reference(FakeStore.Secret secret, String name, String stage) {
		String source = "{\"arn\":" + rust(secret.arn()) + ",\"createdDate\":\"Nov 16, 2022 8:22:40 AM\",\"name\":"
				+ rust(secret.name()) + ",\"secretString\":" + rust(secret.text()) + ",\"versionId\":"
				+ rust(secret.id()) + ",\"versionStages\":" + array(secret.stages()) + "}";
		return "{\"Parameter\":{\"ARN\":" + go(secret.arn()) + ",\"DataType\":null,\"LastModifiedDate\":"
				+ go(date(secret.millis())) + ",\"Name\":" + go(name) + ",\"Selector\":"
				+ go((stage != null) ? ":" + stage : null) + ",\"SourceResult\":" + go(source)
				+ ",\"Type\":\"SecureString\",\"Value\":" + go(secret.text())
				+ ",\"Version\":0},\"ResultMetadata\":{}}";
	}

	private static String base64(FakeStore.Secret secret) {
		return (secret.bytes() != null) ? Base64.getEncoder().encodeToString(secret.bytes()) : null;
	}

	private static String array(Collection<String> texts) {
		return (texts.isEmpty()) ? "null"
				: texts.stream().map(FakeBodies::go).collect(Collectors.joining(",", "[", "]"));
	}

	/** RFC 3339 as Go writes it: without zeros at the end of the fraction. */
	private static String date(long millis) {
		return Instant.ofEpochMilli(millis).toString().replaceFirst("(\\.\\d*?)0*Z", "$1Z").replace(".Z", "Z");
	}

	/** As Go's encoding/json does, which takes care of HTML. */
	static String go(String text) {
		return (text == null) ? "null" : quote(text, "<>&\u2028\u2029");
	}

	/** As Rust's serde_json does. */
	static String rust(String text) {
		return (text == null) ? "null" : quote(text, "");
	}

	private static String quote(String text, String escaped) {
		StringBuilder json = new StringBuilder("\"");
		for (char c : text.toCharArray()) {
			switch (c) {
				case '"', '\\' -> json.append('\\').append(c);
				case '\n' -> json.append("\\n");
				case '\r' -> json.append("\\r");
				case '\t' -> json.append("\\t");
				default -> json.append((c < ' ' || escaped.indexOf(c) >= 0) ? "\\u%04x".formatted((int) c) : c);
			}
		}
		return json.append('"').toString();
	}

}
