package io.github.secretsextension.extension;

import java.nio.charset.StandardCharsets;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EndpointRequestParser} in what sockets do not show: every way a head
 * may arrive in parts, and bytes that no one thought of.
 */
class EndpointRequestParserTests {

	private static final String HEAD = "GET /secretsmanager/get?secretId=a%20b HTTP/1.1\r\nHost: localhost\r\n"
			+ "X-Aws-Parameters-Secrets-Token: CANARY-token\r\nConnection:close \r\n\r\n";

	private static final byte[] BYTES = (HEAD + "GET /next").getBytes(StandardCharsets.ISO_8859_1);

	@Test
	void headIsTheSameHoweverItArrives() throws RefusedRequestException {
		for (int first = 0; first < HEAD.length(); first++) {
			for (int second = first; second < HEAD.length(); second += 7) {
				EndpointRequestParser parser = new EndpointRequestParser();
				assertThat(parser.parse(BYTES, 0, first)).isEqualTo(first);
				assertThat(parser.isEmpty()).isEqualTo(first == 0);
				assertThat(parser.parse(BYTES, first, second)).isEqualTo(second);
				assertThat(parser.request()).isNull();
				assertThat(parser.parse(BYTES, second, BYTES.length)).as("what follows is left")
					.isEqualTo(HEAD.length());
				assertRequest(parser.request());
			}
		}
	}

	@Test
	void headArrivesInSingleBytes() throws RefusedRequestException {
		EndpointRequestParser parser = new EndpointRequestParser();
		for (int i = 0; i < HEAD.length(); i++) {
			assertThat(parser.request()).isNull();
			assertThat(parser.parse(BYTES, i, i + 1)).isEqualTo(i + 1);
		}
		assertRequest(parser.request());
	}

	private static void assertRequest(EndpointRequest request) {
		assertThat(request.method()).isEqualTo("GET");
		assertThat(request.path()).isEqualTo("/secretsmanager/get");
		assertThat(request.query()).isEqualTo("secretId=a%20b");
		assertThat(request.rawValues("connection")).containsExactly("close ");
		assertThat(request.isPersistent()).isFalse();
		assertThat(request.toString()).doesNotContain("CANARY");
	}

	@Test
	void changedHeadsAreReadOrRefused() {
		Random random = new Random(1);
		int refused = 0;
		for (int i = 0; i < 50_000; i++) {
			byte[] head = HEAD.getBytes(StandardCharsets.ISO_8859_1);
			for (int j = random.nextInt(4); j >= 0; j--) {
				byte other = (random.nextBoolean()) ? (byte) random.nextInt(256) : head[random.nextInt(head.length)];
				head[random.nextInt(head.length)] = other;
			}
			refused += (isRefused(head)) ? 1 : 0;
		}
		assertThat(refused).isBetween(10_000, 45_000);
	}

	private static boolean isRefused(byte[] head) {
		EndpointRequestParser parser = new EndpointRequestParser();
		try {
			assertThat(parser.parse(head, 0, head.length)).isLessThanOrEqualTo(head.length);
			return false;
		}
		catch (RefusedRequestException ex) {
			assertThat(ex.response()).isIn(EndpointResponse.MALFORMED, EndpointResponse.TOO_LARGE);
			return true;
		}
	}

}
