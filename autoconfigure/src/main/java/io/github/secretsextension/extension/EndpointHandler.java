package io.github.secretsextension.extension;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import io.github.secretsextension.SecretReference;
import io.github.secretsextension.SecretReference.Kind;
import io.github.secretsextension.SecretReferenceSyntaxException;
import io.github.secretsextension.SecretValue;
import io.github.secretsextension.SecretsProvider;

/**
 * What decides on requests: the checks in their fixed order, then the value. Nothing is
 * asked of the provider before all checks have passed.
 */
final class EndpointHandler {

	private static final String PING_PATH = "/ping";

	private static final Map<String, Kind> KINDS = Map.of(ExtensionProtocol.SECRET_PATH, Kind.SECRET,
			ExtensionProtocol.SECRET_PATH + "/", Kind.SECRET, ExtensionProtocol.PARAMETER_PATH, Kind.PARAMETER,
			ExtensionProtocol.PARAMETER_PATH + "/", Kind.PARAMETER);

	private static final String TOKEN_HEADER = ExtensionProtocol.TOKEN_HEADER.toLowerCase(Locale.ROOT);

	private final SecretsProvider provider;

	private final byte[] token;

	private final Set<String> hosts;

	EndpointHandler(SecretsProvider provider, byte[] token, int port) {
		this.provider = provider;
		this.token = token;
		this.hosts = Set.of("localhost", "localhost:" + port, "127.0.0.1", "127.0.0.1:" + port, "[::1]",
				"[::1]:" + port);
	}

	/**
	 * Answers a request that takes no call, and passes on one that does.
	 * @param request the request
	 * @param calls takes what makes the call and the answer, unless there are too many
	 * @return the answer, or {@code null} if it was passed on
	 */
	@Nullable EndpointResponse handle(EndpointRequest request, Predicate<Supplier<EndpointResponse>> calls) {
		EndpointResponse refusal = refusal(request);
		if (refusal != null) {
			return refusal;
		}
		Kind kind = KINDS.get(request.path());
		if (kind == null) {
			return EndpointResponse.HEALTHY;
		}
		try {
			return read(EndpointQuery.of(kind, request.query()), calls);
		}
		catch (RefusedRequestException ex) {
			return ex.response();
		}
		catch (SecretReferenceSyntaxException ex) {
			// As upstream would answer for what nothing can be called.
			return EndpointResponse.OPAQUE;
		}
	}

	private @Nullable EndpointResponse refusal(EndpointRequest request) {
		boolean ping = request.path().equals(PING_PATH);
		if (!ping && !hasToken(request)) {
			return EndpointResponse.BAD_TOKEN;
		}
		if (!isDirect(request)) {
			return EndpointResponse.BAD_HOST;
		}
		if (isOfPage(request)) {
			return EndpointResponse.CROSS_ORIGIN;
		}
		if (!ping && !KINDS.containsKey(request.path())) {
			return EndpointResponse.NOT_FOUND;
		}
		return (request.method().equals("GET")) ? null : EndpointResponse.NOT_ALLOWED;
	}

	private boolean hasToken(EndpointRequest request) {
		List<String> values = request.rawValues(TOKEN_HEADER);
		if (values.size() != 1) {
			return false;
		}
		String value = values.get(0);
		byte[] given = value.substring((value.startsWith(" ")) ? 1 : 0).getBytes(StandardCharsets.ISO_8859_1);
		return MessageDigest.isEqual(this.token, given);
	}

	/**
	 * Returns whether a request was made to this endpoint, neither to a name that was
	 * made to lead here nor through another server.
	 */
	private boolean isDirect(EndpointRequest request) {
		List<String> values = request.values("host");
		return request.isHostless() && values.size() == 1 && this.hosts.contains(values.get(0).toLowerCase(Locale.ROOT))
				&& !request.hasHeader("x-forwarded-") && request.rawValues("forwarded").isEmpty()
				&& request.rawValues("via").isEmpty() && request.rawValues("x-real-ip").isEmpty();
	}

	private static boolean isOfPage(EndpointRequest request) {
		return !request.rawValues("origin").isEmpty() || request.hasHeader("access-control-request-")
				|| request.values("sec-fetch-site").stream().anyMatch((site) -> !site.equals("none"));
	}

	private @Nullable EndpointResponse read(EndpointQuery query, Predicate<Supplier<EndpointResponse>> calls) {
		EndpointResponse known = (query.refresh()) ? null : answer(query, this.provider::getIfFresh);
		if (known != null) {
			return known;
		}
		Supplier<EndpointResponse> call = () -> {
			EndpointResponse answer = answer(query, (query.refresh()) ? this.provider::refresh : this.provider::get);
			return (answer != null) ? answer : EndpointResponse.OPAQUE;
		};
		return (calls.test(call)) ? null : EndpointResponse.OVERLOADED;
	}

	private static @Nullable EndpointResponse answer(EndpointQuery query,
			Function<SecretReference, @Nullable SecretValue> read) {
		try {
			SecretValue value = read.apply(query.reference());
			return (value != null) ? EndpointResponse.json(ExtensionBodies.write(query.reference(), value)) : null;
		}
		catch (Throwable ex) {
			// Whatever it is: a client waits, and is not to learn more.
			return EndpointResponse.OPAQUE;
		}
	}

}
