package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.Parameters.CompositeId;
import dev.fenceline.coordinator.adapter.rest.model.FaultView;
import dev.fenceline.coordinator.adapter.rest.model.GraphView;
import dev.fenceline.coordinator.adapter.rest.model.UnavailableHost;
import dev.fenceline.coordinator.adapter.rest.model.WaitsView;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.Faults;
import dev.fenceline.coordinator.engine.wait.Phase;
import dev.fenceline.coordinator.engine.wait.WaitHistory;
import dev.fenceline.coordinator.engine.wait.WaitSecond;
import dev.fenceline.coordinator.runtime.FanOut;
import dev.fenceline.coordinator.runtime.HostQueries;
import dev.fenceline.coordinator.runtime.WaitSampler;
import dev.fenceline.coordinator.runtime.WallTime;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** What waits at the moment, and how long it took lately. Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "waits", description = "What waits at the moment, and how long it took lately")
class LiveController {
  private static final int DEFAULT_SECONDS = 300;

  private final NodeDirectory directory;
  private final HostQueries hosts;
  private final FanOut fanOut;
  private final WaitSampler waits;
  private final WaitGraphAssembly graph;
  private final WallTime wallTime;

  LiveController(
      NodeDirectory directory,
      HostQueries hosts,
      FanOut fanOut,
      WaitSampler waits,
      WaitGraphAssembly graph,
      WallTime wallTime) {
    this.directory = directory;
    this.hosts = hosts;
    this.fanOut = fanOut;
    this.waits = waits;
    this.graph = graph;
    this.wallTime = wallTime;
  }

  @GetMapping("/faults")
  @Operation(
      operationId = "listFaults",
      summary = "Faults that are parked or under way, oldest first")
  FaultView.Page faults(
      @Parameter(description = "Only this address space's: hostId.n")
          @RequestParam(name = "space", required = false)
          @Nullable String space,
      @Parameter(description = "1 to 1000, default 100")
          @RequestParam(name = "limit", required = false)
          @Nullable String limitText)
      throws InterruptedException {
    int limit = Parameters.limit(limitText);
    CompositeId only = space == null ? null : Parameters.spaceId("space", space);
    long spaceId = only == null ? 0 : only.number();
    List<NodeView> asked =
        only == null ? directory.presentHosts() : List.of(directory.askableHost(only.hostId()));
    List<Answer<Faults>> answers =
        fanOut.ask(
            asked,
            host ->
                host.state() == NodeState.LOST
                    ? directory.lost(host)
                    : hosts.faults(host.endpoint(), spaceId, limit));
    if (only != null) {
      directory.value(
          asked.getFirst(), answers.getFirst(), ProblemType.UNKNOWN_SPACE, "address space " + only);
    }
    List<FaultView> found = new ArrayList<>();
    List<UnavailableHost> unavailable = new ArrayList<>();
    long total = 0;
    for (int i = 0; i < asked.size(); i++) {
      String hostId = asked.get(i).key().nodeId();
      directory.unavailable(asked.get(i), answers.get(i)).ifPresent(unavailable::add);
      if (answers.get(i) instanceof Answer.Answered<Faults> answered) {
        total += answered.value().total();
        answered.value().items().forEach(each -> found.add(LiveViews.fault(hostId, each)));
      }
    }
    found.sort(Comparator.comparingDouble(FaultView::elapsedMicros).reversed());
    List<FaultView> items = List.copyOf(found.subList(0, Math.min(limit, found.size())));
    return new FaultView.Page(items, total, total > items.size(), unavailable);
  }

  @GetMapping("/graph")
  @Operation(
      operationId = "getGraph",
      summary = "Who waits for whom, and circles of waits",
      description =
          "Its parts are read one after the other: a circle that is gone when one asks again was"
              + " none.")
  GraphView graph() throws InterruptedException {
    return graph.assemble();
  }

  @GetMapping("/waits")
  @Operation(
      operationId = "getWaits",
      summary = "How long invalidations took, second by second, and percentiles")
  WaitsView waits(
      @Parameter(description = "How far back: 1 to 900, default 300")
          @RequestParam(name = "seconds", required = false)
          @Nullable String secondsText,
      @Parameter(description = "Seconds per sample: 1 to 60, default 1")
          @RequestParam(name = "step", required = false)
          @Nullable String stepText,
      @Parameter(description = "Only this host's") @RequestParam(name = "host", required = false)
          @Nullable String host) {
    int seconds =
        Parameters.number("seconds", secondsText, 1, WaitHistory.SECONDS, DEFAULT_SECONDS);
    int step = Parameters.number("step", stepText, 1, 60, 1);
    String only =
        host == null ? null : directory.host(Parameters.nodeId("host", host)).key().nodeId();
    long last = waits.currentSecond();
    int reachable = (int) Math.min(seconds, last + 1);
    return waits.read(
        history ->
            view(
                history.window(last, reachable, step, id -> only == null || id.equals(only)),
                step,
                history.hostIds().stream().filter(id -> only == null || id.equals(only)).toList()));
  }

  private WaitsView view(WaitHistory.Window window, int step, List<String> hostIds) {
    return new WaitsView(
        window.boundNanos().stream().map(Views::micros).toList(),
        step,
        hostIds,
        window.seconds().stream().map(this::sample).toList(),
        new WaitsView.Percentiles(
            quantiles(window, Phase.SCHEDULE),
            quantiles(window, Phase.UNMAP),
            quantiles(window, Phase.WAIT)));
  }

  private WaitsView.Sample sample(WaitSecond second) {
    return new WaitsView.Sample(
        wallTime.at(TimeUnit.SECONDS.toNanos(second.second())),
        second.counts().getOrDefault(Phase.SCHEDULE, List.of()),
        second.counts().getOrDefault(Phase.UNMAP, List.of()),
        second.counts().getOrDefault(Phase.WAIT, List.of()),
        second.completed(),
        second.backedOff());
  }

  private static WaitsView.Quantiles quantiles(WaitHistory.Window window, Phase phase) {
    return new WaitsView.Quantiles(
        window.total().counts().getOrDefault(phase, List.of()).stream()
            .mapToLong(Long::longValue)
            .sum(),
        window.percentileNanos(phase, 0.5) / 1e3,
        window.percentileNanos(phase, 0.9) / 1e3,
        window.percentileNanos(phase, 0.99) / 1e3,
        window.percentileNanos(phase, 0.999) / 1e3);
  }
}
