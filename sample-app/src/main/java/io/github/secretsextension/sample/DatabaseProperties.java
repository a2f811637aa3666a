package io.github.secretsextension.sample;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The database of the application. {@code application.yml} refers to a parameter and a
 * secret; nothing here knows that.
 *
 * @param url where it is
 * @param username who connects
 * @param password what proves it
 */
@ConfigurationProperties("app.database")
public record DatabaseProperties(String url, String username, String password) {

	/**
	 * Returns a text without the password, which the one of a record would show.
	 */
	@Override
	public String toString() {
		return this.username + "@" + this.url;
	}

}
