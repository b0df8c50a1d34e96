package dev.fenceline.coordinator.config;

import dev.fenceline.coordinator.adapter.grpc.ReportStreams;
import dev.fenceline.coordinator.runtime.RegistryRuntime;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;
import org.springframework.stereotype.Component;

/** What happens when the servers listen, and before they stop. Thread-safe. */
@Component
class ServiceLifecycle {
  private final ServiceClock clock;
  private final RegistryRuntime runtime;
  private final ReportStreams streams;
  private final Watch watch;
  private final Environment environment;
  private volatile int grpcPort;

  ServiceLifecycle(
      ServiceClock clock,
      RegistryRuntime runtime,
      ReportStreams streams,
      Watch watch,
      Environment environment) {
    this.watch = watch;
    this.clock = clock;
    this.runtime = runtime;
    this.streams = streams;
    this.environment = environment;
  }

  /** Which port it is: the configured one may be 0. */
  @EventListener
  void grpcStarted(GrpcServerStartedEvent event) {
    grpcPort = event.getPort();
  }

  /** The recovery window begins when nodes can reach the coordinator. */
  @EventListener(ApplicationStartedEvent.class)
  void started() {
    clock.start();
    runtime.start();
    watch.start();
    announce(grpcPort, environment.getProperty("local.server.port", "0"));
  }

  @SuppressWarnings("SystemOut") // a contract with launchers, independent of the log's format
  private static void announce(int grpcPort, String httpPort) {
    System.out.println("fenceline-coordinator ready grpc=" + grpcPort + " http=" + httpPort);
  }

  /** Comes before the servers' own stop, which would wait for open streams. */
  @EventListener(ContextClosedEvent.class)
  void closing() {
    watch.stop();
    streams.closeAll();
  }
}
