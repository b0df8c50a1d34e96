package dev.fenceline.coordinator.support;

import dev.fenceline.control.v1.AgentControlServiceGrpc.AgentControlServiceImplBase;
import dev.fenceline.control.v1.DeviceStanding;
import dev.fenceline.control.v1.DrainReply;
import dev.fenceline.control.v1.DrainRequest;
import dev.fenceline.control.v1.ReturnRequest;
import io.grpc.stub.StreamObserver;

/** Drains its two devices at once. Thread-safe. */
public final class FakeAgentControl extends AgentControlServiceImplBase {
  @Override
  public void drain(DrainRequest request, StreamObserver<DrainReply> reply) {
    answer(reply, DeviceStanding.State.STATE_DRAINED, request.getReason());
  }

  @Override
  public void return_(ReturnRequest request, StreamObserver<DrainReply> reply) {
    answer(reply, DeviceStanding.State.STATE_ACTIVE, "");
  }

  private static void answer(
      StreamObserver<DrainReply> reply, DeviceStanding.State state, String reason) {
    DrainReply.Builder answer = DrainReply.newBuilder();
    for (int i = 0; i < 2; i++) {
      answer.addDevices(
          DeviceStanding.newBuilder().setDeviceIndex(i).setState(state).setReason(reason));
    }
    reply.onNext(answer.build());
    reply.onCompleted();
  }
}
