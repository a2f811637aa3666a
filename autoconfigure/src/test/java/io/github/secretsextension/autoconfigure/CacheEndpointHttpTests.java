package io.github.secretsextension.autoconfigure;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import javax.management.MBeanServer;
import javax.management.ObjectName;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

import io.github.secretsextension.aws.FaultServer;

import org.springframework.boot.WebApplicationType;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the actuator endpoint of the cache over HTTP, on MVC and on WebFlux, and over
 * JMX.
 */
@Timeout(120)
class CacheEndpointHttpTests {

	private static final String EXPOSED = "management.endpoints.web.exposure.include";

	private static final String ACCESS = "management.endpoint.secretscache.access";

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void showsEverythingButTheValues(WebApplicationType type) throws Exception {
		try (ActuatorApplication application = new ActuatorApplication(type).property(EXPOSED, "secretscache")
			.property("app.password", "$<secret:db>")
			.start()) {
			assertThat(application.context().getEnvironment().getProperty("app.password")).isEqualTo("CANARY-db");
			int calls = application.aws.calls().size();
			JsonNode cache = application.json("secretscache", "user", "operator");
			assertThat(cache.at("/mode/name").asString()).isEqualTo("embedded");
			assertThat(cache.at("/settings/secrets-extension.secrets-manager.ttl/value").asString()).isEqualTo("300s");
			assertThat(cache.at("/secrets/loads").asInt()).isEqualTo(1);
			assertThat(cache.at("/entries/0/kind").asString()).isEqualTo("secret");
			assertThat(cache.at("/entries/0/state").asString()).isEqualTo("fresh");
			String id = cache.at("/entries/0/id").asString();
			assertThat(application.json("secretscache/" + id).at("/id").asString()).isEqualTo(id);
			assertThat(cache.toString()).doesNotContain("CANARY");
			assertThat(application.aws.calls()).hasSize(calls);
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void idsAreShownToWhomTheSettingsName(WebApplicationType type) throws Exception {
		// On WebFlux only Spring Security can tell who asks.
		boolean known = type == WebApplicationType.SERVLET;
		for (Map.Entry<String, List<Boolean>> shown : Map
			.of("never", List.of(false, false), "when-authorized", List.of(false, known), "always", List.of(true, true))
			.entrySet()) {
			try (ActuatorApplication application = new ActuatorApplication(type).property(EXPOSED, "secretscache")
				.property("management.endpoint.secretscache.show-ids", shown.getKey())
				.start()) {
				application.secrets().text("secret:db");
				assertThat(List.of(application.json("secretscache").at("/entries/0").has("reference"),
						application.json("secretscache", "user", "operator").at("/entries/0").has("reference")))
					.as(shown.getKey())
					.isEqualTo(shown.getValue());
			}
		}
	}

	/**
	 * What stood for a nested placeholder may be a secret.
	 */
	@Test
	void referenceIsShownAsItWasWritten() throws Exception {
		try (ActuatorApplication application = new ActuatorApplication(WebApplicationType.SERVLET)
			.property(EXPOSED, "secretscache")
			.property("management.endpoint.secretscache.show-ids", "always")
			.property("app.password", "$<secret:db>")
			.property("app.nested", "$<secret:of-${app.password}>")
			.start()) {
			application.aws.put("of-CANARY-db", "CANARY-nested");
			assertThat(application.context().getEnvironment().getProperty("app.nested")).isEqualTo("CANARY-nested");
			JsonNode cache = application.json("secretscache");
			assertThat(cache.toString()).doesNotContain("CANARY");
			assertThat(cache.at("/entries").findValuesAsString("reference")).contains("$<secret:of-${app.password}>");
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void withoutExposureItIsNotThere(WebApplicationType type) throws Exception {
		try (ActuatorApplication application = new ActuatorApplication(type).start()) {
			assertThat(application.call("GET", "secretscache").statusCode()).isEqualTo(404);
			assertThat(application.call("GET", "health").statusCode()).isEqualTo(200);
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void itIsReadOnlyUnlessMoreIsGranted(WebApplicationType type) throws Exception {
		try (ActuatorApplication application = new ActuatorApplication(type).property(EXPOSED, "secretscache")
			.start()) {
			application.secrets().text("secret:db");
			String id = application.json("secretscache").at("/entries/0/id").asString();
			int calls = application.aws.calls().size();
			assertThat(application.call("POST", "secretscache/" + id).statusCode()).isEqualTo(405);
			assertThat(application.call("DELETE", "secretscache/" + id).statusCode()).isEqualTo(405);
			assertThat(application.call("DELETE", "secretscache").statusCode()).isEqualTo(405);
			application.secrets().text("secret:db");
			assertThat(application.aws.calls()).hasSize(calls);
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void whatIsNotInTheCacheIsNotFoundAndAskedNowhere(WebApplicationType type) throws Exception {
		try (ActuatorApplication application = new ActuatorApplication(type).property(EXPOSED, "secretscache")
			.property(ACCESS, "unrestricted")
			.start()) {
			application.aws.put("other", "CANARY-other");
			application.secrets().text("secret:db");
			int calls = application.aws.calls().size();
			for (String id : List.of("secret:other", "secret:db", "db", "%24%3Csecret:db%3E", "0000000000000000")) {
				for (String method : List.of("GET", "POST", "DELETE")) {
					assertThat(application.call(method, "secretscache/" + id).statusCode()).as(method + " " + id)
						.isEqualTo(404);
				}
			}
			assertThat(application.aws.calls()).hasSize(calls);
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void refreshAndReload(WebApplicationType type) throws Exception {
		try (ActuatorApplication application = new ActuatorApplication(type).property(EXPOSED, "secretscache")
			.property(ACCESS, "unrestricted")
			.start()) {
			application.secrets().text("secret:db");
			String id = application.json("secretscache").at("/entries/0/id").asString();
			application.aws.put("db", "CANARY-new");
			application.clock.advance(Duration.ofSeconds(2));
			assertThat(application.call("POST", "secretscache/" + id).statusCode()).isEqualTo(200);
			assertThat(application.secrets().text("secret:db")).isEqualTo("CANARY-new");
			int calls = application.aws.calls().size();
			assertThat(application.call("DELETE", "secretscache/" + id).statusCode()).isEqualTo(204);
			assertThat(application.aws.calls()).hasSize(calls);
			application.secrets().text("secret:db");
			assertThat(application.aws.calls()).hasSize(calls + 1);
			assertThat(application.call("DELETE", "secretscache").statusCode()).isEqualTo(204);
			assertThat(application.call("DELETE", "secretscache").statusCode()).isEqualTo(204);
			application.secrets().text("secret:db");
			assertThat(application.aws.calls()).hasSize(calls + 2);
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void healthTellsWhatIsKnown(WebApplicationType type) throws Exception {
		try (ActuatorApplication application = new ActuatorApplication(type).property(EXPOSED, "health")
			.property("management.endpoint.health.show-details", "always")
			.property("management.endpoint.health.group.secrets.include", "secretsCache")
			.start()) {
			JsonNode health = application.json("health/secrets");
			assertThat(health.at("/components/secretsCache/status").asString()).isEqualTo("UP");
			assertThat(application.json("health/secretsCache").at("/details/values").asInt()).isZero();
			assertThat(application.aws.calls()).isEmpty();
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "SERVLET", "REACTIVE" })
	void staleValueLeavesTheApplicationUpUnlessAGroupSaysOtherwise(WebApplicationType type) throws Exception {
		try (ActuatorApplication application = new ActuatorApplication(type).property(EXPOSED, "health")
			.property("management.endpoint.health.show-components", "always")
			.property("management.endpoint.health.group.secrets.include", "secretsCache")
			.property("management.endpoint.health.group.secrets.status.http-mapping.unknown", "503")
			.start()) {
			application.secrets().text("secret:db");
			application.aws.mode(FaultServer.Mode.HTML);
			application.clock.advance(Duration.ofSeconds(301));
			assertThat(application.secrets().text("secret:db")).isEqualTo("CANARY-db");
			int calls = application.aws.calls().size();
			assertThat(application.json("health/secretsCache").at("/status").asString()).isEqualTo("UNKNOWN");
			assertThat(application.json("health").at("/status").asString()).isEqualTo("UP");
			assertThat(application.call("GET", "health").statusCode()).isEqualTo(200);
			assertThat(application.call("GET", "health/liveness").statusCode()).isEqualTo(200);
			assertThat(application.call("GET", "health/secrets").statusCode()).isEqualTo(503);
			assertThat(application.aws.calls()).hasSize(calls);
		}
	}

	@Test
	void overJmx() throws Exception {
		try (ActuatorApplication application = new ActuatorApplication(WebApplicationType.NONE)
			.property("management.endpoints.jmx.exposure.include", "secretscache")
			.property("spring.jmx.enabled", "true")
			.property("spring.application.name", "jmx")
			.start()) {
			application.secrets().text("secret:db");
			MBeanServer server = ManagementFactory.getPlatformMBeanServer();
			ObjectName name = new ObjectName("org.springframework.boot:type=Endpoint,name=Secretscache");
			Map<?, ?> cache = (Map<?, ?>) server.invoke(name, "cache", new Object[0], new String[0]);
			Map<?, ?> entry = (Map<?, ?>) ((List<?>) cache.get("entries")).get(0);
			assertThat(entry.get("reference")).isEqualTo("$<secret:db>");
			assertThat(cache.toString()).doesNotContain("CANARY");
			assertThat(
					server.invoke(name, "entry", new Object[] { "secret:db" }, new String[] { String.class.getName() }))
				.isNull();
			assertThat(server.getMBeanInfo(name).getOperations()).extracting("name")
				.containsExactlyInAnyOrder("cache", "entry");
		}
	}

}
