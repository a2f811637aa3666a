package io.github.secretsextension.benchmarks;

import java.nio.file.Path;

/**
 * The command line: each command prints tables in Markdown, progress goes to the error
 * stream.
 */
public final class Benchmarks {

	private static final String USAGE = """
			hits [rounds]            a cached read, and properties (5 rounds)
			herds [outage-seconds]   200 threads at once, and outages (5 s)
			start [runs]             cold start and resident memory (11 runs)
			remote [runs]            cold start in remote mode (11 runs)
			reads [rounds]           a warm read over the loopback interface (5 rounds)
			load [seconds] [java] [agent]
			                         the endpoint under load, beside the server of the JDK 25 at that
			                         path, and beside AWS's agent if its binary is given (5 s)
			heap                     memory of 1000 cached values
			sizes                    what the starter adds to a deployment""";

	private Benchmarks() {
	}

	/**
	 * Runs one command.
	 * @param args the command and its number
	 * @throws Exception if it fails
	 */
	public static void main(String[] args) throws Exception {
		switch ((args.length > 0) ? args[0] : "") {
			case "hits" -> new Hits().run(number(args, 5));
			case "herds" -> new Herds().run(number(args, 5));
			case "start" -> new Starts().run(number(args, 11));
			case "remote" -> new Starts().runRemote(number(args, 11));
			case "reads" -> new Loopback().reads(number(args, 5));
			case "load" -> new Loopback().load(number(args, 5),
					Path.of((args.length > 2) ? args[2] : System.getProperty("java.home")),
					(args.length > 3) ? Path.of(args[3]) : null);
			case "heap" -> new Heap().run();
			case "sizes" -> new Sizes().run();
			default -> {
				System.err.println(USAGE);
				System.exit(2);
			}
		}
	}

	private static int number(String[] args, int otherwise) {
		return (args.length > 1) ? Integer.parseInt(args[1]) : otherwise;
	}

	static void progress(String text) {
		System.err.println(text);
	}

	static void row(Object... cells) {
		StringBuilder row = new StringBuilder("|");
		for (Object cell : cells) {
			row.append(' ').append(cell).append(" |");
		}
		System.out.println(row);
	}

	static void header(String title, String... cells) {
		System.out.println("\n### " + title + " (JDK " + Runtime.version() + ", "
				+ Runtime.getRuntime().availableProcessors() + " cores)\n");
		row((Object[]) cells);
		System.out.println("|" + " --- |".repeat(cells.length));
	}

}
