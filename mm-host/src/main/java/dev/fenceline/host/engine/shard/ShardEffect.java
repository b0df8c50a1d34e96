package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Peer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a shard wants done; immutable. Effects are carried out in their order, all of them before
 * the next input of the shard: byte movements rely on it.
 */
public sealed interface ShardEffect {
  /** Send to one session; dropped if it has gone. */
  record Send(long sessionId, HostMessage message) implements ShardEffect {}

  /** Send the same message to several sessions: encoded once. */
  record Broadcast(long[] sessionIds, HostMessage.Invalidate message) implements ShardEffect {}

  /** Clear the CPU's entries of [vpnStart, vpnEnd) and answer CpuDrained when accesses drained. */
  record DropCpuEntries(long spaceId, long vpnStart, long vpnEnd, long invalidationId)
      implements ShardEffect {}

  /**
   * Clear the CPU's entries of zero pages that got frames; must precede the write that follows, and
   * waits for nobody, since the zero page never changes.
   */
  record DropCpuZeroEntries(long spaceId, long vpnStart, long vpnEnd) implements ShardEffect {}

  /**
   * A CPU fault ended: install these page table entries (a prefix of what was asked for).
   *
   * @param peers whose memory pages of coherent devices are in, by page frame number
   */
  record CpuFaultEnded(
      long requestId,
      long spaceId,
      long vpn,
      long[] entries,
      Map<Integer, Peer> peers,
      @Nullable Errno errno,
      String message)
      implements ShardEffect {}

  /** The address space is gone: forget the CPU's table of it. */
  record ForgetSpace(long spaceId) implements ShardEffect {}

  /** Make every byte of the frame zero. */
  record ZeroFrames(int first, int count) implements ShardEffect {}

  /** Give frames back to the source (INV-3). */
  record FreeFrames(int[] frames) implements ShardEffect {}

  /** Copy a frame to a swap slot. */
  record WriteSwap(int frame, int swapSlot) implements ShardEffect {}

  /** Copy a swap slot to a frame. */
  record ReadSwap(int swapSlot, int frame) implements ShardEffect {}

  /** Read a page of a file into the frame, zeros where the file has ended. */
  record ReadFile(String path, long page, int frame) implements ShardEffect {}

  /** Write the frame to a page of a file, up to the file's end. */
  record WriteFile(int frame, String path, long page) implements ShardEffect {}

  /** The frame's bytes are these. */
  record FillFrame(int frame, byte[] bytes) implements ShardEffect {}

  /** Copy a whole frame. */
  record CopyFrame(int from, int to) implements ShardEffect {}

  /**
   * The request may touch these frames (0 is the zero page, reads only), now, before the next
   * input.
   */
  record DmaGranted(DmaRequest request, int[] frames) implements ShardEffect {}

  record DmaRefused(DmaRequest request, DmaReply.Outcome outcome, String message)
      implements ShardEffect {}

  record OperationEnded(long requestId, OperationOutcome outcome) implements ShardEffect {}

  /** Feed {@link ShardInput.Proceed} with a fresh time when the effects before are carried out. */
  record ProceedAfter(long operationId) implements ShardEffect {}

  /** The session owes, or no longer owes, an overdue fence: its lease must not be renewed. */
  record FencesOverdue(long sessionId, boolean overdue) implements ShardEffect {}

  /** Fences of the session were resolved because its lease had run out. */
  record DiedOwing(long sessionId, String agentId) implements ShardEffect {}

  /** An invalidation completed or backed off; for metrics and traces. */
  record InvalidationEnded(Invalidation invalidation) implements ShardEffect {}

  /** One fence resolved; for metrics. */
  record FenceResolved(Invalidation invalidation, int fenceIndex) implements ShardEffect {}

  /** A message of a stale epoch or session was dropped (INV-10). */
  record LateMessage(long sessionId) implements ShardEffect {}

  /** A device that collided too often got a turn on the blocks of its fault; for metrics. */
  record TurnGiven(long spaceId, long vpnStart, DeviceId device, long residencyNanos)
      implements ShardEffect {}

  /** An operation waits for a device's turn; for metrics. */
  record HeldForTurn(long spaceId) implements ShardEffect {}

  /** A page is wanted back and forth; for metrics. */
  record Thrashes(long spaceId, long vpn, Step step) implements ShardEffect {
    /** What happened to it. */
    public enum Step {
      BEGAN,
      /** Whoever wants it has to wait a while. */
      NAPPED,
      /** It stays where all reach it for a while. */
      PINNED
    }
  }

  /** This shard has nothing to swap out for those who starve: others may. */
  record ReclaimElsewhere() implements ShardEffect {}

  /** Frames are needed: the owners of these long-term pins are asked to give them up. */
  record PinsAskedBack(List<Pin> pins) implements ShardEffect {}

  /** Memory that is had by killing. */
  sealed interface Oom extends ShardEffect {}

  /** Who starves in these spaces is refused unless the host finds somebody to kill. */
  record OomVictimWanted(List<Long> starving) implements Oom {}

  /** Answers NameVictim; null if nobody here can be killed. */
  record OomNominee(@Nullable OomCandidate candidate) implements Oom {}

  /** An address space was killed for those that starve; its memory is being taken. */
  record OomKilled(OomCandidate victim, String name, List<Long> starving) implements Oom {}

  /** The victim has given what could be had without waiting for a device. */
  record OomReaped(long spaceId, OomReaper.Gain gain) implements Oom {}

  /** The pin is older than the limit: perhaps it was forgotten. */
  record PinOverAge(Pin pin) implements ShardEffect {}

  /** A fault was answered, refused or parked; for metrics. */
  record FaultServed(int pages, boolean parked) implements ShardEffect {}
}
