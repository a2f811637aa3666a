package io.github.secretsextension.autoconfigure;

import org.springframework.util.StringValueResolver;

/**
 * The first and the last of the resolvers that a bean factory asks for an annotation's
 * text, such as {@code @Value}. The first turns references into placeholders; between
 * them Spring's own resolve those; the last gives a secret back its own characters, in
 * such a way that the evaluation of expressions, which follows, finds none in it.
 */
final class AnnotationTextResolver {

	private static final String EXPRESSION = "#{";

	/** An expression whose result is the two characters that open one. */
	private static final String LITERAL_EXPRESSION = "#{'#{'}";

	private final ReferenceSeals seals;

	AnnotationTextResolver(ReferenceSeals seals) {
		this.seals = seals;
	}

	/**
	 * Returns the resolver to ask before all others.
	 * @return the resolver
	 */
	StringValueResolver first() {
		return (text) -> {
			AnnotationText.begin();
			Object rewritten = this.seals.rewrite(text, () -> ReferenceLocation.ANNOTATION);
			return String.valueOf(rewritten);
		};
	}

	/**
	 * Returns the resolver to ask behind all others.
	 * @return the resolver
	 */
	StringValueResolver last() {
		return (text) -> {
			boolean holdsSecret = AnnotationText.end();
			if (this.seals.holdSealedName(text)) {
				throw new ReferenceResolutionException(ReferenceLocation.ANNOTATION, this.seals.unseal(text),
						"no placeholder configurer resolved it, probably because of its own placeholder syntax",
						"Read it inside an expression: #{environment['app.key']}.");
			}
			return (holdsSecret) ? opened(text) : text;
		};
	}

	private String opened(String masked) {
		if (masked.contains(EXPRESSION)) {
			throw new ReferenceResolutionException(ReferenceLocation.ANNOTATION, EXPRESSION + "…}",
					"a secret would become part of this expression, which would evaluate it",
					"Read it inside the expression: #{environment['app.key']} or "
							+ "#{@secretsProvider.text('secret:x')}.");
		}
		return AnnotationText.unmasked(masked).replace(EXPRESSION, LITERAL_EXPRESSION);
	}

}
