package io.github.secretsextension.actuate;

import java.security.Principal;
import java.time.Duration;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretsException.Reason;
import io.github.secretsextension.actuate.SecretsCacheDescriptors.EntryDescriptor;
import io.github.secretsextension.actuate.SecretsCacheDescriptors.KindDescriptor;

import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.Show;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the actuator endpoint of the cache as a plain object.
 */
class CacheEndpointTests {

	private final ViewedCache view = new ViewedCache();

	private final SecretsCacheEndpoint endpoint = new SecretsCacheEndpoint(this.view, Show.ALWAYS);

	@Test
	void countersOfEachKind() {
		this.view.read("secret:db");
		this.view.read("secret:db");
		this.view.read("secret:db");
		this.view.read("secret:db");
		this.view.read("param:/url");
		KindDescriptor secrets = this.endpoint.cache().secrets();
		assertThat(secrets)
			.isEqualTo(new KindDescriptor(3, 1, 0.75, 1, 0, 0, 0, secrets.meanLoadMillis(), 20, 0, 0, 0));
		assertThat(secrets.meanLoadMillis()).isEqualTo(20);
		assertThat(this.endpoint.cache().parameters().misses()).isEqualTo(1);
		assertThat(this.endpoint.cache().parameters().hitRatio()).isZero();
	}

	@Test
	void withoutReadsThereIsNoHitRatio() {
		assertThat(this.endpoint.cache().secrets().hitRatio()).isNull();
		assertThat(this.endpoint.cache().entries()).isEmpty();
	}

	@Test
	void freshEntry() {
		this.view.read("secret:db#password");
		this.view.clock.advance(Duration.ofSeconds(4));
		EntryDescriptor entry = only();
		assertThat(entry).isEqualTo(new EntryDescriptor(entry.id(), "secret", "$<secret:db>", "aws", "fresh", 4020L,
				5980L, "v1", null, null));
	}

	@Test
	void parameterHasItsVersion() {
		this.view.read("param:/url");
		assertThat(only().version()).isEqualTo(1);
		assertThat(only().kind()).isEqualTo("parameter");
	}

	@Test
	void valuePastItsTtlIsExpired() {
		this.view.read("secret:db");
		this.view.clock.advance(ViewedCache.TTL);
		assertThat(only().state()).isEqualTo("expired");
		assertThat(only().ttlLeftMillis()).isZero();
		assertThat(only().failure()).isNull();
	}

	@Test
	void rotationOutageAndRecovery() {
		this.view.read("secret:db");
		String id = only().id();
		this.view.rotate("db");
		this.view.clock.advance(ViewedCache.TTL);
		this.view.read("secret:db");
		assertThat(only().versionId()).isEqualTo("v2");
		this.view.fail(Reason.UNREACHABLE);
		this.view.clock.advance(ViewedCache.TTL);
		assertThat(this.view.read("secret:db")).isTrue();
		this.view.clock.advance(Duration.ofMillis(250));
		assertThat(only().state()).isEqualTo("stale");
		assertThat(only().versionId()).isEqualTo("v2");
		assertThat(only().failure())
			.isEqualTo(new SecretsCacheDescriptors.FailureDescriptor("unreachable", 1, 250, 750));
		assertThat(this.endpoint.cache().secrets().staleServes()).isEqualTo(1);
		assertThat(this.endpoint.cache().secrets().failures()).isEqualTo(1);
		this.view.fail(null);
		this.view.clock.advance(Duration.ofSeconds(1));
		this.view.read("secret:db");
		assertThat(only().state()).isEqualTo("fresh");
		assertThat(only().failure()).isNull();
		assertThat(only().id()).isEqualTo(id);
	}

	@Test
	void withoutAValueAnEntryIsFailing() {
		this.view.fail(Reason.DENIED);
		assertThat(this.view.read("secret:db")).isFalse();
		assertThat(only().state()).isEqualTo("failing");
		assertThat(only().failure().reason()).isEqualTo("denied");
		assertThat(only().failure().nextTryMillis()).isEqualTo(1000);
		assertThat(only().ageMillis()).isNull();
	}

	@Test
	void whatIsNotInTheCacheIsAskedNowhere() {
		this.view.read("secret:db");
		for (String id : List.of("secret:db", "db", "secret:other", "param:/url", "", "0000000000000000")) {
			assertThat(this.endpoint.entry(id)).isNull();
			assertThat(this.endpoint.refresh(id)).isNull();
			assertThat(this.endpoint.reload(id)).isFalse();
		}
		assertThat(this.view.calls).hasValue(1);
	}

	@Test
	void readingAsksNowhere() {
		this.view.read("secret:db");
		this.view.clock.advance(ViewedCache.TTL);
		this.endpoint.cache();
		this.endpoint.entry(only().id());
		assertThat(this.view.calls).hasValue(1);
	}

	@Test
	void refreshReadsOneAnew() {
		this.view.read("secret:db");
		this.view.read("secret:other");
		this.view.rotate("db");
		this.view.clock.advance(Duration.ofSeconds(2));
		assertThat(this.endpoint.refresh(id("secret:db")).versionId()).isEqualTo("v2");
		assertThat(this.view.calls).hasValue(3);
	}

	@Test
	void refreshThatFailsShowsWhy() {
		this.view.read("secret:db");
		this.view.fail(Reason.THROTTLED);
		this.view.clock.advance(Duration.ofSeconds(2));
		EntryDescriptor entry = this.endpoint.refresh(only().id());
		assertThat(entry.state()).isEqualTo("fresh");
		assertThat(entry.failure().reason()).isEqualTo("throttled");
	}

	@Test
	void reloadMakesTheNextReadAsk() {
		this.view.read("secret:db");
		this.view.read("secret:other");
		assertThat(this.endpoint.reload(id("secret:db"))).isTrue();
		assertThat(this.view.calls).hasValue(2);
		assertThat(this.endpoint.entry(id("secret:db")).state()).isEqualTo("expired");
		this.view.read("secret:db");
		this.view.read("secret:other");
		assertThat(this.view.calls).hasValue(3);
	}

	@Test
	void reloadAllCountsOnceASecond() {
		this.view.read("secret:db");
		this.view.read("param:/url");
		this.endpoint.reloadAll();
		this.view.read("secret:db");
		this.view.read("param:/url");
		assertThat(this.view.calls).hasValue(4);
		this.endpoint.reloadAll();
		this.view.read("secret:db");
		assertThat(this.view.calls).hasValue(4);
		this.view.clock.advance(Duration.ofSeconds(1));
		this.endpoint.reloadAll();
		this.view.read("secret:db");
		assertThat(this.view.calls).hasValue(5);
	}

	@Test
	void noValueAnywhere() {
		this.view.read("secret:db");
		this.view.read("param:/url");
		assertThat(this.endpoint.cache().toString()).doesNotContain(FakeSecrets.CANARY);
		assertThat(JsonMapper.shared().writeValueAsString(this.endpoint.cache())).contains("secret:db")
			.doesNotContain(FakeSecrets.CANARY);
	}

	@Test
	void hiddenIdsAreNowhere() {
		SecretsCacheEndpoint hiding = new SecretsCacheEndpoint(this.view, Show.NEVER);
		List.of("a-db", "b-db", "c-db", "d-db", "e-db").forEach((id) -> this.view.read("secret:" + id));
		this.view.fail(Reason.DENIED);
		this.view.read("secret:f-db");
		assertThat(JsonMapper.shared().writeValueAsString(hiding.cache())).doesNotContain("-db");
		assertThat(hiding.cache().entries()).extracting(EntryDescriptor::id).isSorted().doesNotHaveDuplicates();
	}

	@Test
	void idsAreOthersInAnotherProcess() {
		this.view.read("secret:db");
		assertThat(new SecretsCacheEndpoint(this.view, Show.ALWAYS).cache().entries().get(0).id())
			.isNotEqualTo(only().id());
	}

	@Test
	void whoAsksDecidesOnTheIds() {
		this.view.read("secret:db");
		SecretsCacheEndpointWebExtension all = new SecretsCacheEndpointWebExtension(this.endpoint, Show.WHEN_AUTHORIZED,
				Set.of());
		assertThat(all.cache(SecurityContext.NONE).entries().get(0).reference()).isNull();
		assertThat(all.cache(new User("reader")).entries().get(0).reference()).isEqualTo("$<secret:db>");
		SecretsCacheEndpointWebExtension some = new SecretsCacheEndpointWebExtension(this.endpoint,
				Show.WHEN_AUTHORIZED, Set.of("operator"));
		assertThat(some.entry(new User("reader"), only().id()).getBody().reference()).isNull();
		assertThat(all.refresh(only().id()).getBody().reference()).isNull();
		assertThat(some.entry(new User("operator"), only().id()).getBody().reference()).isEqualTo("$<secret:db>");
	}

	@Test
	void statusOfAWebResponse() {
		this.view.read("secret:db");
		SecretsCacheEndpointWebExtension web = new SecretsCacheEndpointWebExtension(this.endpoint, Show.NEVER,
				Set.of());
		assertThat(web.entry(SecurityContext.NONE, "secret:db").getStatus()).isEqualTo(404);
		assertThat(web.refresh("secret:db").getStatus()).isEqualTo(404);
		assertThat(web.reload("secret:db").getStatus()).isEqualTo(404);
		assertThat(web.reload(only().id()).getStatus()).isEqualTo(204);
		assertThat(web.refresh(only().id()).getStatus()).isEqualTo(200);
		this.view.fail(Reason.NOT_FOUND);
		this.view.clock.advance(Duration.ofSeconds(2));
		assertThat(web.refresh(only().id()).getStatus()).isEqualTo(503);
		assertThat(only().state()).isEqualTo("failing");
	}

	@Test
	void whereNothingIsKeptFailuresAreShown() {
		ViewedCache keepsNothing = new ViewedCache(0);
		SecretsCacheEndpoint endpoint = new SecretsCacheEndpoint(keepsNothing, Show.ALWAYS);
		keepsNothing.read("secret:db");
		assertThat(endpoint.cache().entries()).isEmpty();
		keepsNothing.fail(Reason.TIMEOUT);
		keepsNothing.read("secret:db");
		EntryDescriptor entry = endpoint.cache().entries().get(0);
		assertThat(entry.state()).isEqualTo("failing");
		keepsNothing.fail(null);
		keepsNothing.clock.advance(Duration.ofSeconds(2));
		assertThat(
				new SecretsCacheEndpointWebExtension(endpoint, Show.ALWAYS, Set.of()).refresh(entry.id()).getStatus())
			.isEqualTo(204);
	}

	private EntryDescriptor only() {
		assertThat(this.endpoint.cache().entries()).hasSize(1);
		return this.endpoint.cache().entries().get(0);
	}

	private String id(String reference) {
		return this.endpoint.cache()
			.entries()
			.stream()
			.filter((entry) -> ("$<" + reference + ">").equals(entry.reference()))
			.findFirst()
			.orElseThrow()
			.id();
	}

	/**
	 * A user with one role.
	 */
	private record User(String role) implements SecurityContext {

		@Override
		public Principal getPrincipal() {
			return () -> "someone";
		}

		@Override
		public boolean isUserInRole(String role) {
			return this.role.equals(role);
		}

	}

}
