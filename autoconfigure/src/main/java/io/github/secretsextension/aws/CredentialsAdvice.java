package io.github.secretsextension.aws;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkSystemSetting;
import software.amazon.awssdk.profiles.Profile;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.profiles.ProfileFileSystemSetting;
import software.amazon.awssdk.profiles.ProfileProperty;

/**
 * What to do when no credentials could be loaded: above all, which module of the SDK is
 * missing, because the SDK hides that among the other providers' complaints.
 */
final class CredentialsAdvice {

	static final String WITHOUT_AWS = "To run without AWS, set 'secrets-extension.mode=local'.";

	private static final String STS = "sts";

	private static final String SPRING_CLOUD_AWS = "spring-cloud-aws";

	/** A class of each module that a source of credentials needs. */
	private static final Map<String, String> MARKERS = Map.of(SPRING_CLOUD_AWS,
			"io.awspring.cloud.autoconfigure.core.AwsClientBuilderConfigurer", STS,
			"software.amazon.awssdk.services.sts.StsClient", "sso", "software.amazon.awssdk.services.sso.SsoClient",
			"ssooidc", "software.amazon.awssdk.services.ssooidc.SsoOidcClient", "signin",
			"software.amazon.awssdk.services.signin.SigninClient");

	private CredentialsAdvice() {
	}

	static String text() {
		String missing = missingModule();
		return ((missing != null) ? missing : "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
				+ settings("credentials.*", "AWS_PROFILE") + ", or give this process a role.") + " " + WITHOUT_AWS;
	}

	static String regionText() {
		return "Set " + settings("region.static", "AWS_REGION") + ". " + WITHOUT_AWS;
	}

	/**
	 * Returns what sets something: the variable, and the property where anything reads
	 * it.
	 * @param property a property's name under {@code spring.cloud.aws}
	 * @param variable the environment variable
	 * @return the names, for a message
	 */
	static String settings(String property, String variable) {
		return variable + ((isMissing(SPRING_CLOUD_AWS)) ? "" : " or 'spring.cloud.aws." + property + "'");
	}

	private static @Nullable String missingModule() {
		if (SdkSystemSetting.AWS_WEB_IDENTITY_TOKEN_FILE.getStringValue().isPresent() && isMissing(STS)) {
			return add("AWS_WEB_IDENTITY_TOKEN_FILE is set", STS);
		}
		return profile().map(CredentialsAdvice::missingFor).orElse(null);
	}

	private static @Nullable String missingFor(Profile profile) {
		if (has(profile, "sso_session", ProfileProperty.SSO_START_URL)) {
			String missing = (isMissing("sso")) ? "sso" : (isMissing("ssooidc")) ? "ssooidc" : null;
			return (missing != null) ? add("The AWS profile uses SSO", "sso' and 'software.amazon.awssdk:ssooidc")
					: null;
		}
		if (has(profile, ProfileProperty.ROLE_ARN, ProfileProperty.WEB_IDENTITY_TOKEN_FILE) && isMissing(STS)) {
			return add("The AWS profile assumes a role", STS);
		}
		if (has(profile, ProfileProperty.LOGIN_SESSION) && isMissing("signin")) {
			return add("The AWS profile uses 'aws login'", "signin");
		}
		return null;
	}

	private static boolean has(Profile profile, String... properties) {
		return Set.of(properties).stream().anyMatch((property) -> profile.property(property).isPresent());
	}

	private static String add(String why, String module) {
		return why + ", which needs a module of the AWS SDK: add 'software.amazon.awssdk:" + module + "'.";
	}

	private static Optional<Profile> profile() {
		try {
			return ProfileFile.defaultProfileFile()
				.profile(ProfileFileSystemSetting.AWS_PROFILE.getStringValueOrThrow());
		}
		catch (RuntimeException ex) {
			// Without a readable profile file there is nothing to find in it.
			return Optional.empty();
		}
	}

	private static boolean isMissing(String module) {
		try {
			Class.forName(MARKERS.get(module), false, CredentialsAdvice.class.getClassLoader());
			return false;
		}
		catch (ClassNotFoundException ex) {
			return true;
		}
	}

}
