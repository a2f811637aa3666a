package io.github.secretsextension.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/**
 * A bind handler that lets no other one ignore a reference that cannot be resolved.
 */
class UnresolvedReferenceBindHandler extends AbstractBindHandler {

	UnresolvedReferenceBindHandler(BindHandler parent) {
		super(parent);
	}

	@Override
	public @Nullable Object onFailure(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			Exception error) throws Exception {
		for (Throwable cause = error; cause != null; cause = cause.getCause()) {
			if (cause instanceof ReferenceResolutionException) {
				throw error;
			}
		}
		return super.onFailure(name, target, context, error);
	}

}
