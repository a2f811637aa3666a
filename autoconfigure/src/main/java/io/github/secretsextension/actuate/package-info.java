/**
 * What operators see: the cache as an endpoint and as a Spring {@code Cache}, meters,
 * observations and health. This package knows the model; values appear nowhere in it.
 */
@NullMarked
package io.github.secretsextension.actuate;

import org.jspecify.annotations.NullMarked;
