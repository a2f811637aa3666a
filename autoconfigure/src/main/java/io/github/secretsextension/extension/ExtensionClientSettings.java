package io.github.secretsextension.extension;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * Settings of the client of a running extension or agent.
 *
 * @param host the loopback address it listens at, such as {@code 127.0.0.1}
 * @param port its port
 * @param token what it compares the token header with; never shown
 * @param secretDeadline how long a read of a secret may take, with its retries; zero for
 * no limit
 * @param parameterDeadline how long a read of a parameter may take; zero for no limit
 * @param maxConnections how many connections may be open at a time, idle ones included
 * @param readyTimeout how long a read waits for an extension that is not ready; zero does
 * not wait
 * @param initializationType Lambda's word for how this process was started, or
 * {@code null}
 */
public record ExtensionClientSettings(String host, int port, String token, Duration secretDeadline,
		Duration parameterDeadline, int maxConnections, Duration readyTimeout, @Nullable String initializationType) {

	/**
	 * Creates settings.
	 * @throws IllegalArgumentException if the token is blank or cannot stand in a header
	 */
	public ExtensionClientSettings {
		if (!isToken(token)) {
			throw new IllegalArgumentException("The token is blank or has a character that no header can hold");
		}
	}

	static boolean isToken(String token) {
		return !token.isBlank() && token.chars().allMatch((c) -> c > ' ' && c < 0x7f);
	}

	String address() {
		return ((this.host.indexOf(':') >= 0) ? "[" + this.host + "]" : this.host) + ":" + this.port;
	}

	/**
	 * Returns a text that does not show the token.
	 */
	@Override
	public String toString() {
		return "ExtensionClientSettings[" + address() + "]";
	}

}
