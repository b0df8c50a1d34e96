package dev.fenceline.wire;

import dev.fenceline.attach.v1.HostBatch;
import dev.fenceline.attach.v1.HostEvent;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What hosts say on the attach stream: {@link HostMessage} and its wire form. Stateless.
 *
 * <p>The concatenation of serialized batches is a batch with all their events: {@link
 * #encodeHeader} once per message on the stream, and behind it the bytes of any number of {@link
 * #encodeEvent}, which are the same for every agent.
 */
public final class HostMessageCodec {
  private HostMessageCodec() {}

  public static HostBatch encode(HostMessage.Batch batch) {
    HostBatch.Builder wire =
        HostBatch.newBuilder().setHostEpoch(batch.hostEpoch()).setSessionId(batch.sessionId());
    for (HostMessage message : batch.messages()) {
      wire.addEvents(encode(message));
    }
    return wire.build();
  }

  /** A serialized batch that holds this one event and neither epoch nor session. */
  public static byte[] encodeEvent(HostMessage message) {
    return HostBatch.newBuilder().addEvents(encode(message)).build().toByteArray();
  }

  /** A serialized batch that holds epoch and session and no event. */
  public static byte[] encodeHeader(long hostEpoch, long sessionId) {
    return HostBatch.newBuilder()
        .setHostEpoch(hostEpoch)
        .setSessionId(sessionId)
        .build()
        .toByteArray();
  }

  /** Checks every field; a batch with one malformed message is refused as a whole. */
  public static HostMessage.Batch decode(HostBatch wire) throws MalformedMessageException {
    List<HostMessage> messages = new ArrayList<>(wire.getEventsCount());
    for (HostEvent event : wire.getEventsList()) {
      messages.add(decode(event));
    }
    return new HostMessage.Batch(wire.getHostEpoch(), wire.getSessionId(), messages);
  }

  private static HostEvent encode(HostMessage message) {
    HostEvent.Builder event = HostEvent.newBuilder();
    switch (message) {
      case HostMessage.Welcome welcome -> event.setWelcome(encodeWelcome(welcome));
      case HostMessage.Refusal refusal -> event.setRefusal(encodeRefusal(refusal));
      case HostMessage.HeartbeatAck ack ->
          event.setHeartbeatAck(
              dev.fenceline.attach.v1.HeartbeatAck.newBuilder().setNumber(ack.number()));
      case HostMessage.MirrorAdded added ->
          event.setMirrorAdded(
              dev.fenceline.attach.v1.MirrorAdded.newBuilder()
                  .setMirrorId(added.mirrorId())
                  .setSequence(added.sequence()));
      case HostMessage.MirrorRefused refused ->
          event.setMirrorRefused(
              dev.fenceline.attach.v1.MirrorRefused.newBuilder()
                  .setMirrorId(refused.mirrorId())
                  .setErrno(CommonCodec.encode(refused.errno()))
                  .setMessage(refused.message()));
      case HostMessage.MirrorRemoved removed ->
          event.setMirrorRemoved(
              dev.fenceline.attach.v1.MirrorRemoved.newBuilder().setMirrorId(removed.mirrorId()));
      case HostMessage.FaultReply reply -> event.setFaultReply(encodeFaultReply(reply));
      case HostMessage.Invalidate invalidate -> event.setInvalidate(encodeInvalidate(invalidate));
      case HostMessage.SpaceReleased released ->
          event.setSpaceReleased(
              dev.fenceline.attach.v1.SpaceReleased.newBuilder().setSpaceId(released.spaceId()));
      case HostMessage.Goodbye goodbye ->
          event.setGoodbye(
              dev.fenceline.attach.v1.Goodbye.newBuilder().setReason(goodbye.reason()));
      case HostMessage.MigrateIn in -> event.setMigrateIn(MigrationCodec.encode(in));
      case HostMessage.MigrateOut out -> event.setMigrateOut(MigrationCodec.encode(out));
      case HostMessage.MigrationCommit commit ->
          event.setMigrationCommit(MigrationCodec.encode(commit));
      case HostMessage.PagesReleased released ->
          event.setPagesReleased(
              dev.fenceline.attach.v1.PagesReleased.newBuilder()
                  .addAllPages(MigrationCodec.encode(released.pages())));
      case HostMessage.MigrateReply reply -> event.setMigrateReply(encodeMigrateReply(reply));
      case HostMessage.EvictReply reply ->
          event.setEvictReply(
              dev.fenceline.attach.v1.EvictReply.newBuilder()
                  .setRequestId(reply.requestId())
                  .setPageCount(reply.pageCount()));
      case HostMessage.DeviceClosed closed ->
          event.setDeviceClosed(
              dev.fenceline.attach.v1.DeviceClosed.newBuilder()
                  .setDeviceIndex(closed.deviceIndex())
                  .setRemainingPages(closed.remainingPages())
                  .setRequestId(closed.requestId()));
    }
    return event.build();
  }

  private static dev.fenceline.attach.v1.Welcome encodeWelcome(HostMessage.Welcome welcome) {
    return dev.fenceline.attach.v1.Welcome.newBuilder()
        .setHostId(welcome.hostId())
        .setHostEpoch(welcome.hostEpoch())
        .setSessionId(welcome.sessionId())
        .setLeaseTtlNanos(welcome.leaseTtlNanos())
        .setHeartbeatIntervalNanos(welcome.heartbeatIntervalNanos())
        .setFaultCredit(welcome.faultCredit())
        .addAllDiscarded(MigrationCodec.encode(welcome.discarded()))
        .build();
  }

  private static dev.fenceline.attach.v1.MigrateReply encodeMigrateReply(
      HostMessage.MigrateReply reply) {
    dev.fenceline.attach.v1.MigrateReply.Builder wire =
        dev.fenceline.attach.v1.MigrateReply.newBuilder()
            .setRequestId(reply.requestId())
            .setMovedPages(reply.movedPages())
            .setMessage(reply.message());
    Errno errno = reply.errno();
    if (errno != null) {
      wire.setErrno(CommonCodec.encode(errno));
    }
    return wire.build();
  }

  private static dev.fenceline.attach.v1.Refusal encodeRefusal(HostMessage.Refusal refusal) {
    return dev.fenceline.attach.v1.Refusal.newBuilder()
        .setReason(
            switch (refusal.reason()) {
              case PROTOCOL_VERSION ->
                  dev.fenceline.attach.v1.Refusal.Reason.REASON_PROTOCOL_VERSION;
              case AGENT_ID_TAKEN -> dev.fenceline.attach.v1.Refusal.Reason.REASON_AGENT_ID_TAKEN;
              case MALFORMED -> dev.fenceline.attach.v1.Refusal.Reason.REASON_MALFORMED;
              case TOO_MANY_AGENTS -> dev.fenceline.attach.v1.Refusal.Reason.REASON_TOO_MANY_AGENTS;
              case QUARANTINED -> dev.fenceline.attach.v1.Refusal.Reason.REASON_QUARANTINED;
            })
        .setMessage(refusal.message())
        .setRetryAfterNanos(refusal.retryAfterNanos())
        .build();
  }

  private static dev.fenceline.attach.v1.FaultReply encodeFaultReply(HostMessage.FaultReply reply) {
    dev.fenceline.attach.v1.FaultReply.Builder wire =
        dev.fenceline.attach.v1.FaultReply.newBuilder()
            .setFaultId(reply.faultId())
            .setSequence(reply.sequence())
            .setPagesBefore(reply.pagesBefore())
            .setMessage(reply.message());
    Errno errno = reply.errno();
    if (errno != null) {
      wire.setErrno(CommonCodec.encode(errno));
    }
    for (PageRun run : reply.runs()) {
      wire.addRuns(PageRunCodec.encode(run));
    }
    return wire.build();
  }

  private static dev.fenceline.attach.v1.Invalidate encodeInvalidate(
      HostMessage.Invalidate invalidate) {
    dev.fenceline.attach.v1.Invalidate.Builder wire =
        dev.fenceline.attach.v1.Invalidate.newBuilder()
            .addAllInvalidationIds(invalidate.invalidationIds())
            .setSpaceId(invalidate.spaceId())
            .setInterval(
                Interval.newBuilder().setStart(invalidate.start()).setEnd(invalidate.end()))
            .setSequence(invalidate.sequence())
            .setKind(CommonCodec.encode(invalidate.kind()));
    if (invalidate.deviceIndex() != HostMessage.Invalidate.ALL_DEVICES) {
      wire.setDeviceIndex(invalidate.deviceIndex());
    }
    return wire.build();
  }

  private static HostMessage decode(HostEvent event) throws MalformedMessageException {
    return switch (event.getEventCase()) {
      case WELCOME -> decodeWelcome(event.getWelcome());
      case REFUSAL -> decodeRefusal(event.getRefusal());
      case HEARTBEAT_ACK -> new HostMessage.HeartbeatAck(event.getHeartbeatAck().getNumber());
      case MIRROR_ADDED ->
          new HostMessage.MirrorAdded(
              WireChecks.mirrorId(event.getMirrorAdded().getMirrorId()),
              event.getMirrorAdded().getSequence());
      case MIRROR_REFUSED -> decodeMirrorRefused(event.getMirrorRefused());
      case MIRROR_REMOVED ->
          new HostMessage.MirrorRemoved(
              WireChecks.mirrorId(event.getMirrorRemoved().getMirrorId()));
      case FAULT_REPLY -> decodeFaultReply(event.getFaultReply());
      case INVALIDATE -> decodeInvalidate(event.getInvalidate());
      case SPACE_RELEASED -> new HostMessage.SpaceReleased(event.getSpaceReleased().getSpaceId());
      case GOODBYE -> new HostMessage.Goodbye(event.getGoodbye().getReason());
      case MIGRATE_IN -> MigrationCodec.decode(event.getMigrateIn());
      case MIGRATE_OUT -> MigrationCodec.decode(event.getMigrateOut());
      case MIGRATION_COMMIT -> MigrationCodec.decode(event.getMigrationCommit());
      case PAGES_RELEASED ->
          new HostMessage.PagesReleased(
              MigrationCodec.decode("released", event.getPagesReleased().getPagesList(), 1));
      case MIGRATE_REPLY -> decodeMigrateReply(event.getMigrateReply());
      case EVICT_REPLY ->
          new HostMessage.EvictReply(
              event.getEvictReply().getRequestId(), event.getEvictReply().getPageCount());
      case DEVICE_CLOSED ->
          new HostMessage.DeviceClosed(
              WireChecks.deviceIndex(event.getDeviceClosed().getDeviceIndex()),
              event.getDeviceClosed().getRemainingPages(),
              event.getDeviceClosed().getRequestId());
      case EVENT_NOT_SET ->
          throw WireChecks.malformed("event", "absent or unknown", "one that version 1 names");
    };
  }

  private static HostMessage decodeWelcome(dev.fenceline.attach.v1.Welcome wire)
      throws MalformedMessageException {
    if (wire.getLeaseTtlNanos() <= 0
        || wire.getHeartbeatIntervalNanos() <= 0
        || wire.getHeartbeatIntervalNanos() >= wire.getLeaseTtlNanos()) {
      throw WireChecks.malformed(
          "welcome.heartbeat_interval_nanos",
          wire.getHeartbeatIntervalNanos() + " with a TTL of " + wire.getLeaseTtlNanos(),
          "positive and shorter than the TTL");
    }
    return new HostMessage.Welcome(
        wire.getHostId(),
        wire.getHostEpoch(),
        wire.getSessionId(),
        wire.getLeaseTtlNanos(),
        wire.getHeartbeatIntervalNanos(),
        WireChecks.inRange("welcome.fault_credit", wire.getFaultCredit(), 1, Integer.MAX_VALUE),
        MigrationCodec.decode("welcome.discarded", wire.getDiscardedList(), 0));
  }

  private static HostMessage decodeMigrateReply(dev.fenceline.attach.v1.MigrateReply wire)
      throws MalformedMessageException {
    return new HostMessage.MigrateReply(
        wire.getRequestId(),
        WireChecks.inRange(
            "migrate_reply.moved_pages", wire.getMovedPages(), 0, MigrationRun.MAX_PAGES),
        CommonCodec.decode(wire.getErrno()),
        wire.getMessage());
  }

  private static HostMessage decodeRefusal(dev.fenceline.attach.v1.Refusal wire)
      throws MalformedMessageException {
    HostMessage.RefusalReason reason =
        switch (wire.getReason()) {
          case REASON_PROTOCOL_VERSION -> HostMessage.RefusalReason.PROTOCOL_VERSION;
          case REASON_AGENT_ID_TAKEN -> HostMessage.RefusalReason.AGENT_ID_TAKEN;
          case REASON_MALFORMED -> HostMessage.RefusalReason.MALFORMED;
          case REASON_TOO_MANY_AGENTS -> HostMessage.RefusalReason.TOO_MANY_AGENTS;
          case REASON_QUARANTINED -> HostMessage.RefusalReason.QUARANTINED;
          case REASON_UNSPECIFIED, UNRECOGNIZED ->
              throw WireChecks.malformed("refusal.reason", wire.getReason(), "one of Reason");
        };
    return new HostMessage.Refusal(
        reason,
        wire.getMessage(),
        WireChecks.notNegative("refusal.retry_after_nanos", wire.getRetryAfterNanos()));
  }

  private static HostMessage decodeMirrorRefused(dev.fenceline.attach.v1.MirrorRefused wire)
      throws MalformedMessageException {
    Errno errno = CommonCodec.decode(wire.getErrno());
    if (errno == null) {
      throw WireChecks.malformed("mirror_refused.errno", "absent", "given");
    }
    return new HostMessage.MirrorRefused(
        WireChecks.mirrorId(wire.getMirrorId()), errno, wire.getMessage());
  }

  private static HostMessage decodeFaultReply(dev.fenceline.attach.v1.FaultReply wire)
      throws MalformedMessageException {
    @Nullable Errno errno = CommonCodec.decode(wire.getErrno());
    if ((errno == null) == (wire.getRunsCount() == 0)) {
      throw WireChecks.malformed(
          "fault_reply",
          wire.getRunsCount() + " runs and errno " + errno,
          "either runs or an errno");
    }
    List<PageRun> runs = new ArrayList<>(wire.getRunsCount());
    int pages = 0;
    for (dev.fenceline.attach.v1.PageRun run : wire.getRunsList()) {
      PageRun decoded = PageRunCodec.decode(run);
      runs.add(decoded);
      pages += decoded.pageCount();
      WireChecks.inRange("pages of fault_reply", pages, 1, WireChecks.MAX_REPLY_PAGES);
    }
    int before =
        WireChecks.inRange(
            "fault_reply.pages_before", wire.getPagesBefore(), 0, Pages.PER_BLOCK - 1);
    if (before > 0 && before >= pages) {
      throw WireChecks.malformed(
          "fault_reply.pages_before", before + " of " + pages + " pages", "fewer than all pages");
    }
    return new HostMessage.FaultReply(
        wire.getFaultId(), wire.getSequence(), runs, before, errno, wire.getMessage());
  }

  private static HostMessage decodeInvalidate(dev.fenceline.attach.v1.Invalidate wire)
      throws MalformedMessageException {
    WireChecks.inRange(
        "number of invalidate.invalidation_ids",
        wire.getInvalidationIdsCount(),
        1,
        WireChecks.MAX_INVALIDATION_IDS);
    Interval interval = WireChecks.interval("invalidate.interval", wire.getInterval());
    return new HostMessage.Invalidate(
        List.copyOf(wire.getInvalidationIdsList()),
        wire.getSpaceId(),
        interval.getStart(),
        interval.getEnd(),
        wire.getSequence(),
        CommonCodec.decode(wire.getKind()),
        wire.hasDeviceIndex()
            ? WireChecks.deviceIndex(wire.getDeviceIndex())
            : HostMessage.Invalidate.ALL_DEVICES);
  }
}
