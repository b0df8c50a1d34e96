package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.ScrapeTarget;
import dev.fenceline.coordinator.adapter.rest.model.StatusView;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.RegistryCounts;
import dev.fenceline.coordinator.engine.RegistrySettings;
import dev.fenceline.coordinator.engine.RegistryView;
import dev.fenceline.coordinator.runtime.RegistryRuntime;
import dev.fenceline.coordinator.runtime.WallTime;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The coordinator itself, and what Prometheus may scrape. Thread-safe. */
@RestController
@Tag(name = "coordinator", description = "The coordinator itself")
class StatusController {
  private final RegistryRuntime runtime;
  private final NodeDirectory directory;
  private final RegistrySettings settings;
  private final WallTime wallTime;

  StatusController(
      RegistryRuntime runtime,
      NodeDirectory directory,
      RegistrySettings settings,
      WallTime wallTime) {
    this.wallTime = wallTime;
    this.runtime = runtime;
    this.directory = directory;
    this.settings = settings;
  }

  private record Now(RegistryView view, RegistryCounts counts) {}

  @AnsweredWhileRecovering
  @GetMapping(path = AnswerGate.STATUS_PATH, produces = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      operationId = "getStatus",
      summary = "State of the coordinator; answered while recovering, too")
  StatusView status() {
    Now now = runtime.read((engine, nanos) -> new Now(engine.view(nanos), engine.counts()));
    RegistryView view = now.view();
    return new StatusView(
        view.recovering() ? "recovering" : "ready",
        Views.token(view.bootToken()),
        wallTime.at(0),
        view.uptimeNanos() / 1_000_000,
        view.recoveryLeftNanos() / 1_000_000,
        view.revision(),
        settings.reportIntervalNanos() / 1_000_000,
        settings.livenessTimeoutNanos() / 1_000_000,
        new StatusView.Counts(
            counts(now.counts(), NodeKind.HOST),
            counts(now.counts(), NodeKind.AGENT),
            now.counts().devices(),
            now.counts().streams()));
  }

  @GetMapping(
      path = {"/api/v1/sd/prometheus", "/sd/prometheus"},
      produces = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      operationId = "listScrapeTargets",
      summary = "HTTP endpoints of all nodes in Prometheus' http_sd format")
  List<ScrapeTarget> scrapeTargets() {
    return directory.registry().nodes().stream()
        .filter(node -> node.state() != NodeState.LEFT && !node.httpEndpoint().isEmpty())
        .map(StatusController::target)
        .toList();
  }

  private static ScrapeTarget target(NodeView node) {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("__metrics_path__", "/actuator/prometheus");
    labels.put("fenceline_kind", Views.word(node.key().kind()));
    labels.put("fenceline_node", node.key().nodeId());
    return new ScrapeTarget(List.of(node.httpEndpoint()), labels);
  }

  private static StatusView.NodeCounts counts(RegistryCounts counts, NodeKind kind) {
    return new StatusView.NodeCounts(
        counts.nodes(kind, NodeState.LIVE),
        counts.nodes(kind, NodeState.SUSPECT),
        counts.nodes(kind, NodeState.LOST),
        counts.nodes(kind, NodeState.LEFT));
  }
}
