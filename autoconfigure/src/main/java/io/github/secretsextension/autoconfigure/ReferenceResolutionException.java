package io.github.secretsextension.autoconfigure;

import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReferenceSyntaxException;
import io.github.secretsextension.SecretsException;

import org.springframework.beans.BeansException;

/**
 * A failure to resolve a reference in a property or annotation. The message names the
 * property, its origin, the cause's class and the next step, and no value.
 * <p>
 * It is a {@link BeansException} because Spring repeats the message of such a one in the
 * exception about the bean, the only message that Lambda's init error shows.
 */
public class ReferenceResolutionException extends BeansException {

	private static final long serialVersionUID = 1L;

	private static final int MAX_LOCATIONS = 3;

	private final String description;

	private final String action;

	ReferenceResolutionException(ReferenceLocation location, String reference, String problem, String action) {
		this("Cannot resolve '" + reference + "' in " + location + ": " + problem + ".", action, null);
	}

	ReferenceResolutionException(Collection<ReferenceLocation> locations, SecretsException cause) {
		this("Cannot resolve '" + cause.getReference() + "' in " + shown(locations) + ": " + cause.getProblem() + ".",
				cause.getAction(), cause);
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
		super(description + " " + action, cause);
		this.description = description;
		this.action = action;
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
