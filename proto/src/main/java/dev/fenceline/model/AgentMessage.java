package dev.fenceline.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an agent says on the attach stream; immutable. The wire form is {@code attach.proto}. */
public sealed interface AgentMessage {
  /** Opens or re-opens a session; everything of an earlier session has drained. */
  record Hello(
      int protocolVersion,
      String agentId,
      long bootToken,
      long dialAttempt,
      List<DeviceDescription> devices)
      implements AgentMessage {}

  /** Asks for the lease to run from the time this was sent; {@code number} grows by one from 1. */
  record Heartbeat(long number) implements AgentMessage {}

  /** Subscribes a device to an interval of an address space. */
  record AddMirror(int mirrorId, long spaceId, int deviceIndex, long start, long end)
      implements AgentMessage {}

  /** The device dropped the mirror's entries and drained. */
  record RemoveMirror(int mirrorId) implements AgentMessage {}

  /** Asks for translations of {@code pageCount} pages from {@code address} on. */
  record FaultRequest(long faultId, int mirrorId, long address, int pageCount, Access access)
      implements AgentMessage {}

  /**
   * The device's accesses through old translations have drained, for each of these invalidations.
   */
  record InvalidationAck(int deviceIndex, List<Long> invalidationIds) implements AgentMessage {}

  /** The agent leaves in good order: drained, nothing held. */
  record Leave() implements AgentMessage {}

  /** Messages of one session as they travel together; session and epoch are 0 for Hello. */
  record Batch(long hostEpoch, long sessionId, List<AgentMessage> messages) {}

  /** The only message of {@code batch} if it is a Hello, else null. */
  static @Nullable Hello helloOf(Batch batch) {
    return batch.messages().size() == 1 && batch.messages().get(0) instanceof Hello hello
        ? hello
        : null;
  }
}
