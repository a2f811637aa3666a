package io.github.secretsextension.autoconfigure;

import java.util.LinkedHashSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;

/**
 * A bind handler that lets no other one ignore a reference that cannot be resolved, and
 * that puts an exception without any value in the place of one that may quote a secret.
 */
class ReferenceBindHandler extends AbstractBindHandler {

	private final ValueFailures failures;

	private final Set<ConfigurationProperty> bound = new LinkedHashSet<>();

	ReferenceBindHandler(BindHandler parent, ValueFailures failures) {
		super(parent);
		this.failures = failures;
	}

	@Override
	public @Nullable Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			Object result) {
		ConfigurationProperty property = context.getConfigurationProperty();
		if (property != null && this.failures.concern(property)) {
			this.bound.add(property);
		}
		return super.onSuccess(name, target, context, result);
	}

	@Override
	public @Nullable Object onFailure(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
			Exception error) throws Exception {
		if (Failures.has(error, ReferenceResolutionException.class) || isOfAnother(name, error)) {
			throw error;
		}
		try {
			return super.onFailure(name, target, context, error);
		}
		catch (Exception ex) {
			Exception safe = this.failures.ofBinding(name, target, property(name, context), this.bound, ex);
			throw (safe != null) ? safe : ex;
		}
	}

	/** A reference that is read binds our own settings, which hold no secret. */
	private static boolean isOfAnother(ConfigurationPropertyName name, Exception error) {
		BindException failure = Failures.find(error, BindException.class);
		return failure != null && !failure.getName().equals(name) && !name.isAncestorOf(failure.getName());
	}

	/** The context forgets a property that could only have become a whole object. */
	private static @Nullable ConfigurationProperty property(ConfigurationPropertyName name, BindContext context) {
		for (ConfigurationPropertySource source : context.getSources()) {
			ConfigurationProperty property = source.getConfigurationProperty(name);
			if (property != null) {
				return property;
			}
		}
		return null;
	}

}
