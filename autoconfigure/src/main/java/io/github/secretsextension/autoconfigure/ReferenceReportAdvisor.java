package io.github.secretsextension.autoconfigure;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvoker;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvokerAdvisor;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameters;

/**
 * An advisor that makes each read of the {@code env} endpoint a report, over any
 * technology and whoever wrote the endpoint's extension. Writes are left alone: what they
 * cause reads the values themselves.
 */
class ReferenceReportAdvisor implements OperationInvokerAdvisor {

	private static final EndpointId ENV = EndpointId.of("env");

	@Override
	public OperationInvoker apply(EndpointId endpointId, OperationType operationType, OperationParameters parameters,
			OperationInvoker invoker) {
		if (!endpointId.equals(ENV) || operationType != OperationType.READ) {
			return invoker;
		}
		return (context) -> ReferenceReport.during(() -> invoker.invoke(context));
	}

}
