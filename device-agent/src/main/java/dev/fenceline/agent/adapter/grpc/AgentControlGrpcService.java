package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Device;
import dev.fenceline.agent.runtime.DeviceMemory;
import dev.fenceline.agent.runtime.DrainDesk;
import dev.fenceline.control.v1.AgentControlServiceGrpc;
import dev.fenceline.control.v1.DeviceStanding;
import dev.fenceline.control.v1.DrainReply;
import dev.fenceline.control.v1.DrainRequest;
import dev.fenceline.control.v1.ReturnRequest;
import dev.fenceline.control.v1.SetMemoryFaultsReply;
import dev.fenceline.control.v1.SetMemoryFaultsRequest;
import dev.fenceline.model.Errno;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What operators do to an agent. Thread-safe; no call waits for a drain to end. */
public final class AgentControlGrpcService
    extends AgentControlServiceGrpc.AgentControlServiceImplBase {
  private static final long DEFAULT_DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long MAX_DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(600);
  private static final long MAX_COPY_DELAY_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int MAX_REASON_LENGTH = 256;

  private final AgentRuntime agent;

  public AgentControlGrpcService(AgentRuntime agent) {
    this.agent = agent;
  }

  @Override
  public void drain(DrainRequest request, StreamObserver<DrainReply> observer) {
    try {
      List<Device> devices = devices(request.getDeviceIndexesList());
      long deadline = request.getDeadlineNanos();
      if (deadline < 0 || deadline > MAX_DEADLINE_NANOS) {
        throw ErrorTrailer.of(
            Errno.EINVAL,
            "deadline_nanos of %s: must be 0 to %d"
                .formatted(Long.toUnsignedString(deadline), MAX_DEADLINE_NANOS),
            null);
      }
      if (request.getReason().length() > MAX_REASON_LENGTH) {
        throw ErrorTrailer.of(
            Errno.EINVAL,
            "reason has %d characters, at most %d"
                .formatted(request.getReason().length(), MAX_REASON_LENGTH),
            null);
      }
      agent
          .drains()
          .drain(devices, request.getReason(), deadline == 0 ? DEFAULT_DEADLINE_NANOS : deadline);
      answer(observer);
    } catch (StatusRuntimeException refusal) {
      observer.onError(refusal);
    }
  }

  @Override
  public void return_(ReturnRequest request, StreamObserver<DrainReply> observer) {
    try {
      agent.drains().giveBack(devices(request.getDeviceIndexesList()));
      answer(observer);
    } catch (StatusRuntimeException refusal) {
      observer.onError(refusal);
    }
  }

  @Override
  public void setMemoryFaults(
      SetMemoryFaultsRequest request, StreamObserver<SetMemoryFaultsReply> observer) {
    try {
      Device device = devices(List.of(request.getDeviceIndex())).getFirst();
      long delay = request.getCopyDelayNanos();
      if (delay < 0 || delay > MAX_COPY_DELAY_NANOS) {
        throw ErrorTrailer.of(Errno.EINVAL, "copy_delay_nanos is beyond 10 s", null);
      }
      device
          .memory()
          .inject(
              new DeviceMemory.Injection(
                  request.getFailNthAllocation(), request.getFailAllAllocations(), delay));
      if (request.getEvictPages() > 0) {
        agent.makeRoom(device, request.getEvictPages());
      }
      boolean evicting =
          !request.hasEvictLocalPage() || agent.forceEviction(device, request.getEvictLocalPage());
      observer.onNext(SetMemoryFaultsReply.newBuilder().setEvicting(evicting).build());
      observer.onCompleted();
    } catch (StatusRuntimeException refusal) {
      observer.onError(refusal);
    }
  }

  private void answer(StreamObserver<DrainReply> observer) {
    DrainReply.Builder reply = DrainReply.newBuilder();
    agent.drains().standings().forEach(standing -> reply.addDevices(encode(standing)));
    observer.onNext(reply.build());
    observer.onCompleted();
  }

  private List<Device> devices(List<Integer> indexes) {
    if (indexes.isEmpty()) {
      return agent.devices();
    }
    List<Device> devices = new ArrayList<>();
    for (int index : indexes) {
      if (index < 0 || index >= agent.devices().size()) {
        throw ErrorTrailer.of(
            Errno.ENOENT,
            "no device %s; there are %d"
                .formatted(Integer.toUnsignedString(index), agent.devices().size()),
            null);
      }
      devices.add(agent.devices().get(index));
    }
    return devices;
  }

  private static DeviceStanding encode(DrainDesk.StandingView standing) {
    return DeviceStanding.newBuilder()
        .setDeviceIndex(standing.deviceIndex())
        .setState(
            switch (standing.state()) {
              case ACTIVE -> DeviceStanding.State.STATE_ACTIVE;
              case DRAINING -> DeviceStanding.State.STATE_DRAINING;
              case DRAINED -> DeviceStanding.State.STATE_DRAINED;
            })
        .setRunningPrograms(standing.running())
        .setQueuedPrograms(standing.queued())
        .setReason(standing.reason())
        .build();
  }
}
