package io.github.secretsextension.autoconfigure;

import java.util.Set;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReferenceSyntaxException;

/**
 * A reference that a sealed name stood for.
 *
 * @param reference the reference, or {@code null} if its text is malformed
 * @param error why it is malformed, or {@code null}
 * @param locations where it was found
 * @param shown how it may be shown: with its nested placeholders, not with what they
 * stood for, which could be a secret
 * @param filled whether it has nested placeholders
 */
record OpenedReference(@Nullable SecretReference reference, @Nullable SecretReferenceSyntaxException error,
		Set<ReferenceLocation> locations, String shown, boolean filled) {

}
