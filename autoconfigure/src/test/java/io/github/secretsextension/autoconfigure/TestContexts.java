package io.github.secretsextension.autoconfigure;

import io.github.secretsextension.FakeSecrets;
import io.github.secretsextension.SecretsProvider;
import io.github.secretsextension.aws.FaultServer;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.bootstrap.BootstrapRegistry;
import org.springframework.boot.bootstrap.BootstrapRegistry.InstanceSupplier;
import org.springframework.boot.bootstrap.BootstrapRegistryInitializer;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.webmvc.test.autoconfigure.WebMvcTest;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.core.env.Environment;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.ContextConfiguration;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.test.context.TestContextManager;
import org.springframework.test.context.TestPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Contexts of the Spring test framework, started as a test engine starts them.
 */
final class TestContexts {

	private static final String ENDPOINT = "spring.cloud.aws.endpoint";

	private static final ThreadLocal<Boolean> STARTING = new ThreadLocal<>();

	private TestContexts() {
	}

	static void run(Syntax syntax, Class<? extends Case> type) throws Exception {
		Case test = type.getDeclaredConstructor().newInstance();
		STARTING.set(true);
		try {
			new TestContextManager(type).prepareTestInstance(test);
		}
		finally {
			STARTING.remove();
		}
		assertThat(test.environment.getProperty((syntax == Syntax.ANGLE) ? "angle" : "brace"))
			.isEqualTo(FakeSecrets.CANARY + "db");
		assertThat(test.value).isEqualTo(FakeSecrets.CANARY + "db");
	}

	static void runWithDynamicEndpoint(Syntax syntax) throws Exception {
		try (FaultServer early = new FaultServer(); FaultServer late = new FaultServer()) {
			early.answer(200, "{\"Parameter\":{\"Name\":\"/level\",\"Value\":\"INFO\",\"Version\":1}}");
			DynamicEndpoint.late = late;
			System.setProperty(ENDPOINT, early.endpoint().toString());
			DynamicEndpoint test = new DynamicEndpoint();
			TestContextManager manager = new TestContextManager(DynamicEndpoint.class);
			manager.prepareTestInstance(test);
			assertThat(test.environment.getProperty((syntax == Syntax.ANGLE) ? "angle" : "brace"))
				.isEqualTo(FakeSecrets.CANARY + "s");
			assertThat(early.calls()).isNotEmpty();
			assertThat(late.calls()).isNotEmpty();
			manager.getTestContext().markApplicationContextDirty(DirtiesContext.HierarchyMode.EXHAUSTIVE);
		}
		finally {
			System.clearProperty(ENDPOINT);
		}
	}

	/**
	 * A test class.
	 */
	abstract static class Case {

		@Autowired
		Environment environment;

		@org.springframework.beans.factory.annotation.Value("${angle}")
		String value;

	}

	@SpringBootTest(classes = TestApplication.Empty.class, webEnvironment = SpringBootTest.WebEnvironment.NONE,
			useMainMethod = SpringBootTest.UseMainMethod.NEVER)
	@TestPropertySource(properties = { "angle=$<secret:db>", "brace=${secret:db}" })
	static class Annotated extends Case {

	}

	@SpringBootTest(classes = TestApplication.Empty.class, webEnvironment = SpringBootTest.WebEnvironment.NONE,
			properties = { "angle=$<secret:db>", "brace=${secret:db}" })
	static class Properties extends Case {

	}

	@SpringBootTest(classes = TestApplication.Empty.class, webEnvironment = SpringBootTest.WebEnvironment.NONE)
	static class Dynamic extends Case {

		@DynamicPropertySource
		static void properties(DynamicPropertyRegistry registry) {
			registry.add("angle", () -> "$<secret:db>");
			registry.add("brace", () -> "${secret:db}");
		}

	}

	/**
	 * Logging reads a reference before the test's own endpoint is known.
	 */
	@SpringBootTest(classes = TestApplication.Empty.class, webEnvironment = SpringBootTest.WebEnvironment.NONE,
			properties = { "spring.cloud.aws.region.static=eu-west-1", "spring.cloud.aws.credentials.access-key=k",
					"spring.cloud.aws.credentials.secret-key=s", "logging.level.demo=$<param:/level>",
					"angle=$<secret:db>", "brace=${secret:db}" })
	static class DynamicEndpoint {

		@Autowired
		Environment environment;

		static FaultServer late;

		@DynamicPropertySource
		static void properties(DynamicPropertyRegistry registry) {
			registry.add(ENDPOINT, () -> late.endpoint());
		}

	}

	@WebMvcTest
	@ContextConfiguration(classes = WebConfig.class)
	@TestPropertySource(properties = { "angle=$<secret:db>", "brace=${secret:db}" })
	static class Slice extends Case {

	}

	@SpringBootConfiguration
	static class WebConfig {

	}

	/**
	 * Registers the values for tests whose application is not in the test's hands.
	 */
	static class Secrets implements BootstrapRegistryInitializer {

		@Override
		public void initialize(BootstrapRegistry registry) {
			if (STARTING.get() != null) {
				registry.registerIfAbsent(SecretsProvider.class,
						InstanceSupplier.from(ReferenceResolutionTests::secrets));
			}
		}

	}

}
