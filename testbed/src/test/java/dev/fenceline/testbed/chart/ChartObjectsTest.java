package dev.fenceline.testbed.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.Yaml;

/**
 * What the chart renders, for each file of values: strictly typed, hardened, and fitting together.
 */
class ChartObjectsTest {
  @TempDir private static Path scratch = Path.of("");

  /** The defaults, and each file of ci/. */
  static Stream<Path> valueFiles() throws IOException {
    return Stream.concat(
        Stream.of(Chart.inSourceTree().directory().resolve("values.yaml")),
        Chart.inSourceTree().valueFiles().stream());
  }

  private static List<KubernetesObject> render(Path values) throws IOException {
    Path copy = scratch.resolve("chart-" + values.getFileName());
    return Chart.inSourceTree()
        .withHooksAsObjects(copy)
        .render(command -> command.withValuesFile(values));
  }

  @ParameterizedTest
  @MethodSource("valueFiles")
  void eachObject_isStrictlyOfItsType(Path values) throws IOException {
    for (KubernetesObject object : render(values)) {
      assertThat(KubernetesTypes.problems(object)).as(object.id()).isEmpty();
    }
  }

  @Test
  void strictCheck_findsWhatALibraryLetsPass() {
    assertThat(
            problems(
                "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: '3', selector: {}, template: {}}}"))
        .anyMatch(each -> each.contains("spec.replicas is String 3, not Integer"));
    assertThat(problems("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {port: []}}"))
        .anyMatch(each -> each.contains("`port`"));
    assertThat(
            problems(
                "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a, labels: {a: 1}}}"))
        .anyMatch(each -> each.contains("metadata.labels.a is Integer 1, not String"));
    assertThat(
            problems(
                "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: a}, spec: {secretNam: b}}"))
        .anyMatch(each -> each.contains("lacks secretName"))
        .anyMatch(each -> each.contains("unknown member secretNam"));
    assertThat(problems("{apiVersion: example.org/v1, kind: Thing, metadata: {name: a}}"))
        .anyMatch(each -> each.contains("unknown type"));
  }

  private static List<String> problems(String yaml) {
    Map<String, Object> content = new Yaml().load(yaml);
    return KubernetesTypes.problems(new KubernetesObject(content));
  }

  @ParameterizedTest
  @MethodSource("valueFiles")
  void eachPod_isLockedDown(Path values) throws IOException {
    for (KubernetesObject object : render(values)) {
      if (object.containers().isEmpty()) {
        continue;
      }
      Map<String, Object> pod = object.podSpec();
      assertThat(pod.get("automountServiceAccountToken")).as(object.id()).isEqualTo(false);
      assertThat(follow(pod, "securityContext", "runAsNonRoot")).as(object.id()).isEqualTo(true);
      assertThat(follow(pod, "securityContext", "seccompProfile", "type"))
          .as(object.id())
          .isEqualTo("RuntimeDefault");
      for (Map<String, Object> container : object.containers()) {
        assertThat(follow(container, "securityContext", "readOnlyRootFilesystem"))
            .as(object.id())
            .isEqualTo(true);
        assertThat(follow(container, "securityContext", "allowPrivilegeEscalation"))
            .as(object.id())
            .isEqualTo(false);
        assertThat(follow(container, "securityContext", "capabilities", "drop"))
            .as(object.id())
            .isEqualTo(List.of("ALL"));
        assertThat(follow(container, "resources", "limits", "memory")).as(object.id()).isNotNull();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("valueFiles")
  void eachService_isProbedDrainedAndGivenTimeToStop(Path values) throws IOException {
    for (KubernetesObject object : workloads(render(values))) {
      Map<String, Object> container = object.containers().getFirst();
      for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
        String group = probe.equals("readinessProbe") ? "readiness" : "liveness";
        assertThat(follow(container, probe, "httpGet", "path"))
            .as(object.id())
            .isEqualTo("/actuator/health/" + group);
      }
      int preStop =
          (int)
              Objects.requireNonNull(follow(container, "lifecycle", "preStop", "sleep", "seconds"));
      assertThat(
              (int) Objects.requireNonNull(object.podSpec().get("terminationGracePeriodSeconds")))
          .as(object.id())
          .isGreaterThan(preStop);
    }
  }

  @ParameterizedTest
  @MethodSource("valueFiles")
  void selectors_choosePods(Path values) throws IOException {
    List<KubernetesObject> objects = render(values);
    List<Map<String, Object>> pods =
        workloads(objects).stream()
            .map(each -> each.map("spec", "template", "metadata", "labels"))
            .toList();
    for (KubernetesObject object : objects) {
      Map<String, Object> selector =
          switch (object.kind()) {
            case "Service" -> object.map("spec", "selector");
            case "PodDisruptionBudget", "Deployment", "StatefulSet", "DaemonSet", "PodMonitor" ->
                object.map("spec", "selector", "matchLabels");
            case "NetworkPolicy" -> object.map("spec", "podSelector", "matchLabels");
            default -> Map.of();
          };
      if (!selector.isEmpty()) {
        assertThat(pods).as(object.id()).filteredOn(containing(selector)).hasSize(1);
        assertThat(selector)
            .as("immutable after the first install")
            .doesNotContainKeys("app.kubernetes.io/version", "helm.sh/chart");
      }
    }
  }

  private static Predicate<Map<String, Object>> containing(Map<String, Object> selector) {
    return labels -> labels.entrySet().containsAll(selector.entrySet());
  }

  /** What a pod mounts or reads is rendered, or named by the values. */
  @ParameterizedTest
  @MethodSource("valueFiles")
  void referencesBetweenObjects_lead(Path values) throws IOException {
    List<KubernetesObject> objects = render(values);
    TreeSet<String> secrets = new TreeSet<>(List.of("c-tls", "h-tls", "a-tls", "my-tokens"));
    TreeSet<String> services = new TreeSet<>();
    TreeSet<String> accounts = new TreeSet<>(List.of("default"));
    for (KubernetesObject object : objects) {
      switch (object.kind()) {
        case "Secret" -> secrets.add(object.name());
        case "Certificate" -> secrets.add(String.valueOf(object.at("spec", "secretName")));
        case "Service" -> services.add(object.name());
        case "ServiceAccount" -> accounts.add(object.name());
        default -> {}
      }
    }
    for (KubernetesObject object : objects) {
      if (object.kind().equals("StatefulSet")) {
        assertThat(services).contains(String.valueOf(object.at("spec", "serviceName")));
      }
      if (!object.containers().isEmpty()) {
        assertThat(accounts).contains(String.valueOf(object.podSpec().get("serviceAccountName")));
        assertThat(secrets).as(object.id()).containsAll(secretsOf(object));
        assertMountsHaveVolumes(object);
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static void assertMountsHaveVolumes(KubernetesObject object) {
    TreeSet<String> volumes = new TreeSet<>();
    Object declared = object.podSpec().getOrDefault("volumes", List.of());
    ((List<Map<String, Object>>) declared)
        .forEach(each -> volumes.add(String.valueOf(each.get("name"))));
    object
        .list("spec", "volumeClaimTemplates")
        .forEach(each -> volumes.add(String.valueOf(follow(each, "metadata", "name"))));
    Object mounts = object.containers().getFirst().getOrDefault("volumeMounts", List.of());
    for (Map<String, Object> mount : (List<Map<String, Object>>) mounts) {
      assertThat(volumes).as(object.id()).contains(String.valueOf(mount.get("name")));
    }
  }

  @SuppressWarnings("unchecked")
  private static List<String> secretsOf(KubernetesObject object) {
    List<String> names = new ArrayList<>();
    Object volumes = object.podSpec().getOrDefault("volumes", List.of());
    for (Map<String, Object> volume : (List<Map<String, Object>>) volumes) {
      Object secret = follow(volume, "secret", "secretName");
      if (secret != null) {
        names.add(secret.toString());
      }
    }
    for (Map<String, Object> container : object.containers()) {
      for (Map<String, Object> variable :
          (List<Map<String, Object>>) container.getOrDefault("env", List.of())) {
        Object secret = follow(variable, "valueFrom", "secretKeyRef", "name");
        if (secret != null) {
          names.add(secret.toString());
        }
      }
    }
    return names;
  }

  /** A coordinator is not ready until nodes have registered, so they must reach it before. */
  @Test
  void registry_leadsToACoordinatorThatIsNotReady() throws IOException {
    List<KubernetesObject> objects =
        render(Chart.inSourceTree().directory().resolve("values.yaml"));
    KubernetesObject registry = find(objects, "Service/rel-fenceline-registry");
    assertThat(registry.at("spec", "publishNotReadyAddresses")).isEqualTo(true);
    assertThat(registry.at("spec", "ports", 0, "appProtocol")).isEqualTo("grpc");
    for (String workload :
        List.of("StatefulSet/rel-fenceline-host", "StatefulSet/rel-fenceline-agent")) {
      assertThat(environment(find(objects, workload))).containsValue("rel-fenceline-registry:9090");
    }
  }

  @Test
  void severalCoordinators_haveABudgetAndKeepTheirCallers() throws IOException {
    List<KubernetesObject> several =
        render(Chart.inSourceTree().directory().resolve("ci/cert-manager-values.yaml"));
    assertThat(find(several, "Deployment/rel-fenceline-coordinator").at("spec", "replicas"))
        .isEqualTo(3);
    assertThat(find(several, "Service/rel-fenceline-coordinator").at("spec", "sessionAffinity"))
        .isEqualTo("ClientIP");
    // Hosts and agents link to each address of the name, so the name must have them all.
    assertThat(find(several, "Service/rel-fenceline-registry").at("spec", "clusterIP"))
        .isEqualTo("None");
    assertThat(
            find(several, "PodDisruptionBudget/rel-fenceline-coordinator")
                .at("spec", "maxUnavailable"))
        .isEqualTo(1);
    assertThat(render(Chart.inSourceTree().directory().resolve("values.yaml")))
        .extracting(KubernetesObject::id)
        .doesNotContain("PodDisruptionBudget/rel-fenceline-coordinator");
  }

  private static Map<String, String> environment(KubernetesObject workload) {
    Map<String, String> environment = new TreeMap<>();
    for (Object variable :
        (List<?>) Objects.requireNonNull(workload.containers().getFirst().get("env"))) {
      environment.put(
          String.valueOf(follow(variable, "name")), String.valueOf(follow(variable, "value")));
    }
    return environment;
  }

  private static KubernetesObject find(List<KubernetesObject> objects, String id) {
    return objects.stream().filter(each -> each.id().equals(id)).findFirst().orElseThrow();
  }

  private static List<KubernetesObject> workloads(List<KubernetesObject> objects) {
    return objects.stream()
        .filter(each -> List.of("Deployment", "StatefulSet", "DaemonSet").contains(each.kind()))
        .toList();
  }

  private static @Nullable Object follow(Object from, Object... path) {
    return KubernetesObject.follow(from, path);
  }
}
