package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.MergedListing.Listed;
import dev.fenceline.coordinator.adapter.rest.MergedListing.Merged;
import dev.fenceline.coordinator.adapter.rest.Parameters.CompositeId;
import dev.fenceline.coordinator.adapter.rest.model.FenceView;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.FenceDiagnosis;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Session;
import dev.fenceline.coordinator.runtime.HostQueries;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
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
  private final MergedListing listing;

  FenceController(NodeDirectory directory, HostQueries hosts, MergedListing listing) {
    this.directory = directory;
    this.hosts = hosts;
    this.listing = listing;
  }

  @TakesFields
  @GetMapping
  @Operation(
      operationId = "listFences",
      summary = "Pending and recent fences over all hosts, newest first")
  FenceView.Page list(
      @Parameter(description = "Only this address space's: hostId.n")
          @RequestParam(name = "space", required = false)
          @Nullable String space,
      @Parameter(description = "pending or all; default all")
          @RequestParam(name = "state", required = false)
          @Nullable String state,
      @RequestParam(name = "cursor", required = false) @Nullable String cursor,
      @Parameter(description = "1 to 1000, default 100")
          @RequestParam(name = "limit", required = false)
          @Nullable String limit)
      throws InterruptedException {
    boolean pendingOnly = Parameters.pendingOnly(state);
    CompositeId only = space == null ? null : Parameters.spaceId("space", space);
    int most = Parameters.limit(limit);
    Merged<Invalidation> page =
        listing.page(
            only == null ? directory.presentHosts() : List.of(knowing(only)),
            new Listed<>(
                "fences " + only + " " + pendingOnly,
                (host, before, count) ->
                    hosts.invalidations(
                        host.endpoint(),
                        new HostQueries.InvalidationQuery(
                            only == null ? 0 : only.number(), pendingOnly, before, count)),
                Invalidation::invalidationId,
                Invalidation::startedAtMillis),
            cursor,
            most);
    return new FenceView.Page(
        page.items().stream()
            .map(item -> SpaceViews.fence(item.node().key().nodeId(), item.value()))
            .toList(),
        page.nextCursor(),
        page.truncated() || page.nextCursor() != null,
        page.unavailable());
  }

  /** The host of an address space, which it knows. */
  private NodeView knowing(CompositeId space) {
    NodeView host = directory.askableHost(space.hostId());
    directory.value(
        host,
        hosts.space(host.endpoint(), space.number()),
        ProblemType.UNKNOWN_SPACE,
        "address space " + space);
    return host;
  }

  @GetMapping("/{fenceId}")
  @Operation(
      operationId = "getFence",
      summary = "One fence: participants, who is late since when and why, what happens next")
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
}
