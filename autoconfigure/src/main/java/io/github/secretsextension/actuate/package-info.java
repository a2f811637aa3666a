/**
 * What operators see: the cache as a Spring {@code Cache}, and its meters. This package
 * knows the model; values appear nowhere in it.
 */
@NullMarked
package io.github.secretsextension.actuate;

import org.jspecify.annotations.NullMarked;
