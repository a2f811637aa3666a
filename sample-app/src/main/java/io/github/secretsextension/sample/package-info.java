/**
 * A Spring Cloud Function whose secrets come from AWS: one function, which runs on a
 * laptop behind HTTP and in AWS Lambda.
 */
@NullMarked
package io.github.secretsextension.sample;

import org.jspecify.annotations.NullMarked;
