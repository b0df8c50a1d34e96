package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.control.v1.AgentStanding;
import dev.fenceline.coordinator.engine.query.DeviceStanding;
import dev.fenceline.coordinator.engine.query.HostPolicy;
import dev.fenceline.coordinator.engine.query.Standing;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.wire.MalformedMessageException;

/** Standings and policies, between wire and the coordinator's words. Stateless. */
final class ControlCodec {
  private ControlCodec() {}

  static Standing standing(AgentStanding standing) throws MalformedMessageException {
    Standing.State state =
        switch (standing.getState()) {
          case STATE_HEALTHY -> Standing.State.HEALTHY;
          case STATE_SUSPECT -> Standing.State.SUSPECT;
          case STATE_QUARANTINED -> Standing.State.QUARANTINED;
          case STATE_UNSPECIFIED, UNRECOGNIZED ->
              throw QueryCodec.unknown("state", standing.getState());
        };
    return new Standing(
        standing.getAgentId(),
        state,
        Integer.toUnsignedLong(standing.getStrikes()),
        standing.getReason(),
        standing.getByOperator(),
        standing.getElapsedNanos(),
        standing.getHoldLeftNanos());
  }

  static DeviceStanding device(dev.fenceline.control.v1.DeviceStanding standing)
      throws MalformedMessageException {
    DeviceStanding.State state =
        switch (standing.getState()) {
          case STATE_ACTIVE -> DeviceStanding.State.ACTIVE;
          case STATE_DRAINING -> DeviceStanding.State.DRAINING;
          case STATE_DRAINED -> DeviceStanding.State.DRAINED;
          case STATE_UNSPECIFIED, UNRECOGNIZED ->
              throw QueryCodec.unknown("state", standing.getState());
        };
    return new DeviceStanding(
        standing.getDeviceIndex(),
        state,
        Integer.toUnsignedLong(standing.getRunningPrograms()),
        Integer.toUnsignedLong(standing.getQueuedPrograms()),
        standing.getReason());
  }

  static HostPolicy policy(dev.fenceline.control.v1.HostPolicy policy)
      throws MalformedMessageException {
    return new HostPolicy(
        Integer.toUnsignedLong(policy.getQuarantineStrikes()),
        policy.getQuarantineWindowNanos(),
        policy.getQuarantineHoldNanos(),
        policy.getQuarantineGreatestHoldNanos(),
        QueryCodec.mode(policy.getDefaultNotificationMode()));
  }

  static dev.fenceline.control.v1.HostPolicy encode(HostPolicy policy) {
    return dev.fenceline.control.v1.HostPolicy.newBuilder()
        .setQuarantineStrikes((int) policy.quarantineStrikes())
        .setQuarantineWindowNanos(policy.windowNanos())
        .setQuarantineHoldNanos(policy.holdNanos())
        .setQuarantineGreatestHoldNanos(policy.greatestHoldNanos())
        .setDefaultNotificationMode(encode(policy.defaultNotificationMode()))
        .build();
  }

  static dev.fenceline.common.v1.NotificationMode encode(NotificationMode mode) {
    return switch (mode) {
      case SPLIT -> dev.fenceline.common.v1.NotificationMode.NOTIFICATION_MODE_SPLIT;
      case SEQUENTIAL -> dev.fenceline.common.v1.NotificationMode.NOTIFICATION_MODE_SEQUENTIAL;
    };
  }
}
