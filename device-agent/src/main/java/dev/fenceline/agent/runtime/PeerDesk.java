package dev.fenceline.agent.runtime;

import dev.fenceline.concurrent.AccessSlots;
import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.model.Access;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaReply.Outcome;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Pages;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Serves the memory of this agent's devices to peers. Thread-safe; never waits.
 *
 * <p>A peer's translation is only a hint: each page is checked against the owner's own entry, under
 * an announcement in the owner's slots. A migration home clears that entry and waits for the
 * announcement, thus no peer reads or writes a page that has left (INV-1). Without an entry the
 * owner faults the page, so that a later attempt finds it, and the answer is STALE_PAGE: were it to
 * wait, a peer's access could wait for an invalidation that waits for that very access.
 */
public final class PeerDesk {
  private static final byte[] NOTHING = {};
  private static final int MAX_PAGES = DmaRequest.MAX_LENGTH_BYTES / Pages.SIZE_BYTES + 1;

  private final List<Device> devices;
  private final Function<String, @Nullable HostLink> links;

  /**
   * @param links the link to a host by its id, or null
   */
  PeerDesk(List<Device> devices, Function<String, @Nullable HostLink> links) {
    this.devices = devices;
    this.links = links;
  }

  /** Carries out a peer's request, or says why not; nothing is done by halves. */
  public DmaReply access(String hostId, DmaRequest request) {
    HostLink link = links.apply(hostId);
    HostLink.Session session = link == null ? null : link.session();
    if (link == null
        || session == null
        || session.hostEpoch() != request.hostEpoch()
        || !link.leaseHolds()) {
      return refused(request, Outcome.STALE_SESSION, "no session with host " + hostId);
    }
    String malformed = malformed(request);
    if (malformed != null) {
      return refused(request, Outcome.MALFORMED, malformed);
    }
    Device device = devices.get(request.deviceIndex());
    MirrorView view = link.view(device.index(), request.spaceId());
    long vpn = Pages.number(request.address());
    int pages = request.generations().length;
    if (request.migrationId() != 0) {
      return fetched(view, device.memory(), request);
    }
    long[] entries = new long[MAX_PAGES];
    long needed = request.operation().writes() ? MirrorEntry.WRITE : MirrorEntry.READ;
    int hint = (int) Thread.currentThread().threadId();
    long opened = view.access.open(hint, vpn, pages, needed, entries);
    if (!MirrorAccess.isOpen(opened)) {
      if (MirrorAccess.isMiss(opened)) {
        Access access = request.operation().writes() ? Access.WRITE : Access.READ;
        link.faultAside(device.index(), request.spaceId(), vpn, pages, access);
      }
      return refused(request, Outcome.STALE_PAGE, "the owner has no such translation now");
    }
    try {
      return opened(device.memory(), request, entries, pages);
    } finally {
      view.access.close(MirrorAccess.slot(opened));
    }
  }

  /**
   * Whole pages that this agent holds for a migration to the device that asks. Nobody writes them;
   * whether they are the page's bytes still is decided by the host when it hears of the copy.
   */
  private static DmaReply fetched(MirrorView view, DeviceMemory memory, DmaRequest request) {
    int[] local = view.servedPages(Pages.number(request.address()), request.generations());
    boolean whole =
        Pages.aligned(request.address())
            && request.length() == request.generations().length * Pages.SIZE_BYTES;
    if (local == null || !whole || request.operation() != DmaRequest.Operation.READ) {
      return refused(request, Outcome.STALE_PAGE, "the page is not held for a migration");
    }
    return done(request, memory.contents(local), 0);
  }

  private static DmaReply opened(
      DeviceMemory memory, DmaRequest request, long[] entries, int pages) {
    for (int i = 0; i < pages; i++) {
      if (!LocalTranslation.isLocal(MirrorEntry.frame(entries[i]))
          || MirrorEntry.generation(entries[i]) != request.generations()[i]) {
        return refused(request, Outcome.STALE_PAGE, "the page is not there any more");
      }
    }
    LocalBytes bytes = new LocalBytes(memory, entries);
    return switch (request.operation()) {
      case READ -> done(request, bytes.read(request.address(), request.length()), 0);
      case WRITE -> {
        bytes.write(request.address(), request.data());
        yield done(request, NOTHING, 0);
      }
      case FETCH_ADD ->
          done(request, NOTHING, bytes.getAndAdd(request.address(), request.operand()));
      case COMPARE_AND_SET ->
          done(
              request,
              NOTHING,
              bytes.compareAndExchange(request.address(), request.expected(), request.operand()));
    };
  }

  private @Nullable String malformed(DmaRequest request) {
    long address = request.address();
    int length = request.length();
    boolean atomic =
        request.operation() == DmaRequest.Operation.FETCH_ADD
            || request.operation() == DmaRequest.Operation.COMPARE_AND_SET;
    if (request.deviceIndex() < 0 || request.deviceIndex() >= devices.size()) {
      return "no device " + request.deviceIndex();
    }
    if (length < 1
        || length > DmaRequest.MAX_LENGTH_BYTES
        || address < 0
        || address > Pages.ADDRESS_LIMIT - length) {
      return "[0x%x, +%d) is no access".formatted(address, length);
    }
    if (request.generations().length != Pages.touched(address, length)
        || request.generations().length > AccessSlots.MAX_PAGES) {
      return request.generations().length + " generations for " + length + " bytes";
    }
    if (request.operation() == DmaRequest.Operation.WRITE && request.data().length != length) {
      return request.data().length + " bytes of data for a length of " + length;
    }
    return atomic && (length != Long.BYTES || (address & (Long.BYTES - 1)) != 0)
        ? "an atomic needs 8 bytes at a multiple of 8"
        : null;
  }

  private static DmaReply done(DmaRequest request, byte[] data, long previous) {
    return new DmaReply(request.requestId(), Outcome.DONE, data, previous, "");
  }

  private static DmaReply refused(DmaRequest request, Outcome outcome, String message) {
    return new DmaReply(request.requestId(), outcome, NOTHING, 0, message);
  }
}
