package io.github.secretsextension.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Figures of the same thing, measured several times.
 *
 * @param sorted the figures in ascending order
 */
record Spread(List<Double> sorted) {

	static Spread of(List<? extends Number> figures) {
		return new Spread(figures.stream().map(Number::doubleValue).sorted().toList());
	}

	/**
	 * Returns the figures of one run set against those of another, pair by pair.
	 */
	static Spread differences(List<Double> figures, List<Double> others) {
		return of(IntStream.range(0, figures.size()).mapToObj((i) -> figures.get(i) - others.get(i)).toList());
	}

	/**
	 * Returns how many times the other figures these are, pair by pair.
	 */
	static Spread ratios(List<Double> figures, List<Double> others) {
		return of(IntStream.range(0, figures.size()).mapToObj((i) -> figures.get(i) / others.get(i)).toList());
	}

	double median() {
		int size = this.sorted.size();
		return (this.sorted.get((size - 1) / 2) + this.sorted.get(size / 2)) / 2;
	}

	/**
	 * Returns the figure that 99 % do not exceed.
	 */
	double ninetyNine() {
		return this.sorted.get((this.sorted.size() - 1) * 99 / 100);
	}

	double least() {
		return this.sorted.get(0);
	}

	/**
	 * Returns the median and, in parentheses, the smallest and the largest figure.
	 */
	String format(int decimals) {
		String number = "%." + decimals + "f";
		return String.format(Locale.ROOT, number + " (" + number + " to " + number + ")", median(), least(),
				this.sorted.get(this.sorted.size() - 1));
	}

}
