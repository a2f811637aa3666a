/**
 * The in-process backend: secrets and parameters read with the AWS SDK.
 * <p>
 * {@link io.github.secretsextension.aws.AwsSecretsProvider} asks the clients that
 * {@link io.github.secretsextension.aws.AwsClients} supplies, one per service and region,
 * for one reference or a group of them, checks that an answer is one that was asked for,
 * and turns every failure of the SDK into a
 * {@link io.github.secretsextension.SecretsException}. Clients whose credentials have
 * expired or cannot be loaded are replaced once per read. This package knows the model
 * and the SDK, and nothing of Spring.
 */
@NullMarked
package io.github.secretsextension.aws;

import org.jspecify.annotations.NullMarked;
