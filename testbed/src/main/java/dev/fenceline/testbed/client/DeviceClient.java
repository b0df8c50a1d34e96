package dev.fenceline.testbed.client;

import dev.fenceline.device.v1.AgentInfo;
import dev.fenceline.device.v1.Delays;
import dev.fenceline.device.v1.DeviceServiceGrpc;
import dev.fenceline.device.v1.DeviceServiceGrpc.DeviceServiceBlockingStub;
import dev.fenceline.device.v1.GetAgentRequest;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.device.v1.SetDelaysRequest;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The devices of one agent. Thread-safe; every call blocks, at most as long as the bound.
 *
 * <p>Each method throws {@link RefusedException} if the agent refuses, and {@link
 * CallFailedException} if there is no answer. A program that fails is a result, not an exception.
 */
public final class DeviceClient {
  private final DeviceServiceBlockingStub stub;
  private final long boundNanos;

  public DeviceClient(ServiceChannel agent, Duration bound) {
    this.stub = DeviceServiceGrpc.newBlockingStub(agent.channel());
    this.boundNanos = bound.toNanos();
  }

  private DeviceServiceBlockingStub bounded() {
    return stub.withDeadlineAfter(boundNanos, TimeUnit.NANOSECONDS);
  }

  public AgentInfo agent() {
    return Calls.call("GetAgent", () -> bounded().getAgent(GetAgentRequest.getDefaultInstance()));
  }

  /** Runs a program to its end. */
  public ProgramResult run(RunProgramRequest request) {
    return Calls.call("RunProgram", () -> bounded().runProgram(request));
  }

  public void setDelays(int deviceIndex, Delays delays) {
    SetDelaysRequest request =
        SetDelaysRequest.newBuilder().setDeviceIndex(deviceIndex).setDelays(delays).build();
    Calls.call("SetDelays", () -> bounded().setDelays(request));
  }
}
