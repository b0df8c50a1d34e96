package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.Parameters.CompositeId;
import dev.fenceline.coordinator.adapter.rest.model.PinReleaseView;
import dev.fenceline.coordinator.adapter.rest.model.PinView;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Pin;
import dev.fenceline.coordinator.runtime.HostCommands;
import dev.fenceline.coordinator.runtime.HostQueries;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Pins of all hosts. Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1/pins", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "pins", description = "Pages that must stay where they are, and for whom")
class PinController {
  private static final int MAX_OWNER_LENGTH = 128;

  private final NodeDirectory directory;
  private final HostQueries hosts;
  private final HostOrderListing listing;
  private final HostCommands commands;

  PinController(
      NodeDirectory directory, HostQueries hosts, HostOrderListing listing, HostCommands commands) {
    this.commands = commands;
    this.directory = directory;
    this.hosts = hosts;
    this.listing = listing;
  }

  @TakesFields
  @GetMapping
  @Operation(
      operationId = "listPins",
      summary = "Pins by host, oldest first, with owner, reason and age")
  PinView.Page list(
      @Parameter(description = "Only this address space's: hostId.n")
          @RequestParam(name = "space", required = false)
          @Nullable String space,
      @Parameter(description = "Only this owner's; 1 to 128 characters")
          @RequestParam(name = "owner", required = false)
          @Nullable String owner,
      @Parameter(description = "true: only long-term pins")
          @RequestParam(name = "longTerm", required = false)
          @Nullable String longTerm,
      @RequestParam(name = "cursor", required = false) @Nullable String cursor,
      @Parameter(description = "1 to 1000, default 100")
          @RequestParam(name = "limit", required = false)
          @Nullable String limit)
      throws InterruptedException {
    CompositeId only = space == null ? null : Parameters.spaceId("space", space);
    if (owner != null && (owner.isEmpty() || owner.length() > MAX_OWNER_LENGTH)) {
      throw ProblemException.invalidParameter("owner", owner, "1 to 128 characters");
    }
    boolean longTermOnly = Parameters.flag("longTerm", longTerm);
    HostOrderListing.Listed<Pin> listed =
        new HostOrderListing.Listed<>(
            "pins " + only + " " + longTermOnly + " " + owner,
            (host, after, most) ->
                hosts.pins(
                    host.endpoint(),
                    new HostQueries.PinQuery(
                        only == null ? 0 : only.number(),
                        owner == null ? "" : owner,
                        longTermOnly,
                        after,
                        most)),
            Pin::pinId);
    HostOrderListing.Listing<Pin> page =
        listing.page(only == null ? null : only.hostId(), listed, cursor, Parameters.limit(limit));
    return new PinView.Page(
        page.items().stream()
            .map(item -> LiveViews.pin(item.node().key().nodeId(), item.value()))
            .toList(),
        page.nextCursor(),
        page.unavailable());
  }

  @DeleteMapping("/{pinId}")
  @Operation(
      summary = "Takes a pin back for its owner, who may still rely on it: for leaks",
      operationId = "unpin")
  PinReleaseView unpin(
      @Parameter(example = "host-1.3") @PathVariable("pinId") String pinId,
      HttpServletRequest request) {
    CompositeId id = Parameters.pinId("pinId", pinId);
    NodeView host = directory.askableHost(id.hostId());
    Audit.about(request, Audit.Subject.host(id.hostId(), "took back pin " + id));
    return new PinReleaseView(
        id.toString(),
        directory.value(
            host,
            commands.unpin(host.endpoint(), id.number()),
            ProblemType.UNKNOWN_PIN,
            "pin " + id));
  }
}
