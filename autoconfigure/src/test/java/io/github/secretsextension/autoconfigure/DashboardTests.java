package io.github.secretsextension.autoconfigure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.WebApplicationType;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the Grafana dashboard in the documentation: what it asks for is there.
 */
@Timeout(60)
class DashboardTests {

	private static final Path DASHBOARD = Path.of("../docs/grafana-dashboard.json");

	private static final Pattern SERIES = Pattern.compile("\\b(cache|secrets_extension)_[a-z_]+");

	private static final Pattern LABELS = Pattern.compile("by \\(([a-z_, ]+)\\)");

	@Test
	void everySeriesAndLabelIsExported() throws Exception {
		Set<String> series = new TreeSet<>();
		Set<String> labels = new TreeSet<>();
		for (JsonNode panel : JsonMapper.shared().readTree(Files.readString(DASHBOARD)).at("/panels")) {
			for (JsonNode target : panel.at("/targets")) {
				String expression = target.at("/expr").asString();
				Matcher names = SERIES.matcher(expression);
				while (names.find()) {
					series.add(names.group());
				}
				Matcher groups = LABELS.matcher(expression);
				while (groups.find()) {
					labels.addAll(Set.of(groups.group(1).split(", ")));
				}
			}
		}
		assertThat(series).hasSizeGreaterThan(5);
		try (ActuatorApplication application = new ActuatorApplication(WebApplicationType.NONE).start()) {
			application.secrets().text("secret:db");
			String exported = application.context().getBean(PrometheusMeterRegistry.class).scrape();
			assertThat(series).allSatisfy((name) -> assertThat(exported).containsPattern("(?m)^" + name + "\\{"));
			assertThat(labels).isNotEmpty()
				.allSatisfy((label) -> assertThat(exported).containsPattern("[{,]" + label + "=\""));
			assertThat(exported).doesNotContain("CANARY");
		}
	}

}
