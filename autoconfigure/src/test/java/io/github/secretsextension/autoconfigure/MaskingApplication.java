package io.github.secretsextension.autoconfigure;

import java.security.Principal;
import java.util.List;
import java.util.Map;
import java.util.Set;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.ConfigurationPropertiesBinding;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.convert.converter.Converter;

/**
 * An application whose beans hold what came from references, by every way.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@EnableConfigurationProperties(MaskingApplication.Database.class)
class MaskingApplication {

	@Bean
	@ConfigurationProperties("pool")
	Pool pool(@Value("${app.brace}") String password) {
		Pool pool = new Pool();
		pool.setPassword(password);
		pool.setText("text with " + password + " in it");
		return pool;
	}

	@Bean
	@ConfigurationPropertiesBinding
	static Converter<String, Converted> convertedConverter() {
		return new Converter<>() {

			@Override
			public Converted convert(String source) {
				return new Converted(new StringBuilder(source).reverse().toString());
			}

		};
	}

	/**
	 * Takes a header for a log-in.
	 */
	@Bean
	static Filter userFilter() {
		return (request, response, chain) -> {
			String user = ((HttpServletRequest) request).getHeader("X-User");
			chain.doFilter((user == null) ? request : new HttpServletRequestWrapper((HttpServletRequest) request) {

				@Override
				public Principal getUserPrincipal() {
					return () -> user;
				}

			}, response);
		};
	}

	@ConfigurationProperties("database")
	record Database(String plain, String password, String through, String within, Integer port, List<String> csv,
			List<String> list, Set<String> set, List<Item> items, Item inner, Map<String, String> map, char[] chars,
			Converted converted) {

	}

	record Item(String password) {

	}

	record Converted(String text) {

	}

	/**
	 * A bean like a connection pool, in part bound and in part set by code.
	 */
	static class Pool {

		private String url;

		private String password;

		private String text;

		private String name = "default-name";

		private int size = 3;

		public String getUrl() {
			return this.url;
		}

		public void setUrl(String url) {
			this.url = url;
		}

		public String getPassword() {
			return this.password;
		}

		public void setPassword(String password) {
			this.password = password;
		}

		public String getText() {
			return this.text;
		}

		public void setText(String text) {
			this.text = text;
		}

		public String getName() {
			return this.name;
		}

		public void setName(String name) {
			this.name = name;
		}

		public int getSize() {
			return this.size;
		}

		public void setSize(int size) {
			this.size = size;
		}

	}

}
