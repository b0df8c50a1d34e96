package dev.fenceline.testbed.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A rendered object. Immutable as long as nobody changes its content. */
record KubernetesObject(Map<String, Object> content) {

  String apiVersion() {
    return String.valueOf(content.get("apiVersion"));
  }

  String kind() {
    return String.valueOf(content.get("kind"));
  }

  String name() {
    return String.valueOf(at("metadata", "name"));
  }

  String id() {
    return kind() + "/" + name();
  }

  /** The value on a path of members and list indexes; null if there is none. */
  @Nullable Object at(Object... path) {
    return follow(content, path);
  }

  /** A list on a path, empty if there is none. */
  @SuppressWarnings("unchecked")
  List<Map<String, Object>> list(Object... path) {
    Object found = at(path);
    return found == null ? List.of() : (List<Map<String, Object>>) found;
  }

  @SuppressWarnings("unchecked")
  Map<String, Object> map(Object... path) {
    Object found = at(path);
    return found == null ? Map.of() : (Map<String, Object>) found;
  }

  /** The pod specification that it is or makes; empty if it makes no pods. */
  Map<String, Object> podSpec() {
    return kind().equals("Pod") ? map("spec") : map("spec", "template", "spec");
  }

  /** Its containers, if it makes pods. */
  @SuppressWarnings("unchecked")
  List<Map<String, Object>> containers() {
    Object found = podSpec().get("containers");
    return found == null ? List.of() : new ArrayList<>((List<Map<String, Object>>) found);
  }

  static @Nullable Object follow(Object from, Object... path) {
    Object here = from;
    for (Object step : path) {
      if (here instanceof Map<?, ?> map) {
        here = map.get(step);
      } else if (here instanceof List<?> list && step instanceof Integer index) {
        here = index < list.size() ? list.get(index) : null;
      } else {
        return null;
      }
    }
    return here;
  }
}
