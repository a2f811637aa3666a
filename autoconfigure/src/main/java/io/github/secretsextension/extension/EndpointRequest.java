package io.github.secretsextension.extension;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The head of a well-formed request. It may hold the token, so it has no text form.
 */
final class EndpointRequest {

	private final String method;

	private final String target;

	private final boolean http11;

	private final List<String> names = new ArrayList<>();

	private final List<String> values = new ArrayList<>();

	EndpointRequest(String method, String target, boolean http11) {
		this.method = method;
		this.target = target;
		this.http11 = http11;
	}

	/**
	 * Adds a header.
	 * @param name its name
	 * @param value all that stands behind the colon
	 */
	void add(String name, String value) {
		this.names.add(name.toLowerCase(Locale.ROOT));
		this.values.add(value);
	}

	String method() {
		return this.method;
	}

	/**
	 * Returns the path as it was sent, or the whole target if that is no path.
	 */
	String path() {
		int query = this.target.indexOf('?');
		return (query < 0) ? this.target : this.target.substring(0, query);
	}

	/**
	 * Returns the query as it was sent, possibly empty.
	 */
	String query() {
		int query = this.target.indexOf('?');
		return (query < 0) ? "" : this.target.substring(query + 1);
	}

	/**
	 * Returns whether the target leaves it to the header to name the host.
	 */
	boolean isHostless() {
		return this.target.startsWith("/") || this.target.equals("*");
	}

	int headerCount() {
		return this.names.size();
	}

	/**
	 * Returns the values of a header as they were sent, a space behind the colon
	 * included.
	 * @param name its name in lower case
	 * @return one value for each line
	 */
	List<String> rawValues(String name) {
		List<String> found = new ArrayList<>(1);
		for (int i = 0; i < this.names.size(); i++) {
			if (this.names.get(i).equals(name)) {
				found.add(this.values.get(i));
			}
		}
		return found;
	}

	/**
	 * Returns the values of a header.
	 * @param name its name in lower case
	 * @return one value for each line
	 */
	List<String> values(String name) {
		List<String> found = rawValues(name);
		// Nothing below a space but tabs is left by then.
		found.replaceAll(String::trim);
		return found;
	}

	/**
	 * Returns whether there is a header whose name begins so.
	 * @param prefix the beginning in lower case
	 */
	boolean hasHeader(String prefix) {
		for (String name : this.names) {
			if (name.startsWith(prefix)) {
				return true;
			}
		}
		return false;
	}

	boolean isHttp11() {
		return this.http11;
	}

	/**
	 * Returns whether a body follows, which nobody reads.
	 */
	boolean hasBody() {
		List<String> lengths = values("content-length");
		return !rawValues("transfer-encoding").isEmpty() || (!lengths.isEmpty() && !lengths.get(0).matches("0+"));
	}

	/**
	 * Returns whether another request may follow on the connection.
	 */
	boolean isPersistent() {
		boolean persistent = this.http11;
		for (String value : values("connection")) {
			for (String option : value.toLowerCase(Locale.ROOT).split(",")) {
				if (option.trim().equals("close")) {
					return false;
				}
				persistent |= option.trim().equals("keep-alive");
			}
		}
		return persistent && !hasBody();
	}

}
