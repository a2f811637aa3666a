package io.github.secretsextension.autoconfigure;

/**
 * The two ways to write a reference.
 */
enum Syntax {

	ANGLE("$<", ">"), BRACE("${", "}");

	private final String open;

	private final String close;

	Syntax(String open, String close) {
		this.open = open;
		this.close = close;
	}

	String of(String reference) {
		return this.open + reference + this.close;
	}

}
