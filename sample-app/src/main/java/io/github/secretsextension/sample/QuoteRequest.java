package io.github.secretsextension.sample;

/**
 * What a customer asks the price of.
 *
 * @param item the item
 * @param quantity how many of it
 */
public record QuoteRequest(String item, int quantity) {
}
