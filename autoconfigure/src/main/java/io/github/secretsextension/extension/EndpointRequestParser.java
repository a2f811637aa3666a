package io.github.secretsextension.extension;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A strict parser for the head of one request, which takes the bytes as they come. What
 * two programs could understand in two ways it refuses: only then is a request sure to
 * end where it seems to.
 */
final class EndpointRequestParser {

	private static final int MAX_BYTES = 16 * 1024;

	private static final int MAX_HEADERS = 100;

	private static final int MAX_LENGTH_DIGITS = 18;

	private static final String TOKEN_SYMBOLS = "!#$%&'*+-.^_`|~";

	/** What has come of a line whose end has not. */
	private byte[] partial = new byte[0];

	private int count;

	private boolean blank;

	private @Nullable EndpointRequest request;

	private boolean complete;

	/**
	 * Returns whether no byte has come yet.
	 */
	boolean isEmpty() {
		return this.count == 0;
	}

	/**
	 * Returns whether a refusal answers a request for the headers only.
	 */
	boolean isHead() {
		return this.request != null && this.request.method().equals("HEAD");
	}

	/**
	 * Returns the request.
	 * @return the request, or {@code null} as long as its head is not complete
	 */
	@Nullable EndpointRequest request() {
		return (this.complete) ? this.request : null;
	}

	/**
	 * Takes bytes, up to the end of the head.
	 * @param data where they are
	 * @param start the index of the first one
	 * @param end the index behind the last one
	 * @return the index of the first one that was not taken
	 * @throws RefusedRequestException if the head is malformed or too large
	 */
	int parse(byte[] data, int start, int end) throws RefusedRequestException {
		int position = start;
		while (position < end && !this.complete) {
			int lineEnd = position;
			while (lineEnd < end && data[lineEnd] != '\n') {
				lineEnd++;
			}
			int next = Math.min(lineEnd + 1, end);
			this.count += next - position;
			if (this.count > MAX_BYTES) {
				throw new RefusedRequestException(EndpointResponse.TOO_LARGE);
			}
			take(data, position, lineEnd);
			if (lineEnd < end) {
				line();
			}
			position = next;
		}
		return position;
	}

	private void take(byte[] data, int start, int end) {
		int length = this.partial.length;
		this.partial = Arrays.copyOf(this.partial, length + end - start);
		System.arraycopy(data, start, this.partial, length, end - start);
	}

	private void line() throws RefusedRequestException {
		int length = this.partial.length - 1;
		check(length >= 0 && this.partial[length] == '\r');
		String line = new String(this.partial, 0, length, StandardCharsets.ISO_8859_1);
		this.partial = new byte[0];
		check(isText(line));
		if (this.request == null) {
			start(line);
		}
		else if (line.isEmpty()) {
			checkBody(this.request);
			this.complete = true;
		}
		else {
			header(this.request, line);
		}
	}

	private void start(String line) throws RefusedRequestException {
		if (line.isEmpty()) {
			// One is allowed: some clients send it behind the body of a request.
			check(!this.blank);
			this.blank = true;
			return;
		}
		String[] parts = line.split(" ", -1);
		check(parts.length == 3 && isToken(parts[0]) && isVisible(parts[1]));
		check(parts[2].equals("HTTP/1.1") || parts[2].equals("HTTP/1.0"));
		this.request = new EndpointRequest(parts[0], parts[1], parts[2].endsWith("1"));
	}

	private static void header(EndpointRequest request, String line) throws RefusedRequestException {
		int colon = line.indexOf(':');
		// A space in front is no token either: the continuation of another line.
		check(colon > 0 && isToken(line.substring(0, colon)));
		if (request.headerCount() == MAX_HEADERS) {
			throw new RefusedRequestException(EndpointResponse.TOO_LARGE);
		}
		request.add(line.substring(0, colon), line.substring(colon + 1));
	}

	private static void checkBody(EndpointRequest request) throws RefusedRequestException {
		List<String> lengths = request.values("content-length");
		List<String> codings = request.values("transfer-encoding");
		check(lengths.size() + codings.size() <= 1);
		for (String length : lengths) {
			check(!length.isEmpty() && length.length() <= MAX_LENGTH_DIGITS
					&& length.chars().allMatch((c) -> c >= '0' && c <= '9'));
		}
		for (String coding : codings) {
			check(coding.equalsIgnoreCase("chunked") && request.isHttp11());
		}
		check(!request.method().equals("GET") || !request.hasBody());
	}

	private static boolean isText(String text) {
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if ((c < ' ' && c != '\t') || c == 0x7f) {
				return false;
			}
		}
		return true;
	}

	private static boolean isVisible(String text) {
		return !text.isEmpty() && text.chars().allMatch((c) -> c > ' ' && c < 0x7f);
	}

	private static boolean isToken(String text) {
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			boolean legal = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
					|| TOKEN_SYMBOLS.indexOf(c) >= 0;
			if (!legal) {
				return false;
			}
		}
		return !text.isEmpty();
	}

	private static void check(boolean wellFormed) throws RefusedRequestException {
		if (!wellFormed) {
			throw new RefusedRequestException(EndpointResponse.MALFORMED);
		}
	}

}
