package io.github.secretsextension.autoconfigure;

import java.util.Arrays;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.beans.SimpleTypeConverter;
import org.springframework.beans.TypeConverter;
import org.springframework.beans.factory.config.BeanExpressionContext;
import org.springframework.beans.factory.config.BeanExpressionResolver;
import org.springframework.beans.factory.config.DependencyDescriptor;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.context.annotation.ContextAnnotationAutowireCandidateResolver;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.core.convert.ConversionService;
import org.springframework.core.convert.ConverterNotFoundException;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.core.env.PropertySources;
import org.springframework.util.ClassUtils;
import org.springframework.util.PlaceholderResolutionException;
import org.springframework.util.StringUtils;

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
			return convert(value, descriptor.getDependencyType(), descriptor.getTypeDescriptor());
		}
		catch (RuntimeException ex) {
			// A TypeMismatchException, or what an editor or converter throws itself.
			throw this.failures.ofAnnotation(text, trail, descriptor.getMember(), descriptor.getDependencyType(), ex);
		}
	}

	/**
	 * Converts as the bean factory's own converter does, which logs texts at DEBUG and
	 * TRACE: one that an editor accepts after the conversion service has not, and one
	 * that is no constant where nothing else is left to try.
	 */
	private @Nullable Object convert(Object value, Class<?> target, TypeDescriptor type) {
		TypeConverter converter = this.beanFactory.getTypeConverter();
		if (converter.getClass() != SimpleTypeConverter.class) {
			return converter.convertIfNecessary(value, target, type);
		}
		SimpleTypeConverter editors = (SimpleTypeConverter) converter;
		ConversionService conversions = editors.getConversionService();
		TypeDescriptor source = TypeDescriptor.forObject(value);
		RuntimeException failure = null;
		if (conversions != null && editors.findCustomEditor(target, null) == null
				&& conversions.canConvert(source, type)) {
			try {
				return conversions.convert(value, source, type);
			}
			catch (ConversionFailedException ex) {
				failure = ex;
				editors.setConversionService(null);
			}
		}
		Class<?> element = elementType(type);
		if (!isEdited(editors, target) && !isEdited(editors, element) && editors.getDefaultEditor(element) == null
				&& !element.isAssignableFrom(String.class) && !ClassUtils.hasConstructor(element, String.class)
				&& !isConstant(element, value.toString())) {
			throw (failure != null) ? failure : new ConverterNotFoundException(source, type);
		}
		return editors.convertIfNecessary(value, target, type);
	}

	private static Class<?> elementType(TypeDescriptor type) {
		TypeDescriptor element = type.getElementTypeDescriptor();
		return (element != null) ? elementType(element) : type.getType();
	}

	private static boolean isEdited(SimpleTypeConverter editors, Class<?> type) {
		return editors.findCustomEditor(type, null) != null || BeanUtils.findEditorByConvention(type) != null;
	}

	private static boolean isConstant(Class<?> type, String text) {
		Set<String> names = StringUtils.commaDelimitedListToSet(StringUtils.trimAllWhitespace(text));
		return Arrays.stream(type.getFields()).anyMatch((constant) -> names.contains(constant.getName()));
	}

}
