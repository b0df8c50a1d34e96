package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.memory.PageCopy;
import dev.fenceline.concurrent.Transfers;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Moves whole pages between the memory of devices and the host, or peers, for one link.
 * Thread-safe; never blocks: what is under way is bounded by whoever asks.
 */
final class PageMover {
  /** Hears how a copy ended, on whichever thread. */
  @FunctionalInterface
  interface Listener {
    void copied(Device device, long copyId, boolean done);
  }

  private final List<Device> devices;
  private final Transfers transfers;
  private final PeerMemory peers;
  private final Listener listener;

  PageMover(List<Device> devices, Transfers transfers, PeerMemory peers, Listener listener) {
    this.peers = peers;
    this.devices = devices;
    this.transfers = transfers;
    this.listener = listener;
  }

  /** The listener hears of the end, which may be before this returns. */
  void begin(long copyId, PageCopy copy, HostLink.@Nullable Session session) {
    Device device = devices.get(copy.deviceIndex());
    if (session == null) {
      listener.copied(device, copyId, false);
      return;
    }
    DeviceMemory memory = device.memory();
    int length = copy.pageCount() * Pages.SIZE_BYTES;
    Peer peer = copy.peer();
    DmaRequest request =
        new DmaRequest(
            transfers.nextId(),
            session.hostEpoch(),
            session.sessionId(),
            copy.spaceId(),
            peer == null ? copy.deviceIndex() : peer.device().deviceIndex(),
            Pages.address(copy.vpn()),
            length,
            copy.fromHost() ? DmaRequest.Operation.READ : DmaRequest.Operation.WRITE,
            copy.generations(),
            copy.fromHost() ? new byte[0] : memory.contents(copy.localPages()),
            0,
            0,
            copy.migrationId());
    (peer == null ? transfers.begin(request) : peers.begin(peer, request))
        .thenAccept(
            result -> listener.copied(device, copyId, isDone(memory, copy, length, result)));
  }

  /** The bytes are in place before anybody hears of it (pitfall 27). */
  private static boolean isDone(
      DeviceMemory memory, PageCopy copy, int length, Transfers.Result result) {
    if (!(result instanceof Transfers.Result.Answered answered)
        || answered.reply().outcome() != DmaReply.Outcome.DONE) {
      return false;
    }
    if (!copy.fromHost()) {
      return true;
    }
    if (answered.reply().data().length != length) {
      return false;
    }
    memory.fill(copy.localPages(), answered.reply().data());
    return true;
  }
}
