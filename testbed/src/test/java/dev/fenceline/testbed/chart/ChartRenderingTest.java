package dev.fenceline.testbed.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.Yaml;

/** What values the chart takes, and what it says of those it does not. */
class ChartRenderingTest {
  @TempDir private Path scratch = Path.of("");

  private final Chart chart = Chart.inSourceTree();

  static Stream<Path> valueFiles() throws IOException {
    return Chart.inSourceTree().valueFiles().stream();
  }

  static Set<String> topLevelValues() throws IOException {
    return new TreeSet<>(Chart.inSourceTree().defaults().keySet());
  }

  @Test
  void chart_lintsWithoutAWarning() {
    LintResult result = chart.lint();
    assertThat(result.isFailed()).as(String.join("\n", result.getMessages())).isFalse();
    assertThat(result.getMessages()).noneMatch(each -> each.contains("[WARNING]"));
  }

  @Test
  void defaultsForNullValues_areTheDefaults() throws IOException {
    Object filledIn =
        new Yaml().load(Files.readString(chart.directory().resolve("files/defaults.yaml")));
    assertThat(filledIn)
        .as("files/defaults.yaml fills in for null values; copy values.yaml over it")
        .isEqualTo(chart.defaults());
  }

  @ParameterizedTest
  @MethodSource("topLevelValues")
  void topLevelValueThatIsNull_meansItsDefault(String name) throws IOException {
    Path nulled = Files.writeString(scratch.resolve("nulled.yaml"), name + ": null\n");
    assertThat(withoutSecrets(values -> values.withValuesFile(nulled)))
        .isEqualTo(withoutSecrets(values -> {}));
  }

  /** Without tokens and keys, which differ each time. */
  private List<KubernetesObject> withoutSecrets(Consumer<TemplateCommand> values) {
    return chart.render(values).stream().filter(each -> !each.kind().equals("Secret")).toList();
  }

  @ParameterizedTest
  @MethodSource("valueFiles")
  void eachValueThatIsNull_leavesTheOthersRenderable(Path values) throws IOException {
    for (String name : topLevelValues()) {
      Path nulled = Files.writeString(scratch.resolve("nulled.yaml"), name + ": null\n");
      if (!name.equals("tls") && !name.equals("auth")) { // they decide what the others may say
        assertThat(chart.render(command -> command.withValuesFile(values).withValuesFile(nulled)))
            .as(name)
            .isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          coordinator.livenessTimeout=2s                  | has no room for three reports
          coordinator.ingress.enabled=true                | needs at least one name
          host.arena=1GB                                  | leaves -256 MiB of host.resources.limits.memory
          host.terminationGracePeriodSeconds=3            | host.terminationGracePeriodSeconds (3) is not longer
          agent.terminationGracePeriodSeconds=8           | the agent would be killed while hosts wait for it
          host.lease.ttl=30s                              | the longest fence can
          agent.kind=DaemonSet,agent.replicas=5           | agent.replicas (5) contradicts it
          tls.mode=off                                    | set tls.allowPlaintextNetwork=true to admit
          tls.allowPlaintextNetwork=true                  | contradicts tls.mode=generated
          tls.mode=existing                               | tls.existing.coordinatorSecret must name
          tls.certManager.csiDriver=true                  | contradicts tls.mode=generated
          tls.mode=cert-manager,tls.certManager.csiDriver=true | needs an issuer of yours
          tls.certManager.renewBefore=9000h               | must be shorter than tls.certManager.duration
          auth.mode=oidc                                  | auth.oidc.issuerUri must name the issuer
          auth.oidc.issuerUri=https://login.example       | but auth.mode is static
          auth.mode=off,auth.static.existingSecret=tokens | but auth.mode is off
          auth.mode=off,coordinator.service.type=NodePort | anybody outside could unmap memory
          metrics.serviceMonitor.enabled=true,metrics.namespace=monitoring | may not read it
          auth.mode=oidc,auth.oidc.issuerUri=https://login.example,metrics.serviceMonitor.enabled=true | has no token of the issuer
          metrics.scrapeTimeout=20s                       | is longer than metrics.interval
          """)
  void valuesThatContradictEachOther_areRefusedWithTheReason(String values, String reason) {
    assertThatThrownBy(() -> chart.text(set(values)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          coordinator.replicas=0            | coordinator
          coordinator.replica=1             | replica
          host.replicas=0                   | replicas
          host.arena=256                    | arena
          host.lease.ttl=2                  | ttl
          agent.kind=Deployment             | kind
          agent.devices=65                  | devices
          agent.podDisruptionBudget.maxUnavailable=0 | maxUnavailable
          image.pullPolicy=Sometimes        | pullPolicy
          image.registry=registry.example   | registry
          tls.mode=tls                      | mode
          tls.trustDomain=UPPER             | trustDomain
          auth.mode=none                    | mode
          auth.oidc.issuerUri=login.example | issuerUri
          coordinator.service.port=65536    | port
          metrics.interval=15               | interval
          surprise=1                        | surprise
          """)
  void valuesOutsideTheSchema_areRefusedWithTheirName(String values, String name) {
    assertThatThrownBy(() -> chart.text(set(values)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("schema")
        .hasMessageContaining(name);
  }

  private static Consumer<TemplateCommand> set(String values) {
    return command -> {
      for (String value : values.split(",")) {
        int equals = value.indexOf('=');
        command.set(value.substring(0, equals).strip(), value.substring(equals + 1).strip());
      }
    };
  }
}
