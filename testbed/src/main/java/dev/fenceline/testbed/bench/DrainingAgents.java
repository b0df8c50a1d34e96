package dev.fenceline.testbed.bench;

import dev.fenceline.agent.adapter.grpc.GrpcHostConnector;
import dev.fenceline.agent.engine.LinkSettings;
import dev.fenceline.agent.runtime.AgentObserver;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Delays;
import dev.fenceline.agent.runtime.Device;
import dev.fenceline.agent.runtime.HostLink;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.security.TransportSecurity;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Real agents in this process, attached to one host over loopback, whose devices take a fixed time
 * to drain. Confined to the measuring thread.
 */
final class DrainingAgents implements AutoCloseable {
  private static final int UNITS = 1;
  private static final int QUEUED_PROGRAMS = 4;
  private static final long STOP_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long PROGRAM_NANOS = TimeUnit.SECONDS.toNanos(30);

  private record Attached(AgentRuntime agent, HostLink link) {}

  private final List<Attached> attached = new ArrayList<>();
  private final long spaceId;

  DrainingAgents(String target, long spaceId, int agents, int devicesPerAgent, long drainNanos) {
    this.spaceId = spaceId;
    for (int i = 1; i <= agents; i++) {
      List<DeviceDescription> devices = new ArrayList<>();
      for (int device = 0; device < devicesPerAgent; device++) {
        devices.add(new DeviceDescription(device, "agent-" + i + "-" + device, UNITS));
      }
      AgentRuntime agent =
          new AgentRuntime(
              new AgentRuntime.Settings(
                  LinkSettings.of("agent-" + i, i, devices),
                  new Delays(drainNanos, 0, 0),
                  QUEUED_PROGRAMS,
                  STOP_NANOS),
              (hostId, address) ->
                  GrpcHostConnector.to(TransportSecurity.plaintext(), hostId, address),
              System::nanoTime,
              AgentObserver.NONE,
              new SplittableRandom(i));
      attached.add(new Attached(agent, agent.addHost(target)));
    }
  }

  /** Every device reads the interval, so that it holds its pages. */
  void read(long address, long length) {
    List<CompletableFuture<ProgramReport>> running = new ArrayList<>();
    for (Attached each : attached) {
      for (Device device : each.agent().devices()) {
        Program program = new Program.Checksum(address, length);
        running.add(each.agent().run(each.link(), device, spaceId, program, PROGRAM_NANOS));
      }
    }
    for (CompletableFuture<ProgramReport> run : running) {
      ProgramReport.Failure failure = run.join().failure();
      if (failure != null) {
        throw new IllegalStateException("a device could not read: " + failure);
      }
    }
  }

  /** How long the devices take to drain from now on. */
  void setDrainNanos(long nanos) {
    for (Attached each : attached) {
      each.agent().devices().forEach(device -> device.setDelays(new Delays(nanos, 0, 0)));
    }
  }

  @Override
  public void close() {
    attached.forEach(each -> each.agent().close());
  }
}
