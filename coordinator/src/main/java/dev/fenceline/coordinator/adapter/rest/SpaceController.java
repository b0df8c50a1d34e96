package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.Parameters.CompositeId;
import dev.fenceline.coordinator.adapter.rest.model.MirrorView;
import dev.fenceline.coordinator.adapter.rest.model.PageView;
import dev.fenceline.coordinator.adapter.rest.model.RangeView;
import dev.fenceline.coordinator.adapter.rest.model.SpaceMapView;
import dev.fenceline.coordinator.adapter.rest.model.SpaceView;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Interval;
import dev.fenceline.coordinator.engine.query.Mirror;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.engine.query.Range;
import dev.fenceline.coordinator.engine.query.Space;
import dev.fenceline.coordinator.runtime.HostQueries;
import dev.fenceline.model.DeviceId;
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

/** Address spaces, and what is in one. Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1/address-spaces", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "address-spaces", description = "Address spaces, their ranges, pages and mirrors")
class SpaceController {
  private static final String START = "Multiple of 4096, hexadecimal (0x...) or decimal; default 0";
  private static final String END = "Exclusive; multiple of 4096, default 2^47";
  private static final String LIMIT = "1 to 1000, default 100";
  private static final int DEFAULT_CELLS = 256;
  private static final int MAX_CELLS = 2048;

  private final NodeDirectory directory;
  private final HostQueries hosts;
  private final HostOrderListing listing;

  SpaceController(NodeDirectory directory, HostQueries hosts, HostOrderListing listing) {
    this.directory = directory;
    this.hosts = hosts;
    this.listing = listing;
  }

  @TakesFields
  @GetMapping
  @Operation(operationId = "listSpaces", summary = "Address spaces of all hosts, by host and id")
  SpaceView.Page list(
      @Parameter(description = "Only this host's") @RequestParam(name = "host", required = false)
          @Nullable String host,
      @RequestParam(name = "cursor", required = false) @Nullable String cursor,
      @Parameter(description = LIMIT) @RequestParam(name = "limit", required = false)
          @Nullable String limit)
      throws InterruptedException {
    String only = host == null ? null : Parameters.nodeId("host", host);
    HostOrderListing.Listing<Space> page =
        listing.page(
            only,
            new HostOrderListing.Listed<>(
                "address-spaces",
                (node, after, most) -> hosts.spaces(node.endpoint(), after, most),
                Space::spaceId),
            cursor,
            Parameters.limit(limit));
    return new SpaceView.Page(
        page.items().stream()
            .map(item -> SpaceViews.space(item.node().key().nodeId(), item.value()))
            .toList(),
        page.nextCursor(),
        page.unavailable());
  }

  @GetMapping("/{spaceId}")
  @Operation(operationId = "getSpace", summary = "One address space")
  SpaceView space(@Parameter(example = "host-1.1") @PathVariable("spaceId") String spaceId) {
    CompositeId id = Parameters.spaceId("spaceId", spaceId);
    NodeView host = directory.askableHost(id.hostId());
    return SpaceViews.space(
        id.hostId(),
        directory.value(
            host, hosts.space(host.endpoint(), id.number()), ProblemType.UNKNOWN_SPACE, what(id)));
  }

  @TakesFields
  @GetMapping("/{spaceId}/ranges")
  @Operation(
      operationId = "listRanges",
      summary = "Ranges by address: who mirrors and holds them, state, generation")
  RangeView.Page ranges(
      @Parameter(example = "host-1.1") @PathVariable("spaceId") String spaceId,
      @Parameter(description = START) @RequestParam(name = "start", required = false)
          @Nullable String start,
      @Parameter(description = END) @RequestParam(name = "end", required = false)
          @Nullable String end,
      @Parameter(description = "Only what this device holds: agentId/index")
          @RequestParam(name = "device", required = false)
          @Nullable String device,
      @RequestParam(name = "cursor", required = false) @Nullable String cursor,
      @Parameter(description = LIMIT) @RequestParam(name = "limit", required = false)
          @Nullable String limit) {
    CompositeId id = Parameters.spaceId("spaceId", spaceId);
    Interval interval = Parameters.interval(start, end);
    DeviceId holder = Parameters.device("device", device);
    String scope = "ranges " + id + " " + interval + " " + holder;
    long from = position(scope, cursor);
    var query =
        new HostQueries.RangeQuery(id.number(), interval, holder, from, Parameters.limit(limit));
    NodeView host = directory.askableHost(id.hostId());
    Portion<Range> ranges =
        directory.value(
            host, hosts.ranges(host.endpoint(), query), ProblemType.UNKNOWN_SPACE, what(id));
    return new RangeView.Page(
        id.toString(),
        ranges.sequence(),
        ranges.items().stream().map(SpaceViews::range).toList(),
        next(scope, ranges));
  }

  @GetMapping("/{spaceId}/map")
  @Operation(
      operationId = "getSpaceMap",
      summary = "The interval cut into cells of equal size, for a picture")
  SpaceMapView map(
      @Parameter(example = "host-1.1") @PathVariable("spaceId") String spaceId,
      @Parameter(description = START + "; without start and end: all mappings")
          @RequestParam(name = "start", required = false)
          @Nullable String start,
      @Parameter(description = END) @RequestParam(name = "end", required = false)
          @Nullable String end,
      @Parameter(description = "1 to 2048, default 256; fewer if there are fewer pages")
          @RequestParam(name = "cells", required = false)
          @Nullable String cells) {
    CompositeId id = Parameters.spaceId("spaceId", spaceId);
    Interval interval = Parameters.interval(start, end);
    int count = Parameters.number("cells", cells, 1, MAX_CELLS, DEFAULT_CELLS);
    NodeView host = directory.askableHost(id.hostId());
    return LiveViews.map(
        id,
        directory.value(
            host,
            hosts.map(host.endpoint(), id.number(), interval, count),
            ProblemType.UNKNOWN_SPACE,
            what(id)));
  }

  @GetMapping("/{spaceId}/pages/{address}")
  @Operation(operationId = "getPage", summary = "The page that the address lies in")
  PageView page(
      @Parameter(example = "host-1.1") @PathVariable("spaceId") String spaceId,
      @Parameter(description = "Hexadecimal (0x...) or decimal", example = "0x7f0000000000")
          @PathVariable("address")
          String address) {
    CompositeId id = Parameters.spaceId("spaceId", spaceId);
    long pageAddress = Parameters.pageAddress("address", address);
    NodeView host = directory.askableHost(id.hostId());
    return SpaceViews.page(
        id,
        directory.value(
            host,
            hosts.page(host.endpoint(), id.number(), pageAddress),
            ProblemType.UNKNOWN_SPACE,
            what(id)));
  }

  @TakesFields
  @GetMapping("/{spaceId}/mirrors")
  @Operation(operationId = "listMirrors", summary = "Mirrors of the address space")
  MirrorView.Page mirrors(
      @Parameter(example = "host-1.1") @PathVariable("spaceId") String spaceId,
      @Parameter(description = START) @RequestParam(name = "start", required = false)
          @Nullable String start,
      @Parameter(description = END) @RequestParam(name = "end", required = false)
          @Nullable String end,
      @RequestParam(name = "cursor", required = false) @Nullable String cursor,
      @Parameter(description = LIMIT) @RequestParam(name = "limit", required = false)
          @Nullable String limit) {
    CompositeId id = Parameters.spaceId("spaceId", spaceId);
    Interval interval = Parameters.interval(start, end);
    String scope = "mirrors " + id + " " + interval;
    var query =
        new HostQueries.MirrorQuery(
            id.number(), interval, position(scope, cursor), Parameters.limit(limit));
    NodeView host = directory.askableHost(id.hostId());
    Portion<Mirror> mirrors =
        directory.value(
            host, hosts.mirrors(host.endpoint(), query), ProblemType.UNKNOWN_SPACE, what(id));
    return new MirrorView.Page(
        id.toString(),
        mirrors.sequence(),
        mirrors.items().stream().map(SpaceViews::mirror).toList(),
        next(scope, mirrors));
  }

  private static String what(CompositeId id) {
    return "address space " + id;
  }

  private static long position(String scope, @Nullable String cursor) {
    Long position = Cursor.decode(scope, cursor, text -> Long.parseUnsignedLong(text, 16));
    return position == null ? 0 : position;
  }

  private static @Nullable String next(String scope, Portion<?> portion) {
    return portion.next() == 0 ? null : Cursor.encode(scope, Long.toHexString(portion.next()));
  }
}
