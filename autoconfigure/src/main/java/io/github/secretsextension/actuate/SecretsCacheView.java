package io.github.secretsextension.actuate;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretsCache;
import io.github.secretsextension.SecretsCacheStatistics;
import io.github.secretsextension.SecretsClock;

/**
 * A view of how an application reads its secrets, for what shows it to operators. Asking
 * it makes no upstream call.
 */
public interface SecretsCacheView {

	/**
	 * Returns where values come from.
	 * @return the mode
	 */
	Mode mode();

	/**
	 * Returns the settings that count, without tokens and ids.
	 * @return settings by the name of their property
	 */
	Map<String, Setting> settings();

	/**
	 * Returns what is asked upstream, each behind a cache of its own. The list never
	 * changes.
	 * @return the sources
	 */
	List<Source> sources();

	/**
	 * Returns how many values were asked for in-process, because the extension or agent
	 * could not answer.
	 * @param kind the kind of value
	 * @return the number, which only grows
	 */
	long fallbacks(Kind kind);

	/**
	 * Returns how a value may be named.
	 * @param key the value's key
	 * @return the reference, in which nothing stands for a nested placeholder that it was
	 * made from
	 */
	String shown(SecretReference key);

	/**
	 * Returns the clocks.
	 * @return the clocks by which values age
	 */
	SecretsClock clock();

	/**
	 * A mode.
	 *
	 * @param name its name in the settings, or {@code custom}
	 * @param reason what it means here, and why
	 */
	record Mode(String name, String reason) {

	}

	/**
	 * A setting.
	 *
	 * @param value the value that counts
	 * @param origin the property, with the place where it is set, the environment
	 * variable, or {@code default}
	 */
	record Setting(Object value, String origin) {

	}

	/**
	 * What is asked upstream.
	 *
	 * @param name {@code aws}, {@code extension}, {@code local} or {@code custom}
	 * @param statistics the counters of each kind
	 * @param cache the cache in front of it, or {@code null} while there is none
	 */
	record Source(String name, Function<Kind, SecretsCacheStatistics> statistics,
			Supplier<@Nullable SecretsCache> cache) {

	}

}
