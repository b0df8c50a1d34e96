package dev.fenceline.wire;

import dev.fenceline.model.PageRun;
import dev.fenceline.model.Peer;
import org.jspecify.annotations.Nullable;

/** Runs of translations in fault replies, and their wire form. Stateless. */
final class PageRunCodec {
  private PageRunCodec() {}

  static dev.fenceline.attach.v1.PageRun encode(PageRun run) {
    dev.fenceline.attach.v1.PageRun.Builder wire =
        dev.fenceline.attach.v1.PageRun.newBuilder()
            .setPageCount(run.pageCount())
            .setGeneration(run.generation())
            .setWritable(run.writable())
            .setState(encode(run.state()))
            .setFirstLocalPage(run.firstLocalPage())
            .setOrder(run.order());
    Peer peer = run.peer();
    if (peer != null) {
      wire.setPeer(MigrationCodec.encode(peer));
    }
    return wire.build();
  }

  static PageRun decode(dev.fenceline.attach.v1.PageRun wire) throws MalformedMessageException {
    PageRun.State state = decode(wire.getState());
    if (wire.hasPeer() != (state == PageRun.State.PEER)) {
      throw WireChecks.malformed("run.peer", wire.getPeer(), "given with state PEER alone");
    }
    @Nullable Peer peer = wire.hasPeer() ? MigrationCodec.decode(wire.getPeer()) : null;
    int count =
        WireChecks.inRange("run.page_count", wire.getPageCount(), 1, WireChecks.MAX_FAULT_PAGES);
    return new PageRun(
        count,
        WireChecks.generation(wire.getGeneration()),
        wire.getWritable(),
        state,
        MigrationCodec.localPage(wire.getFirstLocalPage(), count),
        peer,
        WireChecks.inRange("run.order", wire.getOrder(), 0, WireChecks.MAX_ORDER));
  }

  private static dev.fenceline.attach.v1.PageRun.State encode(PageRun.State state) {
    return switch (state) {
      case PRESENT -> dev.fenceline.attach.v1.PageRun.State.STATE_UNSPECIFIED;
      case HOLE -> dev.fenceline.attach.v1.PageRun.State.STATE_HOLE;
      case ERROR -> dev.fenceline.attach.v1.PageRun.State.STATE_ERROR;
      case ZERO -> dev.fenceline.attach.v1.PageRun.State.STATE_ZERO;
      case DEVICE_LOCAL -> dev.fenceline.attach.v1.PageRun.State.STATE_DEVICE_LOCAL;
      case PEER -> dev.fenceline.attach.v1.PageRun.State.STATE_PEER;
      case EXCLUSIVE -> dev.fenceline.attach.v1.PageRun.State.STATE_EXCLUSIVE;
    };
  }

  private static PageRun.State decode(dev.fenceline.attach.v1.PageRun.State state)
      throws MalformedMessageException {
    return switch (state) {
      case STATE_UNSPECIFIED -> PageRun.State.PRESENT;
      case STATE_HOLE -> PageRun.State.HOLE;
      case STATE_ERROR -> PageRun.State.ERROR;
      case STATE_ZERO -> PageRun.State.ZERO;
      case STATE_DEVICE_LOCAL -> PageRun.State.DEVICE_LOCAL;
      case STATE_PEER -> PageRun.State.PEER;
      case STATE_EXCLUSIVE -> PageRun.State.EXCLUSIVE;
      case UNRECOGNIZED -> throw WireChecks.malformed("run.state", "unknown", "one of State");
    };
  }
}
