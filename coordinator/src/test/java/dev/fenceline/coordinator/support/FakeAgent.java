package dev.fenceline.coordinator.support;

import dev.fenceline.device.v1.AgentInfo;
import dev.fenceline.device.v1.Delays;
import dev.fenceline.device.v1.DeviceInfo;
import dev.fenceline.device.v1.DeviceServiceGrpc.DeviceServiceImplBase;
import dev.fenceline.device.v1.GetAgentRequest;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;

/** An agent that says how its devices are, behind a real gRPC server. Thread-safe. */
public final class FakeAgent extends DeviceServiceImplBase implements AutoCloseable {
  private final String id;
  private final Server server;

  public FakeAgent(String id) throws IOException {
    this.id = id;
    this.server = NettyServerBuilder.forPort(0).directExecutor().addService(this).build().start();
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

  @Override
  public void close() {
    server.shutdownNow();
  }
}
