/**
 * The model: references, the provider that answers them, their values and the cache in
 * front of it.
 * <p>
 * {@link io.github.secretsextension.SecretReference} is the only place that knows the
 * reference grammar. One read goes {@code SecretReference} to
 * {@link io.github.secretsextension.SecretsCache} to the
 * {@link io.github.secretsextension.SecretsProvider} behind it, and back as a
 * {@link io.github.secretsextension.SecretValue}.
 */
@NullMarked
package io.github.secretsextension;

import org.jspecify.annotations.NullMarked;
