package io.github.secretsextension.autoconfigure;

import java.lang.StackWalker.StackFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * A mark on the thread in which Spring resolves the nested placeholders of a reference,
 * and the texts of other references that it would put into the reference's name. It logs
 * the names that it asks for, so it is given numbers instead, and the texts are put in
 * when the reference is opened.
 * <p>
 * The mark counts only while Spring's parser is where it was at the beginning: where a
 * text goes elsewhere, or through code that is not Spring's, it is given out. Should the
 * parser change, nothing is withheld.
 */
final class WithheldTexts {

	private static final ThreadLocal<@Nullable WithheldTexts> CURRENT = new ThreadLocal<>();

	private static final String PARSER = "org.springframework.util.PlaceholderParser$NestedPlaceholderPart";

	private static final List<String> RESOLVERS = List.of("org.springframework.core.env.", "org.springframework.util.",
			"org.springframework.boot.context.properties.", "org.springframework.context.support.PropertySources",
			WithheldTexts.class.getPackageName() + ".Re", WithheldTexts.class.getName(), "java.");

	private static final char NUMBER = '\uE008';

	private static final Pattern NUMBERS = Pattern.compile(NUMBER + "([0-9]{1,5})" + NUMBER);

	private final String name;

	private final Place place;

	private final @Nullable WithheldTexts outer;

	private final List<Supplier<String>> texts = new ArrayList<>();

	private WithheldTexts(String name, Place place, @Nullable WithheldTexts outer) {
		this.name = name;
		this.place = place;
		this.outer = outer;
	}

	/**
	 * Begins the nested placeholders of a reference. What one that failed left behind is
	 * dropped.
	 * @param name tells the reference from others
	 */
	static void begin(String name) {
		WithheldTexts outer = CURRENT.get();
		Place place = Place.current(null);
		while (outer != null && (place == null || outer.place.height() >= place.height())) {
			outer = outer.outer;
		}
		set((place != null) ? new WithheldTexts(name, place, outer) : outer);
	}

	/**
	 * Ends the nested placeholders of a reference.
	 * @param name the name that {@link #begin} was given
	 * @return what was withheld, or {@code null} if it did not begin
	 */
	static @Nullable WithheldTexts end(String name) {
		WithheldTexts texts = CURRENT.get();
		while (texts != null && !texts.name.equals(name)) {
			texts = texts.outer;
		}
		if (texts != null) {
			set(texts.outer);
		}
		return texts;
	}

	private static void set(@Nullable WithheldTexts texts) {
		if (texts != null) {
			CURRENT.set(texts);
		}
		else {
			CURRENT.remove();
		}
	}

	/**
	 * Withholds a text, if it would go into a reference's name.
	 * @param text the text, asked when the reference is opened
	 * @return what stands for it, or {@code null} if it may be given out
	 */
	static @Nullable String withhold(Supplier<String> text) {
		WithheldTexts current = CURRENT.get();
		if (current == null || !current.place.isCurrent()) {
			return null;
		}
		current.texts.add(text);
		return NUMBER + String.valueOf(current.texts.size() - 1) + NUMBER;
	}

	/**
	 * Returns a text with what was withheld from it.
	 * @param text a text from Spring
	 * @return the text
	 */
	String putInto(String text) {
		return NUMBERS.matcher(text).replaceAll((number) -> {
			int index = Integer.parseInt(number.group(1));
			return Matcher.quoteReplacement((index < this.texts.size()) ? this.texts.get(index).get() : number.group());
		});
	}

	/**
	 * A place in the parser that resolves the name of a placeholder.
	 *
	 * @param height how many callers are below it on the stack
	 * @param instruction the call in the parser: names and defaults are resolved by
	 * different ones
	 */
	private record Place(int height, int instruction) {

		/**
		 * Returns whether the parser is where it was.
		 * @return {@code false} if what is read here goes into another name, or into none
		 */
		boolean isCurrent() {
			Place current = current(this);
			return current != null && current.height == this.height;
		}

		/**
		 * Returns where the parser is.
		 * @param begun the place where the name began, or {@code null} if it begins
		 * @return the innermost name that what is read here goes into, or {@code null} if
		 * there is none
		 */
		static @Nullable Place current(@Nullable Place begun) {
			List<StackFrame> frames = StackWalker.getInstance().walk((stack) -> stack.toList());
			for (int i = 0; i < frames.size(); i++) {
				StackFrame frame = frames.get(i);
				if (frame.getClassName().equals(PARSER)
						&& (begun == null || begun.instruction == frame.getByteCodeIndex())) {
					return new Place(frames.size() - i, frame.getByteCodeIndex());
				}
				if (RESOLVERS.stream().noneMatch(frame.getClassName()::startsWith)) {
					return null;
				}
			}
			return null;
		}

	}

}
