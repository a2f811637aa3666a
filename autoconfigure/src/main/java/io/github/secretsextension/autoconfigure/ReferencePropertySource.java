package io.github.secretsextension.autoconfigure;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReferenceSyntaxException;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsProvider;

import org.springframework.boot.env.PropertySourceInfo;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;

/**
 * A property source that answers sealed names only, at every read anew: with the text, or
 * with an exception, never with {@code null}. Any other name is unknown to it, so that no
 * name from outside reaches the provider.
 */
final class ReferencePropertySource extends EnumerablePropertySource<Object> implements PropertySourceInfo {

	private static final String[] NO_NAMES = {};

	private final ReferenceSeals seals;

	private final SecretsProvider provider;

	private final SnapshotWatch snapshot;

	private final ResolvedTexts resolvedTexts;

	private volatile boolean conditionsRun;

	/**
	 * Creates a property source.
	 * @param seals opens the names
	 * @param provider answers the references
	 * @param snapshot learns what was answered
	 * @param resolvedTexts remembers what the provider answered
	 */
	ReferencePropertySource(ReferenceSeals seals, SecretsProvider provider, SnapshotWatch snapshot,
			ResolvedTexts resolvedTexts) {
		// A name of its own, so that a child context keeps its parent's source as well.
		super("secretsExtension@" + Integer.toHexString(System.identityHashCode(seals)), new Object());
		this.seals = seals;
		this.provider = provider;
		this.snapshot = snapshot;
		this.resolvedTexts = resolvedTexts;
	}

	ReferenceSeals seals() {
		return this.seals;
	}

	/**
	 * Returns what is remembered of the texts that were answered.
	 * @return the memory
	 */
	ResolvedTexts resolvedTexts() {
		return this.resolvedTexts;
	}

	/**
	 * Says whether conditions are evaluated for a context, some of which evaluate what
	 * they read. A parent context's source is told as well.
	 * @param environment the context's environment
	 * @param conditionsRun {@code true} from the end of the bootstrap phase until all
	 * bean definitions are there
	 */
	static void setConditionsRun(ConfigurableEnvironment environment, boolean conditionsRun) {
		environment.getPropertySources().forEach((source) -> {
			if (source instanceof ReferencePropertySource references) {
				references.conditionsRun = conditionsRun;
			}
		});
	}

	@Override
	public @Nullable Object getProperty(String name) {
		if (!this.seals.isSealed(name)) {
			return null;
		}
		boolean report = ReferenceReport.isCurrent();
		if (ReferenceSeals.isBeginning(name)) {
			if (!report) {
				WithheldTexts.begin(name);
			}
			return "";
		}
		if (report) {
			return PlaceholderEscape.escapeMatched(this.seals.written(name));
		}
		ReferenceReads.increment();
		String beginning = this.seals.beginning(name);
		WithheldTexts withheld = (beginning != null) ? WithheldTexts.end(beginning) : null;
		String number = WithheldTexts.withhold(() -> text(this.seals.open(name, withheld)));
		if (number != null) {
			return number;
		}
		OpenedReference opened = this.seals.open(name, withheld);
		String text = text(opened);
		AnnotationText annotation = AnnotationText.current();
		return (annotation != null) ? annotation.masked(text) : escaped(opened, text);
	}

	private static String escaped(OpenedReference opened, String text) {
		try {
			return PlaceholderEscape.escape(text);
		}
		catch (IllegalArgumentException ex) {
			throw new ReferenceResolutionException(opened.locations().iterator().next(), opened.shown(),
					String.valueOf(ex.getMessage()), "Read it with SecretsProvider.text(…).");
		}
	}

	private String text(OpenedReference opened) {
		SecretReference reference = opened.reference();
		if (reference == null) {
			throw malformed(opened);
		}
		if (this.conditionsRun && ExpressionCondition.isEvaluating()) {
			throw new ReferenceResolutionException(opened.locations().iterator().next(), reference.toString(),
					"it would become part of an expression in @ConditionalOnExpression, which would evaluate it",
					"Use @ConditionalOnProperty, or read it inside the expression: environment['property'].");
		}
		try {
			String text = this.provider.text(reference);
			this.snapshot.onResolved(reference, opened.locations());
			return text;
		}
		catch (SecretsException ex) {
			throw new ReferenceResolutionException(opened, reference, ex);
		}
	}

	private static ReferenceResolutionException malformed(OpenedReference opened) {
		SecretReferenceSyntaxException error = opened.error();
		if (error == null) {
			throw new IllegalStateException("A reference is parsed or malformed");
		}
		return new ReferenceResolutionException(opened.locations(), error);
	}

	@Override
	public boolean containsProperty(String name) {
		return this.seals.isSealed(name);
	}

	@Override
	public String[] getPropertyNames() {
		return NO_NAMES;
	}

	@Override
	public boolean isImmutable() {
		return true;
	}

}
