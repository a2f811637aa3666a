package io.github.secretsextension.actuate;

import java.util.Collection;
import java.util.List;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.actuate.SecretsCacheDescriptors.CacheDescriptor;
import io.github.secretsextension.actuate.SecretsCacheDescriptors.EntryDescriptor;

import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.Show;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;

/**
 * {@link EndpointWebExtension @EndpointWebExtension} for the
 * {@link SecretsCacheEndpoint}: who asks decides on the ids, and what is not there is
 * {@code 404}.
 */
@EndpointWebExtension(endpoint = SecretsCacheEndpoint.class)
public final class SecretsCacheEndpointWebExtension {

	private final SecretsCacheEndpoint delegate;

	private final Show showIds;

	private final Collection<String> roles;

	/**
	 * Creates an extension.
	 * @param delegate the endpoint
	 * @param showIds when it shows which secret an entry is
	 * @param roles who is authorized to be shown; everyone who is authenticated if there
	 * are none
	 */
	public SecretsCacheEndpointWebExtension(SecretsCacheEndpoint delegate, Show showIds, Collection<String> roles) {
		this.delegate = delegate;
		this.showIds = showIds;
		this.roles = List.copyOf(roles);
	}

	@ReadOperation
	public CacheDescriptor cache(SecurityContext securityContext) {
		return this.delegate.cache(isShown(securityContext));
	}

	@ReadOperation
	public WebEndpointResponse<EntryDescriptor> entry(SecurityContext securityContext, @Selector String id) {
		return response(this.delegate.entry(id, isShown(securityContext)));
	}

	/**
	 * Reads one entry anew. A parameter for who asks would make the request want a body,
	 * and this no more the same operation as the endpoint's: ids are left out unless
	 * everyone may see them.
	 * @param id its id
	 * @return the entry as it is then
	 */
	@WriteOperation
	public WebEndpointResponse<EntryDescriptor> refresh(@Selector String id) {
		SecretsCacheEndpoint.Found found = this.delegate.find(id);
		if (found == null) {
			return new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
		}
		SecretsCacheEndpoint.Refreshed refreshed = this.delegate.refresh(found, this.showIds.isShown(false));
		if (!refreshed.success()) {
			return new WebEndpointResponse<>(refreshed.entry(), WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE);
		}
		return (refreshed.entry() != null) ? new WebEndpointResponse<>(refreshed.entry())
				: new WebEndpointResponse<>(WebEndpointResponse.STATUS_NO_CONTENT);
	}

	@DeleteOperation
	public WebEndpointResponse<Void> reload(@Selector String id) {
		return new WebEndpointResponse<>((this.delegate.reload(id)) ? WebEndpointResponse.STATUS_NO_CONTENT
				: WebEndpointResponse.STATUS_NOT_FOUND);
	}

	private boolean isShown(SecurityContext securityContext) {
		return this.showIds.isShown(securityContext, this.roles);
	}

	private static WebEndpointResponse<EntryDescriptor> response(@Nullable EntryDescriptor entry) {
		return (entry != null) ? new WebEndpointResponse<>(entry)
				: new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
	}

}
