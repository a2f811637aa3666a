package io.github.secretsextension.autoconfigure;

import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.PrintableText;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReferenceSyntaxException;
import io.github.secretsextension.SecretsException;

/**
 * A failure to resolve a reference in a property or annotation, or to use its value
 * there. The message names the property, its origin, the cause's class and the next step,
 * and no value.
 * <p>
 * It is no {@code BeansException}: after one of those Spring would try another
 * constructor, and start without the secret.
 */
public class ReferenceResolutionException extends RuntimeException {

	private static final long serialVersionUID = 1L;

	private static final int MAX_LOCATIONS = 3;

	private final String description;

	private final String action;

	ReferenceResolutionException(String description, String action) {
		this(description, action, null);
	}

	ReferenceResolutionException(ReferenceLocation location, String reference, String problem, String action) {
		this("Cannot resolve '" + reference + "' in " + location + ": " + problem + ".", action, null);
	}

	ReferenceResolutionException(OpenedReference opened, SecretReference reference, SecretsException cause) {
		this("Cannot resolve '" + opened.shown() + "' in " + shown(opened.locations()) + ": " + cause.getProblem()
				+ ".", cause.getAction(),
				(opened.filled()) ? cause.withReference(null) : cause.withReference(reference));
	}

	ReferenceResolutionException(ReferenceLocation location, SecretReferenceSyntaxException cause) {
		this(List.of(location), cause);
	}

	ReferenceResolutionException(Collection<ReferenceLocation> locations, SecretReferenceSyntaxException cause) {
		this("Malformed reference '" + cause.getReference() + "' in " + shown(locations) + ", character "
				+ (cause.getPosition() + 3) + ": " + cause.getProblem() + ".", "Write " + cause.getAcceptedForm() + ".",
				cause);
	}

	private ReferenceResolutionException(String description, String action, @Nullable Throwable cause) {
		super(PrintableText.of(description + " " + action), cause);
		this.description = PrintableText.of(description);
		this.action = PrintableText.of(action);
	}

	private static String shown(Collection<ReferenceLocation> locations) {
		return locations.stream()
			.limit(MAX_LOCATIONS)
			.map(ReferenceLocation::toString)
			.collect(Collectors.joining(" and "));
	}

	/**
	 * Returns what happened.
	 * @return one sentence
	 */
	public String getDescription() {
		return this.description;
	}

	/**
	 * Returns what to do about it.
	 * @return one or more sentences
	 */
	public String getAction() {
		return this.action;
	}

}
