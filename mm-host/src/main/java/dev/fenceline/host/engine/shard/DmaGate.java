package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.migration.Migration;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.model.DmaReply.Outcome;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Pages;
import org.jspecify.annotations.Nullable;

/**
 * Checks every DMA request as an IOMMU would. Confined to the shard.
 *
 * <p>"Check the lease, then start the DMA" on the device is unsafe at any margin, since a process
 * can be frozen between the two; so the owner of the memory checks epoch, session and the
 * generation of each page, in the same step in which the bytes move (INV-1, INV-10). While an entry
 * is invalidating, the old generation is good for exactly those devices that still hold the page:
 * their fence is pending.
 */
final class DmaGate {
  private final ShardState state;
  private final MigrationService migrations;

  DmaGate(ShardState state, MigrationService migrations) {
    this.state = state;
    this.migrations = migrations;
  }

  /** Grants or refuses the request. */
  void check(DmaRequest request) {
    ShardSession session = state.sessions.get(request.sessionId());
    if (session == null || request.hostEpoch() != state.config.hostEpoch()) {
      state.emit(new ShardEffect.LateMessage(request.sessionId()));
      refuse(
          request,
          Outcome.STALE_SESSION,
          "session %016x of epoch %d is not current"
              .formatted(request.sessionId(), request.hostEpoch()));
      return;
    }
    String malformed = malformed(request);
    if (malformed != null) {
      refuse(request, Outcome.MALFORMED, malformed);
      return;
    }
    if (request.migrationId() != 0) {
      migrate(request);
      return;
    }
    AddressSpace space = state.space(request.spaceId());
    DeviceView view = space == null ? null : session.view(request.spaceId(), request.deviceIndex());
    if (space == null || view == null) {
      refuse(
          request,
          Outcome.STALE_PAGE,
          "device " + request.deviceIndex() + " does not mirror space " + request.spaceId());
      return;
    }
    translate(space, view, request);
  }

  /** Bytes of a migration: nobody else can reach them, on either side. */
  private void migrate(DmaRequest request) {
    Migration migration = migrations.of(request.migrationId(), request.sessionId());
    int[] frames =
        migration == null || migration.place().spaceId() != request.spaceId()
            ? null
            : migration.framesFor(request, Pages.number(request.address()));
    if (frames == null) {
      refuse(
          request,
          Outcome.STALE_PAGE,
          "migration %d does not move these pages at 0x%x"
              .formatted(request.migrationId(), request.address()));
    } else {
      state.emit(new ShardEffect.DmaGranted(request, frames));
    }
  }

  private void translate(AddressSpace space, DeviceView view, DmaRequest request) {
    long vpn = Pages.number(request.address());
    int[] frames = new int[request.generations().length];
    for (int i = 0; i < frames.length; i++) {
      long entry = space.memory().entry(vpn + i);
      if (!view.holders().holdsAny(vpn + i, vpn + i + 1)
          || !current(entry, request.generations()[i])
          || (Pte.type(entry) == PteType.EXCLUSIVE
              && !space.memory().devices().exclusiveTo(vpn + i, view.device()))) {
        refuse(
            request,
            Outcome.STALE_PAGE,
            "page 0x%x: generation %d is not current"
                .formatted(Pages.address(vpn + i), request.generations()[i]));
        return;
      }
      if (request.operation().writes() && !Pte.writable(entry)) {
        refuse(
            request,
            Outcome.READ_ONLY,
            "page 0x%x may not be written".formatted(Pages.address(vpn + i)));
        return;
      }
      frames[i] = Pte.frame(entry);
      if (frames[i] != Pte.ZERO_PAGE_FRAME) {
        state.frameTable.lists().touched(frames[i]);
      }
    }
    state.emit(new ShardEffect.DmaGranted(request, frames));
  }

  private static boolean current(long entry, int generation) {
    return switch (Pte.type(entry)) {
      case PRESENT, ZERO, EXCLUSIVE -> Pte.generation(entry) == generation;
      case INVALIDATING ->
          Pte.frame(entry) <= Pte.MAX_FRAME
              && Pte.generation(entry) == Pte.nextGeneration(generation);
      case NONE, SWAP, DEVICE_PRIVATE, MIGRATION -> false;
    };
  }

  private static @Nullable String malformed(DmaRequest request) {
    long address = request.address();
    int length = request.length();
    if (length < 1 || length > DmaRequest.MAX_LENGTH_BYTES) {
      return "length " + length + " is not in [1, " + DmaRequest.MAX_LENGTH_BYTES + "]";
    }
    if (address < 0 || address > Pages.ADDRESS_LIMIT - length) {
      return "[0x%x, +%d) is not within the address space".formatted(address, length);
    }
    if (request.generations().length != Pages.touched(address, length)) {
      return "%d generations for %d pages"
          .formatted(request.generations().length, Pages.touched(address, length));
    }
    return switch (request.operation()) {
      case READ -> null;
      case WRITE ->
          request.data().length == length
              ? null
              : request.data().length + " bytes of data for a length of " + length;
      case FETCH_ADD, COMPARE_AND_SET ->
          length == Long.BYTES && (address & (Long.BYTES - 1)) == 0
              ? null
              : "an atomic needs 8 bytes at a multiple of 8, not %d at 0x%x"
                  .formatted(length, address);
    };
  }

  private void refuse(DmaRequest request, Outcome outcome, String message) {
    state.emit(new ShardEffect.DmaRefused(request, outcome, message));
  }
}
