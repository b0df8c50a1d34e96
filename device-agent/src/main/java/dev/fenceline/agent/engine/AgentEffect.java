package dev.fenceline.agent.engine;

import dev.fenceline.agent.engine.memory.PageCopy;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.PageRun;
import java.util.List;

/**
 * What a {@link HostLinkEngine} wants done; immutable. Effects are executed in the order in which
 * they were returned, each before the next input is given to the engine.
 */
public sealed interface AgentEffect {
  /** Open a stream; answer {@code StreamOpened} or {@code StreamEnded}. Earlier ones are closed. */
  record Dial(long attempt) implements AgentEffect {}

  /** End the stream of this attempt; nothing of it is listened to any more. */
  record CloseStream(long attempt, String reason) implements AgentEffect {}

  /**
   * Send, in answer to {@code Flush}. Only Hello (to {@code StreamOpened}) and Leave, behind which
   * the stream is closed, come unasked.
   */
  record Send(long attempt, AgentMessage.Batch batch) implements AgentEffect {}

  /** Accesses may carry this epoch and session from now on. Precedes its first install. */
  record SessionOpened(String hostId, long hostEpoch, long sessionId) implements AgentEffect {}

  /**
   * The session is over: at once no new access may begin, then drop the entries of every device,
   * wait for all accesses in flight, answer {@code Drained}. No Hello is sent before that.
   */
  record DropEverything(long drainId, String reason) implements AgentEffect {}

  /**
   * Clear the entries of [start, end), then wait for accesses through them to drain, then answer
   * {@code Drained}. Devices drain in parallel. Must not be delayed behind later effects (INV-1).
   *
   * @param discards whether what the pages hold is being thrown away by the host
   */
  record DropEntries(
      long drainId, int deviceIndex, long spaceId, long start, long end, boolean discards)
      implements AgentEffect {}

  /** Clear the entry of this page if it still has this generation; nobody waits for it. */
  record DropStaleEntry(int deviceIndex, long spaceId, long vpn, int generation)
      implements AgentEffect {}

  /**
   * The commit of a fault: install the translations from vpn on. Nothing that invalidates them has
   * arrived (INV-5). No run in state HOLE or ERROR occurs.
   */
  record InstallEntries(long spaceId, int deviceIndex, long vpn, List<PageRun> runs)
      implements AgentEffect {}

  /** Answers {@code FaultWanted}; follows the install. */
  record FaultDone(long ticket, FaultOutcome outcome) implements AgentEffect {}

  /** Answers {@code OpenMirror}. */
  record MirrorOpened(long ticket, int mirrorId, long sequence) implements AgentEffect {}

  /** Answers {@code OpenMirror} or {@code CloseMirror}. */
  record MirrorRefused(long ticket, Errno errno, String message) implements AgentEffect {}

  /** Answers {@code CloseMirror}. */
  record MirrorClosed(long ticket, int mirrorId) implements AgentEffect {}

  /** The address space is gone; what the agent keeps for it can go too once it has drained. */
  record SpaceGone(long spaceId) implements AgentEffect {}

  /** Every byte of these local pages becomes zero. Precedes the report that counts on it. */
  record ZeroPages(int deviceIndex, List<Integer> localPages) implements AgentEffect {}

  /**
   * Move the bytes by DMA that carries the migration's id; answer {@code PagesCopied} in whichever
   * way it ends. What is pushed home is read when this is executed: its accesses have drained.
   */
  record CopyPages(long copyId, PageCopy copy) implements AgentEffect {}

  /**
   * Let other devices read these pages, whose accesses have drained, or no more.
   *
   * @param localPages of each page, in order; {@code PagePool.NONE} for one that is no part of it
   */
  record ServePages(
      long spaceId, int deviceIndex, long vpn, int[] generations, int[] localPages, boolean begins)
      implements AgentEffect {}

  /**
   * So many pages found no room in a device's memory: pick victims and tell the links that keep
   * them ({@code EvictPages}).
   */
  record MakeRoom(int deviceIndex, int missingPages) implements AgentEffect {}

  /** Answers {@code CloseMemory}. */
  record MemoryClosed(long ticket, int remainingPages) implements AgentEffect {}

  /** For the log and the metrics. */
  record StateChanged(LinkState from, LinkState to, String reason) implements AgentEffect {}
}
