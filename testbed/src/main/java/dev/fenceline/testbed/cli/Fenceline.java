package dev.fenceline.testbed.cli;

import dev.fenceline.testbed.bench.BenchCommand;
import dev.fenceline.testbed.certs.CertsCommand;
import dev.fenceline.testbed.launch.DownCommand;
import dev.fenceline.testbed.launch.UpCommand;
import dev.fenceline.testbed.replay.DemoCommand;
import dev.fenceline.testbed.replay.ReplayCommand;
import dev.fenceline.testbed.sim.SimCommand;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The root of the command line; it has no work of its own. Confined to the main thread.
 *
 * <p>To add a command, write a picocli {@code @Command} class in the package that does the work and
 * name it in {@code subcommands}. Its {@code call()} returns the process's exit code: 0 only with
 * no violation.
 */
@Command(
    name = "fenceline",
    description =
        "Asks and steers a Fenceline installation; runs its services, workloads and proofs here.",
    mixinStandardHelpOptions = true,
    subcommands = {
      StatusCommand.class,
      HostsCommand.class,
      AgentsCommand.class,
      DevicesCommand.class,
      SpacesCommand.class,
      RangesCommand.class,
      PageCommand.class,
      MirrorsCommand.class,
      AttributesCommand.class,
      ContentionCommand.class,
      FencesCommand.class,
      FaultsCommand.class,
      PinsCommand.class,
      ProgramsCommand.class,
      EventsCommand.class,
      GraphCommand.class,
      DeadlocksCommand.class,
      TopCommand.class,
      DrainCommand.class,
      ReturnCommand.class,
      QuarantineCommand.class,
      PolicyCommand.class,
      SpaceCommand.class,
      ProgramCommand.class,
      UpCommand.class,
      DownCommand.class,
      DemoCommand.class,
      ReplayCommand.class,
      SimCommand.class,
      BenchCommand.class,
      CertsCommand.class,
      TokenCommand.class,
      CompletionCommand.class
    },
    footer = {
      "",
      "The script's own commands: test (everything that CI runs), format (formats every source"
          + " file), build (builds what is out of date), accept-contract (makes the current wire"
          + " contract the baseline)."
    })
public final class Fenceline implements Runnable {

  @Spec private @Nullable CommandSpec spec;

  /** Exits with the chosen command's exit code. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    Failures failures = new Failures();
    return new CommandLine(new Fenceline())
        .setExecutionExceptionHandler(failures)
        .setParameterExceptionHandler(failures);
  }

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(spec.commandLine(), "Name a command.");
    }
  }
}
