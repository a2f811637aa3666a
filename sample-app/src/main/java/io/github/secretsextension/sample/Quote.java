package io.github.secretsextension.sample;

import java.math.BigDecimal;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * A signed price.
 *
 * @param item the item
 * @param quantity how many of it
 * @param total the price of all of them
 * @param signature what proves that the price is ours
 * @param keyVersion the version of the key it is signed with: it changes when the key is
 * rotated, without a new start
 * @param startedWith what the application took when it started, and keeps
 */
public record Quote(String item, int quantity, BigDecimal total, String signature, @Nullable String keyVersion,
		Map<String, String> startedWith) {
}
