package dev.fenceline.testbed.chart;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import dev.fenceline.testbed.launch.Installation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.yaml.snakeyaml.Yaml;

/** The chart in the source tree. Immutable. */
final class Chart {
  static final String RELEASE = "rel";
  static final String NAMESPACE = "ns";
  private static final String KUBERNETES_VERSION = "1.32.0";

  private final Path directory;

  private Chart(Path directory) {
    this.directory = directory;
  }

  static Chart inSourceTree() {
    return new Chart(Installation.current().root().resolve("helm/fenceline"));
  }

  /** A copy whose hooks are ordinary objects: rendering leaves hooks out otherwise. */
  Chart withHooksAsObjects(Path target) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = target.resolve(directory.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        if (file.toString().contains("/templates/tests/")) {
          Files.writeString(copy, Files.readString(file).replace("helm.sh/hook:", "hook:"));
        } else {
          Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
    return new Chart(target);
  }

  Path directory() {
    return directory;
  }

  /** The value files of ci/, in order. */
  List<Path> valueFiles() throws IOException {
    try (Stream<Path> files = Files.list(Chart.inSourceTree().directory.resolve("ci"))) {
      return files.filter(each -> each.toString().endsWith("-values.yaml")).sorted().toList();
    }
  }

  Map<String, Object> defaults() throws IOException {
    return new Yaml().load(Files.readString(directory.resolve("values.yaml")));
  }

  LintResult lint() {
    return new Helm(directory).lint().strict().call();
  }

  /**
   * The text that Helm renders.
   *
   * @throws IllegalStateException with Helm's words if it refuses
   */
  String text(Consumer<TemplateCommand> values) {
    TemplateCommand command =
        new Helm(directory)
            .template()
            .withKubeVersion(KUBERNETES_VERSION)
            .withName(RELEASE)
            .withNamespace(NAMESPACE);
    values.accept(command);
    return command.call();
  }

  List<KubernetesObject> render(Consumer<TemplateCommand> values) {
    List<KubernetesObject> objects = new ArrayList<>();
    for (Object document : new Yaml().loadAll(text(values))) {
      if (document instanceof Map<?, ?> map) {
        Map<String, Object> content = new LinkedHashMap<>();
        map.forEach((key, value) -> content.put(String.valueOf(key), value));
        objects.add(new KubernetesObject(content));
      }
    }
    return objects;
  }
}
