package io.github.secretsextension;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * A reader of a whole JSON document that another program sent. A repeated key, text
 * behind the end and nesting deeper than 64 are refused.
 */
public final class JsonDocument extends JsonTokens {

	private JsonDocument(String json) {
		super(json);
	}

	/**
	 * Reads an object.
	 * @param json the text
	 * @return the members in their order: {@link String}, {@link BigDecimal},
	 * {@link Boolean}, {@link Map}, {@link List} or {@code null}
	 * @throws MalformedJsonException if the text is no JSON object
	 */
	public static Map<String, @Nullable Object> parse(String json) {
		JsonDocument document = new JsonDocument(json);
		document.skipWhitespace();
		document.expect('{');
		Map<String, @Nullable Object> object = document.object(0);
		document.end();
		return object;
	}

	private @Nullable Object value(int depth) {
		int start = this.position;
		char first = open(depth);
		switch (first) {
			case '{' -> {
				return object(depth);
			}
			case '[' -> {
				return array(depth);
			}
			case '"' -> {
				return string(true);
			}
			default -> literal(first);
		}
		return switch (first) {
			case 't' -> Boolean.TRUE;
			case 'f' -> Boolean.FALSE;
			case 'n' -> null;
			default -> number(this.json.substring(start, this.position));
		};
	}

	private BigDecimal number(String text) {
		try {
			return new BigDecimal(text);
		}
		catch (NumberFormatException ex) {
			// An exponent beyond what anybody means.
			throw malformed("a number is too large");
		}
	}

	private Map<String, @Nullable Object> object(int depth) {
		Map<String, @Nullable Object> members = new LinkedHashMap<>();
		skipWhitespace();
		if (peek('}')) {
			return members;
		}
		do {
			skipWhitespace();
			expect('"');
			String key = string(true);
			if (members.containsKey(key)) {
				throw malformed("a key is repeated");
			}
			skipWhitespace();
			expect(':');
			skipWhitespace();
			members.put(key, value(depth + 1));
			skipWhitespace();
		}
		while (peek(','));
		expect('}');
		return members;
	}

	private List<@Nullable Object> array(int depth) {
		List<@Nullable Object> elements = new ArrayList<>();
		skipWhitespace();
		if (peek(']')) {
			return elements;
		}
		do {
			skipWhitespace();
			elements.add(value(depth + 1));
			skipWhitespace();
		}
		while (peek(','));
		expect(']');
		return elements;
	}

}
