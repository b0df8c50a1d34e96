package dev.fenceline.host.runtime;

import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Pages;

/** Moves the bytes of granted requests. Confined to a shard's mailbox. */
final class DmaMover {
  private static final byte[] NOTHING = {};

  private final FrameStore store;

  DmaMover(FrameStore store) {
    this.store = store;
  }

  /** Does what was granted, on these frames, one per page touched. */
  DmaReply move(DmaRequest request, int[] frames) {
    int offset = (int) (request.address() & (Pages.SIZE_BYTES - 1));
    return switch (request.operation()) {
      case READ -> {
        byte[] data = new byte[request.length()];
        eachPage(
            request,
            (page, pageOffset, at, length) -> {
              if (isWhole(request, length)) {
                store.copyOut(frames[page], data, at);
              } else {
                store.read(frames[page], pageOffset, data, at, length);
              }
            });
        yield done(request, data, 0);
      }
      case WRITE -> {
        eachPage(
            request,
            (page, pageOffset, at, length) -> {
              if (isWhole(request, length)) {
                store.copyIn(frames[page], request.data(), at);
              } else {
                store.write(frames[page], pageOffset, request.data(), at, length);
              }
            });
        yield done(request, NOTHING, 0);
      }
      case FETCH_ADD ->
          done(request, NOTHING, store.getAndAdd(frames[0], offset, request.operand()));
      case COMPARE_AND_SET ->
          done(
              request,
              NOTHING,
              store.compareAndExchange(frames[0], offset, request.expected(), request.operand()));
    };
  }

  /** On its way, a page is nobody's to touch, thus it is copied as the platform copies best. */
  private static boolean isWhole(DmaRequest request, int length) {
    return request.migrationId() != 0 && length == Pages.SIZE_BYTES;
  }

  static DmaReply refused(DmaRequest request, DmaReply.Outcome outcome, String message) {
    return new DmaReply(request.requestId(), outcome, NOTHING, 0, message);
  }

  private static DmaReply done(DmaRequest request, byte[] data, long previous) {
    return new DmaReply(request.requestId(), DmaReply.Outcome.DONE, data, previous, "");
  }

  /** One piece of a request that lies in one page. */
  private interface Piece {
    void move(int page, int pageOffset, int at, int length);
  }

  private static void eachPage(DmaRequest request, Piece piece) {
    int at = 0;
    int page = 0;
    int offset = (int) (request.address() & (Pages.SIZE_BYTES - 1));
    while (at < request.length()) {
      int length = Math.min(Pages.SIZE_BYTES - offset, request.length() - at);
      piece.move(page++, offset, at, length);
      at += length;
      offset = 0;
    }
  }
}
