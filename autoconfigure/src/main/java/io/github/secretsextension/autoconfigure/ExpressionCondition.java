package io.github.secretsextension.autoconfigure;

/**
 * A look at whether {@code @ConditionalOnExpression} is being evaluated: it puts the
 * values of placeholders into an expression, and no hook tells.
 */
final class ExpressionCondition {

	private static final String CONDITION = "org.springframework.boot.autoconfigure.condition.OnExpressionCondition";

	private ExpressionCondition() {
	}

	/**
	 * Returns whether this thread evaluates such a condition.
	 * @return {@code true} if the condition's class is on the stack
	 */
	static boolean isEvaluating() {
		return StackWalker.getInstance()
			.walk((frames) -> frames.anyMatch((frame) -> frame.getClassName().equals(CONDITION)));
	}

}
