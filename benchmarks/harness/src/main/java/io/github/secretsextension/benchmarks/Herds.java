package io.github.secretsextension.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;

import io.github.secretsextension.benchmarks.Peers.Peer;
import io.github.secretsextension.benchmarks.Peers.Reader;

/**
 * 200 threads that read one secret at the same moment, and one thread that reads through
 * an outage.
 */
final class Herds {

	private static final int THREADS = 200;

	private static final String ID = "bench/db";

	/** Long enough for every thread to come before the first answer. */
	private static final long SLOW_MILLIS = 500;

	private static final long HANGING_MILLIS = 60_000;

	private static final long OUTAGE_DELAY_MILLIS = 20;

	private static final int SHORT_OUTAGE_SECONDS = 5;

	private static final long PAUSE_MILLIS = 10;

	void run(int outageSeconds) throws Exception {
		List<String> cells = new ArrayList<>();
		Scenario[] scenarios = { this::cold, this::expired, this::downWithValue, this::downAndCold,
				this::hangingAndCold };
		// Classes are loaded and compiled for all alike.
		for (Peer peer : Peers.all()) {
			play(peer, this::cold);
		}
		for (Scenario scenario : scenarios) {
			for (Peer peer : Peers.all()) {
				Benchmarks.progress(peer.name());
				cells.add(play(peer, scenario));
			}
		}
		Benchmarks.header(THREADS + " threads: calls (HTTP requests with retries), most under way, slowest reader",
				"library", "cold key", "expired key", "failing, old value", "failing, cold", "hanging, cold");
		int peers = Peers.all().size();
		for (int i = 0; i < peers; i++) {
			Benchmarks.row(Peers.all().get(i).name(), cells.get(i), cells.get(peers + i), cells.get(2 * peers + i),
					cells.get(3 * peers + i), cells.get(4 * peers + i));
		}
		outage(SHORT_OUTAGE_SECONDS, Peers.all());
		if (outageSeconds > SHORT_OUTAGE_SECONDS) {
			outage(outageSeconds, Peers.all().subList(0, 1));
		}
	}

	private String play(Peer peer, Scenario scenario) throws Exception {
		try (DelayedAws aws = new DelayedAws(); Reader reader = peer.start().apply(aws)) {
			return scenario.play(aws, reader.read());
		}
	}

	private String cold(DelayedAws aws, UnaryOperator<String> read) throws Exception {
		read.apply("bench/another");
		aws.delay(SLOW_MILLIS);
		return herd(aws, read);
	}

	private String expired(DelayedAws aws, UnaryOperator<String> read) throws Exception {
		expire(read);
		aws.delay(SLOW_MILLIS);
		return herd(aws, read);
	}

	private String downWithValue(DelayedAws aws, UnaryOperator<String> read) throws Exception {
		expire(read);
		aws.delay(OUTAGE_DELAY_MILLIS);
		aws.down(true);
		return herd(aws, read);
	}

	private String downAndCold(DelayedAws aws, UnaryOperator<String> read) throws Exception {
		read.apply("bench/another");
		aws.delay(OUTAGE_DELAY_MILLIS);
		aws.down(true);
		return herd(aws, read);
	}

	private String hangingAndCold(DelayedAws aws, UnaryOperator<String> read) throws Exception {
		read.apply("bench/another");
		aws.delay(HANGING_MILLIS);
		return herd(aws, read);
	}

	private static void expire(UnaryOperator<String> read) throws InterruptedException {
		read.apply(ID);
		Thread.sleep(Peers.TTL.toMillis() + 200);
	}

	private static String herd(DelayedAws aws, UnaryOperator<String> read) throws Exception {
		aws.reset();
		ExecutorService threads = Executors.newFixedThreadPool(THREADS);
		CountDownLatch ready = new CountDownLatch(THREADS);
		CountDownLatch go = new CountDownLatch(1);
		List<Future<Read>> futures = new ArrayList<>();
		for (int i = 0; i < THREADS; i++) {
			futures.add(threads.submit(() -> {
				ready.countDown();
				go.await();
				return Read.of(read);
			}));
		}
		ready.await();
		go.countDown();
		List<Read> reads = new ArrayList<>();
		for (Future<Read> future : futures) {
			reads.add(future.get());
		}
		threads.shutdown();
		long failed = reads.stream().filter(Read::failed).count();
		return "%d (%d), %d, %s%s".formatted(aws.calls(), aws.requests(), aws.mostInFlight(), slowest(reads),
				(failed > 0) ? ", " + failed + " failed" : "");
	}

	private static String slowest(List<Read> reads) {
		return time(Collections.max(nanos(reads)));
	}

	private static List<Long> nanos(List<Read> reads) {
		return reads.stream().map(Read::nanos).toList();
	}

	private static String time(double nanos) {
		return (nanos > 100_000_000) ? String.format(Locale.ROOT, "%.2f s", nanos / 1e9)
				: String.format(Locale.ROOT, "%.3f ms", nanos / 1e6);
	}

	/**
	 * One thread reads every few milliseconds while every call fails.
	 */
	private void outage(int seconds, List<Peer> peers) throws Exception {
		Benchmarks.header("One thread, " + seconds + " s of outage, expired key", "library", "calls (HTTP requests)",
				"most under way", "reads", "thrown", "first read", "later reads: median", "99 %", "slowest");
		for (Peer peer : peers) {
			Benchmarks.progress(peer.name() + ", outage");
			try (DelayedAws aws = new DelayedAws(); Reader reader = peer.start().apply(aws)) {
				expire(reader.read());
				aws.delay(OUTAGE_DELAY_MILLIS);
				aws.down(true);
				aws.reset();
				List<Read> reads = new ArrayList<>();
				long end = System.nanoTime() + seconds * 1_000_000_000L;
				while (System.nanoTime() < end) {
					reads.add(Read.of(reader.read()));
					Thread.sleep(PAUSE_MILLIS);
				}
				Spread later = Spread.of(nanos(reads.subList(1, reads.size())));
				Benchmarks.row(peer.name(), aws.calls() + " (" + aws.requests() + ")", aws.mostInFlight(), reads.size(),
						reads.stream().filter(Read::failed).count(), slowest(reads.subList(0, 1)), time(later.median()),
						time(later.ninetyNine()), slowest(reads.subList(1, reads.size())));
			}
		}
	}

	/**
	 * What happens to the upstream before the herd comes.
	 */
	private interface Scenario {

		String play(DelayedAws aws, UnaryOperator<String> read) throws Exception;

	}

	/**
	 * One read.
	 *
	 * @param nanos how long it took
	 * @param failed whether it threw
	 */
	private record Read(long nanos, boolean failed) {

		static Read of(UnaryOperator<String> read) {
			long begin = System.nanoTime();
			boolean failed = false;
			try {
				read.apply(ID);
			}
			catch (RuntimeException ex) {
				failed = true;
			}
			return new Read(System.nanoTime() - begin, failed);
		}

	}

}
