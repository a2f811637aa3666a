package io.github.secretsextension;

/**
 * A strict pass over a JSON text (RFC 8259), token by token. Nesting deeper than 64 and
 * numbers longer than 1,000 characters are refused. No message holds a piece of the text.
 * Own code because every application would pay for a JSON library otherwise: in
 * deployment size, and in start-up time at the first value.
 */
abstract class JsonTokens {

	private static final int MAX_DEPTH = 64;

	private static final int MAX_NUMBER_LENGTH = 1000;

	protected final String json;

	protected int position;

	JsonTokens(String json) {
		this.json = json;
	}

	/**
	 * Reads what opens a value.
	 * @param depth how many objects and arrays are open
	 * @return the first character, which may begin any value
	 */
	protected char open(int depth) {
		char first = next();
		if (depth == MAX_DEPTH && (first == '{' || first == '[')) {
			throw malformed("it is nested deeper than " + MAX_DEPTH);
		}
		return first;
	}

	protected void end() {
		skipWhitespace();
		if (this.position < this.json.length()) {
			throw malformed("text follows the end");
		}
	}

	protected String string(boolean keep) {
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

	protected void literal(char first) {
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

	protected void skipWhitespace() {
		while (this.position < this.json.length() && isWhitespace(this.json.charAt(this.position))) {
			this.position++;
		}
	}

	protected static boolean isWhitespace(char c) {
		return c == ' ' || c == '\t' || c == '\n' || c == '\r';
	}

	protected boolean peek(char expected) {
		boolean matches = this.position < this.json.length() && this.json.charAt(this.position) == expected;
		if (matches) {
			this.position++;
		}
		return matches;
	}

	protected void expect(char expected) {
		if (!peek(expected)) {
			throw malformed("'" + expected + "' is missing");
		}
	}

	protected char next() {
		if (this.position >= this.json.length()) {
			throw malformed("it ends too early");
		}
		return this.json.charAt(this.position++);
	}

	protected MalformedJsonException malformed(String problem) {
		return new MalformedJsonException(problem + " (at character " + (this.position + 1) + ")");
	}

}
