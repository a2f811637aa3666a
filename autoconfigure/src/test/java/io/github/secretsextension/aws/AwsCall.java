package io.github.secretsextension.aws;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * One call that a {@link FaultServer} got.
 *
 * @param path the path
 * @param headers the headers, which may be asked for in any case
 * @param body the body
 */
public record AwsCall(String path, Map<String, String> headers, String body) {

	private static final Pattern IDS = Pattern
		.compile("\"(?:SecretId|Name|SecretIdList|Names)\":(\\[[^]]*]|\"[^\"]*\")");

	private static final Pattern QUOTED = Pattern.compile("\"([^\"]*)\"");

	static AwsCall read(InputStream in) throws IOException {
		String path = line(in).split(" ")[1];
		Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
		for (String line = line(in); !line.isEmpty(); line = line(in)) {
			headers.put(line.substring(0, line.indexOf(':')), line.substring(line.indexOf(':') + 1).trim());
		}
		int length = Integer.parseInt(headers.getOrDefault("Content-Length", "0"));
		return new AwsCall(path, headers, new String(in.readNBytes(length), StandardCharsets.UTF_8));
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
	 * Returns the ids that the call asks for, as it gives them.
	 */
	public List<String> ids() {
		return IDS.matcher(this.body)
			.results()
			.flatMap((match) -> QUOTED.matcher(match.group(1)).results())
			.map((match) -> match.group(1))
			.toList();
	}

	/**
	 * Returns what was called, such as {@code GetSecretValue}.
	 */
	public String action() {
		return this.headers.getOrDefault("X-Amz-Target", "").replaceAll(".*\\.", "");
	}

	/**
	 * Returns the access key that signed the call.
	 */
	public String accessKey() {
		return authorization().replaceAll(".*Credential=([^/]*)/.*", "$1");
	}

	/**
	 * Returns the region that the call was signed for.
	 */
	public String region() {
		return authorization().replaceAll(".*Credential=[^/]*/[^/]*/([^/]*)/.*", "$1");
	}

	private String authorization() {
		return this.headers.getOrDefault("Authorization", "");
	}

}
