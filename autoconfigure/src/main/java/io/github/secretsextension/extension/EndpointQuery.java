package io.github.secretsextension.extension;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;

/**
 * What the query of a request asks for.
 *
 * @param reference the value
 * @param refresh whether it is to come from upstream in any case
 */
record EndpointQuery(SecretReference reference, boolean refresh) {

	/** As Go reads a boolean. */
	private static final Set<String> TRUE = Set.of("1", "t", "T", "TRUE", "true", "True");

	private static final Set<String> FALSE = Set.of("0", "f", "F", "FALSE", "false", "False");

	/**
	 * Reads a query.
	 * @param kind what the path asks for
	 * @param query the query as it was sent
	 * @return what it asks for
	 * @throws RefusedRequestException if it is malformed, or says not which value
	 * @throws io.github.secretsextension.SecretReferenceSyntaxException if there can be
	 * no such value
	 */
	static EndpointQuery of(Kind kind, String query) throws RefusedRequestException {
		Map<String, String> parameters = parameters(query);
		boolean refresh = isRefresh(parameters.get(ExtensionProtocol.REFRESH_NOW));
		return new EndpointQuery((kind == Kind.SECRET) ? secret(parameters) : parameter(parameters), refresh);
	}

	private static SecretReference secret(Map<String, String> parameters) throws RefusedRequestException {
		String id = given(parameters, ExtensionProtocol.SECRET_ID);
		if (id == null) {
			throw new RefusedRequestException(EndpointResponse.NO_SECRET_ID);
		}
		SecretReference reference = SecretReference.secret(id);
		for (String selector : List.of(ExtensionProtocol.VERSION_STAGE, ExtensionProtocol.VERSION_ID)) {
			String value = given(parameters, selector);
			reference = (value != null) ? reference.withSelector(selector, value) : reference;
		}
		return reference;
	}

	private static SecretReference parameter(Map<String, String> parameters) throws RefusedRequestException {
		String name = given(parameters, ExtensionProtocol.NAME);
		if (name == null) {
			throw new RefusedRequestException(EndpointResponse.NO_NAME);
		}
		boolean decrypted = isDecrypted(given(parameters, ExtensionProtocol.WITH_DECRYPTION));
		SecretReference reference = named(name);
		for (String selector : parameters.keySet()) {
			String value = given(parameters, selector);
			if (value != null
					&& (selector.equals(ExtensionProtocol.VERSION) || selector.equals(ExtensionProtocol.LABEL))) {
				// Of version and label only the first one counts.
				reference = reference.withSelector(selector, value);
				break;
			}
		}
		return (decrypted) ? reference : reference.withSelector(ExtensionProtocol.WITH_DECRYPTION, "false");
	}

	/**
	 * Returns a reference to a parameter, whose name may be followed by a colon and a
	 * version or label, as GetParameter takes it.
	 */
	private static SecretReference named(String name) {
		int colon = (name.startsWith("arn:")) ? -1 : name.indexOf(':');
		if (colon < 0) {
			return SecretReference.parameter(name);
		}
		String selector = name.substring(colon + 1);
		boolean version = selector.chars().allMatch((c) -> c >= '0' && c <= '9');
		return SecretReference.parameter(name.substring(0, colon))
			.withSelector((version) ? ExtensionProtocol.VERSION : ExtensionProtocol.LABEL, selector);
	}

	private static @Nullable String given(Map<String, String> parameters, String name) {
		String value = parameters.get(name);
		return (value != null && !value.isEmpty()) ? value : null;
	}

	private static boolean isDecrypted(@Nullable String value) throws RefusedRequestException {
		if (value != null && !TRUE.contains(value) && !FALSE.contains(value)) {
			throw new RefusedRequestException(EndpointResponse.BAD_BOOLEAN);
		}
		return value != null && TRUE.contains(value);
	}

	private static boolean isRefresh(@Nullable String value) throws RefusedRequestException {
		return switch ((value != null) ? value.toLowerCase(Locale.ROOT) : "false") {
			case "true", "1" -> true;
			case "false", "0" -> false;
			default -> throw new RefusedRequestException(EndpointResponse.BAD_BOOLEAN);
		};
	}

	/**
	 * Returns the parameters in order, of repeated ones the first.
	 */
	private static Map<String, String> parameters(String query) throws RefusedRequestException {
		Map<String, String> parameters = new LinkedHashMap<>();
		for (String pair : query.split("&")) {
			int equals = pair.indexOf('=');
			String name = decode((equals < 0) ? pair : pair.substring(0, equals));
			parameters.putIfAbsent(name, (equals < 0) ? "" : decode(pair.substring(equals + 1)));
		}
		return parameters;
	}

	private static String decode(String text) throws RefusedRequestException {
		if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
			return text;
		}
		ByteBuffer bytes = ByteBuffer.allocate(text.length());
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (c == '%') {
				bytes.put((byte) (hex(text, i + 1) * 16 + hex(text, i + 2)));
				i += 2;
			}
			else {
				bytes.put((byte) ((c == '+') ? ' ' : c));
			}
		}
		try {
			return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
		}
		catch (CharacterCodingException ex) {
			throw new RefusedRequestException(EndpointResponse.BAD_QUERY);
		}
	}

	private static int hex(String text, int index) throws RefusedRequestException {
		int digit = (index < text.length()) ? Character.digit(text.charAt(index), 16) : -1;
		if (digit < 0) {
			throw new RefusedRequestException(EndpointResponse.BAD_QUERY);
		}
		return digit;
	}

}
