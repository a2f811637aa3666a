package io.github.secretsextension.autoconfigure;

import java.util.regex.Pattern;

import org.springframework.boot.actuate.endpoint.SanitizableData;
import org.springframework.boot.actuate.endpoint.SanitizingFunction;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.PropertySource;

/**
 * A sanitizing function that masks what came from a reference, before other functions: by
 * the property that was bound, by its source, and by the text itself where code put that
 * into a bean or another source. Our own secret settings are masked always.
 */
class ReferenceSanitizingFunction implements SanitizingFunction, PriorityOrdered {

	/**
	 * Our own settings that are secret, and the variables that stand for them or may hold
	 * them.
	 */
	private static final Pattern OWN = Pattern
		.compile("secretsextension(remotetoken|endpointtoken|local(secrets|parameters).*)|"
				+ "aws(session|containerauthorization)?token|springapplicationjson");

	private static final Pattern SEPARATORS = Pattern.compile("[-_.\\[\\]]");

	private final ConfigurableEnvironment environment;

	private final BoundReferences bound;

	ReferenceSanitizingFunction(ConfigurableEnvironment environment, BoundReferences bound) {
		this.environment = environment;
		this.bound = bound;
	}

	@Override
	public SanitizableData apply(SanitizableData data) {
		Object value = data.getValue();
		if (value == null) {
			return data;
		}
		if (OWN.matcher(SEPARATORS.matcher(data.getLowerCaseKey()).replaceAll("")).matches()) {
			return data.withSanitizedValue();
		}
		// In a report references stand as they were written. Code may have put what they
		// stand for into another source, as Boot does into system properties.
		boolean bound = !ReferenceReport.isCurrent() && (this.bound.contain(data.getKey()) || isFromReference(data));
		return (bound || isResolvedText(value)) ? data.withSanitizedValue() : data;
	}

	private static boolean isFromReference(SanitizableData data) {
		return data.getPropertySource() instanceof RewrittenPropertySources.Rewritten source
				&& source.rewrite(data.getKey()) instanceof String text && source.seals().holdSealedName(text);
	}

	private boolean isResolvedText(Object value) {
		if (value instanceof CharSequence text) {
			for (PropertySource<?> source : this.environment.getPropertySources()) {
				if (source instanceof ReferencePropertySource references
						&& (references.seals().holdSealedName(text.toString())
								|| references.resolvedTexts().isIn(text.toString()))) {
					return true;
				}
			}
		}
		return false;
	}

	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

}
