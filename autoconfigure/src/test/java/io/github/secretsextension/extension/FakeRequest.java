package io.github.secretsextension.extension;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One request that a {@link FakeExtension} got.
 *
 * @param connection the number of the connection it came over, from 1 on
 * @param method the method
 * @param target path and query, as they were sent
 * @param headers the lines of the head, as they were sent
 */
public record FakeRequest(int connection, String method, String target, List<String> headers) {

	/** Of the extension; the agent takes its value from another header too. */
	static final String TOKEN_HEADER = "X-Aws-Parameters-Secrets-Token";

	static FakeRequest read(int connection, InputStream in) throws IOException {
		String[] first = line(in).split(" ");
		List<String> headers = new ArrayList<>();
		for (String line = line(in); !line.isEmpty(); line = line(in)) {
			headers.add(line);
		}
		FakeRequest request = new FakeRequest(connection, first[0], first[1], List.copyOf(headers));
		String length = request.header("Content-Length");
		in.readNBytes((length != null) ? Integer.parseInt(length) : 0);
		return request;
	}

	private static String line(InputStream in) throws IOException {
		StringBuilder line = new StringBuilder();
		for (int next = in.read(); next != '\n'; next = in.read()) {
			if (next < 0) {
				throw new EOFException();
			}
			line.append((char) next);
		}
		return line.toString().stripTrailing();
	}

	/**
	 * Returns the first value of a header.
	 * @return the value, or {@code null} if there is none
	 */
	public String header(String name) {
		return headers(name).stream().findFirst().orElse(null);
	}

	/**
	 * Returns all values of a header.
	 */
	public List<String> headers(String name) {
		return this.headers.stream()
			.filter((line) -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
			.map((line) -> line.substring(name.length() + 1).strip())
			.toList();
	}

	/**
	 * Returns whether a token came along, right or wrong.
	 */
	public boolean hasToken() {
		return header(TOKEN_HEADER) != null;
	}

	/**
	 * Returns the path, as it was sent.
	 */
	public String path() {
		int question = this.target.indexOf('?');
		return (question < 0) ? this.target : this.target.substring(0, question);
	}

	/**
	 * Returns the query, as it was sent.
	 */
	public String query() {
		int question = this.target.indexOf('?');
		return (question < 0) ? "" : this.target.substring(question + 1);
	}

	/**
	 * Returns the keys of the query and their values as a server of forms decodes them: a
	 * plus sign is a space.
	 */
	List<Map.Entry<String, String>> parameters() {
		List<Map.Entry<String, String>> parameters = new ArrayList<>();
		for (String pair : query().split("&")) {
			int equals = pair.indexOf('=');
			if (!pair.isEmpty()) {
				parameters.add(Map.entry(decode((equals < 0) ? pair : pair.substring(0, equals)),
						decode((equals < 0) ? "" : pair.substring(equals + 1))));
			}
		}
		return parameters;
	}

	private static String decode(String text) {
		try {
			return URLDecoder.decode(text, StandardCharsets.UTF_8);
		}
		catch (IllegalArgumentException ex) {
			return text;
		}
	}

	/**
	 * Returns the first value of a key of the query.
	 * @return the value, or {@code null} if there is none
	 */
	String first(String key) {
		return parameters().stream()
			.filter((parameter) -> parameter.getKey().equals(key))
			.map(Map.Entry::getValue)
			.findFirst()
			.orElse(null);
	}

	/**
	 * Returns the last value of a key of the query.
	 * @return the value, or {@code null} if there is none
	 */
	String last(String key) {
		return parameters().stream()
			.filter((parameter) -> parameter.getKey().equals(key))
			.map(Map.Entry::getValue)
			.reduce((former, latter) -> latter)
			.orElse(null);
	}

	/**
	 * Returns the name or ARN that is asked for.
	 * @return the id, or {@code null} if there is none
	 */
	public String id() {
		String secret = first("secretId");
		return (secret != null) ? secret : first("name");
	}

}
