package io.github.secretsextension.extension;

import java.util.List;

/**
 * What a {@link FakeExtension} answers.
 *
 * @param status the status
 * @param headers lines of the head beside those about the length
 * @param body the body
 */
public record FakeAnswer(int status, List<String> headers, String body) {

	/**
	 * Creates an answer that says nothing about its body.
	 */
	public FakeAnswer(int status, String body) {
		this(status, List.of(), body);
	}

	FakeAnswer withBody(String body) {
		return new FakeAnswer(this.status, this.headers, body);
	}

}
