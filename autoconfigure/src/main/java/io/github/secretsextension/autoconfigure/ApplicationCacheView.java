package io.github.secretsextension.autoconfigure;

import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.actuate.SecretsCacheView;
import io.github.secretsextension.extension.FallbackSecretsProvider;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * A view of the cache through which an application resolves its references.
 */
final class ApplicationCacheView implements SecretsCacheView {

	private final ReferenceResolution resolution;

	private final ConfigurableEnvironment environment;

	private final SecretsExtensionProperties.Mode mode;

	private final List<Source> sources;

	ApplicationCacheView(ReferenceResolution resolution, ConfigurableEnvironment environment) {
		this.resolution = resolution;
		this.environment = environment;
		this.mode = Binder.get(environment)
			.bind("secrets-extension.mode", SecretsExtensionProperties.Mode.class)
			.orElse(SecretsExtensionProperties.Mode.AUTO);
		this.sources = sources(resolution, this.mode);
	}

	private static List<Source> sources(ReferenceResolution resolution, SecretsExtensionProperties.Mode mode) {
		String name = switch (mode) {
			case LOCAL -> "local";
			case REMOTE -> "extension";
			case EMBEDDED, AUTO -> "aws";
		};
		Source source = new Source(name, resolution::statistics, resolution::cache);
		return (mode != SecretsExtensionProperties.Mode.AUTO) ? List.of(source) : List.of(source,
				new Source("extension", resolution::remoteStatistics, resolution.bootstrapProvider()::remoteCache));
	}

	@Override
	public Mode mode() {
		if (this.resolution.provider() != this.resolution.bootstrapProvider()) {
			return new Mode("custom", "a SecretsProvider was registered in the BootstrapRegistry");
		}
		String name = this.mode.name().toLowerCase(Locale.ROOT);
		return new Mode(name, switch (this.mode) {
			case LOCAL -> "'secrets-extension.mode' says so: values come from a file and from properties";
			case REMOTE -> "'secrets-extension.mode' says so: only the extension or agent is asked";
			case EMBEDDED -> "'secrets-extension.mode' says so: AWS is asked in-process";
			case AUTO -> automatic();
		});
	}

	private String automatic() {
		SecretsProvider created = this.resolution.bootstrapProvider().created();
		if (created == null) {
			return "nothing was read yet";
		}
		if (created instanceof FallbackSecretsProvider) {
			return "there is a token for an extension or agent, which is asked first, and AWS in-process where it"
					+ " cannot answer";
		}
		boolean own = this.environment.getProperty("secrets-extension.endpoint.enabled", Boolean.class, Boolean.FALSE);
		return ((own) ? "this application's own endpoint stands in the extension's place"
				: "there is no token for an extension or agent") + ": AWS is asked in-process";
	}

	@Override
	public Map<String, Setting> settings() {
		return EffectiveSettings.of(this.environment);
	}

	@Override
	public List<Source> sources() {
		return this.sources;
	}

	@Override
	public long fallbacks(Kind kind) {
		return this.resolution.fallbacks(kind);
	}

	@Override
	public SecretsClock clock() {
		return this.resolution.bootstrapProvider().clock();
	}

}
