package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import dev.fenceline.client.rest.Query;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * {@code fenceline policy}: shows or changes the policy of a host or an address space. Confined to
 * the main thread.
 */
@Command(
    name = "policy",
    description =
        "Policy of a host (host-1) or an address space (host-1.1); with --set: changes it (role admin).")
final class PolicyCommand extends WriteCommand {
  @Parameters(paramLabel = "HOST|SPACE", description = "host-1, or host-1.1.")
  private String target = "";

  @Option(
      names = "--set",
      paramLabel = "NAME=VALUE",
      description = "A value to change; may be repeated. The others stay.")
  private Map<String, String> changes = new LinkedHashMap<>();

  @Override
  JsonNode change(CoordinatorClient coordinator) {
    String path =
        (target.matches(".*\\.[0-9]+") ? Paths.space(target) : Paths.host(target)) + "/policy";
    JsonNode policy = coordinator.document(path, Query.all());
    if (changes.isEmpty()) {
      return policy;
    }
    Map<String, JsonNode> changed = new LinkedHashMap<>();
    policy.properties().forEach(each -> changed.put(each.getKey(), each.getValue()));
    changes.forEach(
        (name, value) -> {
          if (!changed.containsKey(name)) {
            throw new IllegalArgumentException(
                "--set "
                    + name
                    + ": the policy has no such value; it has "
                    + changed.keySet().stream().collect(Collectors.joining(", ")));
          }
          changed.put(name, value(value));
        });
    return coordinator.put(path, changed);
  }

  private static JsonNode value(String text) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    if (text.matches("-?[0-9]{1,15}")) {
      return nodes.numberNode(Long.parseLong(text));
    }
    return text.matches("-?[0-9]+\\.[0-9]+")
        ? nodes.numberNode(Double.parseDouble(text))
        : nodes.stringNode(text);
  }
}
