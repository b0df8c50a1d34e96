package dev.fenceline.testbed.chart;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.yaml.snakeyaml.Yaml;

/** Holds objects of foreign types against the members that are known of them. Stateless. */
final class CustomTypes {
  private static final Map<String, Object> TYPES = read();

  private CustomTypes() {}

  private static Map<String, Object> read() {
    try (InputStream types = CustomTypes.class.getResourceAsStream("/chart/custom-types.yaml")) {
      return new Yaml().load(types);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> problems(KubernetesObject object) {
    Object type = TYPES.get(object.apiVersion() + "/" + object.kind());
    if (type == null) {
      return List.of(
          object.id() + " is of the unknown type " + object.apiVersion() + " " + object.kind());
    }
    Map<String, Object> content = new TreeMap<>(object.content());
    content.keySet().removeAll(List.of("apiVersion", "kind", "metadata"));
    List<String> problems = new ArrayList<>();
    check(object.id(), content, type, problems);
    return problems;
  }

  private static void check(String path, Object value, Object type, List<String> problems) {
    switch (type) {
      case Map<?, ?> members when value instanceof Map<?, ?> map ->
          members(path, map, members, problems);
      case List<?> elements when value instanceof List<?> list -> {
        for (int i = 0; i < list.size(); i++) {
          check(
              path + "[" + i + "]",
              Objects.requireNonNull(list.get(i)),
              elements.getFirst(),
              problems);
        }
      }
      case String leaf -> {
        if (!fits(value, leaf)) {
          problems.add(path + " is " + value + ", not a " + leaf);
        }
      }
      default -> problems.add(path + " is " + value + ", which has another shape");
    }
  }

  private static void members(
      String path, Map<?, ?> value, Map<?, ?> members, List<String> problems) {
    Map<String, Object> known = new TreeMap<>();
    members.forEach(
        (name, type) -> {
          String member = String.valueOf(name).replace("!", "");
          known.put(member, type);
          if (String.valueOf(name).endsWith("!") && !value.containsKey(member)) {
            problems.add(path + " lacks " + member);
          }
        });
    value.forEach(
        (name, element) -> {
          Object type = known.get(String.valueOf(name));
          if (type == null) {
            problems.add(path + " has the unknown member " + name);
          } else {
            check(path + "." + name, element, type, problems);
          }
        });
  }

  private static boolean fits(Object value, String leaf) {
    return switch (leaf) {
      case "string" -> value instanceof String;
      case "duration" -> value instanceof String text && text.matches("([0-9]+(ms|[smhd]))+");
      case "integer" -> value instanceof Integer;
      case "boolean" -> value instanceof Boolean;
      case "any" -> true;
      default -> throw new AssertionError("unknown leaf " + leaf);
    };
  }
}
