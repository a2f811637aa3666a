package io.github.secretsextension;

import java.util.HashSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * A reader of one field of a JSON text, in one strict pass without a tree. The whole text
 * is checked, also behind the field; a repeated key is refused.
 */
final class JsonFieldReader extends JsonTokens {

	private final boolean pointer;

	private final String[] path;

	private @Nullable String found;

	JsonFieldReader(String json, String field) {
		super(json);
		this.pointer = field.startsWith("/");
		this.path = (this.pointer) ? tokens(field) : new String[] { field };
	}

	private static String[] tokens(String pointer) {
		String[] tokens = pointer.substring(1).split("/", -1);
		for (int i = 0; i < tokens.length; i++) {
			tokens[i] = tokens[i].replace("~1", "/").replace("~0", "~");
		}
		return tokens;
	}

	/**
	 * Reads the field.
	 * @return the text of a scalar or the JSON of an object or array; {@code null} if
	 * there is no such field or it is JSON's {@code null}
	 * @throws MalformedJsonException if the text is not a JSON object or array
	 */
	@Nullable String read() {
		skipWhitespace();
		char first = (this.position < this.json.length()) ? this.json.charAt(this.position) : 0;
		if (first != '{' && first != '[') {
			throw malformed("it is not an object or array");
		}
		value(0, 0);
		end();
		return this.found;
	}

	/**
	 * Reads past one value.
	 * @param depth how many objects and arrays are open
	 * @param matched how many tokens of the path lead to this value, or -1 if it is not
	 * on the path
	 */
	private void value(int depth, int matched) {
		boolean wanted = matched == this.path.length;
		int start = this.position;
		char first = open(depth);
		switch (first) {
			case '{' -> object(depth, (wanted) ? -1 : matched);
			case '[' -> array(depth, (wanted) ? -1 : matched);
			case '"' -> {
				String text = string(wanted);
				this.found = (wanted) ? text : this.found;
			}
			default -> literal(first);
		}
		if (wanted && first != '"') {
			String raw = this.json.substring(start, this.position);
			this.found = (first == '{' || first == '[') ? compact(raw) : (first == 'n') ? null : raw;
		}
	}

	private void object(int depth, int matched) {
		Set<String> keys = new HashSet<>();
		skipWhitespace();
		if (peek('}')) {
			return;
		}
		do {
			skipWhitespace();
			expect('"');
			String key = string(true);
			if (!keys.add(key)) {
				throw malformed("a key is repeated");
			}
			skipWhitespace();
			expect(':');
			skipWhitespace();
			value(depth + 1, (matched >= 0 && key.equals(this.path[matched])) ? matched + 1 : -1);
			skipWhitespace();
		}
		while (peek(','));
		expect('}');
	}

	private void array(int depth, int matched) {
		skipWhitespace();
		if (peek(']')) {
			return;
		}
		// A plain key names a member of an object; only a pointer counts elements.
		String wanted = (this.pointer && matched >= 0) ? this.path[matched] : null;
		int index = 0;
		do {
			skipWhitespace();
			value(depth + 1, (String.valueOf(index).equals(wanted)) ? matched + 1 : -1);
			index++;
			skipWhitespace();
		}
		while (peek(','));
		expect(']');
	}

	private static String compact(String raw) {
		StringBuilder compact = new StringBuilder(raw.length());
		boolean inString = false;
		for (int i = 0; i < raw.length(); i++) {
			char c = raw.charAt(i);
			if (inString && c == '\\') {
				compact.append(c);
				i++;
				c = raw.charAt(i);
			}
			else if (c == '"') {
				inString = !inString;
			}
			if (inString || !isWhitespace(c)) {
				compact.append(c);
			}
		}
		return compact.toString();
	}

}
