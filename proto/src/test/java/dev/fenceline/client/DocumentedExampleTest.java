package dev.fenceline.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentedExampleTest {
  private static final Path PAGE =
      Path.of(System.getProperty("fenceline.rootDirectory", ""), "docs/CLIENT.md");
  private static final String IMPORTS =
      """
      import dev.fenceline.client.*;
      import dev.fenceline.client.resource.Fence;
      import dev.fenceline.client.rest.*;
      import dev.fenceline.device.v1.ProgramResult;
      import dev.fenceline.model.*;
      import java.net.URI;
      import java.time.Duration;
      """;

  @TempDir Path directory;

  @Test
  void exampleOfThePage_compiles() throws IOException {
    String page = Files.readString(PAGE);
    int begin = page.indexOf("```java\n") + "```java\n".length();
    String body = page.substring(begin, page.indexOf("```", begin));
    String source = IMPORTS + "class Example { void run() {\n" + body + "}}";
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    boolean compiled =
        compiler
            .getTask(
                said,
                null,
                null,
                List.of(
                    "-proc:none",
                    "-d",
                    directory.toString(),
                    "-cp",
                    System.getProperty("java.class.path")),
                null,
                List.of(new Source(source)))
            .call();
    assertThat(compiled).as(said.toString()).isTrue();
  }

  /** A source in memory. */
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String text) {
      super(URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
