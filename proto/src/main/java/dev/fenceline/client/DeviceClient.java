package dev.fenceline.client;

import dev.fenceline.device.v1.AgentInfo;
import dev.fenceline.device.v1.CancelProgramRequest;
import dev.fenceline.device.v1.Delays;
import dev.fenceline.device.v1.DeviceServiceGrpc;
import dev.fenceline.device.v1.DeviceServiceGrpc.DeviceServiceBlockingStub;
import dev.fenceline.device.v1.GetAgentRequest;
import dev.fenceline.device.v1.GetProgramRequest;
import dev.fenceline.device.v1.ListProgramsRequest;
import dev.fenceline.device.v1.ProgramInfo;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.device.v1.SetDelaysRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The devices of one agent. Thread-safe; every call blocks, at most as long as the bound.
 *
 * {@snippet :
 * DeviceClient devices = new DeviceClient(channel, Duration.ofSeconds(30));
 * ProgramResult result =
 *     devices.run(0, space.id(), new DeviceProgram.Checksum(0x10000000L, 1 << 20));
 * }
 *
 * <p>Each method throws {@link RefusedException} if the agent refuses, and {@link
 * CallFailedException} if there is no answer. A program that fails is a result, not an exception.
 */
public final class DeviceClient {
  private static final long FIRST_PAUSE_MILLIS = 5;
  private static final long LONGEST_PAUSE_MILLIS = 250;

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

  /** Runs a program on memory of the agent's only host, to its end. */
  public ProgramResult run(int deviceIndex, long spaceId, DeviceProgram program) {
    return run(ProgramRequests.of(deviceIndex, spaceId, program));
  }

  /** Runs a program to its end. */
  public ProgramResult run(RunProgramRequest request) {
    return Calls.call("RunProgram", () -> bounded().runProgram(request));
  }

  /** Queues a program on memory of the agent's only host. */
  public ProgramInfo submit(int deviceIndex, long spaceId, DeviceProgram program) {
    return submit(ProgramRequests.of(deviceIndex, spaceId, program));
  }

  /** Queues a program; its number is in the answer. */
  public ProgramInfo submit(RunProgramRequest request) {
    return Calls.call("SubmitProgram", () -> bounded().submitProgram(request));
  }

  /** How far a program is; the agent remembers the last 1024 that ended. */
  public ProgramInfo program(long programNumber) {
    GetProgramRequest request =
        GetProgramRequest.newBuilder().setProgramNumber(programNumber).build();
    return Calls.call("GetProgram", () -> bounded().getProgram(request));
  }

  /** The newest programs, newest first, at most 1000. */
  public List<ProgramInfo> newestPrograms(boolean pendingOnly) {
    ListProgramsRequest request =
        ListProgramsRequest.newBuilder().setPendingOnly(pendingOnly).setPageSize(1000).build();
    return Calls.call("ListPrograms", () -> bounded().listPrograms(request)).getProgramsList();
  }

  /** Ends a program at its next access; one that has ended stays as it is. */
  public ProgramInfo cancel(long programNumber) {
    CancelProgramRequest request =
        CancelProgramRequest.newBuilder().setProgramNumber(programNumber).build();
    return Calls.call("CancelProgram", () -> bounded().cancelProgram(request));
  }

  /**
   * Waits for a program's end.
   *
   * @throws TimeoutException if it has not ended within the time; it goes on
   */
  public ProgramInfo follow(long programNumber, Duration within)
      throws InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + within.toNanos();
    long pauseMillis = FIRST_PAUSE_MILLIS;
    while (true) {
      ProgramInfo info = program(programNumber);
      if (ended(info)) {
        return info;
      }
      if (System.nanoTime() - deadline >= 0) {
        throw new TimeoutException(
            "program " + programNumber + " has not ended within " + within.toMillis() + " ms");
      }
      Thread.sleep(pauseMillis);
      pauseMillis = Math.min(LONGEST_PAUSE_MILLIS, 2 * pauseMillis);
    }
  }

  private static boolean ended(ProgramInfo info) {
    return switch (info.getState()) {
      case STATE_DONE, STATE_FAILED, STATE_CANCELLED -> true;
      case STATE_QUEUED, STATE_RUNNING, STATE_UNSPECIFIED, UNRECOGNIZED -> false;
    };
  }

  /** Imitates slow hardware from now on. */
  public void setDelays(int deviceIndex, Delays delays) {
    SetDelaysRequest request =
        SetDelaysRequest.newBuilder().setDeviceIndex(deviceIndex).setDelays(delays).build();
    Calls.call("SetDelays", () -> bounded().setDelays(request));
  }
}
