package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.Parameters.CompositeId;
import dev.fenceline.coordinator.adapter.rest.model.AttributesView;
import dev.fenceline.coordinator.adapter.rest.model.ContentionView;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.AttributedRange;
import dev.fenceline.coordinator.engine.query.ContendedBlock;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.runtime.HostQueries;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.RangeAttributes;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Where pages should be, and who contends for them. Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1/address-spaces", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "address-spaces", description = "Address spaces, their ranges, pages and mirrors")
class PlacementController {
  private static final String LIMIT = "1 to 1000, default 100";

  private final NodeDirectory directory;
  private final HostQueries hosts;

  PlacementController(NodeDirectory directory, HostQueries hosts) {
    this.directory = directory;
    this.hosts = hosts;
  }

  @GetMapping("/{spaceId}/attributes")
  @Operation(
      operationId = "listAttributes",
      summary = "Ranges that have attributes, by address; operation set-attributes sets them")
  AttributesView.Page attributes(
      @Parameter(example = "host-1.1") @PathVariable("spaceId") String spaceId,
      @RequestParam(name = "cursor", required = false) @Nullable String cursor,
      @Parameter(description = LIMIT) @RequestParam(name = "limit", required = false)
          @Nullable String limitText) {
    CompositeId id = Parameters.spaceId("spaceId", spaceId);
    String scope = "attributes " + id;
    long from = position(scope, cursor);
    int limit = Parameters.limit(limitText);
    NodeView host = host(id);
    Portion<AttributedRange> found =
        found(host, id, hosts.attributes(host.endpoint(), id.number(), from, limit));
    return new AttributesView.Page(
        id.toString(),
        found.items().stream().map(PlacementController::view).toList(),
        next(scope, found));
  }

  @GetMapping("/{spaceId}/contention")
  @Operation(
      operationId = "listContention",
      summary = "Blocks that several parties want, by address, and what is done about it")
  ContentionView.Page contention(
      @Parameter(example = "host-1.1") @PathVariable("spaceId") String spaceId,
      @RequestParam(name = "cursor", required = false) @Nullable String cursor,
      @Parameter(description = LIMIT) @RequestParam(name = "limit", required = false)
          @Nullable String limitText) {
    CompositeId id = Parameters.spaceId("spaceId", spaceId);
    String scope = "contention " + id;
    long from = position(scope, cursor);
    int limit = Parameters.limit(limitText);
    NodeView host = host(id);
    Portion<ContendedBlock> found =
        found(host, id, hosts.contention(host.endpoint(), id.number(), from, limit));
    return new ContentionView.Page(
        id.toString(),
        found.items().stream().map(PlacementController::view).toList(),
        next(scope, found));
  }

  /** A host that does not know the space is heard of before a list of nothing is told. */
  private NodeView host(CompositeId id) {
    NodeView host = directory.askableHost(id.hostId());
    directory.value(
        host,
        hosts.space(host.endpoint(), id.number()),
        ProblemType.UNKNOWN_SPACE,
        "address space " + id);
    return host;
  }

  private <T> Portion<T> found(NodeView host, CompositeId id, Answer<Portion<T>> answer) {
    return directory.value(host, answer, ProblemType.UNKNOWN_SPACE, "address space " + id);
  }

  private static AttributesView view(AttributedRange range) {
    RangeAttributes attributes = range.attributes();
    return new AttributesView(
        Views.hex(range.start()),
        Views.hex(range.end()),
        text(attributes.preferred()),
        attributes.accessedBy().stream().map(DeviceId::toString).toList(),
        attributes.readDuplication(),
        Views.word(attributes.granularity()),
        Views.word(attributes.migrationPolicy()),
        Views.word(attributes.atomicMode()));
  }

  private static ContentionView view(ContendedBlock block) {
    ContendedBlock.Turns turns = block.turns();
    ContendedBlock.Moves moves = block.moves();
    return new ContentionView(
        Views.hex(block.start()),
        Views.hex(block.end()),
        turns.worstCollisions(),
        turns.count(),
        text(turns.last()),
        Views.micros(turns.leftNanos()),
        turns.hostsTurn(),
        turns.heldOperations(),
        Views.micros(turns.longestNanos()),
        moves.count(),
        moves.naps(),
        moves.pins(),
        moves.thrashingPages(),
        moves.pinnedPages(),
        Views.micros(moves.pinnedNanos()));
  }

  private static @Nullable String text(@Nullable DeviceId device) {
    return device == null ? null : device.toString();
  }

  private static long position(String scope, @Nullable String cursor) {
    Long position = Cursor.decode(scope, cursor, text -> Long.parseUnsignedLong(text, 16));
    return position == null ? 0 : position;
  }

  private static @Nullable String next(String scope, Portion<?> portion) {
    return portion.next() == 0 ? null : Cursor.encode(scope, Long.toHexString(portion.next()));
  }
}
