package io.github.secretsextension.aws;

import software.amazon.awssdk.awscore.AwsClient;

import io.github.secretsextension.SecretReference.Kind;

/**
 * The clients of both services, replaced together when their credentials fail.
 * <p>
 * A call that is under way keeps the client it began with; clients that were replaced are
 * released after the last such call. Thread-safe.
 */
final class RenewableClients {

	private final AwsClients supplier;

	private final Object lock = new Object();

	private Generation current;

	private boolean closed;

	/**
	 * Creates an empty set of clients.
	 * @param supplier supplies the clients
	 */
	RenewableClients(AwsClients supplier) {
		this.supplier = supplier;
		this.current = new Generation(supplier);
	}

	/**
	 * Returns the client for a call, which is made if there is none.
	 * @param asked what the call asks for
	 * @return the client, to be closed after the call
	 */
	Use use(Asked asked) {
		Generation generation;
		synchronized (this.lock) {
			generation = this.current;
			generation.uses++;
		}
		try {
			return new Use(generation, generation.clients(asked.kind()).get(asked));
		}
		catch (RuntimeException | Error ex) {
			end(generation);
			throw ex;
		}
	}

	/**
	 * Returns what references must have in common to be asked for in one call. No client
	 * is made.
	 * @param asked what a reference asks for
	 * @return a name for the client that serves it
	 */
	String nameOfClient(Asked asked) {
		Generation generation;
		synchronized (this.lock) {
			generation = this.current;
		}
		return generation.clients(asked.kind()).name(asked);
	}

	private void renew(Generation failed) {
		synchronized (this.lock) {
			// Whoever failed with the same credentials later finds new ones.
			if (failed == this.current && !this.closed) {
				this.supplier.renewCredentials();
				failed.retired = true;
				this.current = new Generation(this.supplier);
			}
		}
	}

	private void end(Generation generation) {
		boolean last;
		synchronized (this.lock) {
			generation.uses--;
			last = generation.retired && generation.uses == 0;
		}
		if (last) {
			generation.close();
		}
	}

	/**
	 * Releases the clients, except replaced ones that are in use; there are no others
	 * later.
	 */
	void close() {
		Generation last;
		synchronized (this.lock) {
			this.closed = true;
			last = this.current;
		}
		last.close();
	}

	/**
	 * A client during one call.
	 */
	final class Use implements AutoCloseable {

		private final Generation generation;

		private final AwsClient client;

		private Use(Generation generation, AwsClient client) {
			this.generation = generation;
			this.client = client;
		}

		AwsClient client() {
			return this.client;
		}

		/**
		 * Replaces the clients, unless another call did so since this one began.
		 */
		void renew() {
			RenewableClients.this.renew(this.generation);
		}

		@Override
		public void close() {
			end(this.generation);
		}

	}

	/**
	 * The clients between two renewals.
	 */
	private static final class Generation {

		private final RegionalClients secretsManager;

		private final RegionalClients parameterStore;

		private int uses;

		private boolean retired;

		private Generation(AwsClients supplier) {
			// Not method references: linking one loads the client's class, and an
			// application that reads no parameters may leave the module out.
			this.secretsManager = new RegionalClients((region) -> supplier.secretsManager(region), supplier::release);
			this.parameterStore = new RegionalClients((region) -> supplier.parameterStore(region), supplier::release);
		}

		private RegionalClients clients(Kind kind) {
			return (kind == Kind.SECRET) ? this.secretsManager : this.parameterStore;
		}

		private void close() {
			this.secretsManager.close();
			this.parameterStore.close();
		}

	}

}
