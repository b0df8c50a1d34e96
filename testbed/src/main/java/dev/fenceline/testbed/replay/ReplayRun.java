package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.RefusedException;
import dev.fenceline.security.RefusalObserver;
import dev.fenceline.security.SecurityRefusal;
import dev.fenceline.security.SecuritySettings;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.testbed.certs.CertificateDirectory;
import dev.fenceline.testbed.launch.Installation;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.launch.LaunchFailure;
import dev.fenceline.testbed.launch.ServiceProcess;
import dev.fenceline.testbed.launch.Stack;
import dev.fenceline.testbed.launch.StackSpec;
import dev.fenceline.testbed.report.Progress;
import dev.fenceline.testbed.report.ReportJson;
import dev.fenceline.testbed.report.ReportPrinter;
import dev.fenceline.testbed.report.RunReport;
import dev.fenceline.testbed.trace.TraceFormat;
import dev.fenceline.testbed.trace.UnusableTrace;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What {@code replay} and {@code demo} have in common: find or start the services, run, print,
 * write the report. Confined to the main thread.
 */
final class ReplayRun {
  static final int VIOLATED = 1;
  static final int UNUSABLE = 2;

  private static final Duration REPORT_WITHIN = Duration.ofSeconds(20);
  private static final Duration ATTACHED_WITHIN = Duration.ofSeconds(30);
  private static final int TERMINAL_WIDTH = 120;

  private final PrintStream out;
  private final PrintStream err;
  private final @Nullable Path report;

  ReplayRun(PrintStream out, PrintStream err, @Nullable Path report) {
    this.out = out;
    this.err = err;
    this.report = report;
  }

  /** Where the replay happens. */
  sealed interface Target {}

  /** Services started for this run. */
  record OwnStack(
      String instance, int agents, int devicesPerAgent, StackSpec.Memory memory, boolean tls)
      implements Target {}

  /**
   * Services that somebody else started.
   *
   * @param certificates a directory as {@code fenceline certs} makes it; null: they are plaintext
   */
  record RunningStack(
      String host, List<String> agents, @Nullable String coordinator, @Nullable Path certificates)
      implements Target {
    RunningStack {
      agents = List.copyOf(agents);
    }
  }

  private record Addresses(
      String host, List<String> agents, @Nullable String rest, SecuritySettings security) {}

  /**
   * Runs.
   *
   * @param plan what to do, given the coordinator's REST address
   * @return the exit code: 0 only without a violation
   */
  int run(Target target, int devices, Function<@Nullable String, ReplaySession.Plan> plan)
      throws InterruptedException {
    try (Interruption interruption = Interruption.install(REPORT_WITHIN)) {
      // Looked at before anything is started: a mistyped name should not cost seconds.
      Path trace = plan.apply(null).trace();
      TraceFormat format = TraceFormat.detect(trace);
      Addresses addresses = addresses(target, interruption);
      try (TransportSecurity security =
              TransportSecurity.open(
                  addresses.security(), CertificateDirectory.admin(), RefusalObserver.NONE);
          Cluster cluster =
              Cluster.connect(
                  security, addresses.host(), addresses.agents(), devices, ATTACHED_WITHIN)) {
        return replay(plan.apply(addresses.rest()), format, cluster, interruption);
      }
    } catch (UnusableTrace | LaunchFailure | IllegalArgumentException | SecurityRefusal e) {
      err.println("fenceline: " + e.getMessage());
      return UNUSABLE;
    } catch (IOException e) {
      err.println("fenceline: cannot read or write: " + e.getMessage());
      return UNUSABLE;
    } catch (CallFailedException | RefusedException e) {
      err.println("fenceline: the replay broke off: " + e.getMessage());
      return VIOLATED;
    }
  }

  private Addresses addresses(Target target, Interruption interruption)
      throws LaunchFailure, InterruptedException {
    return switch (target) {
      case RunningStack running -> {
        if (running.agents().isEmpty()) {
          throw new IllegalArgumentException("--host needs at least one --agent");
        }
        String rest = running.coordinator();
        yield new Addresses(
            running.host(),
            running.agents(),
            rest == null ? null : "http://" + rest,
            security(
                running.certificates() == null
                    ? null
                    : CertificateDirectory.admin(running.certificates())));
      }
      case OwnStack own -> {
        Installation installation = Installation.current();
        long began = System.nanoTime();
        out.println(
            "starting a coordinator, a host and " + own.agents() + " agents as processes...");
        StackSpec spec =
            StackSpec.of(
                    installation.runDirectory().resolve(own.instance()),
                    own.agents(),
                    own.devicesPerAgent())
                .with(own.memory());
        Stack stack = Stack.start(installation, own.tls() ? spec.secured() : spec, interruption);
        out.printf("ready after %.1f s%n", (System.nanoTime() - began) / 1e9);
        yield new Addresses(
            stack.host().grpcAddress(),
            stack.agents().stream().map(ServiceProcess::grpcAddress).toList(),
            stack.restAddress(),
            security(stack.callerCertificate()));
      }
    };
  }

  private static SecuritySettings security(SecuritySettings.@Nullable MutualTls certificate) {
    return certificate == null ? new SecuritySettings.Plaintext(true) : certificate;
  }

  private int replay(
      ReplaySession.Plan plan, TraceFormat format, Cluster cluster, Interruption interruption)
      throws IOException, UnusableTrace, InterruptedException {
    boolean terminal = System.console() != null && System.console().isTerminal();
    Progress progress = new Progress(out, terminal, TERMINAL_WIDTH);
    ReplaySession session = new ReplaySession(plan, cluster, interruption, progress);
    RunReport result =
        switch (format) {
          case STRACE -> session.replayStrace();
          case LACKEY -> session.replayLackey();
        };
    out.println();
    out.print(new ReportPrinter(terminal).print(result));
    if (!session.notes().isEmpty()) {
      out.println("\nnotes");
      session.notes().forEach(note -> out.println("  " + note));
    }
    if (report != null) {
      ReportJson.write(result, report);
    }
    return result.outcome().passed() ? 0 : VIOLATED;
  }
}
