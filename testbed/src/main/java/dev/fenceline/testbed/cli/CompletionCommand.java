package dev.fenceline.testbed.cli;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code fenceline completion}: a script by which a shell completes commands and options. Confined
 * to the main thread.
 */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = "Prints a script for bash and zsh: source <(./fenceline completion)")
final class CompletionCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    if (spec == null) {
      return ExitCodes.FAILED;
    }
    System.out.println(AutoComplete.bash("fenceline", spec.root().commandLine()));
    System.out.flush();
    return ExitCodes.OK;
  }
}
