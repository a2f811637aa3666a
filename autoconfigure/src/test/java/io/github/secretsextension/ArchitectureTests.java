package io.github.secretsextension;

import java.io.Serializable;
import java.time.Clock;
import java.time.InstantSource;
import java.util.Date;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import org.jspecify.annotations.NullMarked;

import org.springframework.boot.autoconfigure.AutoConfiguration;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.or;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the rooms of this project and for what may pass between them.
 */
@AnalyzeClasses(packages = "io.github.secretsextension", importOptions = DoNotIncludeTests.class)
class ArchitectureTests {

	private static final String MODEL = "io.github.secretsextension";

	private static final DescribedPredicate<JavaClass> HTTP_TYPES = or(
			describe("a java.net type of HTTP or sockets", (JavaClass type) -> type.getPackageName().equals("java.net")
					&& (type.getSimpleName().matches(".*(URLConnection|Socket|Proxy|ProxySelector|Authenticator)")
							|| type.getSimpleName().equals("URL"))),
			resideInAnyPackage("java.net.http..", "com.sun.net.httpserver..", "java.nio.channels..", "javax.net.."));

	@ArchTest
	static final ArchRule slicesAreFreeOfCycles = slices().assignedFrom(new Rooms()).should().beFreeOfCycles();

	@ArchTest
	static final ArchRule nothingDependsOnAutoconfigure = noClasses().that()
		.resideOutsideOfPackage(MODEL + ".autoconfigure..")
		.should()
		.dependOnClassesThat()
		.resideInAPackage(MODEL + ".autoconfigure..");

	@ArchTest
	static final ArchRule modelKnowsNobody = noClasses().that()
		.resideInAPackage(MODEL)
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage(MODEL + ".*..", "org.springframework..", "software.amazon..", "io.awspring..",
				"io.micrometer..", "org.apache.commons.logging..", "org.slf4j..");

	@ArchTest
	static final ArchRule roomsKnowTheModelOnly = noClasses().that()
		.resideInAPackage(MODEL + ".extension..")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage(MODEL + ".aws..", MODEL + ".actuate..")
		.allowEmptyShould(true);

	@ArchTest
	static final ArchRule awsKnowsTheModelOnly = noClasses().that()
		.resideInAPackage(MODEL + ".aws..")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage(MODEL + ".extension..", MODEL + ".actuate..")
		.allowEmptyShould(true);

	@ArchTest
	static final ArchRule actuateKnowsTheModelOnly = noClasses().that()
		.resideInAPackage(MODEL + ".actuate..")
		.should()
		.dependOnClassesThat()
		.resideInAnyPackage(MODEL + ".extension..", MODEL + ".aws..")
		.allowEmptyShould(true);

	@ArchTest
	static final ArchRule onlyAwsAndAutoconfigureUseTheSdk = noClasses().that()
		.resideOutsideOfPackages(MODEL + ".aws..", MODEL + ".autoconfigure..")
		.should()
		.dependOnClassesThat()
		.resideInAPackage("software.amazon..");

	@ArchTest
	static final ArchRule onlyTheSystemClockReadsClocks = noClasses().that()
		.doNotHaveFullyQualifiedName(SystemSecretsClock.class.getName())
		.should()
		.callMethod(System.class, "nanoTime")
		.orShould()
		.callMethod(System.class, "currentTimeMillis")
		.orShould()
		.callConstructor(Date.class)
		.orShould()
		.callMethodWhere(describe("now() of java.time or a system clock", ArchitectureTests::readsTheClock));

	@ArchTest
	static final ArchRule theSystemClockReadsThem = classes().that()
		.haveFullyQualifiedName(SystemSecretsClock.class.getName())
		.should()
		.callMethod(System.class, "nanoTime")
		.andShould()
		.callMethod(System.class, "currentTimeMillis");

	@ArchTest
	static final ArchRule onlyExtensionUsesHttp = noClasses().that()
		.resideOutsideOfPackage(MODEL + ".extension..")
		.should()
		.dependOnClassesThat(HTTP_TYPES);

	@ArchTest
	static final ArchRule autoConfigurationsArePublicAndFinal = classes().that()
		.areAnnotatedWith(AutoConfiguration.class)
		.should()
		.bePublic()
		.andShould()
		.haveModifier(JavaModifier.FINAL)
		.andShould()
		.resideInAPackage(MODEL + ".autoconfigure..");

	@ArchTest
	static final ArchRule staticFieldsAreFinal = fields().that().areStatic().should().beFinal();

	@ArchTest
	static final ArchRule randomnessThatCanBeGuessedIsNotUsed = noClasses().should()
		.dependOnClassesThat(belongToAnyOf(Random.class).or(resideInAPackage("java.util.random..")));

	@ArchTest
	static final ArchRule valuesAreNoRecords = classes().that()
		.belongToAnyOf(SecretValue.class)
		.should()
		.notBeRecords()
		.andShould()
		.haveOnlyPrivateConstructors();

	@ArchTest
	static final ArchRule whatHoldsValuesIsNotSerializable = classes()
		.that(describe("are or hold values", ArchitectureTests::holdsValue))
		.should()
		.notBeAssignableTo(Serializable.class);

	@ArchTest
	static final ArchRule nothingUsesTheCommonPool = noClasses().should()
		.callMethod(ForkJoinPool.class, "commonPool")
		.orShould()
		.callMethodWhere(describe("an asynchronous step without an executor",
				(JavaCall<?> call) -> call.getTargetOwner().isEquivalentTo(CompletableFuture.class)
						&& call.getName().endsWith("Async")
						&& call.getTarget()
							.getRawParameterTypes()
							.stream()
							.noneMatch((type) -> type.isEquivalentTo(Executor.class))));

	@ArchTest
	static final ArchRule nothingPrints = noClasses().should()
		.accessField(System.class, "out")
		.orShould()
		.accessField(System.class, "err")
		.orShould()
		.callMethod(Throwable.class, "printStackTrace");

	@ArchTest
	static void packagesAreNullMarked(JavaClasses classes) {
		assertThat(classes.stream().map(JavaClass::getPackage).distinct()).isNotEmpty()
			.allMatch((room) -> room.isAnnotatedWith(NullMarked.class));
	}

	@ArchTest
	static void classesWereFound(JavaClasses classes) {
		assertThat(classes.stream().map(JavaClass::getPackage).map(JavaPackage::getName)).contains(MODEL,
				MODEL + ".autoconfigure");
		assertThat(classes.contain(SecretsCache.class)).isTrue();
		assertThat(classes.contain(ArchitectureTests.class)).isFalse();
	}

	private static boolean readsTheClock(JavaCall<?> call) {
		JavaClass owner = call.getTargetOwner();
		return (owner.getPackageName().equals("java.time") && call.getName().equals("now"))
				|| (owner.isEquivalentTo(Clock.class) && call.getName().matches("system.*|tick.*"))
				|| (owner.isEquivalentTo(InstantSource.class) && call.getName().equals("system"));
	}

	private static boolean holdsValue(JavaClass type) {
		return type.isEquivalentTo(SecretValue.class) || type.getFields()
			.stream()
			.flatMap((field) -> field.getType().getAllInvolvedRawTypes().stream())
			.anyMatch((involved) -> involved.isEquivalentTo(SecretValue.class));
	}

	/**
	 * One slice for each package, the model's included.
	 */
	private static final class Rooms implements SliceAssignment {

		@Override
		public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
			return (javaClass.getPackageName().startsWith(MODEL)) ? SliceIdentifier.of(javaClass.getPackageName())
					: SliceIdentifier.ignore();
		}

		@Override
		public String getDescription() {
			return "the packages of the project";
		}

	}

}
