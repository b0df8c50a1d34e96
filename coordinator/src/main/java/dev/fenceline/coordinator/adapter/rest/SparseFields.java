package dev.fenceline.coordinator.adapter.rest;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.core.MethodParameter;
import org.springframework.core.ResolvableType;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.servlet.mvc.method.annotation.ResponseBodyAdvice;

/**
 * Leaves of the items of a list what {@code fields} names, where the resource takes that parameter.
 * Stateless.
 */
@ControllerAdvice
class SparseFields implements ResponseBodyAdvice<Object> {
  static final String PARAMETER = "fields";
  private static final String ITEMS = "items";

  @Override
  public boolean supports(
      MethodParameter returned, Class<? extends HttpMessageConverter<?>> converter) {
    return returned.hasMethodAnnotation(TakesFields.class);
  }

  @Override
  public @Nullable Object beforeBodyWrite(
      @Nullable Object body,
      MethodParameter returned,
      MediaType contentType,
      Class<? extends HttpMessageConverter<?>> converter,
      ServerHttpRequest request,
      ServerHttpResponse response) {
    String fields =
        request instanceof ServletServerHttpRequest servlet
            ? servlet.getServletRequest().getParameter(PARAMETER)
            : null;
    if (fields == null || !(body instanceof Record page)) {
      return body;
    }
    Map<String, @Nullable Object> members = members(page);
    List<String> chosen = List.of(fields.split(",", -1));
    TreeSet<String> known = itemMembers(page, returned);
    if (!known.containsAll(chosen)) {
      throw ProblemException.invalidParameter(PARAMETER, fields, "of " + String.join(",", known));
    }
    if (members.get(ITEMS) instanceof List<?> items) {
      List<Object> sparse = new ArrayList<>();
      for (Object item : items) {
        sparse.add(item instanceof Record record ? only(record, chosen) : item);
      }
      members.put(ITEMS, sparse);
    }
    return members;
  }

  /** What items have, also when there are none. */
  private static TreeSet<String> itemMembers(Record page, MethodParameter returned) {
    TreeSet<String> members = new TreeSet<>();
    ResolvableType type = ResolvableType.forMethodParameter(returned);
    for (RecordComponent component : page.getClass().getRecordComponents()) {
      if (component.getName().equals(ITEMS)) {
        Class<?> item =
            ResolvableType.forType(component.getGenericType(), type).getGeneric(0).resolve();
        if (item != null && item.isRecord()) {
          Arrays.stream(item.getRecordComponents()).forEach(each -> members.add(each.getName()));
        }
      }
    }
    return members;
  }

  private static Map<String, @Nullable Object> only(Record item, List<String> chosen) {
    Map<String, @Nullable Object> all = members(item);
    all.keySet().retainAll(chosen);
    return all;
  }

  private static Map<String, @Nullable Object> members(Record record) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      try {
        members.put(component.getName(), component.getAccessor().invoke(record));
      } catch (ReflectiveOperationException unreadable) {
        throw new IllegalStateException(component + " cannot be read", unreadable);
      }
    }
    return members;
  }
}
