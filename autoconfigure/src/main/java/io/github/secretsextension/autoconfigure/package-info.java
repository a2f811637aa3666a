/**
 * The Spring side: how a reference in a property or annotation reaches the
 * {@link io.github.secretsextension.SecretsProvider}.
 * <p>
 * One property goes this way: a rewritten property source shows the reference as a sealed
 * placeholder, Spring resolves the placeholder, the reference property source opens the
 * seal and asks the provider.
 */
@NullMarked
package io.github.secretsextension.autoconfigure;

import org.jspecify.annotations.NullMarked;
