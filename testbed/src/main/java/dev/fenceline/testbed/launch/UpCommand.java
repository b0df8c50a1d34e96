package dev.fenceline.testbed.launch;

import dev.fenceline.security.SecuritySettings;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code fenceline up}: a stack in the foreground until Ctrl-C. Confined to the main thread. */
@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = "Starts a coordinator, a host and agents on this machine, until Ctrl-C or down.")
public final class UpCommand implements Callable<Integer> {
  private static final int FAILED = 2;
  private static final Duration LOOK_AFTER = Duration.ofMillis(500);

  @Option(
      names = "--agents",
      defaultValue = "3",
      description = "Agents (default: ${DEFAULT-VALUE}).")
  private int agents;

  @Option(
      names = "--devices-per-agent",
      defaultValue = "1",
      description = "Devices in each agent (default: ${DEFAULT-VALUE}).")
  private int devicesPerAgent;

  @Option(
      names = "--instance",
      defaultValue = "up",
      description = "Name of this stack; its logs are in target/run/NAME.")
  private String instance = "up";

  @Option(
      names = "--tls",
      description = "mTLS between the services, with certificates made in target/run/NAME/certs.")
  private boolean tls;

  /** Exit code 0 after a clean stop, 2 if the stack did not start or a service died. */
  @Override
  public Integer call() throws InterruptedException {
    Installation installation = Installation.current();
    PrintStream out = System.out;
    try (Interruption interruption = Interruption.install(Duration.ZERO)) {
      StackSpec spec =
          StackSpec.of(installation.runDirectory().resolve(instance), agents, devicesPerAgent);
      Stack stack = Stack.start(installation, tls ? spec.secured() : spec, interruption);
      print(out, stack);
      while (!interruption.await(LOOK_AFTER)) {
        ServiceProcess dead = stack.firstDead().orElse(null);
        if (dead != null && !interruption.raised()) {
          throw new LaunchFailure(dead.name() + " ended by itself" + dead.lastWords());
        }
      }
      return 0;
    } catch (LaunchFailure | IllegalArgumentException e) {
      System.err.println("fenceline: " + e.getMessage());
      return FAILED;
    }
  }

  private static void print(PrintStream out, Stack stack) {
    out.println("coordinator  " + stack.restAddress() + "/api/v1/hosts");
    out.println("             " + stack.restAddress() + "/swagger-ui.html");
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
    out.println("Ctrl-C (or ./fenceline down) stops it.");
    out.flush();
  }
}
