/**
 * The sample in Lambda's own Java runtime: its process, and a small Runtime API and AWS
 * around it.
 */
@NullMarked
package io.github.secretsextension.sample.lambda;

import org.jspecify.annotations.NullMarked;
