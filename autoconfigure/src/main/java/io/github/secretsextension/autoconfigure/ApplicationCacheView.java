package io.github.secretsextension.autoconfigure;

import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsClock;
import io.github.secretsextension.actuate.SecretsCacheView;

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
		String how = this.resolution.bootstrapProvider().how();
		return new Mode(this.mode.name().toLowerCase(Locale.ROOT), (how != null) ? how : "nothing was read yet");
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
	public String shown(SecretReference key) {
		return this.resolution.seals().shown(key);
	}

	@Override
	public SecretsClock clock() {
		return this.resolution.bootstrapProvider().clock();
	}

}
