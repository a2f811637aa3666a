/**
 * The tests of the sample, which are examples for yours.
 */
@NullMarked
package io.github.secretsextension.sample;

import org.jspecify.annotations.NullMarked;
