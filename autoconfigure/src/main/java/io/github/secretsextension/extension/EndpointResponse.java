package io.github.secretsextension.extension;

import java.nio.charset.StandardCharsets;

/**
 * An answer of the endpoint. Those to requests that fail are fixed: they hold nothing
 * that the client or the other side of the provider said.
 */
final class EndpointResponse {

	static final EndpointResponse HEALTHY = text("200 OK", "healthy", "");

	static final EndpointResponse MALFORMED = text("400 Bad Request", "malformed request", "");

	static final EndpointResponse BAD_HOST = text("400 Bad Request", "only direct requests to localhost are answered",
			"");

	static final EndpointResponse BAD_QUERY = text("400 Bad Request", "malformed query", "");

	static final EndpointResponse NO_SECRET_ID = text("400 Bad Request",
			"missing parameter " + ExtensionProtocol.SECRET_ID, "");

	static final EndpointResponse NO_NAME = text("400 Bad Request", "missing parameter " + ExtensionProtocol.NAME, "");

	static final EndpointResponse BAD_BOOLEAN = text("400 Bad Request",
			ExtensionProtocol.WITH_DECRYPTION + " and " + ExtensionProtocol.REFRESH_NOW + " are true or false", "");

	static final EndpointResponse OPAQUE = text("400 Bad Request", ExtensionProtocol.OPAQUE, "");

	static final EndpointResponse BAD_TOKEN = text("401 Unauthorized", ExtensionProtocol.BAD_TOKEN,
			"x-amzn-errortype: AccessDeniedException\r\n");

	static final EndpointResponse CROSS_ORIGIN = text("403 Forbidden", "requests of web pages are not answered", "");

	static final EndpointResponse NOT_FOUND = text("404 Not Found", "no such path", "");

	static final EndpointResponse NOT_ALLOWED = text("405 Method Not Allowed", "only GET is answered",
			"Allow: GET\r\n");

	static final EndpointResponse OVERLOADED = text("429 Too Many Requests", "too many requests", "");

	static final EndpointResponse TOO_LARGE = text("431 Request Header Fields Too Large",
			"too many or too long headers", "");

	private final String status;

	private final String headers;

	private final byte[] body;

	private EndpointResponse(String status, String headers, String body) {
		this.status = status;
		this.headers = headers;
		this.body = body.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * Returns an answer with a value.
	 * @param json the body
	 * @return status 200
	 */
	static EndpointResponse json(String json) {
		return new EndpointResponse("200 OK", "Content-Type: application/json\r\n", json);
	}

	private static EndpointResponse text(String status, String text, String headers) {
		return new EndpointResponse(status, "Content-Type: text/plain\r\n" + headers, text);
	}

	/**
	 * Returns what is sent.
	 * @param date the date as HTTP writes it
	 * @param connection {@code close}, {@code keep-alive}, or nothing where the client
	 * takes it for granted
	 * @param head whether the request was for the headers only
	 * @return the bytes
	 */
	byte[] toBytes(String date, String connection, boolean head) {
		StringBuilder start = new StringBuilder(256);
		start.append("HTTP/1.1 ").append(this.status).append("\r\nDate: ").append(date).append("\r\n");
		start.append(this.headers);
		if (!connection.isEmpty()) {
			start.append("Connection: ").append(connection).append("\r\n");
		}
		if (!head) {
			// To HEAD it would be the length of what GET is answered.
			start.append("Content-Length: ").append(this.body.length).append("\r\n");
		}
		byte[] lines = start.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
		if (head) {
			return lines;
		}
		byte[] all = new byte[lines.length + this.body.length];
		System.arraycopy(lines, 0, all, 0, lines.length);
		System.arraycopy(this.body, 0, all, lines.length, this.body.length);
		return all;
	}

}
