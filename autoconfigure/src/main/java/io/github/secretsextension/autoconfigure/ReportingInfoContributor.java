package io.github.secretsextension.autoconfigure;

import org.springframework.boot.actuate.info.EnvironmentInfoContributor;
import org.springframework.boot.actuate.info.Info;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * A contributor of the properties under {@code info} that reports references as they were
 * written.
 */
class ReportingInfoContributor extends EnvironmentInfoContributor {

	private final EnvironmentInfoContributor contributor;

	ReportingInfoContributor(ConfigurableEnvironment environment, EnvironmentInfoContributor contributor) {
		super(environment);
		this.contributor = contributor;
	}

	@Override
	public void contribute(Info.Builder builder) {
		ReferenceReport.during(() -> {
			this.contributor.contribute(builder);
			return builder;
		});
	}

}
