package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.util.Map;
import java.util.Properties;

import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

import io.github.secretsextension.PrintableText;
import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretsException;
import io.github.secretsextension.SecretsException.Reason;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.core.io.DefaultResourceLoader;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.util.ResourceUtils;

/**
 * A YAML or properties file with the sections {@code secrets} and {@code parameters}.
 * Every scalar of a YAML file is a text, so that {@code 0012} stays what it is.
 */
final class LocalSecretsFile {

	private final String location;

	private final Resource resource;

	LocalSecretsFile(String location) {
		this.location = location;
		try {
			this.resource = (ResourceUtils.isUrl(location)) ? new DefaultResourceLoader().getResource(location)
					: new FileSystemResource(location);
		}
		catch (InvalidPathException ex) {
			throw unreadable(null, "cannot exist (" + ex.getClass().getSimpleName() + ")");
		}
	}

	/**
	 * Reads one section of the file.
	 * @param reference what it is read for, to be named in an error
	 * @param section the section's name
	 * @return its entries, none if the file lacks the section
	 * @throws SecretsException if the file cannot be read; the message holds nothing of
	 * its content
	 */
	Map<String, Object> read(SecretReference reference, String section) {
		try (InputStream in = this.resource.getInputStream();
				Reader reader = new InputStreamReader(in, StandardCharsets.UTF_8)) {
			return (this.location.endsWith(".properties")) ? properties(reader, section) : yaml(reader, section);
		}
		catch (IOException ex) {
			throw unreadable(reference, "cannot be read (" + ex.getClass().getSimpleName() + ")");
		}
		catch (MarkedYAMLException ex) {
			// Its message quotes the lines around the error.
			int line = (ex.getProblemMark() != null) ? ex.getProblemMark().getLine() + 1 : 0;
			throw unreadable(reference, "is not valid YAML near line " + line);
		}
		catch (YAMLException | BindException | IllegalArgumentException ex) {
			throw unreadable(reference, "is not valid (" + ex.getClass().getSimpleName() + ")");
		}
	}

	private SecretsException unreadable(@Nullable SecretReference reference, String problem) {
		return new SecretsException(Reason.NOT_CONFIGURED, reference, "The file " + this + " " + problem,
				"Check 'secrets-extension.local.location'; its sections are 'secrets' and 'parameters'.");
	}

	private static Map<String, Object> properties(Reader reader, String section) throws IOException {
		Properties properties = new Properties();
		properties.load(reader);
		return new Binder(new MapConfigurationPropertySource(properties))
			.bind(section, Bindable.mapOf(String.class, Object.class))
			.orElseGet(Map::of);
	}

	@SuppressWarnings("unchecked")
	private static Map<String, Object> yaml(Reader reader, String section) {
		LoaderOptions options = new LoaderOptions();
		options.setAllowDuplicateKeys(false);
		DumperOptions dumperOptions = new DumperOptions();
		Object content = new Yaml(new SafeConstructor(options), new Representer(dumperOptions), dumperOptions, options,
				new TextResolver())
			.load(reader);
		Object entries = (content instanceof Map<?, ?> map) ? map.get(section) : null;
		if (content != null && !(content instanceof Map) || entries != null && !(entries instanceof Map)) {
			throw new IllegalArgumentException("Not a map");
		}
		return (entries != null) ? (Map<String, Object>) entries : Map.of();
	}

	@Override
	public String toString() {
		return "'" + PrintableText.name(this.location) + "'";
	}

	/**
	 * A resolver that takes every scalar without a tag for a text.
	 */
	private static final class TextResolver extends Resolver {

		@Override
		protected void addImplicitResolvers() {
		}

	}

}
