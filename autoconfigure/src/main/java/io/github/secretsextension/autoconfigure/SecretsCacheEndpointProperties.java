package io.github.secretsextension.autoconfigure;

import java.util.Set;

import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Configuration properties for the actuator endpoint of the secrets cache.
 *
 * @param showIds When to show which secret or parameter an entry is. Values are never
 * shown.
 * @param roles Roles used to determine whether a user is authorized to be shown ids. When
 * empty, all authenticated users are authorized.
 */
@ConfigurationProperties("management.endpoint.secretscache")
record SecretsCacheEndpointProperties(@DefaultValue("when-authorized") Show showIds, @DefaultValue Set<String> roles) {

}
