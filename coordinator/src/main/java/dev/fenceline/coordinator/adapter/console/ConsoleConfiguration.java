package dev.fenceline.coordinator.adapter.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * How the console's files may be kept by browsers: asked for again at each visit, sent again only
 * when they differ, so that nobody sees half of an old console. Thread-safe.
 *
 * <p>The page itself is at {@code /}, where the framework forwards to {@code index.html}.
 */
@Configuration(proxyBeanMethods = false)
class ConsoleConfiguration implements WebMvcConfigurer {
  private static final String[] PATHS = {
    "/index.html", "/favicon.svg", "/css/**", "/js/**", "/vendor/**"
  };
  private static final String ROOT = "classpath:/static/";

  private final ConcurrentHashMap<String, String> tags = new ConcurrentHashMap<>();

  @Override
  public void addResourceHandlers(ResourceHandlerRegistry registry) {
    for (String path : PATHS) {
      int directory = path.lastIndexOf('/') + 1;
      registry
          .addResourceHandler(path)
          .addResourceLocations(ROOT + path.substring(1, directory))
          .setCacheControl(CacheControl.noCache())
          .setUseLastModified(false)
          .setEtagGenerator(this::tag);
    }
  }

  /** The files lie in the program's archive and do not change while it runs. */
  private String tag(Resource file) {
    return tags.computeIfAbsent(file.getDescription(), description -> checksum(file));
  }

  private static String checksum(Resource file) {
    try (InputStream bytes = file.getInputStream();
        CheckedInputStream checked = new CheckedInputStream(bytes, new CRC32C())) {
      long length = checked.transferTo(OutputStream.nullOutputStream());
      return "\"%x-%08x\"".formatted(length, checked.getChecksum().getValue());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
