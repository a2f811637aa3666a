package io.github.secretsextension;

import java.util.HashSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * A reader of one field of a JSON text (RFC 8259), in one strict pass without a tree.
 * <p>
 * The whole text is checked, also behind the field. Nesting deeper than 64, numbers
 * longer than 1,000 characters and repeated keys are refused. No message holds a piece of
 * the text. Own code because every application would pay for a JSON library otherwise: in
 * deployment size, and in start-up time at the first field.
 */
final class JsonFieldReader {

	private static final int MAX_DEPTH = 64;

	private static final int MAX_NUMBER_LENGTH = 1000;

	private final String json;

	private final boolean pointer;

	private final String[] path;

	private int position;

	private @Nullable String found;

	JsonFieldReader(String json, String field) {
		this.json = json;
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
		skipWhitespace();
		if (this.position < this.json.length()) {
			throw malformed("text follows the end");
		}
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
		char first = next();
		if (depth == MAX_DEPTH && (first == '{' || first == '[')) {
			throw malformed("it is nested deeper than " + MAX_DEPTH);
		}
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

	private String string(boolean keep) {
		int start = this.position;
		int end = start;
		while (end < this.json.length() && this.json.charAt(end) != '"' && this.json.charAt(end) != '\\'
				&& this.json.charAt(end) >= ' ') {
			end++;
		}
		this.position = end;
		if (peek('"')) {
			return (keep) ? this.json.substring(start, end) : "";
		}
		StringBuilder text = new StringBuilder().append(this.json, start, end);
		for (char c = next(); c != '"'; c = next()) {
			if (c < ' ') {
				throw malformed("a string holds a control character");
			}
			text.append((c == '\\') ? escaped() : c);
		}
		return text.toString();
	}

	private char escaped() {
		char c = next();
		return switch (c) {
			case '"', '\\', '/' -> c;
			case 'b' -> '\b';
			case 'f' -> '\f';
			case 'n' -> '\n';
			case 'r' -> '\r';
			case 't' -> '\t';
			case 'u' -> unicode();
			default -> throw malformed("a string holds an unknown escape");
		};
	}

	private char unicode() {
		int code = 0;
		for (int i = 0; i < 4; i++) {
			char c = next();
			int digit = (c < 128) ? Character.digit(c, 16) : -1;
			if (digit < 0) {
				throw malformed("a \\u escape lacks four hexadecimal digits");
			}
			code = code * 16 + digit;
		}
		return (char) code;
	}

	private void literal(char first) {
		switch (first) {
			case 't' -> rest("rue");
			case 'f' -> rest("alse");
			case 'n' -> rest("ull");
			default -> number(first);
		}
	}

	private void rest(String rest) {
		if (!this.json.startsWith(rest, this.position)) {
			throw malformed("a value is neither string, number, object, array, true, false nor null");
		}
		this.position += rest.length();
	}

	private void number(char first) {
		int start = this.position - 1;
		char c = (first == '-') ? next() : first;
		if (c < '0' || c > '9') {
			throw malformed("a value is neither string, number, object, array, true, false nor null");
		}
		if (c != '0') {
			digits(0);
		}
		if (peek('.')) {
			digits(1);
		}
		if (peek('e') || peek('E')) {
			if (!peek('+')) {
				peek('-');
			}
			digits(1);
		}
		if (this.position - start > MAX_NUMBER_LENGTH) {
			throw malformed("a number is longer than " + MAX_NUMBER_LENGTH + " characters");
		}
	}

	private void digits(int least) {
		int start = this.position;
		while (this.position < this.json.length() && this.json.charAt(this.position) >= '0'
				&& this.json.charAt(this.position) <= '9') {
			this.position++;
		}
		if (this.position - start < least) {
			throw malformed("a number lacks digits");
		}
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

	private void skipWhitespace() {
		while (this.position < this.json.length() && isWhitespace(this.json.charAt(this.position))) {
			this.position++;
		}
	}

	private static boolean isWhitespace(char c) {
		return c == ' ' || c == '\t' || c == '\n' || c == '\r';
	}

	private boolean peek(char expected) {
		boolean matches = this.position < this.json.length() && this.json.charAt(this.position) == expected;
		if (matches) {
			this.position++;
		}
		return matches;
	}

	private void expect(char expected) {
		if (!peek(expected)) {
			throw malformed("'" + expected + "' is missing");
		}
	}

	private char next() {
		if (this.position >= this.json.length()) {
			throw malformed("it ends too early");
		}
		return this.json.charAt(this.position++);
	}

	private MalformedJsonException malformed(String problem) {
		return new MalformedJsonException(problem + " (at character " + (this.position + 1) + ")");
	}

	/**
	 * An error in a JSON text; its message holds no piece of the text.
	 */
	static final class MalformedJsonException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		private MalformedJsonException(String problem) {
			super(problem);
		}

	}

}
