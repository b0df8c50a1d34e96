package dev.fenceline.coordinator.support;

import dev.fenceline.device.v1.AgentInfo;
import dev.fenceline.device.v1.CancelProgramRequest;
import dev.fenceline.device.v1.Delays;
import dev.fenceline.device.v1.DeviceInfo;
import dev.fenceline.device.v1.DeviceServiceGrpc.DeviceServiceImplBase;
import dev.fenceline.device.v1.GetAgentRequest;
import dev.fenceline.device.v1.GetProgramRequest;
import dev.fenceline.device.v1.ListProgramsReply;
import dev.fenceline.device.v1.ListProgramsRequest;
import dev.fenceline.device.v1.ProgramInfo;
import dev.fenceline.device.v1.RunProgramRequest;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** An agent that says how its devices are, behind a real gRPC server. Thread-safe. */
public final class FakeAgent extends DeviceServiceImplBase implements AutoCloseable {
  private final String id;
  private final Server server;
  private final List<ProgramInfo> programs = new CopyOnWriteArrayList<>();

  /** What was to be run, in the order of submission. */
  public final List<RunProgramRequest> submitted = new CopyOnWriteArrayList<>();

  /** Drain and return. */
  public final FakeAgentControl control = new FakeAgentControl();

  public FakeAgent(String id) throws IOException {
    this.id = id;
    this.server =
        NettyServerBuilder.forPort(0)
            .directExecutor()
            .addService(this)
            .addService(control)
            .build()
            .start();
  }

  public int port() {
    return server.getPort();
  }

  @Override
  public void getAgent(GetAgentRequest request, StreamObserver<AgentInfo> reply) {
    reply.onNext(
        AgentInfo.newBuilder()
            .setAgentId(id)
            .setBootToken(1)
            .addDevices(
                DeviceInfo.newBuilder()
                    .setIndex(0)
                    .setFaults(123)
                    .setDelays(Delays.newBuilder().setDrainNanos(1_500_000)))
            .build());
    reply.onCompleted();
  }

  /** Adds a program, newest last; its number must be above those there are. */
  public void addProgram(ProgramInfo program) {
    programs.addFirst(program);
  }

  @Override
  public void submitProgram(RunProgramRequest request, StreamObserver<ProgramInfo> reply) {
    submitted.add(request);
    ProgramInfo program =
        ProgramInfo.newBuilder()
            .setProgramNumber(programs.size() + 1L)
            .setDeviceIndex(request.getDeviceIndex())
            .setHostId(request.getHostId())
            .setSpaceId(request.getSpaceId())
            .setKind(request.getProgramCase().name().toLowerCase(Locale.ROOT).replace('_', '-'))
            .setState(ProgramInfo.State.STATE_QUEUED)
            .setSubmittedAtMillis(1_000L * (programs.size() + 1))
            .build();
    addProgram(program);
    reply.onNext(program);
    reply.onCompleted();
  }

  @Override
  public void listPrograms(ListProgramsRequest request, StreamObserver<ListProgramsReply> reply) {
    List<ProgramInfo> found =
        programs.stream()
            .filter(
                each ->
                    request.getBeforeProgramNumber() == 0
                        || each.getProgramNumber() < request.getBeforeProgramNumber())
            .filter(
                each ->
                    !request.hasDeviceIndex() || each.getDeviceIndex() == request.getDeviceIndex())
            .toList();
    int count = Math.min(found.size(), request.getPageSize());
    reply.onNext(
        ListProgramsReply.newBuilder()
            .addAllPrograms(found.subList(0, count))
            .setMore(count < found.size())
            .build());
    reply.onCompleted();
  }

  @Override
  public void getProgram(GetProgramRequest request, StreamObserver<ProgramInfo> reply) {
    answer(request.getProgramNumber(), reply, program -> program);
  }

  @Override
  public void cancelProgram(CancelProgramRequest request, StreamObserver<ProgramInfo> reply) {
    answer(
        request.getProgramNumber(),
        reply,
        program -> program.toBuilder().setState(ProgramInfo.State.STATE_CANCELLED).build());
  }

  private void answer(
      long number, StreamObserver<ProgramInfo> reply, UnaryOperator<ProgramInfo> change) {
    programs.stream()
        .filter(each -> each.getProgramNumber() == number)
        .findFirst()
        .ifPresentOrElse(
            found -> {
              reply.onNext(change.apply(found));
              reply.onCompleted();
            },
            () -> reply.onError(Status.NOT_FOUND.asRuntimeException()));
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
