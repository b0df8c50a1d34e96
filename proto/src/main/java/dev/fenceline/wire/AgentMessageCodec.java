package dev.fenceline.wire;

import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AgentEvent;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;

/** What agents say on the attach stream: {@link AgentMessage} and its wire form. Stateless. */
public final class AgentMessageCodec {
  private AgentMessageCodec() {}

  public static AgentBatch encode(AgentMessage.Batch batch) {
    AgentBatch.Builder wire =
        AgentBatch.newBuilder().setHostEpoch(batch.hostEpoch()).setSessionId(batch.sessionId());
    for (AgentMessage message : batch.messages()) {
      wire.addEvents(encode(message));
    }
    return wire.build();
  }

  /** Checks every field; a batch with one malformed message is refused as a whole. */
  public static AgentMessage.Batch decode(AgentBatch wire) throws MalformedMessageException {
    List<AgentMessage> messages = new ArrayList<>(wire.getEventsCount());
    for (AgentEvent event : wire.getEventsList()) {
      messages.add(decode(event));
    }
    return new AgentMessage.Batch(wire.getHostEpoch(), wire.getSessionId(), messages);
  }

  private static AgentEvent encode(AgentMessage message) {
    AgentEvent.Builder event = AgentEvent.newBuilder();
    switch (message) {
      case AgentMessage.Hello hello -> event.setHello(encodeHello(hello));
      case AgentMessage.Heartbeat heartbeat ->
          event.setHeartbeat(
              dev.fenceline.attach.v1.Heartbeat.newBuilder().setNumber(heartbeat.number()));
      case AgentMessage.AddMirror add -> event.setAddMirror(encodeAddMirror(add));
      case AgentMessage.RemoveMirror remove ->
          event.setRemoveMirror(
              dev.fenceline.attach.v1.RemoveMirror.newBuilder().setMirrorId(remove.mirrorId()));
      case AgentMessage.FaultRequest fault -> event.setFault(encodeFault(fault));
      case AgentMessage.InvalidationAck ack ->
          event.setAck(
              dev.fenceline.attach.v1.InvalidationAck.newBuilder()
                  .setDeviceIndex(ack.deviceIndex())
                  .addAllInvalidationIds(ack.invalidationIds()));
      case AgentMessage.Leave() ->
          event.setLeave(dev.fenceline.attach.v1.Leave.getDefaultInstance());
      case AgentMessage.MigrationReport report ->
          event.setMigrationReport(MigrationCodec.encode(report));
      case AgentMessage.MigrateRequest request ->
          event.setMigrateRequest(
              dev.fenceline.attach.v1.MigrateRequest.newBuilder()
                  .setRequestId(request.requestId())
                  .setMirrorId(request.mirrorId())
                  .setAddress(request.address())
                  .setPageCount(request.pageCount()));
      case AgentMessage.EvictRequest request ->
          event.setEvictRequest(
              dev.fenceline.attach.v1.EvictRequest.newBuilder()
                  .setRequestId(request.requestId())
                  .setPageCount(request.pageCount())
                  .addAllCandidates(MigrationCodec.encode(request.candidates())));
      case AgentMessage.CloseDevice close ->
          event.setCloseDevice(
              dev.fenceline.attach.v1.CloseDevice.newBuilder()
                  .setDeviceIndex(close.deviceIndex())
                  .setReturned(close.returned())
                  .setRequestId(close.requestId()));
    }
    return event.build();
  }

  private static dev.fenceline.attach.v1.Hello encodeHello(AgentMessage.Hello hello) {
    dev.fenceline.attach.v1.Hello.Builder wire =
        dev.fenceline.attach.v1.Hello.newBuilder()
            .setProtocolVersion(hello.protocolVersion())
            .setAgentId(hello.agentId())
            .setBootToken(hello.bootToken())
            .setDialAttempt(hello.dialAttempt())
            .setPeerTarget(hello.peerTarget())
            .setHeldEpoch(hello.heldEpoch())
            .addAllHeld(MigrationCodec.encode(hello.held()));
    for (DeviceDescription device : hello.devices()) {
      wire.addDevices(
          dev.fenceline.attach.v1.Device.newBuilder()
              .setIndex(device.index())
              .setName(device.name())
              .setUnits(device.units())
              .setMemoryPages(device.memoryPages())
              .setOwnerGroup(device.ownerGroup())
              .setCoherent(device.coherent()));
    }
    return wire.build();
  }

  private static dev.fenceline.attach.v1.AddMirror encodeAddMirror(AgentMessage.AddMirror add) {
    return dev.fenceline.attach.v1.AddMirror.newBuilder()
        .setMirrorId(add.mirrorId())
        .setSpaceId(add.spaceId())
        .setDeviceIndex(add.deviceIndex())
        .setInterval(Interval.newBuilder().setStart(add.start()).setEnd(add.end()))
        .build();
  }

  private static dev.fenceline.attach.v1.FaultRequest encodeFault(AgentMessage.FaultRequest fault) {
    return dev.fenceline.attach.v1.FaultRequest.newBuilder()
        .setFaultId(fault.faultId())
        .setMirrorId(fault.mirrorId())
        .setAddress(fault.address())
        .setPageCount(fault.pageCount())
        .setAccess(CommonCodec.encode(fault.access()))
        .setCollisions(fault.collisions())
        .setAround(fault.around())
        .build();
  }

  private static AgentMessage decode(AgentEvent event) throws MalformedMessageException {
    return switch (event.getEventCase()) {
      case HELLO -> decodeHello(event.getHello());
      case HEARTBEAT ->
          new AgentMessage.Heartbeat(
              WireChecks.notNegative("heartbeat.number", event.getHeartbeat().getNumber()));
      case ADD_MIRROR -> decodeAddMirror(event.getAddMirror());
      case REMOVE_MIRROR ->
          new AgentMessage.RemoveMirror(WireChecks.mirrorId(event.getRemoveMirror().getMirrorId()));
      case FAULT -> decodeFault(event.getFault());
      case ACK -> decodeAck(event.getAck());
      case LEAVE -> new AgentMessage.Leave();
      case MIGRATION_REPORT -> MigrationCodec.decode(event.getMigrationReport());
      case MIGRATE_REQUEST -> MigrationCodec.decode(event.getMigrateRequest());
      case EVICT_REQUEST -> MigrationCodec.decode(event.getEvictRequest());
      case CLOSE_DEVICE ->
          new AgentMessage.CloseDevice(
              WireChecks.deviceIndex(event.getCloseDevice().getDeviceIndex()),
              event.getCloseDevice().getReturned(),
              event.getCloseDevice().getRequestId());
      case EVENT_NOT_SET ->
          throw WireChecks.malformed("event", "absent or unknown", "one that version 1 names");
    };
  }

  private static AgentMessage decodeHello(dev.fenceline.attach.v1.Hello wire)
      throws MalformedMessageException {
    if (wire.getBootToken() == 0) {
      throw WireChecks.malformed("boot_token", 0, "random, not 0");
    }
    if (wire.getDialAttempt() < 1) {
      throw WireChecks.malformed("dial_attempt", wire.getDialAttempt(), "counted from 1");
    }
    WireChecks.inRange("number of devices", wire.getDevicesCount(), 1, WireChecks.MAX_DEVICES);
    List<DeviceDescription> devices = new ArrayList<>(wire.getDevicesCount());
    for (dev.fenceline.attach.v1.Device device : wire.getDevicesList()) {
      devices.add(decodeDevice(device, devices.size()));
    }
    return new AgentMessage.Hello(
        wire.getProtocolVersion(),
        WireChecks.agentId(wire.getAgentId()),
        wire.getBootToken(),
        wire.getDialAttempt(),
        devices,
        WireChecks.target("peer_target", wire.getPeerTarget()),
        wire.getHeldEpoch(),
        MigrationCodec.decode("held", wire.getHeldList(), 0));
  }

  private static DeviceDescription decodeDevice(dev.fenceline.attach.v1.Device device, int index)
      throws MalformedMessageException {
    WireChecks.inRange("device.index", device.getIndex(), index, index);
    WireChecks.inRange("device.units", device.getUnits(), 1, WireChecks.MAX_UNITS);
    WireChecks.inRange(
        "length of device.name", device.getName().length(), 1, WireChecks.MAX_NAME_LENGTH);
    return new DeviceDescription(
        device.getIndex(),
        device.getName(),
        device.getUnits(),
        WireChecks.inRange(
            "device.memory_pages", device.getMemoryPages(), 0, WireChecks.MAX_LOCAL_PAGES),
        WireChecks.ownerGroup(device.getOwnerGroup()),
        device.getCoherent());
  }

  private static AgentMessage decodeAddMirror(dev.fenceline.attach.v1.AddMirror wire)
      throws MalformedMessageException {
    Interval interval = WireChecks.interval("add_mirror.interval", wire.getInterval());
    return new AgentMessage.AddMirror(
        WireChecks.mirrorId(wire.getMirrorId()),
        wire.getSpaceId(),
        WireChecks.deviceIndex(wire.getDeviceIndex()),
        interval.getStart(),
        interval.getEnd());
  }

  private static AgentMessage decodeFault(dev.fenceline.attach.v1.FaultRequest wire)
      throws MalformedMessageException {
    long address = wire.getAddress();
    int pages =
        WireChecks.inRange("fault.page_count", wire.getPageCount(), 1, WireChecks.MAX_FAULT_PAGES);
    if (!Pages.aligned(address)
        || address < 0
        || address > Pages.ADDRESS_LIMIT - Pages.address(pages)) {
      throw WireChecks.malformed(
          "fault.address",
          "0x" + Long.toHexString(address) + " with " + pages + " pages",
          "a multiple of 4096, and the pages within [0, 2^47)");
    }
    return new AgentMessage.FaultRequest(
        wire.getFaultId(),
        WireChecks.mirrorId(wire.getMirrorId()),
        address,
        pages,
        CommonCodec.decode(wire.getAccess()),
        Math.max(0, wire.getCollisions()),
        wire.getAround());
  }

  private static AgentMessage decodeAck(dev.fenceline.attach.v1.InvalidationAck wire)
      throws MalformedMessageException {
    WireChecks.inRange(
        "number of ack.invalidation_ids",
        wire.getInvalidationIdsCount(),
        1,
        WireChecks.MAX_INVALIDATION_IDS);
    return new AgentMessage.InvalidationAck(
        WireChecks.deviceIndex(wire.getDeviceIndex()), List.copyOf(wire.getInvalidationIdsList()));
  }
}
