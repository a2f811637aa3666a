package io.github.secretsextension.autoconfigure;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.commons.logging.Log;

/**
 * A log of what the settings give cause for, which says each sentence once, however often
 * the provider is made from them. Thread-safe.
 */
final class OnceLog {

	private final Log log;

	private final Set<Object> said = ConcurrentHashMap.newKeySet();

	/**
	 * Creates a log that has said nothing yet.
	 * @param log takes the sentences
	 */
	OnceLog(Log log) {
		this.log = log;
	}

	void warn(String sentence) {
		if (this.said.add(sentence)) {
			this.log.warn(sentence);
		}
	}

	/**
	 * Logs the first sentence about a topic.
	 */
	void info(Object topic, String sentence) {
		if (this.said.add(topic)) {
			this.log.info(sentence);
		}
	}

	void debug(String sentence) {
		if (this.said.add(sentence)) {
			this.log.debug(sentence);
		}
	}

}
