package io.github.secretsextension.autoconfigure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.jayway.jsonpath.JsonPath;
import org.apache.commons.logging.LogFactory;
import org.junit.jupiter.api.Test;

import io.github.secretsextension.SecretReference.Kind;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.mock.env.MockEnvironment;
import org.springframework.util.ClassUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that each setting is described where editors look for it, and that the README's
 * table says the same.
 */
class SettingsMetadataTests {

	private static final String PREFIX = "secrets-extension.";

	private static final String LOG_LEVEL = "logging.level.io.github.secretsextension";

	/** What counts where they are not set is no value. */
	private static final Set<String> WITHOUT_DEFAULT = Set.of("allow", "secrets-manager.deadline",
			"parameter-store.deadline", "remote.token", "endpoint.token", "local.location", "local.secrets",
			"local.parameters");

	/** Names that begin like settings: caches, and switches of our own tests. */
	private static final Set<String> OTHER_NAMES = Set.of("secrets-extension.secrets", "secrets-extension.parameters",
			"secrets-extension.test.localstack-image", "secrets-extension.test.java-homes");

	private static final Pattern SETTING = Pattern.compile("(?<![\\w.])secrets-extension\\.[a-z][a-z.-]*[a-z]");

	private static final Pattern ROW = Pattern.compile("\\| `([^`]+)` \\|([^|]*)\\|([^|]*)\\|[^|]*\\|");

	private static final String METADATA = read(Path.of("target/classes/META-INF/spring-configuration-metadata.json"));

	private static final String README = read(Path.of("../README.md"));

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static Map<String, Map<String, Object>> properties() {
		return properties((name) -> name.startsWith(PREFIX));
	}

	private static Map<String, Map<String, Object>> properties(Predicate<String> filter) {
		List<Map<String, Object>> all = JsonPath.read(METADATA, "$.properties");
		Map<String, Map<String, Object>> properties = new TreeMap<>();
		all.stream()
			.filter((property) -> filter.test((String) property.get("name")))
			.forEach((property) -> assertThat(properties.put((String) property.get("name"), property)).isNull());
		return properties;
	}

	private static Map<String, Map<String, Object>> hints() {
		List<Map<String, Object>> all = JsonPath.read(METADATA, "$.hints");
		Map<String, Map<String, Object>> hints = new TreeMap<>();
		all.forEach((hint) -> hints.put((String) hint.get("name"), hint));
		return hints;
	}

	/**
	 * A row of the README's table.
	 */
	private record Row(List<String> variables, String defaultValue) {

	}

	private static Map<String, Row> table() {
		String section = README.substring(README.indexOf("\n## Settings\n"));
		section = section.substring(0, section.indexOf("\n### "));
		Map<String, Row> rows = new LinkedHashMap<>();
		for (String line : section.lines().filter((line) -> line.startsWith("| `")).toList()) {
			Matcher row = ROW.matcher(line);
			assertThat(row.matches()).as(line).isTrue();
			List<String> variables = Pattern.compile("`([^`]+)`")
				.matcher(row.group(2))
				.results()
				.map((name) -> name.group(1))
				.toList();
			assertThat(rows.put(row.group(1), new Row(variables, row.group(3).strip()))).as(line).isNull();
		}
		return rows;
	}

	@Test
	void eachSettingHasTypeAndDescription() {
		assertThat(properties()).hasSizeGreaterThan(25).allSatisfy((name, property) -> {
			assertThat((String) property.get("type")).isNotBlank();
			assertThat((String) property.get("description")).isNotNull().matches("(?s)[A-Z].{15,}\\.");
		});
		assertThat(properties().values().stream().map((property) -> property.get("description")))
			.doesNotHaveDuplicates();
	}

	@Test
	void eachSettingHasADefaultThatItsTypeCanTake() {
		assertThat(properties()).allSatisfy((name, property) -> {
			Object defaultValue = property.get("defaultValue");
			if (WITHOUT_DEFAULT.contains(name.substring(PREFIX.length()))) {
				assertThat(defaultValue).isNull();
			}
			else {
				assertThat(defaultValue).isNotNull();
				Class<?> type = ClassUtils.resolveClassName((String) property.get("type"), null);
				assertThat(ApplicationConversionService.getSharedInstance().convert(defaultValue, type)).isNotNull();
			}
		});
		assertThat(properties().keySet()).containsAll(WITHOUT_DEFAULT.stream().map(PREFIX::concat).toList());
	}

	@Test
	void defaultsAreThoseThatCount() {
		ExtensionVariables variables = new ExtensionVariables(new MockEnvironment(),
				new OnceLog(LogFactory.getLog(getClass())));
		SecretsExtensionProperties properties = new Binder().bindOrCreate("none", SecretsExtensionProperties.class);
		ExtensionSettings settings = ExtensionSettings.of(properties, variables);
		Map<String, Object> expected = new TreeMap<>();
		expected.put("cache.enabled", variables.cacheEnabled());
		expected.put("cache.size", settings.size());
		expected.put("deadline", settings.deadline(Kind.SECRET).toSeconds() + "s");
		expected.put("endpoint.port", settings.httpPort());
		expected.put("max-connections", settings.maxConnections());
		expected.put("parameter-store.ttl", settings.ttl(Kind.PARAMETER).toSeconds() + "s");
		expected.put("remote.port", settings.httpPort());
		expected.put("secrets-manager.ttl", settings.ttl(Kind.SECRET).toSeconds() + "s");
		assertThat(expected).allSatisfy(
				(name, value) -> assertThat(properties().get(PREFIX + name)).containsEntry("defaultValue", value));
		List<String> byHand = JsonPath.read(
				read(Path.of("src/main/resources/META-INF/additional-spring-configuration-metadata.json")),
				"$.properties[*].name");
		assertThat(byHand).filteredOn((name) -> name.startsWith(PREFIX))
			.containsExactlyElementsOf(expected.keySet().stream().map(PREFIX::concat).toList());
		assertThat(settings.deadline(Kind.PARAMETER)).isEqualTo(settings.deadline(Kind.SECRET));
	}

	@Test
	void eachEnumerableSettingHasAHintForEachValue() {
		properties().forEach((name, property) -> {
			Class<?> type = ClassUtils.resolveClassName(((String) property.get("type")).replaceFirst("<.*", ""), null);
			if (type.isEnum()) {
				List<String> values = JsonPath.read(hints().get(name), "$.values[*].value");
				assertThat(values).as(name)
					.containsExactlyElementsOf(Arrays.stream(type.getEnumConstants())
						.map((constant) -> constant.toString().toLowerCase(Locale.ROOT))
						.toList());
			}
		});
		assertThat(properties().keySet()).containsAll(hints().keySet());
		List<Map<String, Object>> values = JsonPath.read(METADATA, "$.hints[*].values[*]");
		assertThat(values).isNotEmpty()
			.allSatisfy((value) -> assertThat((String) value.get("description")).matches("[A-Z].{10,}\\."));
	}

	@Test
	void whatCodeAndTextsNameIsASetting() throws IOException {
		Set<String> unknown = new TreeSet<>();
		Set<String> named = new TreeSet<>();
		List<Path> files = new ArrayList<>(List.of(Path.of("../README.md"), Path.of("../CHANGELOG.md")));
		for (String folder : List.of("src/main/java", "../docs", "../sample-app/src/main")) {
			try (Stream<Path> found = Files.walk(Path.of(folder))) {
				found.filter((file) -> file.toString().matches(".*\\.(java|md|ya?ml|properties)")).forEach(files::add);
			}
		}
		for (Path file : files) {
			SETTING.matcher(read(file)).results().map((result) -> result.group()).forEach(named::add);
		}
		Set<String> known = properties().keySet();
		named.stream()
			.filter((name) -> !OTHER_NAMES.contains(name) && !known.contains(name)
					&& known.stream().noneMatch((setting) -> setting.startsWith(name + ".")))
			.filter((name) -> !name.startsWith(PREFIX + "local.secrets.")
					&& !name.startsWith(PREFIX + "local.parameters."))
			.forEach(unknown::add);
		assertThat(named).hasSizeGreaterThan(25);
		assertThat(unknown).isEmpty();
	}

	@Test
	void readmeListsEachSettingWithItsDefault() {
		Map<String, Row> table = table();
		Set<String> expected = new LinkedHashSet<>(properties().keySet());
		expected.add(LOG_LEVEL);
		assertThat(table.keySet()).containsExactlyInAnyOrderElementsOf(expected);
		properties().forEach((name, property) -> {
			Object defaultValue = property.get("defaultValue");
			String shown = table.get(name).defaultValue();
			if (defaultValue != null) {
				assertThat(shown).as(name).isEqualTo("`" + defaultValue + "`");
			}
			else {
				assertThat(shown).as(name).doesNotContain("`");
			}
		});
		assertThat(table.get(LOG_LEVEL).defaultValue()).isEqualTo("`info`");
	}

	/**
	 * The settings of our endpoint and health contributor have Spring Boot's names.
	 */
	@Test
	void readmeListsEachSettingForOperators() {
		Map<String, Map<String, Object>> properties = properties((name) -> !name.startsWith(PREFIX));
		assertThat(properties).hasSizeGreaterThan(3).allSatisfy((name, property) -> {
			assertThat(name).matches("management\\.(endpoint|health)\\.secretscache\\..+");
			assertThat((String) property.get("type")).isNotBlank();
			assertThat((String) property.get("description")).matches("[A-Z].{15,}\\.");
			Object defaultValue = property.get("defaultValue");
			String shown = (defaultValue instanceof String text) ? "`" + text.replace('_', '-') + "`"
					: (defaultValue instanceof Boolean on) ? "`" + on + "`" : "";
			assertThat(README).containsPattern(Pattern.quote("| `" + name + "` | " + shown) + " ?\\|");
		});
	}

	@Test
	void readmeListsEachVariable() {
		Set<String> listed = new TreeSet<>();
		table().values().forEach((row) -> listed.addAll(row.variables()));
		assertThat(listed).containsExactlyInAnyOrderElementsOf(ExtensionVariables.NAMES);
	}

	@Test
	void readmeNamesTheTokensVariables() {
		assertThat(README).contains("`" + ExtensionToken.OWN + "`", "`" + ExtensionToken.SESSION + "`",
				"`AWS_CONTAINER_AUTHORIZATION_TOKEN`");
	}

}
