package dev.fenceline.coordinator.support;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes requests that an OpenAPI document forbids: each breaks one rule of one operation. Immutable
 * but for the random numbers that it is given.
 */
public final class ApiWalk {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** Values that fit the paths' identifiers, so that only one thing is wrong at a time. */
  private static final Map<String, String> GOOD_PATHS =
      Map.of(
          "hostId", "host-1",
          "agentId", "agent-1",
          "index", "0",
          "spaceId", "host-1.1",
          "fenceId", "host-1.42",
          "programId", "agent-1.1",
          "pinId", "host-1.3",
          "address", "0x7f0000000000");

  private static final List<String> BAD_TEXTS =
      List.of(
          "-1",
          "0x",
          "99999999999999999999999",
          "0xfffffffffffffffff",
          "a b",
          "\u0000",
          "%",
          "<script>",
          "${jndi:x}",
          "'; drop--",
          "\ud83d\ude00",
          "x".repeat(3_000),
          "null",
          "NaN");

  private final JsonNode document;

  public ApiWalk(JsonNode document) {
    this.document = document;
  }

  /** One operation of the document. */
  public record Call(String method, String path, JsonNode operation) {
    public String operationId() {
      return operation.path("operationId").asString("");
    }

    public String name() {
      return method + " " + path;
    }
  }

  /**
   * One request.
   *
   * @param culprit what a refusal must name; null if it cannot know
   */
  public record Request(
      String method, String path, String body, String contentType, String culprit) {
    public String shown() {
      String sent = body == null ? "" : " " + contentType + " " + body;
      String all = method + " " + path + sent;
      return all.substring(0, Math.min(500, all.length()));
    }
  }

  public JsonNode document() {
    return document;
  }

  public List<Call> operations() {
    List<Call> calls = new ArrayList<>();
    document
        .path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        operation ->
                            calls.add(
                                new Call(
                                    operation.getKey().toUpperCase(java.util.Locale.ROOT),
                                    path.getKey(),
                                    operation.getValue()))));
    return calls;
  }

  /** References that lead nowhere. */
  public List<String> unresolvedReferences() {
    return document.findValuesAsString("$ref").stream()
        .filter(reference -> document.at(reference.substring(1)).isMissingNode())
        .toList();
  }

  /** Requests of which each breaks one rule. */
  public List<Request> forbidden(Call call, RandomGenerator random) {
    List<Request> requests = new ArrayList<>();
    for (JsonNode parameter : call.operation().path("parameters")) {
      String name = parameter.path("name").asString();
      String in = parameter.path("in").asString();
      String bad = BAD_TEXTS.get(random.nextInt(BAD_TEXTS.size()));
      if (in.equals("path")) {
        requests.add(
            new Request(call.method(), path(call, name, bad), body(call), JSON_TYPE, null));
      } else if (in.equals("query") && !name.equals("owner")) {
        String query = "?" + name + "=" + encoded(bad);
        requests.add(
            new Request(call.method(), path(call, "", "") + query, body(call), JSON_TYPE, null));
      }
      if (in.equals("query")) {
        requests.add(
            new Request(
                call.method(),
                path(call, "", "") + "?" + name + "=1&" + name + "=2",
                body(call),
                JSON_TYPE,
                name));
      }
    }
    requests.add(
        new Request(
            call.method(), path(call, "", "") + "?nosuch=1", body(call), JSON_TYPE, "nosuch"));
    if (call.operation().has("requestBody")) {
      bodies(call, random, requests);
    }
    return requests;
  }

  private static final String JSON_TYPE = "application/json";

  private void bodies(Call call, RandomGenerator random, List<Request> requests) {
    String path = path(call, "", "");
    String good = body(call);
    String method = call.method();
    requests.add(new Request(method, path, good, "text/plain", null));
    requests.add(new Request(method, path, good, "application/x-www-form-urlencoded", null));
    requests.add(new Request(method, path, "[" + good + "]", JSON_TYPE, "body"));
    requests.add(new Request(method, path, good + good, JSON_TYPE, "body"));
    requests.add(
        new Request(method, path, good.substring(0, good.length() - 1), JSON_TYPE, "body"));
    requests.add(new Request(method, path, "[".repeat(5_000), JSON_TYPE, null));
    requests.add(new Request(method, path, " ".repeat(70_000) + good, JSON_TYPE, null));
    requests.add(with(call, "nosuch", JSON.getNodeFactory().numberNode(1)));
    JsonNode schema = schema(call);
    schema
        .path("properties")
        .properties()
        .forEach(
            member -> {
              JsonNode wrong = wrongType(member.getValue(), random);
              requests.add(with(call, member.getKey(), wrong));
              JsonNode outside = outOfRange(member.getValue(), random);
              if (outside != null) {
                requests.add(with(call, member.getKey(), outside));
              }
            });
  }

  private JsonNode schema(Call call) {
    JsonNode schema = call.operation().at("/requestBody/content/application~1json/schema");
    return schema.has("$ref") ? document.at(schema.path("$ref").asString().substring(1)) : schema;
  }

  private Request with(Call call, String member, JsonNode value) {
    ObjectNode body = (ObjectNode) JSON.readTree(body(call));
    body.set(member, value);
    return new Request(call.method(), path(call, "", ""), body.toString(), JSON_TYPE, member);
  }

  /** A body that is fine. */
  private String body(Call call) {
    if (!call.operation().has("requestBody")) {
      return null;
    }
    JsonNode example = call.operation().at("/requestBody/content/application~1json/example");
    if (example.isObject()) {
      return example.toString();
    }
    Map<String, Object> members = new LinkedHashMap<>();
    schema(call)
        .path("properties")
        .properties()
        .forEach(
            member -> {
              JsonNode rule = member.getValue();
              members.put(
                  member.getKey(), rule.has("example") ? rule.get("example") : rule.at("/enum/0"));
            });
    return JSON.writeValueAsString(members);
  }

  private static JsonNode wrongType(JsonNode rule, RandomGenerator random) {
    var nodes = JSON.getNodeFactory();
    List<JsonNode> values = new ArrayList<>();
    values.add(nodes.arrayNode().add(1));
    String types = rule.path("type").toString();
    if (!rule.has("$ref") && !rule.has("oneOf") && !rule.has("anyOf")) {
      values.add(nodes.objectNode().put("x", 1));
    }
    if (!types.contains("string")) {
      values.add(nodes.stringNode("wrong"));
    }
    if (!types.contains("integer") && !types.contains("number")) {
      values.add(nodes.numberNode(17));
      values.add(nodes.numberNode(1.5));
    }
    if (!types.contains("boolean")) {
      values.add(nodes.booleanNode(true));
    }
    return values.get(random.nextInt(values.size()));
  }

  /** Null if everything is in range. */
  private static JsonNode outOfRange(JsonNode rule, RandomGenerator random) {
    var nodes = JSON.getNodeFactory();
    List<JsonNode> values = new ArrayList<>();
    if (rule.has("minimum")) {
      values.add(nodes.numberNode(rule.path("minimum").asLong() - 1));
    }
    if (rule.has("maximum")) {
      values.add(nodes.numberNode(rule.path("maximum").asLong() + 1));
      values.add(nodes.numberNode(Long.MAX_VALUE));
    }
    if (rule.has("enum")) {
      values.add(nodes.stringNode("none of these"));
    }
    if (rule.has("pattern")) {
      values.add(nodes.stringNode("%%"));
    }
    if (rule.has("maxLength")) {
      values.add(nodes.stringNode("x".repeat(rule.path("maxLength").asInt() + 1)));
    }
    return values.isEmpty() ? null : values.get(random.nextInt(values.size()));
  }

  private static String path(Call call, String badName, String bad) {
    String path = call.path();
    for (JsonNode parameter : call.operation().path("parameters")) {
      String name = parameter.path("name").asString();
      if (parameter.path("in").asString().equals("path")) {
        String value = name.equals(badName) ? bad : GOOD_PATHS.getOrDefault(name, "x");
        path = path.replace("{" + name + "}", encoded(value));
      }
    }
    return path;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
