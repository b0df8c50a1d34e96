package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.control.v1.BackOffInvalidationReply;
import dev.fenceline.control.v1.BackOffInvalidationRequest;
import dev.fenceline.control.v1.HostControlServiceGrpc;
import dev.fenceline.control.v1.QuarantineAgentRequest;
import dev.fenceline.control.v1.ReturnAgentRequest;
import dev.fenceline.control.v1.SetHostPolicyRequest;
import dev.fenceline.coordinator.engine.command.OperationResult;
import dev.fenceline.coordinator.engine.command.SpaceOperation;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.HostPolicy;
import dev.fenceline.coordinator.engine.query.Standing;
import dev.fenceline.coordinator.runtime.HostCommands;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.CreateSpaceReply;
import dev.fenceline.space.v1.CreateSpaceRequest;
import dev.fenceline.space.v1.DestroySpaceRequest;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.space.v1.SetNotificationModeRequest;
import dev.fenceline.space.v1.SetOomScoreAdjustRequest;
import dev.fenceline.space.v1.UnpinReply;
import dev.fenceline.space.v1.UnpinRequest;
import io.grpc.MethodDescriptor;
import org.jspecify.annotations.Nullable;

/** Commands to hosts over AddressSpaceService and HostControlService. Thread-safe; blocks. */
public final class GrpcHostCommands implements HostCommands {
  private final NodeCalls calls;
  private final long commandTimeoutNanos;

  /**
   * @param commandTimeoutNanos for what may wait for fences
   */
  public GrpcHostCommands(NodeCalls calls, long commandTimeoutNanos) {
    this.calls = calls;
    this.commandTimeoutNanos = commandTimeoutNanos;
  }

  @Override
  public Answer<Long> createSpace(
      String endpoint, String name, @Nullable NotificationMode mode, int oomScoreAdjust) {
    CreateSpaceRequest.Builder request =
        CreateSpaceRequest.newBuilder().setName(name).setOomScoreAdjust(oomScoreAdjust);
    if (mode != null) {
      request.setNotificationMode(ControlCodec.encode(mode));
    }
    return calls.ask(
        endpoint,
        AddressSpaceServiceGrpc.getCreateSpaceMethod(),
        request.build(),
        CreateSpaceReply::getSpaceId);
  }

  @Override
  public Answer<OperationResult> destroySpace(String endpoint, long spaceId) {
    return operation(
        endpoint,
        AddressSpaceServiceGrpc.getDestroySpaceMethod(),
        DestroySpaceRequest.newBuilder().setSpaceId(spaceId).build(),
        WaitPolicy.BLOCK);
  }

  @Override
  public Answer<NotificationMode> setNotificationMode(
      String endpoint, long spaceId, NotificationMode mode) {
    return calls.ask(
        endpoint,
        AddressSpaceServiceGrpc.getSetNotificationModeMethod(),
        SetNotificationModeRequest.newBuilder()
            .setSpaceId(spaceId)
            .setNotificationMode(ControlCodec.encode(mode))
            .build(),
        reply -> mode);
  }

  @Override
  public Answer<Integer> setOomScoreAdjust(String endpoint, long spaceId, int adjust) {
    return calls.ask(
        endpoint,
        AddressSpaceServiceGrpc.getSetOomScoreAdjustMethod(),
        SetOomScoreAdjustRequest.newBuilder().setSpaceId(spaceId).setOomScoreAdjust(adjust).build(),
        reply -> adjust);
  }

  @Override
  public Answer<OperationResult> operate(String endpoint, long spaceId, SpaceOperation operation) {
    WaitPolicy waiting = operation.waiting();
    return switch (operation) {
      case SpaceOperation.Map map ->
          operation(
              endpoint,
              AddressSpaceServiceGrpc.getMapMethod(),
              SpaceOperationCodec.encode(spaceId, map),
              waiting);
      case SpaceOperation.Unmap unmap ->
          operation(
              endpoint,
              AddressSpaceServiceGrpc.getUnmapMethod(),
              SpaceOperationCodec.encode(spaceId, unmap),
              waiting);
      case SpaceOperation.Protect protect ->
          operation(
              endpoint,
              AddressSpaceServiceGrpc.getProtectMethod(),
              SpaceOperationCodec.encode(spaceId, protect),
              waiting);
      case SpaceOperation.Remap remap ->
          operation(
              endpoint,
              AddressSpaceServiceGrpc.getRemapMethod(),
              SpaceOperationCodec.encode(spaceId, remap),
              waiting);
      case SpaceOperation.Advise advise ->
          operation(
              endpoint,
              AddressSpaceServiceGrpc.getAdviseMethod(),
              SpaceOperationCodec.encode(spaceId, advise),
              waiting);
      case SpaceOperation.SetAttributes set ->
          operation(
              endpoint,
              AddressSpaceServiceGrpc.getSetAttributesMethod(),
              SpaceOperationCodec.encode(spaceId, set),
              waiting);
      case SpaceOperation.Invalidate invalidate ->
          operation(
              endpoint,
              AddressSpaceServiceGrpc.getInvalidateMethod(),
              SpaceOperationCodec.encode(spaceId, invalidate),
              waiting);
    };
  }

  @Override
  public Answer<Standing> quarantine(
      String endpoint, String agentId, String reason, long holdNanos) {
    return calls.ask(
        endpoint,
        HostControlServiceGrpc.getQuarantineAgentMethod(),
        QuarantineAgentRequest.newBuilder()
            .setAgentId(agentId)
            .setReason(reason)
            .setHoldNanos(holdNanos)
            .build(),
        ControlCodec::standing);
  }

  @Override
  public Answer<Standing> returnAgent(String endpoint, String agentId) {
    return calls.ask(
        endpoint,
        HostControlServiceGrpc.getReturnAgentMethod(),
        ReturnAgentRequest.newBuilder().setAgentId(agentId).build(),
        ControlCodec::standing);
  }

  @Override
  public Answer<HostPolicy> setPolicy(String endpoint, HostPolicy policy) {
    return calls.ask(
        endpoint,
        HostControlServiceGrpc.getSetHostPolicyMethod(),
        SetHostPolicyRequest.newBuilder().setPolicy(ControlCodec.encode(policy)).build(),
        ControlCodec::policy);
  }

  @Override
  public Answer<Long> unpin(String endpoint, long pinId) {
    return calls.ask(
        endpoint,
        AddressSpaceServiceGrpc.getUnpinMethod(),
        UnpinRequest.newBuilder().setPinId(pinId).build(),
        UnpinReply::getUnpinnedPages);
  }

  @Override
  public Answer<Boolean> backOff(String endpoint, long invalidationId, String reason) {
    return calls.ask(
        endpoint,
        HostControlServiceGrpc.getBackOffInvalidationMethod(),
        BackOffInvalidationRequest.newBuilder()
            .setInvalidationId(invalidationId)
            .setReason(reason)
            .build(),
        BackOffInvalidationReply::getBackedOff);
  }

  private <Q> Answer<OperationResult> operation(
      String endpoint, MethodDescriptor<Q, OperationReply> method, Q request, WaitPolicy waiting) {
    long extraNanos = waiting instanceof WaitPolicy.Deadline deadline ? deadline.nanos() : 0;
    return calls.ask(
        endpoint, method, request, SpaceOperationCodec::result, commandTimeoutNanos + extraNanos);
  }
}
