package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.MergedListing.Listed;
import dev.fenceline.coordinator.adapter.rest.MergedListing.Merged;
import dev.fenceline.coordinator.adapter.rest.Parameters.CompositeId;
import dev.fenceline.coordinator.adapter.rest.model.ProgramBody;
import dev.fenceline.coordinator.adapter.rest.model.ProgramView;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.command.ProgramOrder;
import dev.fenceline.coordinator.engine.query.Program;
import dev.fenceline.coordinator.runtime.AgentCommands;
import dev.fenceline.coordinator.runtime.AgentQueries;
import dev.fenceline.model.DeviceId;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Programs on devices. Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1/programs", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "programs", description = "Programs on devices")
class ProgramController {
  private static final long MOST_SECONDS = 600;

  private final NodeDirectory directory;
  private final AgentQueries agents;
  private final MergedListing listing;
  private final AgentCommands commands;
  private final IdempotentAnswers answers;

  ProgramController(
      NodeDirectory directory,
      AgentQueries agents,
      MergedListing listing,
      AgentCommands commands,
      IdempotentAnswers answers) {
    this.commands = commands;
    this.answers = answers;
    this.directory = directory;
    this.agents = agents;
    this.listing = listing;
  }

  @TakesFields
  @GetMapping
  @Operation(operationId = "listPrograms", summary = "Programs of all agents, newest first")
  ProgramView.Page list(
      @Parameter(description = "Only this device's: agentId/index")
          @RequestParam(name = "device", required = false)
          @Nullable String device,
      @Parameter(description = "pending or all; default all")
          @RequestParam(name = "state", required = false)
          @Nullable String state,
      @RequestParam(name = "cursor", required = false) @Nullable String cursor,
      @Parameter(description = "1 to 1000, default 100")
          @RequestParam(name = "limit", required = false)
          @Nullable String limit)
      throws InterruptedException {
    DeviceId only = Parameters.device("device", device);
    boolean pendingOnly = Parameters.pendingOnly(state);
    Integer index = only == null ? null : only.deviceIndex();
    List<NodeView> asked =
        only == null
            ? directory.present(NodeKind.AGENT)
            : List.of(directory.askableAgent(only.agentId()));
    Merged<Program> page =
        listing.page(
            asked,
            new Listed<>(
                "programs " + only + " " + pendingOnly,
                (agent, before, most) ->
                    agents.programs(
                        agent.endpoint(),
                        new AgentQueries.ProgramQuery(index, pendingOnly, before, most)),
                Program::number,
                Program::submittedAtMillis),
            cursor,
            Parameters.limit(limit));
    return new ProgramView.Page(
        page.items().stream()
            .map(item -> LiveViews.program(item.node().key().nodeId(), item.value()))
            .toList(),
        page.nextCursor(),
        page.truncated(),
        page.unavailable());
  }

  @GetMapping("/{programId}")
  @Operation(operationId = "getProgram", summary = "One program and what came of it")
  ProgramView program(
      @Parameter(example = "agent-1.7") @PathVariable("programId") String programId) {
    CompositeId id = Parameters.programId("programId", programId);
    NodeView agent = directory.askableAgent(id.hostId());
    return LiveViews.program(
        id.hostId(),
        directory.value(
            agent,
            agents.program(agent.endpoint(), id.number()),
            ProblemType.UNKNOWN_PROGRAM,
            "program " + id));
  }

  @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  @Operation(summary = "Queues a program on a device", operationId = "submitProgram")
  @ApiResponse(responseCode = "202", description = "Queued; ask for it at its Location")
  ResponseEntity<ProgramView> submit(@RequestBody ProgramBody body, HttpServletRequest request) {
    DeviceId device = Parameters.device("device", Members.needed("device", body.device()));
    CompositeId space = Parameters.spaceId("space", Members.needed("space", body.space()));
    ProgramOrder.Task task = ProgramBodies.parse(body);
    long deadlineNanos =
        1_000_000_000L
            * Members.numberOr("deadlineSeconds", body.deadlineSeconds(), 1, MOST_SECONDS, 0);
    if (device == null) {
      throw new IllegalStateException("a device that is needed is missing");
    }
    NodeView agent = directory.askableAgent(device.agentId());
    ProgramOrder order =
        new ProgramOrder(
            device.deviceIndex(),
            space.hostId(),
            space.number(),
            task,
            deadlineNanos,
            Boolean.TRUE.equals(body.exclusive()),
            ProgramTies.parse(body, device.agentId(), directory));
    Audit.about(
        request, Audit.Subject.device(device, "submitted " + body.kind() + " to " + device));
    return answers.once(
        request,
        body,
        () -> {
          Program program =
              directory.value(
                  agent,
                  commands.submit(agent.endpoint(), order),
                  ProblemType.REQUEST_REFUSED,
                  "the device, host or address space");
          ProgramView view = LiveViews.program(device.agentId(), program);
          return ResponseEntity.accepted()
              .location(URI.create("/api/v1/programs/" + view.id()))
              .body(view);
        });
  }

  @DeleteMapping("/{programId}")
  @Operation(
      summary = "Ends the program at its next access; one that has ended stays as it is",
      operationId = "cancelProgram")
  ProgramView cancel(
      @Parameter(example = "agent-1.7") @PathVariable("programId") String programId,
      HttpServletRequest request) {
    CompositeId id = Parameters.programId("programId", programId);
    NodeView agent = directory.askableAgent(id.hostId());
    Audit.about(request, Audit.Subject.agent(id.hostId(), "cancelled program " + id));
    ProgramView view =
        LiveViews.program(
            id.hostId(),
            directory.value(
                agent,
                commands.cancel(agent.endpoint(), id.number()),
                ProblemType.UNKNOWN_PROGRAM,
                "program " + id));
    if (!view.state().equals("cancelled")) {
      Audit.outcome(request, "asked for, it is " + view.state()); // it may have ended before
    }
    return view;
  }
}
