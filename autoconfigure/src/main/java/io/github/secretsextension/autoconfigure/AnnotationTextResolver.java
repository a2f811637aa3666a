package io.github.secretsextension.autoconfigure;

import org.springframework.core.env.Environment;
import org.springframework.util.PlaceholderResolutionException;
import org.springframework.util.StringValueResolver;

/**
 * A resolver of annotation texts such as {@code @Value}, in front of Spring's own.
 * <p>
 * A text into which no secret goes is left to Spring. Any other is resolved here, and
 * given on in such a way that neither Spring's placeholder resolution nor its expression
 * evaluation finds anything in it.
 */
final class AnnotationTextResolver implements StringValueResolver {

	private static final String EXPRESSION = "#{";

	/** An expression whose result is the two characters that open one. */
	private static final String LITERAL_EXPRESSION = "#{'#{'}";

	private final ReferenceSeals seals;

	private final Environment environment;

	AnnotationTextResolver(ReferenceSeals seals, Environment environment) {
		this.seals = seals;
		this.environment = environment;
	}

	@Override
	public String resolveStringValue(String text) {
		String rewritten = (String) this.seals.rewrite(text, () -> ReferenceLocation.ANNOTATION);
		if (rewritten == null || this.seals.isEmpty() || !rewritten.contains("${")) {
			return (rewritten != null) ? rewritten : text;
		}
		AnnotationText annotation = new AnnotationText();
		String masked = annotation.resolve(() -> this.environment.resolvePlaceholders(rewritten));
		if (!annotation.holdsSecret()) {
			return rewritten;
		}
		if (masked.contains(EXPRESSION)) {
			throw new ReferenceResolutionException(ReferenceLocation.ANNOTATION, shown(text),
					"a secret would become part of the expression '#{…}', which would evaluate it",
					"Read it inside the expression: #{environment['app.key']} or "
							+ "#{@secretsProvider.text('secret:x')}.");
		}
		if (masked.contains("${")) {
			checkResolvable(text, rewritten);
		}
		return PlaceholderEscape.escape(AnnotationText.unmasked(masked).replace(EXPRESSION, LITERAL_EXPRESSION));
	}

	private void checkResolvable(String text, String rewritten) {
		try {
			this.environment.resolveRequiredPlaceholders(rewritten);
		}
		catch (PlaceholderResolutionException ex) {
			throw new ReferenceResolutionException(
					ReferenceLocation.ANNOTATION, shown(text), "the text also holds the placeholder '${"
							+ this.seals.unseal(ex.getPlaceholder()) + "}', which the Environment does not know",
					"Define that property, or give it a default.");
		}
	}

	private String shown(String text) {
		String rewritten = (String) this.seals.rewrite(text, () -> ReferenceLocation.ANNOTATION);
		return (rewritten != null) ? this.seals.unseal(rewritten) : text;
	}

}
