package io.github.secretsextension;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import io.github.secretsextension.CacheRules.Decision;
import io.github.secretsextension.SecretsException.Reason;

import static io.github.secretsextension.CacheRules.Decision.FAIL;
import static io.github.secretsextension.CacheRules.Decision.LOAD_AND_WAIT;
import static io.github.secretsextension.CacheRules.Decision.SERVE;
import static io.github.secretsextension.CacheRules.Decision.SERVE_AND_LOAD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link CacheRules}.
 */
class CacheRulesTests {

	private static final long SECOND = 1_000_000_000L;

	private static final long TTL = 300 * SECOND;

	private static final long LIMIT = TTL + 3600 * SECOND;

	private static final long REFRESH_AT = 270 * SECOND;

	private static final long NEVER = Long.MAX_VALUE;

	private static final CacheEntry FINE = CacheEntry.loaded(SecretValue.of("x"), 0, 0);

	private static final CacheEntry FAILING = failing(FINE, true, 64);

	private static final CacheEntry UNTOLD = failing(Reason.AMBIGUOUS, FINE, true, 64);

	private static final CacheEntry EMPTY = failing(CacheEntry.NONE, false, 5);

	private final CacheRules rules = new CacheRules(Duration.ofSeconds(300), Duration.ofHours(1));

	@ParameterizedTest(name = "{0}: {5}")
	@MethodSource("cells")
	void decides(String state, CacheEntry entry, long age, long sinceFailure, long refreshAt, Decision decision) {
		assertThat(this.rules.decide(entry, age, sinceFailure, refreshAt)).isEqualTo(decision);
	}

	static Stream<Arguments> cells() {
		CacheEntry outdatedFailing = failing(FINE.outdate(), true, 64);
		return Stream.of(cell("never read", CacheEntry.NONE, 0, 0, NEVER, LOAD_AND_WAIT),
				cell("never read, with refresh-ahead", CacheEntry.NONE, 0, 0, REFRESH_AT, LOAD_AND_WAIT),
				cell("new", FINE, 0, 0, NEVER, SERVE),
				cell("new by a wall clock set back a little", FINE, -2 * SECOND, 0, NEVER, SERVE),
				cell("just within its TTL", FINE, TTL - 1, 0, NEVER, SERVE),
				cell("just before its refresh", FINE, REFRESH_AT - 1, 0, REFRESH_AT, SERVE),
				cell("at its refresh", FINE, REFRESH_AT, 0, REFRESH_AT, SERVE_AND_LOAD),
				cell("after its refresh", FINE, TTL - 1, 0, REFRESH_AT, SERVE_AND_LOAD),
				cell("fresh, a refresh failed, in the window", FAILING, 0, 64 * SECOND - 1, NEVER, SERVE),
				cell("fresh, a refresh failed, past the window", FAILING, 0, 64 * SECOND, NEVER, SERVE),
				cell("after its refresh, which failed, in the window", FAILING, REFRESH_AT, 64 * SECOND - 1, REFRESH_AT,
						SERVE),
				cell("after its refresh, which failed, past the window", FAILING, REFRESH_AT, 64 * SECOND, REFRESH_AT,
						SERVE_AND_LOAD),
				cell("at its TTL", FINE, TTL, 0, NEVER, LOAD_AND_WAIT),
				cell("at its TTL, with refresh-ahead", FINE, TTL, 0, REFRESH_AT, LOAD_AND_WAIT),
				cell("old at the limit", FINE, LIMIT, 0, NEVER, LOAD_AND_WAIT),
				cell("at its TTL, failing, in the window", FAILING, TTL, 0, NEVER, SERVE),
				cell("old at the limit, failing, at the window's end", FAILING, LIMIT, 64 * SECOND - 1, NEVER, SERVE),
				cell("at its TTL, failing, past the window", FAILING, TTL, 64 * SECOND, NEVER, SERVE_AND_LOAD),
				cell("old at the limit, failing, past the window", FAILING, LIMIT, 64 * SECOND, NEVER, SERVE_AND_LOAD),
				cell("past the limit", FINE, LIMIT + 1, 0, NEVER, LOAD_AND_WAIT),
				cell("past the limit, failing, in the window", FAILING, LIMIT + 1, 5 * SECOND - 1, NEVER, FAIL),
				cell("past the limit, failing, 5 s after", FAILING, LIMIT + 1, 5 * SECOND, NEVER, LOAD_AND_WAIT),
				cell("past the limit, failing, past the window", FAILING, LIMIT + 1, 64 * SECOND, NEVER, LOAD_AND_WAIT),
				cell("past the limit, failing, in a window of 1 s", failing(FINE, true, 1), LIMIT + 1, SECOND - 1,
						NEVER, FAIL),
				cell("past the limit, failing, past a window of 1 s", failing(FINE, true, 1), LIMIT + 1, SECOND, NEVER,
						LOAD_AND_WAIT),
				cell("for ever", FINE, Long.MAX_VALUE, 0, NEVER, LOAD_AND_WAIT),
				cell("one TTL past its TTL, upstream does not tell", UNTOLD, 2 * TTL, 0, NEVER, SERVE),
				cell("one TTL past its TTL, upstream does not tell, past the window", UNTOLD, 2 * TTL, 64 * SECOND,
						NEVER, SERVE_AND_LOAD),
				cell("more than one TTL past its TTL, upstream does not tell", UNTOLD, 2 * TTL + 1, 0, NEVER, FAIL),
				cell("more than one TTL past its TTL, upstream does not tell, past the window", UNTOLD, 2 * TTL + 1,
						64 * SECOND, NEVER, LOAD_AND_WAIT),
				cell("outdated", FINE.outdate(), 0, 0, NEVER, LOAD_AND_WAIT),
				cell("outdated after its refresh", FINE.outdate(), REFRESH_AT, 0, REFRESH_AT, LOAD_AND_WAIT),
				cell("outdated past its TTL", FINE.outdate(), TTL, 0, NEVER, LOAD_AND_WAIT),
				cell("outdated while failing", FAILING.outdate(), TTL, 0, NEVER, LOAD_AND_WAIT),
				cell("outdated, then failing, in the window", outdatedFailing, 0, 0, NEVER, SERVE),
				cell("outdated, then failing, past the window", outdatedFailing, 0, 64 * SECOND, NEVER, SERVE_AND_LOAD),
				cell("outdated, then failing, past the limit", outdatedFailing, LIMIT + 1, 0, NEVER, FAIL),
				cell("no value, in the window", EMPTY, 0, 5 * SECOND - 1, NEVER, FAIL),
				cell("no value, past the window", EMPTY, 0, 5 * SECOND, NEVER, LOAD_AND_WAIT),
				cell("no value, in the window, whatever the age", EMPTY, NEVER, 0, REFRESH_AT, FAIL),
				cell("no value, a failure forgotten", EMPTY, 0, NEVER, NEVER, LOAD_AND_WAIT));
	}

	private static Arguments cell(String state, CacheEntry entry, long age, long sinceFailure, long refreshAt,
			Decision decision) {
		return Arguments.of(state, entry, age, sinceFailure, refreshAt, decision);
	}

	private static CacheEntry failing(CacheEntry entry, boolean keepsValue, int backOffSeconds) {
		return failing(Reason.TIMEOUT, entry, keepsValue, backOffSeconds);
	}

	private static CacheEntry failing(Reason reason, CacheEntry entry, boolean keepsValue, int backOffSeconds) {
		return entry.failed(new SecretsException(reason, null, "It failed", "Try again."), keepsValue, keepsValue, 0, 0,
				backOffSeconds * SECOND);
	}

	@Test
	void withoutCachingNothingIsServed() {
		CacheRules none = new CacheRules(Duration.ZERO, Duration.ofHours(1));
		assertThat(none.isCaching()).isFalse();
		assertThat(none.decide(FINE, 0, 0, NEVER)).isEqualTo(LOAD_AND_WAIT);
		assertThat(none.decide(FAILING, 0, 0, NEVER)).isEqualTo(FAIL);
		assertThat(none.decide(EMPTY, 0, 0, NEVER)).isEqualTo(FAIL);
	}

	@Test
	void withoutMaxStaleAnOldValueIsNotServed() {
		CacheRules none = new CacheRules(Duration.ofSeconds(300), Duration.ZERO);
		assertThat(none.decide(FAILING, TTL + 1, 0, NEVER)).isEqualTo(FAIL);
		assertThat(none.decide(FAILING, TTL - 1, 0, NEVER)).isEqualTo(SERVE);
	}

	@Test
	void maxStaleShorterThanTheTtlHoldsWhereUpstreamDoesNotTell() {
		CacheRules strict = new CacheRules(Duration.ofSeconds(300), Duration.ofSeconds(10));
		assertThat(strict.decide(UNTOLD, TTL + 10 * SECOND, 0, NEVER)).isEqualTo(SERVE);
		assertThat(strict.decide(UNTOLD, TTL + 10 * SECOND + 1, 0, NEVER)).isEqualTo(FAIL);
	}

	@ParameterizedTest(name = "{0}, value {1}, attempt {2}, jitter {3}: {4} s")
	@CsvSource({ "TIMEOUT, true, 1, 0, 1", "TIMEOUT, true, 2, 0, 2", "TIMEOUT, true, 3, 0, 4", "TIMEOUT, true, 4, 0, 8",
			"TIMEOUT, true, 5, 0, 16", "TIMEOUT, true, 6, 0, 32", "TIMEOUT, true, 7, 0, 64", "TIMEOUT, true, 8, 0, 128",
			"TIMEOUT, true, 9, 0, 128", "TIMEOUT, true, 2147483647, 0, 128", "TIMEOUT, true, 1, 1, 1.2",
			"TIMEOUT, true, 2, 1, 2.4", "TIMEOUT, true, 3, 1, 4.8", "TIMEOUT, true, 4, 1, 9.6",
			"TIMEOUT, true, 7, 0.5, 70.4", "TIMEOUT, true, 8, 1, 153.6", "THROTTLED, true, 100, 1, 153.6",
			"TIMEOUT, false, 1, 0, 1", "TIMEOUT, false, 2, 0, 2", "TIMEOUT, false, 3, 0, 4", "TIMEOUT, false, 4, 0, 5",
			"TIMEOUT, false, 100, 0, 5", "TIMEOUT, false, 1, 1, 1", "TIMEOUT, false, 4, 1, 5", "DENIED, false, 1, 1, 1",
			"DENIED, false, 9, 1, 5", "NOT_FOUND, false, 1, 0, 5", "NOT_FOUND, false, 1, 1, 5",
			"NOT_FOUND, false, 9, 1, 5" })
	void backsOff(Reason reason, boolean keepsValue, int failures, double jitter, double seconds) {
		assertThat(CacheRules.backOff(reason, failures, keepsValue, jitter)).isCloseTo((long) (seconds * SECOND),
				within(2L));
	}

	@ParameterizedTest
	@EnumSource
	void tellsTransientReasons(Reason reason) {
		Set<Reason> definitive = EnumSet.of(Reason.NOT_FOUND, Reason.FIELD_NOT_FOUND, Reason.DENIED, Reason.REFUSED,
				Reason.NOT_TEXT, Reason.NOT_JSON);
		assertThat(reason.isTransient()).isEqualTo(!definitive.contains(reason));
	}

	@ParameterizedTest
	@CsvSource({ "s%d", "prod/db-%04d", "/app/very/long/path/%d/password",
			"arn:aws:secretsmanager:eu-west-1:1:secret:a%d" })
	void refreshesAreSpread(String name) {
		int[] buckets = new int[30];
		IntStream.range(0, 1000).forEach((i) -> {
			long at = this.rules.refreshAt(SecretReference.secret(name.formatted(i)));
			assertThat(at).isBetween(TTL * 80 / 100, TTL * 95 / 100);
			buckets[(int) Math.min(29, (at - TTL * 80 / 100) * 30 / (TTL * 15 / 100))]++;
		});
		assertThat(IntStream.of(buckets).max().getAsInt()).isLessThanOrEqualTo(100);
	}

}
