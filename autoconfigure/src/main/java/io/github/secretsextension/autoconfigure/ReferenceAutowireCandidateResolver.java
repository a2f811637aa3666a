package io.github.secretsextension.autoconfigure;

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.beans.PropertyEditorRegistrySupport;
import org.springframework.beans.TypeConverter;
import org.springframework.beans.factory.config.BeanExpressionContext;
import org.springframework.beans.factory.config.BeanExpressionResolver;
import org.springframework.beans.factory.config.DependencyDescriptor;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.context.annotation.ContextAnnotationAutowireCandidateResolver;
import org.springframework.core.convert.ConversionService;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.core.env.PropertySources;
import org.springframework.util.PlaceholderResolutionException;

/**
 * A resolver that converts the text of a {@code @Value} itself where it leads to a
 * reference, so that a failure can be told without the value: the bean factory's own
 * quotes it. Where the text stays one, nothing is converted, and the bean factory goes
 * on.
 */
final class ReferenceAutowireCandidateResolver extends ContextAnnotationAutowireCandidateResolver {

	private final DefaultListableBeanFactory beanFactory;

	private final ReferenceSeals seals;

	private final PropertySources sources;

	private final ValueFailures failures;

	private ReferenceAutowireCandidateResolver(DefaultListableBeanFactory beanFactory, ReferenceSeals seals,
			PropertySources sources, ValueFailures failures) {
		this.beanFactory = beanFactory;
		this.seals = seals;
		this.sources = sources;
		this.failures = failures;
	}

	/**
	 * Puts a resolver into a bean factory, unless that has one of a kind of its own.
	 * @param beanFactory the context's bean factory
	 * @param seals the seals on references
	 * @param sources the properties that placeholders name
	 * @param failures makes the exceptions
	 */
	static void addTo(DefaultListableBeanFactory beanFactory, ReferenceSeals seals, PropertySources sources,
			ValueFailures failures) {
		if (beanFactory.getAutowireCandidateResolver().getClass() == ContextAnnotationAutowireCandidateResolver.class) {
			beanFactory.setAutowireCandidateResolver(
					new ReferenceAutowireCandidateResolver(beanFactory, seals, sources, failures));
		}
	}

	@Override
	public @Nullable Object getSuggestedValue(DependencyDescriptor descriptor) {
		Object suggested = super.getSuggestedValue(descriptor);
		if (!(suggested instanceof String written)) {
			return suggested;
		}
		String text = String.valueOf(this.seals.rewrite(written, () -> ReferenceLocation.ANNOTATION));
		if (this.seals.isEmpty() || !text.contains("${")) {
			return suggested;
		}
		ReferenceTrail trail = ReferenceTrail.of(text, this.sources);
		boolean staysText = descriptor.getDependencyType().isAssignableFrom(String.class);
		if (!trail.leads() || (staysText && !trail.isUncertain())) {
			return suggested;
		}
		Object value = evaluate(written, text, trail, descriptor);
		Object converted = (staysText || value == null) ? null : convert(value, text, trail, descriptor);
		return (converted != null) ? converted : suggested;
	}

	private @Nullable Object evaluate(String written, String text, ReferenceTrail trail,
			DependencyDescriptor descriptor) {
		try {
			String resolved = this.beanFactory.resolveEmbeddedValue(written);
			BeanExpressionResolver expressions = this.beanFactory.getBeanExpressionResolver();
			return (expressions != null)
					? expressions.evaluate(resolved, new BeanExpressionContext(this.beanFactory, null)) : resolved;
		}
		catch (PlaceholderResolutionException ex) {
			throw this.failures.ofAnnotation(text, trail, descriptor.getMember(), null, ex);
		}
	}

	private @Nullable Object convert(Object value, String text, ReferenceTrail trail, DependencyDescriptor descriptor) {
		try {
			TypeConverter converter = this.beanFactory.getTypeConverter();
			if (mayBeLogged(descriptor, converter)) {
				checkConvertible(value, descriptor.getTypeDescriptor());
			}
			return converter.convertIfNecessary(value, descriptor.getDependencyType(), descriptor.getTypeDescriptor());
		}
		catch (RuntimeException ex) {
			// A TypeMismatchException, or what an editor or converter throws itself.
			throw this.failures.ofAnnotation(text, trail, descriptor.getMember(), descriptor.getDependencyType(), ex);
		}
	}

	/**
	 * Returns whether Spring, where all other means failed, would search for a constant
	 * of the text's name, and log the text.
	 */
	private static boolean mayBeLogged(DependencyDescriptor descriptor, TypeConverter converter) {
		Class<?> target = descriptor.getDependencyType();
		Class<?> element = elementType(descriptor.getTypeDescriptor());
		return !element.isAssignableFrom(String.class) && converter instanceof PropertyEditorRegistrySupport editors
				&& editors.findCustomEditor(target, null) == null && editors.findCustomEditor(element, null) == null
				&& editors.getDefaultEditor(element) == null && BeanUtils.findEditorByConvention(element) == null;
	}

	private static Class<?> elementType(TypeDescriptor target) {
		TypeDescriptor element = target.getElementTypeDescriptor();
		return (element != null) ? elementType(element) : target.getType();
	}

	private void checkConvertible(Object value, TypeDescriptor target) {
		ConversionService conversions = this.beanFactory.getConversionService();
		String text = value.toString().trim();
		if (conversions == null || Arrays.stream(target.getType().getFields())
			.anyMatch((constant) -> constant.getName().equals(text))) {
			return;
		}
		conversions.convert(value, TypeDescriptor.forObject(value), target);
	}

}
