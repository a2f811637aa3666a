package io.github.secretsextension;

import java.util.Collection;

import org.jspecify.annotations.Nullable;

/**
 * A source of secrets and parameters: the one port through which properties, Java code
 * and the HTTP endpoint read.
 * <p>
 * Implementations are thread-safe. Where none is configured, the bean
 * {@code secretsProvider} reads through the cache; to put another one in its place,
 * register it in the {@code BootstrapRegistry} before the application starts.
 */
public interface SecretsProvider extends AutoCloseable {

	/**
	 * Returns the whole value that a reference points to; its field and default are left
	 * aside.
	 * @param reference what to read
	 * @return the value
	 * @throws SecretsException if it cannot be read
	 */
	SecretValue get(SecretReference reference);

	/**
	 * Returns the value if it is at hand within its TTL, so that no call is needed.
	 * @param reference what to read
	 * @return the value, or {@code null} if {@link #get(SecretReference)} would have to
	 * call upstream, and where nothing is kept
	 * @throws SecretsException if the value may not be read
	 */
	default @Nullable SecretValue getIfFresh(SecretReference reference) {
		return null;
	}

	/**
	 * Returns the value anew from upstream, past any cache.
	 * @param reference what to read
	 * @return the value
	 * @throws SecretsException if it cannot be read
	 */
	default SecretValue refresh(SecretReference reference) {
		return get(reference);
	}

	/**
	 * Creates what the first read of this reference would have to create first, such as a
	 * client. The deadline of a call begins behind it.
	 * @param reference what will be read
	 * @throws SecretsException if it cannot be created
	 */
	default void prepare(SecretReference reference) {
	}

	/**
	 * Starts to read references in the background, where values are kept. A failure is
	 * not remembered.
	 * @param references what will be read
	 * @param batch whether one call may ask for several values
	 */
	default void prefetch(Collection<SecretReference> references, boolean batch) {
	}

	/**
	 * Gives back what the provider holds, such as clients and threads. It does not fail.
	 */
	@Override
	default void close() {
	}

	/**
	 * Returns the text that a reference points to: the whole text or the field, or the
	 * default when that does not exist.
	 * @param reference what to read
	 * @return the text
	 * @throws SecretsException if it cannot be read, is binary, or is not JSON while a
	 * field is asked for
	 */
	default String text(SecretReference reference) {
		try {
			SecretValue value = get(reference);
			String field = reference.field();
			return (field != null) ? value.field(field) : value.text();
		}
		catch (SecretsException ex) {
			String defaultValue = reference.defaultValue();
			if (defaultValue != null && ex.getReason().isAbsence()) {
				return defaultValue;
			}
			throw ex.withReference(reference);
		}
	}

	/**
	 * Returns the text that a written reference points to.
	 * @param reference a reference, with or without its <code>$&lt; &gt;</code>, such as
	 * {@code secret:prod/db#password}
	 * @return the text
	 * @throws SecretReferenceSyntaxException if the reference is malformed
	 * @throws SecretsException as {@link #text(SecretReference)}
	 */
	default String text(String reference) {
		return text(SecretReference.parse(reference));
	}

}
