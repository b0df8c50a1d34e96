package dev.fenceline.testbed.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Iterator;
import java.util.Map;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/**
 * Writes the server's documents as JSON or YAML, long lists page by page. Confined to one thread.
 */
final class DocumentWriter {
  private final PrintStream out;
  private final ObjectWriter writer;
  private final boolean yaml;

  DocumentWriter(PrintStream out, boolean yaml) {
    this.out = out;
    this.yaml = yaml;
    ObjectMapper mapper =
        yaml
            ? YAMLMapper.builder().enable(YAMLWriteFeature.MINIMIZE_QUOTES).build()
            : JsonMapper.builder().build();
    this.writer = yaml ? mapper.writer() : mapper.writer().with(indented());
  }

  private static DefaultPrettyPrinter indented() {
    DefaultIndenter two = new DefaultIndenter("  ", "\n");
    return new DefaultPrettyPrinter().withObjectIndenter(two).withArrayIndenter(two);
  }

  void write(JsonNode document) {
    try (JsonGenerator generator = writer.createGenerator(unclosed())) {
      generator.writeTree(document);
    }
    end();
  }

  /**
   * Writes pages as one document: the items of all, the other members of the last.
   *
   * @param most items at most
   * @return the last page, and whether items were left out
   */
  Walked writePages(Iterator<JsonNode> pages, long most) {
    JsonNode page = pages.next();
    if (page.path("items").size() <= most && !pages.hasNext()) {
      write(page);
      return new Walked(page, false);
    }
    boolean cut = false;
    long written = 0;
    try (JsonGenerator generator = writer.createGenerator(unclosed())) {
      generator.writeStartObject();
      generator.writeArrayPropertyStart("items");
      while (true) {
        for (JsonNode item : page.path("items")) {
          cut = written == most;
          if (cut) {
            break;
          }
          generator.writeTree(item);
          written++;
        }
        cut = cut || (written >= most && pages.hasNext());
        if (cut || !pages.hasNext()) {
          break;
        }
        page = pages.next();
      }
      generator.writeEndArray();
      for (Map.Entry<String, JsonNode> member : page.properties()) {
        if (!member.getKey().equals("items")) {
          generator.writeName(member.getKey());
          generator.writeTree(member.getValue());
        }
      }
      generator.writeEndObject();
    }
    end();
    return new Walked(page, cut);
  }

  /** What a walk came to; immutable. */
  record Walked(JsonNode last, boolean cut) {}

  private void end() {
    if (!yaml) {
      out.println();
    }
    out.flush();
  }

  /** Standard output outlives a document. */
  private OutputStream unclosed() {
    return new FilterOutputStream(out) {
      @Override
      public void write(byte[] bytes, int offset, int length) {
        DocumentWriter.this.out.write(bytes, offset, length);
      }

      @Override
      public void close() throws IOException {
        flush();
      }
    };
  }
}
