package io.github.secretsextension.autoconfigure;

import java.util.stream.Stream;

import io.awspring.cloud.autoconfigure.config.parameterstore.ParameterStoreProperties;
import io.awspring.cloud.autoconfigure.config.secretsmanager.SecretsManagerProperties;
import io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer;
import io.awspring.cloud.autoconfigure.core.AwsProperties;
import io.awspring.cloud.autoconfigure.core.CredentialsProperties;
import io.awspring.cloud.autoconfigure.core.RegionProperties;
import io.awspring.cloud.core.SpringCloudClientConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import software.amazon.awssdk.services.ssm.SsmClient;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.core.io.support.SpringFactoriesLoader;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SecretsExtensionRuntimeHints}: each is there, and those for what can
 * be missing are left out where it is.
 */
class SecretsExtensionRuntimeHintsTests {

	@Test
	void isFoundByTheFileThatSpringReads() {
		assertThat(SpringFactoriesLoader.forResourceLocation("META-INF/spring/aot.factories")
			.load(RuntimeHintsRegistrar.class)).hasAtLeastOneElementOfType(SecretsExtensionRuntimeHints.class);
	}

	static Stream<Class<?>> settings() {
		return Stream.concat(Stream.of(SecretsExtensionProperties.class),
				Stream.of(SecretsExtensionProperties.class.getDeclaredClasses()).filter(Class::isRecord));
	}

	@ParameterizedTest
	@MethodSource("settings")
	void letsTheSettingsBeBound(Class<?> type) {
		assertThat(RuntimeHintsPredicates.reflection().onConstructorInvocation(type.getDeclaredConstructors()[0]))
			.accepts(hints(getClass().getClassLoader()));
	}

	@ParameterizedTest
	@ValueSource(classes = { AwsProperties.class, RegionProperties.class, CredentialsProperties.class,
			SecretsManagerProperties.class, ParameterStoreProperties.class })
	void letsTheSettingsOfSpringCloudAwsBeBound(Class<?> type) throws Exception {
		assertThat(RuntimeHintsPredicates.reflection().onConstructorInvocation(type.getDeclaredConstructor()))
			.accepts(hints(getClass().getClassLoader()));
	}

	@Test
	void letsTheirSettersBeCalled() throws Exception {
		assertThat(RuntimeHintsPredicates.reflection()
			.onMethodInvocation(RegionProperties.class.getMethod("setStatic", String.class)))
			.accepts(hints(getClass().getClassLoader()));
	}

	@ParameterizedTest
	@ValueSource(classes = { SecretsManagerClient.class, SsmClient.class, AwsClientBuilderConfigurer.class,
			SpringCloudClientConfiguration.class })
	void letsAClassBeFoundByItsName(Class<?> type) {
		assertThat(RuntimeHintsPredicates.reflection().onType(type)).accepts(hints(getClass().getClassLoader()));
	}

	@Test
	void givesNoHintForWhatIsNotThere() {
		RuntimeHints hints = hints(new FilteredClassLoader("io.awspring", "software.amazon"));
		assertThat(hints.reflection().typeHints()).isNotEmpty()
			.noneMatch((hint) -> hint.getType().getName().matches("(io\\.awspring|software\\.amazon).*"));
		assertThat(RuntimeHintsPredicates.reflection()
			.onConstructorInvocation(SecretsExtensionProperties.class.getDeclaredConstructors()[0])).accepts(hints);
	}

	private static RuntimeHints hints(ClassLoader classLoader) {
		RuntimeHints hints = new RuntimeHints();
		new SecretsExtensionRuntimeHints().registerHints(hints, classLoader);
		return hints;
	}

}
