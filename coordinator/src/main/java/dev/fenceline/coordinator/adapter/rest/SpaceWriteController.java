package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.Parameters.CompositeId;
import dev.fenceline.coordinator.adapter.rest.model.CreateSpaceBody;
import dev.fenceline.coordinator.adapter.rest.model.OperationBody;
import dev.fenceline.coordinator.adapter.rest.model.OperationView;
import dev.fenceline.coordinator.adapter.rest.model.SpacePolicyView;
import dev.fenceline.coordinator.adapter.rest.model.SpaceView;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.command.OperationResult;
import dev.fenceline.coordinator.engine.command.SpaceOperation;
import dev.fenceline.coordinator.engine.query.Space;
import dev.fenceline.coordinator.runtime.HostCommands;
import dev.fenceline.coordinator.runtime.HostQueries;
import dev.fenceline.model.NotificationMode;
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
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Makes, changes and ends address spaces. Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1/address-spaces", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "address-spaces", description = "Address spaces, their ranges, pages and mirrors")
class SpaceWriteController {
  private static final int MAX_NAME_LENGTH = 128;

  private final NodeDirectory directory;
  private final HostQueries hosts;
  private final HostCommands commands;
  private final IdempotentAnswers answers;

  SpaceWriteController(
      NodeDirectory directory,
      HostQueries hosts,
      HostCommands commands,
      IdempotentAnswers answers) {
    this.directory = directory;
    this.hosts = hosts;
    this.commands = commands;
    this.answers = answers;
  }

  @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  @Operation(summary = "Creates an address space", operationId = "createSpace")
  @ApiResponse(responseCode = "201", description = "Created")
  ResponseEntity<SpaceView> create(@RequestBody CreateSpaceBody body, HttpServletRequest request) {
    String name = Members.text("name", body.name(), MAX_NAME_LENGTH);
    NotificationMode mode =
        body.notificationMode() == null
            ? null
            : Members.mode("notificationMode", body.notificationMode());
    int adjust = oomScoreAdjust(body.oomScoreAdjust() == null ? 0 : body.oomScoreAdjust());
    NodeView host = chosenHost(body.hostId());
    String hostId = host.key().nodeId();
    Audit.about(
        request, Audit.Subject.host(hostId, "created an address space named '" + name + "'"));
    return answers.once(
        request,
        body,
        () -> {
          long spaceId =
              directory.value(
                  host,
                  commands.createSpace(host.endpoint(), name, mode, adjust),
                  ProblemType.REQUEST_REFUSED,
                  "the address space");
          CompositeId id = new CompositeId(hostId, spaceId);
          Audit.outcome(request, "done, it is " + id); // also if it cannot be read back
          return ResponseEntity.created(URI.create("/api/v1/address-spaces/" + id))
              .body(SpaceViews.space(hostId, space(host, id)));
        });
  }

  @DeleteMapping("/{spaceId}")
  @Operation(
      summary = "Ends the address space: every mirror hears of it once, then all is unmapped",
      operationId = "destroySpace")
  OperationView destroy(
      @Parameter(example = "host-1.1") @PathVariable("spaceId") String spaceId,
      HttpServletRequest request) {
    CompositeId id = Parameters.spaceId("spaceId", spaceId);
    NodeView host = directory.askableHost(id.hostId());
    Audit.about(request, Audit.Subject.space(id, "destroyed address space " + id));
    return told(
        request,
        id,
        directory.value(
            host,
            commands.destroySpace(host.endpoint(), id.number()),
            ProblemType.UNKNOWN_SPACE,
            what(id)));
  }

  @PostMapping(path = "/{spaceId}/operations", consumes = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      summary = "Changes the address space; answers when it is done or backed off",
      operationId = "operate")
  ResponseEntity<OperationView> operate(
      @Parameter(example = "host-1.1") @PathVariable("spaceId") String spaceId,
      @RequestBody OperationBody body,
      HttpServletRequest request) {
    CompositeId id = Parameters.spaceId("spaceId", spaceId);
    SpaceOperation operation = OperationBodies.parse(body);
    NodeView host = directory.askableHost(id.hostId());
    Audit.about(
        request,
        Audit.Subject.space(
            id,
            "%s of %s bytes at %s in %s"
                .formatted(body.type(), body.length(), body.address(), id)));
    return answers.once(
        request,
        body,
        () ->
            ResponseEntity.ok(
                told(
                    request,
                    id,
                    directory.value(
                        host,
                        commands.operate(host.endpoint(), id.number(), operation),
                        ProblemType.UNKNOWN_SPACE,
                        what(id)))));
  }

  @GetMapping("/{spaceId}/policy")
  @Operation(
      summary = "How the address space notifies, and what it counts when memory is short",
      operationId = "getSpacePolicy")
  SpacePolicyView policy(@Parameter(example = "host-1.1") @PathVariable("spaceId") String spaceId) {
    CompositeId id = Parameters.spaceId("spaceId", spaceId);
    NodeView host = directory.askableHost(id.hostId());
    return policy(space(host, id));
  }

  @PutMapping(path = "/{spaceId}/policy", consumes = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      summary = "Sets how the address space notifies, and what it counts when memory is short",
      operationId = "setSpacePolicy")
  SpacePolicyView setPolicy(
      @Parameter(example = "host-1.1") @PathVariable("spaceId") String spaceId,
      @RequestBody SpacePolicyView body,
      HttpServletRequest request) {
    CompositeId id = Parameters.spaceId("spaceId", spaceId);
    NotificationMode mode = Members.mode("notificationMode", body.notificationMode());
    Integer adjust = body.oomScoreAdjust() == null ? null : oomScoreAdjust(body.oomScoreAdjust());
    NodeView host = directory.askableHost(id.hostId());
    Audit.about(
        request,
        Audit.Subject.space(
            id,
            "set %s to notify %s%s"
                .formatted(
                    id,
                    Views.word(mode),
                    adjust == null ? "" : ", with an OOM score adjustment of " + adjust)));
    NotificationMode set =
        directory.value(
            host,
            commands.setNotificationMode(host.endpoint(), id.number(), mode),
            ProblemType.UNKNOWN_SPACE,
            what(id));
    int adjustSet =
        adjust == null
            ? space(host, id).oomScoreAdjust()
            : directory.value(
                host,
                commands.setOomScoreAdjust(host.endpoint(), id.number(), adjust),
                ProblemType.UNKNOWN_SPACE,
                what(id));
    return new SpacePolicyView(Views.word(set), adjustSet);
  }

  private static SpacePolicyView policy(Space space) {
    return new SpacePolicyView(Views.word(space.notificationMode()), space.oomScoreAdjust());
  }

  private static int oomScoreAdjust(int value) {
    return (int) Members.number("oomScoreAdjust", (long) value, -1000, 1000);
  }

  private NodeView chosenHost(@Nullable String hostId) {
    if (hostId != null) {
      return directory.askableHost(Parameters.nodeId("hostId", hostId));
    }
    List<NodeView> present = directory.presentHosts();
    if (present.size() != 1) {
      throw ProblemException.invalidParameter(
          "hostId", "null", "given, since there are " + present.size() + " hosts");
    }
    return present.getFirst();
  }

  private Space space(NodeView host, CompositeId id) {
    return directory.value(
        host, hosts.space(host.endpoint(), id.number()), ProblemType.UNKNOWN_SPACE, what(id));
  }

  private static OperationView told(
      HttpServletRequest request, CompositeId space, OperationResult result) {
    if (!result.done()) {
      Audit.outcome(request, "backed off, nothing has changed");
    }
    return view(space, result);
  }

  private static OperationView view(CompositeId space, OperationResult result) {
    return new OperationView(
        result.done() ? "done" : "backed-off",
        result.address() == 0 ? null : Views.hex(result.address()),
        result.invalidationId() == 0
            ? null
            : new CompositeId(space.hostId(), result.invalidationId()).toString(),
        Views.micros(result.scheduleNanos()),
        Views.micros(result.unmapNanos()),
        Views.micros(result.waitNanos()),
        result.fencesWaited());
  }

  private static String what(CompositeId id) {
    return "address space " + id;
  }
}
