package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.Parameters.CompositeId;
import dev.fenceline.coordinator.adapter.rest.model.FenceView;
import dev.fenceline.coordinator.adapter.rest.model.UnavailableHost;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.FenceDiagnosis;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Session;
import dev.fenceline.coordinator.runtime.FanOut;
import dev.fenceline.coordinator.runtime.HostQueries;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Fences: which are pending or were, who is late, why, and what happens next (A7). Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1/fences", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "fences", description = "Invalidations and the fences that they wait for")
class FenceController {
  private final NodeDirectory directory;
  private final HostQueries hosts;
  private final FanOut fanOut;

  FenceController(NodeDirectory directory, HostQueries hosts, FanOut fanOut) {
    this.directory = directory;
    this.hosts = hosts;
    this.fanOut = fanOut;
  }

  @GetMapping
  @Operation(summary = "Pending and recent fences over all hosts, newest first")
  FenceView.Page list(
      @Parameter(description = "Only this address space's: hostId.n")
          @RequestParam(name = "space", required = false)
          @Nullable String space,
      @Parameter(description = "pending or all; default all")
          @RequestParam(name = "state", required = false)
          @Nullable String state,
      @Parameter(description = "1 to 1000, default 100")
          @RequestParam(name = "limit", required = false)
          @Nullable String limit)
      throws InterruptedException {
    boolean pendingOnly = Parameters.pendingOnly(state);
    int most = Parameters.limit(limit);
    return space == null
        ? overAllHosts(pendingOnly, most)
        : ofSpace(Parameters.spaceId("space", space), pendingOnly, most);
  }

  @GetMapping("/{fenceId}")
  @Operation(summary = "One fence: participants, who is late since when and why, what happens next")
  FenceView.Detail fence(
      @Parameter(example = "host-1.42") @PathVariable("fenceId") String fenceId) {
    CompositeId id = Parameters.fenceId("fenceId", fenceId);
    NodeView host = directory.askableHost(id.hostId());
    Invalidation invalidation =
        directory.value(
            host,
            hosts.invalidation(host.endpoint(), id.number()),
            ProblemType.UNKNOWN_FENCE,
            "fence " + id);
    List<Session> sessions =
        invalidation.state().isPending()
                && hosts.sessions(host.endpoint()) instanceof Answer.Answered<List<Session>> answer
            ? answer.value()
            : List.of();
    return SpaceViews.detail(
        id.hostId(),
        invalidation,
        FenceDiagnosis.of(
            invalidation, sessions, agentId -> directory.find(NodeKind.AGENT, agentId)));
  }

  private FenceView.Page ofSpace(CompositeId space, boolean pendingOnly, int limit) {
    NodeView host = directory.askableHost(space.hostId());
    List<Invalidation> found =
        directory.value(
            host,
            hosts.invalidations(host.endpoint(), space.number(), pendingOnly, limit),
            ProblemType.UNKNOWN_SPACE,
            "address space " + space);
    return new FenceView.Page(
        found.stream().map(each -> SpaceViews.fence(space.hostId(), each)).toList(),
        found.size() >= limit,
        List.of());
  }

  private FenceView.Page overAllHosts(boolean pendingOnly, int limit) throws InterruptedException {
    List<NodeView> asked = directory.presentHosts();
    List<Answer<List<Invalidation>>> answers =
        fanOut.ask(
            asked,
            host ->
                host.state() == NodeState.LOST
                    ? directory.lost(host)
                    : hosts.invalidations(host.endpoint(), 0, pendingOnly, limit));
    List<FenceView> found = new ArrayList<>();
    List<UnavailableHost> unavailable = new ArrayList<>();
    boolean truncated = false;
    for (int i = 0; i < asked.size(); i++) {
      NodeView host = asked.get(i);
      directory.unavailable(host, answers.get(i)).ifPresent(unavailable::add);
      if (answers.get(i) instanceof Answer.Answered<List<Invalidation>> answered) {
        truncated |= answered.value().size() >= limit;
        answered.value().forEach(each -> found.add(SpaceViews.fence(host.key().nodeId(), each)));
      }
    }
    found.sort(Comparator.comparing(FenceView::startedAt).reversed());
    truncated |= found.size() > limit;
    return new FenceView.Page(
        found.subList(0, Math.min(limit, found.size())), truncated, unavailable);
  }
}
