/**
 * The Spring side: settings, how references reach the environment, and the
 * auto-configurations.
 */
@NullMarked
package io.github.secretsextension.autoconfigure;

import org.jspecify.annotations.NullMarked;
