package dev.fenceline.testbed.launch;

import dev.fenceline.security.SecuritySettings;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code fenceline up}: a stack in the foreground until Ctrl-C. Confined to the main thread. */
@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = "Starts a coordinator, a host and agents on this machine, until Ctrl-C or down.")
public final class UpCommand implements Callable<Integer> {
  private static final Duration LOOK_AFTER = Duration.ofMillis(500);

  @Option(
      names = "--agents",
      defaultValue = "3",
      description = "Agents (default: ${DEFAULT-VALUE}).")
  private int agents;

  @Option(
      names = {"--devices-per-agent", "--devices"},
      defaultValue = "1",
      description = "Devices in each agent (default: ${DEFAULT-VALUE}).")
  private int devicesPerAgent;

  @Option(
      names = "--coordinators",
      defaultValue = "1",
      description = "Coordinators, each of which answers alone (default: ${DEFAULT-VALUE}).")
  private int coordinators;

  @Option(
      names = "--instance",
      defaultValue = "up",
      description = "Name of this stack; its logs are in target/run/NAME.")
  private String instance = "up";

  @Option(
      names = "--host-option",
      paramLabel = "NAME=VALUE",
      description =
          "A further setting of the host, as fenceline.host.tracing.endpoint=URL; may be repeated.")
  private List<String> hostOptions = List.of();

  @Option(
      names = "--tls",
      description = "mTLS between the services, with certificates made in target/run/NAME/certs.")
  private boolean tls;

  /**
   * Exit code 0 after a clean stop.
   *
   * @throws LaunchFailure if the stack did not start or a service died
   */
  @Override
  public Integer call() throws LaunchFailure, InterruptedException {
    long begun = System.nanoTime();
    Installation installation = Installation.current();
    PrintStream out = System.out;
    try (Interruption interruption = Interruption.install(Duration.ZERO)) {
      StackSpec spec =
          StackSpec.of(installation.runDirectory().resolve(instance), agents, devicesPerAgent)
              .replicated(coordinators)
              .withHostOptions(
                  hostOptions.stream().map(option -> "--" + option).toArray(String[]::new));
      Stack stack = Stack.start(installation, tls ? spec.secured() : spec, interruption);
      print(out, stack);
      ask(out, System.nanoTime() - begun);
      while (!interruption.await(LOOK_AFTER)) {
        ServiceProcess dead = stack.firstDead().orElse(null);
        if (dead != null && !interruption.raised()) {
          throw new LaunchFailure(dead.name() + " ended by itself" + dead.lastWords());
        }
      }
      return 0;
    }
  }

  private static void print(PrintStream out, Stack stack) {
    out.println("console      " + stack.restAddress() + "/");
    out.println("REST         " + stack.restAddress() + "/api/v1, described at /swagger-ui.html");
    for (ServiceProcess process : stack.processes()) {
      out.printf(
          "%-12s gRPC %s  HTTP %s  pid %d  log %s%n",
          process.name(),
          process.grpcAddress(),
          process.httpAddress(),
          process.pid(),
          process.log());
    }
    SecuritySettings.MutualTls caller = stack.callerCertificate();
    if (caller != null) {
      out.println("certificates " + caller.trustedCa().getParent());
      out.println("             " + caller.certificate() + " may call everything");
    }
  }

  private static void ask(PrintStream out, long nanos) {
    out.printf(Locale.ROOT, "ready after %.1f s; ask it from another terminal:%n", nanos / 1e9);
    out.println("             ./fenceline status | agents | spaces | fences | top");
    out.println("Ctrl-C (or ./fenceline down) stops it.");
    out.flush();
  }
}
