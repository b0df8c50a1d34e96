package dev.fenceline.client.rest;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The filters of a list, each as the REST interface names it. Immutable; the coordinator refuses a
 * filter that a list does not have.
 */
public final class Query {
  private static final Query ALL = new Query(Map.of());

  private final Map<String, String> parameters;

  private Query(Map<String, String> parameters) {
    this.parameters = parameters;
  }

  /** Everything. */
  public static Query all() {
    return ALL;
  }

  /** With one parameter more, or another value of it; without it if the value is null. */
  public Query with(String name, @Nullable Object value) {
    Map<String, String> more = new LinkedHashMap<>(parameters);
    if (value == null) {
      more.remove(name);
    } else {
      more.put(name, value.toString());
    }
    return new Query(more);
  }

  public Query host(String hostId) {
    return with("host", hostId);
  }

  /** Only of this address space, {@code hostId.n}. */
  public Query space(String spaceId) {
    return with("space", spaceId);
  }

  /** Only of this device, {@code agentId/index}. */
  public Query device(String device) {
    return with("device", device);
  }

  /** Only what is not over yet. */
  public Query pending() {
    return with("state", "pending");
  }

  /** Only what intersects [start, end). */
  public Query interval(long start, long end) {
    return with("start", hex(start)).with("end", hex(end));
  }

  /** Items of one answer; lists go on with further answers. */
  public Query limit(int items) {
    return with("limit", items);
  }

  /** Only these top-level members of the items. */
  public Query fields(String... names) {
    return with("fields", String.join(",", names));
  }

  boolean has(String name) {
    return parameters.containsKey(name);
  }

  static String hex(long address) {
    return "0x" + Long.toHexString(address);
  }

  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** As it stands behind the path, with its question mark; empty if there is nothing to say. */
  @Override
  public String toString() {
    return parameters.isEmpty()
        ? ""
        : parameters.entrySet().stream()
            .map(each -> encode(each.getKey()) + "=" + encode(each.getValue()))
            .collect(Collectors.joining("&", "?", ""));
  }
}
