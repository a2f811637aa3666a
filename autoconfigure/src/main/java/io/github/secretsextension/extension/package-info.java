/**
 * The wire of the AWS Parameters and Secrets Lambda Extension on port 2773, both ends: a
 * client of a running extension or agent, and the extension's own endpoint.
 * <p>
 * A read through the client:
 * {@link io.github.secretsextension.extension.ExtensionSecretsProvider},
 * {@code ExtensionClient}, {@code ExtensionConnection}, {@code ExtensionAnswers}. A
 * request to the endpoint: {@link io.github.secretsextension.extension.ExtensionEndpoint}
 * and what it passes it to.
 */
@NullMarked
package io.github.secretsextension.extension;

import org.jspecify.annotations.NullMarked;
