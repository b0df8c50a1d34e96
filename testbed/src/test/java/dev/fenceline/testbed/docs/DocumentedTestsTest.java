package dev.fenceline.testbed.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.testbed.launch.Installation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Pages that name a test as their evidence name one that there is, and link to pages there are. */
class DocumentedTestsTest {
  private static final Pattern TEST = Pattern.compile("`([A-Z]\\w*(?:Test|IT))`");
  private static final Pattern LINK = Pattern.compile("\\]\\(([\\w./-]+)(?:#[\\w-]+)?\\)");
  private static final List<String> MODULES =
      List.of("proto", "mm-host", "device-agent", "coordinator", "testbed");

  private final Path root = Installation.current().root();

  private List<Path> pages() throws IOException {
    try (Stream<Path> docs = Files.walk(root.resolve("docs"))) {
      return Stream.concat(
              Stream.of(root.resolve("README.md")),
              docs.filter(each -> each.toString().endsWith(".md")))
          .sorted()
          .toList();
    }
  }

  @Test
  void everyTestThatAPageNames_exists() throws IOException {
    TreeSet<String> tests = new TreeSet<>();
    for (String module : MODULES) {
      try (Stream<Path> sources = Files.walk(root.resolve(module).resolve("src/test/java"))) {
        sources.forEach(each -> tests.add(each.getFileName().toString().replace(".java", "")));
      }
    }
    for (Path page : pages()) {
      Matcher named = TEST.matcher(Files.readString(page));
      while (named.find()) {
        assertThat(tests).as(page.toString()).contains(named.group(1));
      }
    }
  }

  @Test
  void everyPageThatAPageLeadsTo_exists() throws IOException {
    for (Path page : pages()) {
      Matcher link = LINK.matcher(Files.readString(page));
      while (link.find()) {
        assertThat(page.resolveSibling(link.group(1))).as(page.toString()).exists();
      }
    }
  }
}
