package dev.fenceline.testbed.chart;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.annotations.SerializedName;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.util.ModelMapper;
import io.kubernetes.client.util.generic.dynamic.DynamicKubernetesObject;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Holds objects against Kubernetes' own types, as strictly as an API server would: unknown and
 * missing members, and members of another JSON type, which the client library lets pass. Stateless.
 */
final class KubernetesTypes {
  private static final Gson GSON = new Gson();

  private KubernetesTypes() {}

  /** What is wrong, each with its path; empty if nothing is. */
  static List<String> problems(KubernetesObject object) {
    Class<?> type = ModelMapper.getApiTypeClass(object.apiVersion(), object.kind());
    if (type == null || type == DynamicKubernetesObject.class) {
      return CustomTypes.problems(object);
    }
    List<String> problems = new ArrayList<>();
    membersAndPresence(type, GSON.toJsonTree(object.content()), problems);
    jsonTypes(object.id(), object.content(), type, problems);
    return problems;
  }

  private static void membersAndPresence(Class<?> type, JsonElement json, List<String> problems) {
    try {
      type.getMethod("validateJsonElement", JsonElement.class).invoke(null, json);
    } catch (InvocationTargetException e) {
      problems.add(String.valueOf(e.getCause().getMessage()));
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("no check in " + type, e);
    }
  }

  private static void jsonTypes(String path, Object value, Type type, List<String> problems) {
    if (value == null) {
      problems.add(path + " is null");
    } else if (type instanceof ParameterizedType generic) {
      elements(path, value, generic, problems);
    } else if (type instanceof Class<?> scalar && isScalar(scalar)) {
      if (!fits(value, scalar)) {
        problems.add(
            path
                + " is "
                + value.getClass().getSimpleName()
                + " "
                + value
                + ", not "
                + scalar.getSimpleName());
      }
    } else if (type instanceof Class<?> model
        && model.getName().startsWith("io.kubernetes.client.")) {
      members(path, value, model, problems);
    }
  }

  private static void elements(
      String path, Object value, ParameterizedType generic, List<String> problems) {
    Type[] arguments = generic.getActualTypeArguments();
    if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        jsonTypes(
            path + "[" + i + "]", Objects.requireNonNull(list.get(i)), arguments[0], problems);
      }
    } else if (value instanceof Map<?, ?> map) {
      map.forEach((key, element) -> jsonTypes(path + "." + key, element, arguments[1], problems));
    } else {
      problems.add(path + " is " + value + ", not " + generic);
    }
  }

  private static void members(String path, Object value, Class<?> model, List<String> problems) {
    if (!(value instanceof Map<?, ?> map)) {
      problems.add(path + " is " + value + ", not an object");
      return;
    }
    for (Field field : model.getDeclaredFields()) {
      SerializedName name = field.getAnnotation(SerializedName.class);
      if (name != null && map.containsKey(name.value())) {
        jsonTypes(
            path + "." + name.value(), map.get(name.value()), field.getGenericType(), problems);
      }
    }
  }

  private static boolean isScalar(Class<?> type) {
    return type == String.class
        || type == Boolean.class
        || Number.class.isAssignableFrom(type)
        || type == IntOrString.class
        || type == Quantity.class
        || type == OffsetDateTime.class
        || type == byte[].class;
  }

  private static boolean fits(Object value, Class<?> type) {
    if (type == Integer.class || type == Long.class) {
      return value instanceof Integer || value instanceof Long;
    }
    if (type == Boolean.class) {
      return value instanceof Boolean;
    }
    if (Number.class.isAssignableFrom(type)) {
      return value instanceof Number;
    }
    if (type == IntOrString.class || type == Quantity.class) {
      return value instanceof Number || value instanceof String;
    }
    return value instanceof String;
  }
}
