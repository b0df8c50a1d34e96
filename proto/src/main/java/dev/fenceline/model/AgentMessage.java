package dev.fenceline.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an agent says on the attach stream; immutable. The wire form is {@code attach.proto}. */
public sealed interface AgentMessage {
  /**
   * Opens or re-opens a session; everything of an earlier session has drained.
   *
   * @param peerTarget where the agent serves its devices' memory; empty if nowhere
   * @param heldEpoch host epoch in which {@code held} came to the agent; 0 if it holds none
   * @param held local pages that were reported as done and neither released nor refused since
   */
  record Hello(
      int protocolVersion,
      String agentId,
      long bootToken,
      long dialAttempt,
      List<DeviceDescription> devices,
      String peerTarget,
      long heldEpoch,
      List<LocalPages> held)
      implements AgentMessage {
    /** Of an agent that holds nothing and serves no peers. */
    public Hello(
        int protocolVersion,
        String agentId,
        long bootToken,
        long dialAttempt,
        List<DeviceDescription> devices) {
      this(protocolVersion, agentId, bootToken, dialAttempt, devices, "", 0, List.of());
    }
  }

  /** Asks for the lease to run from the time this was sent; {@code number} grows by one from 1. */
  record Heartbeat(long number) implements AgentMessage {}

  /** Subscribes a device to an interval of an address space. */
  record AddMirror(int mirrorId, long spaceId, int deviceIndex, long start, long end)
      implements AgentMessage {}

  /** The device dropped the mirror's entries and drained. */
  record RemoveMirror(int mirrorId) implements AgentMessage {}

  /**
   * Asks for translations of {@code pageCount} pages from {@code address} on.
   *
   * @param collisions how often in a row its answers came too late to be used
   * @param around whether the answer may tell of the large pages around as well
   */
  record FaultRequest(
      long faultId,
      int mirrorId,
      long address,
      int pageCount,
      Access access,
      int collisions,
      boolean around)
      implements AgentMessage {
    /** A fault that is asked for the first time, for exactly these pages. */
    public FaultRequest(long faultId, int mirrorId, long address, int pageCount, Access access) {
      this(faultId, mirrorId, address, pageCount, access, 0);
    }

    /** For exactly these pages. */
    public FaultRequest(
        long faultId, int mirrorId, long address, int pageCount, Access access, int collisions) {
      this(faultId, mirrorId, address, pageCount, access, collisions, false);
    }
  }

  /**
   * The device's accesses through old translations have drained, for each of these invalidations.
   */
  record InvalidationAck(int deviceIndex, List<Long> invalidationIds) implements AgentMessage {}

  /** The agent leaves in good order: drained, nothing held. */
  record Leave() implements AgentMessage {}

  /** What became of each page of a migration, in page order. */
  record MigrationReport(long migrationId, List<MigrationRun.Report> runs)
      implements AgentMessage {}

  /** Asks for pages of a mirror to be migrated to its device. */
  record MigrateRequest(long requestId, int mirrorId, long address, int pageCount)
      implements AgentMessage {}

  /** Asks for {@code pageCount} of the candidates, best first, to be brought home. */
  record EvictRequest(long requestId, int pageCount, List<LocalPages> candidates)
      implements AgentMessage {}

  /**
   * The device goes: nothing is to migrate to it, and all that is there is to come home.
   *
   * @param returned the reverse: it takes pages again
   * @param requestId names the answer; 0 from older agents
   */
  record CloseDevice(int deviceIndex, boolean returned, long requestId) implements AgentMessage {
    /** The device goes. */
    public CloseDevice(int deviceIndex, long requestId) {
      this(deviceIndex, false, requestId);
    }

    /** It is back. */
    public static CloseDevice returned(int deviceIndex) {
      return new CloseDevice(deviceIndex, true, 0);
    }
  }

  /** Messages of one session as they travel together; session and epoch are 0 for Hello. */
  record Batch(long hostEpoch, long sessionId, List<AgentMessage> messages) {}

  /** The only message of {@code batch} if it is a Hello, else null. */
  static @Nullable Hello helloOf(Batch batch) {
    return batch.messages().size() == 1 && batch.messages().get(0) instanceof Hello hello
        ? hello
        : null;
  }
}
