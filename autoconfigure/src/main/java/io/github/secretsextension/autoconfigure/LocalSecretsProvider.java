package io.github.secretsextension.autoconfigure;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.SecretsProvider;

/**
 * A provider of values from a file and from properties, for development and tests. The
 * file is read anew at each call, so that a changed value shows after its TTL as a
 * rotated one would. A property wins over the file. There is one version of everything.
 * What AWS says of a value beside its text is made up; an ARN stands for the name in it.
 */
final class LocalSecretsProvider implements SecretsProvider {

	/** So that the id of a version does not give its text away; the process's own. */
	private static final String SALT = UUID.randomUUID().toString();

	private static final Pattern ARN = Pattern.compile("arn:[^:]*:[^:]*:[^:]*:[^:]*:(secret:|parameter(?=/))(.*)");

	private static final String ARN_SUFFIX = "-[A-Za-z0-9]{6}$";

	private final @Nullable LocalSecretsFile file;

	private final Map<String, Object> secrets;

	private final Map<String, String> parameters;

	private final SecretsClock clock;

	private final Instant createdAt;

	LocalSecretsProvider(SecretsExtensionProperties.Local properties, SecretsClock clock) {
		String location = properties.location();
		this.file = (location != null) ? new LocalSecretsFile(location) : null;
		this.secrets = Map.copyOf(properties.secrets());
		this.parameters = Map.copyOf(properties.parameters());
		this.clock = clock;
		this.createdAt = now();
	}

	@Override
	public SecretValue get(SecretReference reference) {
		String name = reference.id();
		Object value = null;
		if (isOnlyVersion(reference)) {
			for (Iterator<String> names = names(reference).iterator(); value == null && names.hasNext();) {
				name = names.next();
				value = find(reference, name);
			}
		}
		if (value == null) {
			throw new SecretsException(Reason.NOT_FOUND, reference,
					"The local values hold no such " + ((reference.kind() == Kind.SECRET) ? "secret" : "parameter"),
					"Add it under '" + section(reference) + "' of 'secrets-extension.local'"
							+ ((this.file != null) ? " or of " + this.file : "")
							+ "; in the properties the name stands in brackets, in YAML in quotes too: \"[name]\".");
		}
		SecretValue.Builder builder = SecretValue.builder()
			.name(name)
			.arn(arn(reference, name))
			.createdAt(this.createdAt)
			.loadedAt(now());
		byte[] bytes = (value instanceof byte[] binary) ? binary : null;
		String text = (bytes != null) ? Base64.getEncoder().encodeToString(bytes) : text(value);
		if (reference.kind() == Kind.PARAMETER) {
			builder.type("String").dataType("text").version(1L);
		}
		else {
			builder.versionStages(List.of("AWSCURRENT"))
				.versionId(UUID.nameUUIDFromBytes((SALT + text).getBytes(StandardCharsets.UTF_8)).toString());
		}
		return ((bytes != null) ? builder.bytes(bytes) : builder.text(text)).build();
	}

	private Instant now() {
		return Instant.ofEpochMilli(this.clock.currentTimeMillis());
	}

	/**
	 * Returns the names that an id may stand for: itself, and of an ARN the name in it,
	 * without what AWS appends to a secret's.
	 */
	private static Set<String> names(SecretReference reference) {
		String id = reference.id();
		Matcher arn = ARN.matcher(id);
		return (arn.matches())
				? new LinkedHashSet<>(List.of(id, arn.group(2), arn.group(2).replaceFirst(ARN_SUFFIX, "")))
				: Set.of(id);
	}

	private static String arn(SecretReference reference, String name) {
		boolean secret = reference.kind() == Kind.SECRET;
		if (reference.isArn()) {
			return (secret && reference.id().endsWith(name)) ? reference.id() + "-local0" : reference.id();
		}
		return (secret) ? "arn:aws:secretsmanager:us-east-1:000000000000:secret:" + name + "-local0"
				: "arn:aws:ssm:us-east-1:000000000000:parameter" + ((name.startsWith("/")) ? name : "/" + name);
	}

	private static boolean isOnlyVersion(SecretReference reference) {
		SecretReference key = reference.key();
		Long version = key.version();
		return key.versionStage() == null && key.versionId() == null && key.label() == null
				&& (version == null || version == 1);
	}

	private @Nullable Object find(SecretReference reference, String name) {
		Map<String, ?> inline = (reference.kind() == Kind.SECRET) ? this.secrets : this.parameters;
		Object value = inline.get(name);
		Object inFile = (this.file != null) ? this.file.read(reference, section(reference)).get(name) : null;
		if (value instanceof Map<?, ?> keys && inFile instanceof Map<?, ?> fileKeys) {
			Map<Object, Object> merged = new LinkedHashMap<>(fileKeys);
			merged.putAll(keys);
			return merged;
		}
		return (value != null) ? value : inFile;
	}

	private static String section(SecretReference reference) {
		return (reference.kind() == Kind.SECRET) ? "secrets" : "parameters";
	}

	private static String text(Object value) {
		return (value instanceof Map<?, ?> || value instanceof List<?>) ? json(value, new StringBuilder()).toString()
				: String.valueOf(value);
	}

	private static StringBuilder json(Object value, StringBuilder json) {
		if (value instanceof Map<?, ?> map) {
			List<?> elements = elements(map);
			return (elements != null) ? json(elements, json) : object(map, json);
		}
		if (value instanceof List<?> list) {
			char separator = '[';
			for (Object element : list) {
				json(element, json.append(separator));
				separator = ',';
			}
			return json.append((list.isEmpty()) ? "[]" : "]");
		}
		return (value instanceof Number || value instanceof Boolean) ? json.append(value)
				: string(String.valueOf(value), json);
	}

	/** Properties bind a list to a map whose keys count from zero. */
	private static @Nullable List<?> elements(Map<?, ?> map) {
		Map<String, Object> byIndex = new HashMap<>();
		map.forEach((key, value) -> byIndex.put(String.valueOf(key), value));
		for (int i = 0; i < map.size(); i++) {
			if (!byIndex.containsKey(String.valueOf(i))) {
				return null;
			}
		}
		return (map.isEmpty()) ? null
				: java.util.stream.IntStream.range(0, map.size())
					.mapToObj((i) -> byIndex.get(String.valueOf(i)))
					.toList();
	}

	private static StringBuilder object(Map<?, ?> map, StringBuilder json) {
		char separator = '{';
		for (Map.Entry<?, ?> entry : map.entrySet()) {
			string(String.valueOf(entry.getKey()), json.append(separator)).append(':');
			Object value = entry.getValue();
			if (value != null) {
				json(value, json);
			}
			else {
				json.append("null");
			}
			separator = ',';
		}
		return json.append((map.isEmpty()) ? "{}" : "}");
	}

	private static StringBuilder string(String text, StringBuilder json) {
		json.append('"');
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == '"' || c == '\\') {
				json.append('\\').append(c);
			}
			else if (c < ' ') {
				json.append(String.format("\\u%04x", (int) c));
			}
			else {
				json.append(c);
			}
		}
		return json.append('"');
	}

}
