package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.DrainBody;
import dev.fenceline.coordinator.adapter.rest.model.QuarantineBody;
import dev.fenceline.coordinator.adapter.rest.model.StandingView;
import dev.fenceline.coordinator.adapter.rest.model.StandingsView;
import dev.fenceline.coordinator.adapter.rest.model.UnavailableHost;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.DeviceStanding;
import dev.fenceline.coordinator.engine.query.Standing;
import dev.fenceline.coordinator.runtime.AgentCommands;
import dev.fenceline.coordinator.runtime.FanOut;
import dev.fenceline.coordinator.runtime.HostCommands;
import dev.fenceline.model.DeviceId;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Takes agents and devices out of service, and back. Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "standings", description = "Drain, quarantine and return")
class StandingController {
  private static final int MAX_REASON_LENGTH = 256;
  private static final long MOST_DRAIN_SECONDS = 600;
  private static final long MOST_HOLD_SECONDS = 30 * 86_400;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final NodeDirectory directory;
  private final AgentCommands agents;
  private final HostCommands hosts;
  private final FanOut fanOut;
  private final IdempotentAnswers answers;

  StandingController(
      NodeDirectory directory,
      AgentCommands agents,
      HostCommands hosts,
      FanOut fanOut,
      IdempotentAnswers answers) {
    this.directory = directory;
    this.agents = agents;
    this.hosts = hosts;
    this.fanOut = fanOut;
    this.answers = answers;
  }

  @PostMapping(path = "/agents/{agentId}/drain", consumes = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      summary = "Lets the agent take no new programs and leave its hosts when the last has ended",
      operationId = "drainAgent")
  @ApiResponse(responseCode = "202", description = "It drains; ask again how far it is")
  ResponseEntity<StandingsView> drainAgent(
      @Parameter(example = "agent-1") @PathVariable("agentId") String agentId,
      @RequestBody(required = false) @Nullable DrainBody body,
      HttpServletRequest request) {
    return drain(Parameters.nodeId("agentId", agentId), List.of(), body, request);
  }

  @PostMapping(
      path = "/devices/{agentId}/{index}/drain",
      consumes = MediaType.APPLICATION_JSON_VALUE)
  @Operation(summary = "Lets the device take no new programs", operationId = "drainDevice")
  @ApiResponse(responseCode = "202", description = "It drains; ask again how far it is")
  ResponseEntity<StandingsView> drainDevice(
      @Parameter(example = "agent-1") @PathVariable("agentId") String agentId,
      @Parameter(example = "0") @PathVariable("index") String index,
      @RequestBody(required = false) @Nullable DrainBody body,
      HttpServletRequest request) {
    return drain(
        Parameters.nodeId("agentId", agentId),
        List.of(Parameters.deviceIndex("index", index)),
        body,
        request);
  }

  @PostMapping("/agents/{agentId}/return")
  @Operation(
      summary = "Takes the agent into service again, and out of quarantine at every host",
      operationId = "returnAgent")
  ResponseEntity<StandingsView> returnAgent(
      @Parameter(example = "agent-1") @PathVariable("agentId") String agentId,
      HttpServletRequest request) {
    NodeView agent = directory.agent(Parameters.nodeId("agentId", agentId));
    Audit.about(request, Audit.Subject.agent(agentId, "returned agent " + agentId));
    return answers.once(
        request,
        "",
        () -> {
          AtHosts atHosts = atHosts(null, host -> hosts.returnAgent(host.endpoint(), agentId));
          StandingsView done = returned(agent, atHosts);
          Audit.outcome(request, outcome(done));
          return ResponseEntity.ok(done);
        });
  }

  /**
   * Hosts that took the agent back have done so, whether it answers or not: a failure would say
   * that nothing happened. It is one if nobody did anything.
   */
  private StandingsView returned(NodeView agent, AtHosts atHosts) {
    String agentId = agent.key().nodeId();
    Answer<List<DeviceStanding>> devices =
        agent.state() == NodeState.LEFT
            ? directory.lost(agent)
            : agents.takeBack(agent.endpoint(), List.of());
    UnavailableHost unavailable =
        agent.state() == NodeState.LEFT
            ? directory.gone(agent)
            : directory.unavailable(agent, devices).orElse(null);
    if (unavailable != null && atHosts.standings().isEmpty()) {
      directory.askableAgent(agentId);
      directory.value(agent, devices, ProblemType.UNKNOWN_DEVICE, "the device");
    }
    return new StandingsView(
        agentId,
        devices instanceof Answer.Answered<List<DeviceStanding>> answered
            ? devices(agentId, answered.value())
            : List.of(),
        atHosts.standings(),
        atHosts.unavailable(),
        unavailable);
  }

  /** What became of a command to several, for the audit. */
  private static String outcome(StandingsView done) {
    List<String> missing = new ArrayList<>();
    done.unavailableHosts().forEach(host -> missing.add("host " + host.id()));
    if (done.unavailableAgent() != null) {
      missing.add("agent " + done.unavailableAgent().id());
    }
    return missing.isEmpty() ? "done" : "done, but not at " + String.join(", ", missing);
  }

  @PostMapping("/devices/{agentId}/{index}/return")
  @Operation(summary = "Takes the device into service again", operationId = "returnDevice")
  ResponseEntity<StandingsView> returnDevice(
      @Parameter(example = "agent-1") @PathVariable("agentId") String agentId,
      @Parameter(example = "0") @PathVariable("index") String indexText,
      HttpServletRequest request) {
    int index = Parameters.deviceIndex("index", indexText);
    NodeView agent = directory.askableAgent(Parameters.nodeId("agentId", agentId));
    DeviceId device = new DeviceId(agentId, index);
    Audit.about(request, Audit.Subject.device(device, "returned device " + device));
    return answers.once(
        request,
        "",
        () ->
            ResponseEntity.ok(
                new StandingsView(
                    agentId,
                    devices(agentId, takeBack(agent, List.of(index))),
                    List.of(),
                    List.of(),
                    null)));
  }

  @PostMapping(path = "/agents/{agentId}/quarantine", consumes = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      summary = "Ends the agent's sessions at once and refuses it until it is returned",
      operationId = "quarantineAgent")
  ResponseEntity<StandingsView> quarantine(
      @Parameter(example = "agent-1") @PathVariable("agentId") String agentId,
      @RequestBody(required = false) @Nullable QuarantineBody given,
      HttpServletRequest request) {
    directory.agent(Parameters.nodeId("agentId", agentId));
    QuarantineBody body = given == null ? new QuarantineBody(null, null, null) : given;
    String reason = Members.text("reason", body.reason(), MAX_REASON_LENGTH);
    long holdNanos =
        NANOS_PER_SECOND
            * Members.numberOr("holdSeconds", body.holdSeconds(), 0, MOST_HOLD_SECONDS, 0);
    String onlyHost =
        body.hostId() == null
            ? null
            : directory.askableHost(Parameters.nodeId("hostId", body.hostId())).key().nodeId();
    Audit.about(
        request,
        Audit.Subject.agent(
            agentId,
            "quarantined agent "
                + agentId
                + (onlyHost == null ? "" : " at host " + onlyHost)
                + (reason.isEmpty() ? "" : ", " + reason)));
    return answers.once(
        request,
        body,
        () -> {
          AtHosts atHosts =
              atHosts(
                  onlyHost, host -> hosts.quarantine(host.endpoint(), agentId, reason, holdNanos));
          StandingsView done =
              new StandingsView(
                  agentId, List.of(), atHosts.standings(), atHosts.unavailable(), null);
          Audit.outcome(request, atHosts.standings().isEmpty() ? "not done" : outcome(done));
          return ResponseEntity.ok(done);
        });
  }

  private ResponseEntity<StandingsView> drain(
      String agentId,
      List<Integer> indexes,
      @Nullable DrainBody given,
      HttpServletRequest request) {
    DrainBody body = given == null ? new DrainBody(null, null) : given;
    String reason = Members.text("reason", body.reason(), MAX_REASON_LENGTH);
    long deadlineNanos =
        NANOS_PER_SECOND
            * Members.numberOr("deadlineSeconds", body.deadlineSeconds(), 1, MOST_DRAIN_SECONDS, 0);
    NodeView agent = directory.askableAgent(agentId);
    Audit.about(
        request,
        indexes.isEmpty()
            ? Audit.Subject.agent(agentId, "drained agent " + agentId)
            : Audit.Subject.device(
                new DeviceId(agentId, indexes.getFirst()),
                "drained device " + agentId + "/" + indexes.getFirst()));
    return answers.once(
        request,
        body,
        () ->
            ResponseEntity.accepted()
                .body(
                    new StandingsView(
                        agentId,
                        devices(
                            agentId,
                            directory.value(
                                agent,
                                agents.drain(agent.endpoint(), indexes, deadlineNanos, reason),
                                ProblemType.UNKNOWN_DEVICE,
                                "the device")),
                        List.of(),
                        List.of(),
                        null)));
  }

  private List<DeviceStanding> takeBack(NodeView agent, List<Integer> indexes) {
    return directory.value(
        agent,
        agents.takeBack(agent.endpoint(), indexes),
        ProblemType.UNKNOWN_DEVICE,
        "the device");
  }

  /** What hosts answered; immutable. */
  private record AtHosts(List<StandingView> standings, List<UnavailableHost> unavailable) {}

  /** A command to one host must succeed there; one to all names those that did not answer. */
  private AtHosts atHosts(@Nullable String onlyHost, Function<NodeView, Answer<Standing>> command) {
    List<NodeView> asked =
        onlyHost == null ? directory.presentHosts() : List.of(directory.askableHost(onlyHost));
    List<Answer<Standing>> replies;
    try {
      replies =
          fanOut.ask(
              asked,
              host -> host.state() == NodeState.LOST ? directory.lost(host) : command.apply(host));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stopped);
    }
    List<StandingView> standings = new ArrayList<>();
    List<UnavailableHost> unavailable = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      NodeView host = asked.get(i);
      if (onlyHost != null) {
        directory.value(host, replies.get(i), ProblemType.UNKNOWN_AGENT, "the agent");
      }
      directory.unavailable(host, replies.get(i)).ifPresent(unavailable::add);
      if (replies.get(i) instanceof Answer.Answered<Standing> answered) {
        standings.add(Views.standing(host.key().nodeId(), answered.value()));
      }
    }
    return new AtHosts(standings, unavailable);
  }

  private static List<StandingsView.Device> devices(
      String agentId, List<DeviceStanding> standings) {
    return standings.stream()
        .map(
            each ->
                new StandingsView.Device(
                    agentId + "/" + each.deviceIndex(),
                    Views.word(each.state()),
                    each.runningPrograms(),
                    each.queuedPrograms(),
                    each.reason()))
        .toList();
  }
}
