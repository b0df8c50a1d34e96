package dev.fenceline.testbed.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.fabric8.kubernetes.client.server.mock.KubernetesMixedDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.fabric8.mockwebserver.ServerRequest;
import io.fabric8.mockwebserver.ServerResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The rendered objects, applied by kubectl to an API server's double: twice, and taken away again.
 */
@Timeout(400)
class ChartAppliedTest {
  /** Group and version, then the resources that the chart makes there: plural=Kind. */
  private static final Map<String, List<String>> RESOURCES =
      new TreeMap<>(
          Map.of(
              "v1",
                  List.of(
                      "services=Service",
                      "secrets=Secret",
                      "serviceaccounts=ServiceAccount",
                      "configmaps=ConfigMap",
                      "pods=Pod"),
              "apps/v1",
                  List.of(
                      "deployments=Deployment", "statefulsets=StatefulSet", "daemonsets=DaemonSet"),
              "policy/v1", List.of("poddisruptionbudgets=PodDisruptionBudget"),
              "networking.k8s.io/v1", List.of("networkpolicies=NetworkPolicy", "ingresses=Ingress"),
              "cert-manager.io/v1", List.of("certificates=Certificate", "issuers=Issuer"),
              "monitoring.coreos.com/v1",
                  List.of(
                      "servicemonitors=ServiceMonitor",
                      "podmonitors=PodMonitor",
                      "prometheusrules=PrometheusRule")));

  @TempDir private Path scratch = Path.of("");
  private final Map<ServerRequest, Queue<ServerResponse>> responses = new HashMap<>();
  private final KubernetesMockServer server =
      new KubernetesMockServer(
          new Context(),
          new MockWebServer(),
          responses,
          new KubernetesMixedDispatcher(responses),
          false);

  static Stream<Path> valueFiles() throws IOException {
    return ChartObjectsTest.valueFiles();
  }

  @BeforeEach
  void startServer() throws IOException {
    Logger.getLogger("io.fabric8").setLevel(Level.WARNING); // it tells of every request
    server.init();
    discovery("/api", "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}");
    discovery("/apis", groups());
    RESOURCES.forEach(
        (version, resources) ->
            discovery(
                version.contains("/") ? "/apis/" + version : "/api/" + version,
                resources(version, resources)));
    Files.writeString(
        scratch.resolve("kubeconfig"),
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: double, cluster: {server: "%s"}}]
        contexts: [{name: double, context: {cluster: double, user: nobody, namespace: ns}}]
        current-context: double
        users: [{name: nobody, user: {}}]
        """
            .formatted(server.url("/")));
  }

  @AfterEach
  void stopServer() {
    server.destroy();
  }

  private void discovery(String path, String answer) {
    server.expect().get().withPath(path).andReturn(200, answer).always();
    server.expect().get().withPath(path + "?timeout=32s").andReturn(200, answer).always();
  }

  private static String groups() {
    List<String> groups = new ArrayList<>();
    for (String version : RESOURCES.keySet()) {
      if (version.contains("/")) {
        String at = "{\"groupVersion\":\"%s\",\"version\":\"v1\"}".formatted(version);
        groups.add(
            "{\"name\":\"%s\",\"versions\":[%s],\"preferredVersion\":%s}"
                .formatted(version.substring(0, version.indexOf('/')), at, at));
      }
    }
    return "{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":["
        + String.join(",", groups)
        + "]}";
  }

  private static String resources(String version, List<String> resources) {
    List<String> entries = new ArrayList<>();
    for (String resource : resources) {
      String[] plural = resource.split("=");
      entries.add(
          "{\"name\":\"%s\",\"kind\":\"%s\",\"namespaced\":true,\"verbs\":[\"create\",\"delete\",\"get\",\"list\",\"patch\",\"update\"]}"
              .formatted(plural[0], plural[1]));
    }
    return "{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"%s\",\"resources\":[%s]}"
        .formatted(version, String.join(",", entries));
  }

  @ParameterizedTest
  @MethodSource("valueFiles")
  void renderedObjects_areAppliedTwiceAndDeleted(Path values) throws Exception {
    Chart chart = Chart.inSourceTree().withHooksAsObjects(scratch.resolve("chart"));
    List<String> documents =
        Stream.of(chart.text(command -> command.withValuesFile(values)).split("(?m)^---$"))
            .filter(each -> each.contains("kind:"))
            .toList();
    // kubectl patches the selector of a budget at each apply, and the double takes no such patch.
    List<String> comparable =
        documents.stream().filter(each -> !each.contains("kind: PodDisruptionBudget")).toList();
    String all = file("all.yaml", documents);

    assertEachLine(documents, " created", kubectl("apply", "--validate=false", "-f", all));
    assertEachLine(
        comparable,
        " unchanged",
        kubectl("apply", "--validate=false", "-f", file("again.yaml", comparable)));
    assertEachLine(documents, " deleted", kubectl("delete", "--wait=false", "-f", all));
  }

  private String file(String name, List<String> documents) throws IOException {
    return Files.writeString(scratch.resolve(name), String.join("\n---\n", documents)).toString();
  }

  private static void assertEachLine(List<String> documents, String end, String output) {
    assertThat(output.lines()).hasSize(documents.size()).allMatch(each -> each.contains(end));
  }

  private String kubectl(String... arguments) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of("kubectl", "--kubeconfig", scratch.resolve("kubeconfig").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("HOME", scratch.toString()); // its cache of discoveries
    builder.redirectError(scratch.resolve("kubectl.err").toFile());
    Process process = start(builder);
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(150, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(() -> errors()).isZero();
    return output;
  }

  private static Process start(ProcessBuilder builder) {
    try {
      return builder.start();
    } catch (IOException e) {
      String message =
          "kubectl cannot be started (" + e.getMessage() + "): the chart was NOT applied";
      if ("true".equals(System.getenv("CI"))) {
        return fail(message);
      }
      System.err.println("SKIPPED: " + message);
      return abort(message);
    }
  }

  private String errors() {
    try {
      return Files.readString(scratch.resolve("kubectl.err"));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
