/**
 * The in-process backend: secrets and parameters read with the AWS SDK.
 * <p>
 * {@link io.github.secretsextension.aws.AwsSecretsProvider} asks the clients that
 * {@link io.github.secretsextension.aws.AwsClients} supplies, one per service and region,
 * checks that the answer is the one asked for, and turns every failure of the SDK into a
 * {@link io.github.secretsextension.SecretsException}. This package knows the model and
 * the SDK, and nothing of Spring.
 */
@NullMarked
package io.github.secretsextension.aws;

import org.jspecify.annotations.NullMarked;
