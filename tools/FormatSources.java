import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The formatter's command line: {@code check|write DIRECTORY...}. Exists because Maven may run on a
 * JVM that is too old for the formatter; run as a source file by the toolchain's java.
 */
public final class FormatSources {

  /** Exits with 1 when a file differs from its formatted text (check) or cannot be parsed. */
  public static void main(String[] args) throws IOException {
    boolean write = args[0].equals("write");
    List<String> complaints = new ArrayList<>();
    for (int i = 1; i < args.length; i++) {
      formatTree(Path.of(args[i]), write, complaints);
    }
    complaints.forEach(System.err::println);
    if (!complaints.isEmpty()) {
      System.err.println("Run ./fenceline format to format every source file.");
      System.exit(1);
    }
  }

  private static void formatTree(Path root, boolean write, List<String> complaints)
      throws IOException {
    if (!Files.isDirectory(root)) {
      return;
    }
    List<Path> files;
    try (var walk = Files.walk(root)) {
      files = walk.filter(path -> path.toString().endsWith(".java")).sorted().toList();
    }
    for (Path file : files) {
      String before = Files.readString(file);
      try {
        String after = format(before);
        if (write && !after.equals(before)) {
          Files.writeString(file, after);
        } else if (!after.equals(before)) {
          complaints.add("Not formatted: " + file);
        }
      } catch (FormatterException e) {
        complaints.add("Cannot be parsed: " + file + ": " + e.getMessage());
      }
    }
  }

  private static String format(String source) throws FormatterException {
    String withoutUnused = RemoveUnusedImports.removeUnusedImports(source);
    String ordered = ImportOrderer.reorderImports(withoutUnused, JavaFormatterOptions.Style.GOOGLE);
    return new Formatter().formatSource(ordered);
  }
}
