package io.github.secretsextension.aws;

import java.net.URI;

import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract against moto.
 */
@ExtendWith(MotoServer.class)
class MotoContractTests extends AwsSecretsProviderContract {

	@Override
	URI endpoint() {
		return MotoServer.endpoint();
	}

}
