package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.AgentView;
import dev.fenceline.coordinator.adapter.rest.model.DeviceView;
import dev.fenceline.coordinator.adapter.rest.model.HostView;
import dev.fenceline.coordinator.adapter.rest.model.ListView;
import dev.fenceline.coordinator.adapter.rest.model.StandingView;
import dev.fenceline.coordinator.adapter.rest.model.UnavailableHost;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeLoad;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.RegistryView;
import dev.fenceline.coordinator.engine.query.AgentStatus;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.HostStatus;
import dev.fenceline.coordinator.engine.query.Session;
import dev.fenceline.coordinator.engine.query.Standing;
import dev.fenceline.coordinator.runtime.AgentQueries;
import dev.fenceline.coordinator.runtime.FanOut;
import dev.fenceline.coordinator.runtime.HostQueries;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Hosts, agents and devices. Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "nodes", description = "Hosts, agents and devices")
class NodeController {
  private final NodeDirectory directory;
  private final Views views;
  private final HostQueries hosts;
  private final AgentQueries agents;
  private final FanOut fanOut;

  NodeController(
      NodeDirectory directory, Views views, HostQueries hosts, AgentQueries agents, FanOut fanOut) {
    this.fanOut = fanOut;
    this.directory = directory;
    this.views = views;
    this.hosts = hosts;
    this.agents = agents;
  }

  @TakesFields
  @GetMapping("/hosts")
  @Operation(operationId = "listHosts", summary = "Hosts by id")
  ListView<HostView> listHosts(
      @RequestParam(name = "cursor", required = false) @Nullable String cursor,
      @Parameter(description = "1 to 1000, default 100")
          @RequestParam(name = "limit", required = false)
          @Nullable String limit) {
    List<HostView> all =
        directory.registry().nodes(NodeKind.HOST).stream().map(views::host).toList();
    return paged("hosts", all, HostView::id, cursor, limit);
  }

  @GetMapping("/hosts/{hostId}")
  @Operation(operationId = "getHost", summary = "One host, with what it says itself at the moment")
  HostView.Detail host(@PathVariable("hostId") String hostId) {
    NodeView node = directory.host(Parameters.nodeId("hostId", hostId));
    if (node.state() == NodeState.LEFT) {
      return new HostView.Detail(views.host(node), null, List.of(), directory.gone(node));
    }
    Answer<HostStatus> status = hosts.host(node.endpoint());
    Optional<UnavailableHost> unavailable = directory.unavailable(node, status);
    Answer<List<Session>> sessions =
        unavailable.isPresent()
            ? new Answer.Answered<>(List.of())
            : hosts.sessions(node.endpoint());
    return new HostView.Detail(
        views.host(node),
        status instanceof Answer.Answered<HostStatus> answered
            ? Views.status(answered.value())
            : null,
        sessions instanceof Answer.Answered<List<Session>> answered
            ? answered.value().stream().map(Views::session).toList()
            : List.of(),
        unavailable.or(() -> directory.unavailable(node, sessions)).orElse(null));
  }

  @TakesFields
  @GetMapping("/agents")
  @Operation(operationId = "listAgents", summary = "Agents by id")
  ListView<AgentView> listAgents(
      @RequestParam(name = "cursor", required = false) @Nullable String cursor,
      @Parameter(description = "1 to 1000, default 100")
          @RequestParam(name = "limit", required = false)
          @Nullable String limit) {
    RegistryView registry = directory.registry();
    List<AgentView> all =
        registry.nodes(NodeKind.AGENT).stream()
            .map(node -> views.agent(node, quarantinedAt(registry, node)))
            .toList();
    return paged("agents", all, AgentView::id, cursor, limit);
  }

  @GetMapping("/agents/{agentId}")
  @Operation(
      operationId = "getAgent",
      summary = "One agent with its devices and what it says itself at the moment")
  AgentView.Detail agent(@PathVariable("agentId") String agentId) throws InterruptedException {
    NodeView node = directory.agent(Parameters.nodeId("agentId", agentId));
    Asked asked = ask(node);
    return new AgentView.Detail(
        views.agent(node, quarantinedAt(directory.registry(), node)),
        Views.devices(node).stream().map(device -> detail(device, asked)).toList(),
        standings(agentId),
        asked.unavailable());
  }

  @TakesFields
  @GetMapping("/devices")
  @Operation(operationId = "listDevices", summary = "Devices of all agents, by agent and index")
  ListView<DeviceView> listDevices(
      @RequestParam(name = "cursor", required = false) @Nullable String cursor,
      @Parameter(description = "1 to 1000, default 100")
          @RequestParam(name = "limit", required = false)
          @Nullable String limit) {
    List<DeviceView> all =
        directory.registry().nodes(NodeKind.AGENT).stream()
            .flatMap(agent -> Views.devices(agent).stream())
            .toList();
    return paged("devices", all, DeviceView::id, cursor, limit);
  }

  @GetMapping("/devices/{agentId}/{index}")
  @Operation(operationId = "getDevice", summary = "One device with its counters")
  DeviceView.Detail device(
      @PathVariable("agentId") String agentId, @PathVariable("index") String indexText) {
    NodeView node = directory.agent(Parameters.nodeId("agentId", agentId));
    int index = Parameters.deviceIndex("index", indexText);
    DeviceView device =
        Views.devices(node).stream()
            .filter(each -> each.index() == index)
            .findFirst()
            .orElseThrow(
                () ->
                    new ProblemException(
                            ProblemType.UNKNOWN_DEVICE,
                            "agent " + agentId + " reports no device with index " + index)
                        .with("agentId", agentId));
    return detail(device, ask(node));
  }

  private static List<String> quarantinedAt(RegistryView registry, NodeView agent) {
    return registry.nodes(NodeKind.HOST).stream()
        .filter(
            host ->
                host.load() instanceof NodeLoad.HostLoad load
                    && load.quarantinedAgents().contains(agent.key().nodeId()))
        .map(host -> host.key().nodeId())
        .toList();
  }

  /** What the hosts that can be asked say of an agent. */
  private List<StandingView> standings(String agentId) throws InterruptedException {
    List<NodeView> asked = directory.presentHosts();
    List<Answer<List<Standing>>> answers =
        fanOut.ask(
            asked,
            host ->
                host.state() == NodeState.LOST
                    ? directory.lost(host)
                    : hosts.standings(host.endpoint()));
    List<StandingView> standings = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      String hostId = asked.get(i).key().nodeId();
      if (answers.get(i) instanceof Answer.Answered<List<Standing>> answered) {
        answered.value().stream()
            .filter(each -> each.agentId().equals(agentId))
            .forEach(each -> standings.add(Views.standing(hostId, each)));
      }
    }
    return standings;
  }

  /** What an agent said when asked; either half may be missing. */
  private record Asked(@Nullable AgentStatus status, @Nullable UnavailableHost unavailable) {}

  private Asked ask(NodeView agent) {
    if (agent.state() == NodeState.LEFT) {
      return new Asked(null, directory.gone(agent));
    }
    Answer<AgentStatus> answer = agents.agent(agent.endpoint());
    return new Asked(
        answer instanceof Answer.Answered<AgentStatus> answered ? answered.value() : null,
        directory.unavailable(agent, answer).orElse(null));
  }

  private static DeviceView.Detail detail(DeviceView device, Asked asked) {
    AgentStatus status = asked.status();
    DeviceView.@Nullable Counters counters =
        status == null
            ? null
            : status.devices().stream()
                .filter(each -> each.index() == device.index())
                .findFirst()
                .map(Views::counters)
                .orElse(null);
    return new DeviceView.Detail(device, counters, asked.unavailable());
  }

  /** A page of a list that is all here; the cursor is the id of the last item. */
  private static <T> ListView<T> paged(
      String scope,
      List<T> all,
      Function<T, String> id,
      @Nullable String cursor,
      @Nullable String limitText) {
    int limit = Parameters.limit(limitText);
    String after = Cursor.decode(scope, cursor, Function.identity());
    int from = 0;
    if (after != null) {
      // By position in the list's own order: ids of devices do not sort as text.
      while (from < all.size() && !id.apply(all.get(from)).equals(after)) {
        from++;
      }
      from = from < all.size() ? from + 1 : firstAbove(all, id, after);
    }
    List<T> items = all.subList(from, Math.min(all.size(), from + limit));
    boolean more = from + items.size() < all.size();
    return new ListView<>(items, more ? Cursor.encode(scope, id.apply(items.getLast())) : null);
  }

  /** The last item of the page before is gone: go on behind where it was. */
  private static <T> int firstAbove(List<T> all, Function<T, String> id, String after) {
    int from = 0;
    while (from < all.size() && id.apply(all.get(from)).compareTo(after) <= 0) {
      from++;
    }
    return from;
  }
}
