package dev.fenceline.testbed.launch;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code fenceline down}: stops what {@code up} started. Confined to the main thread. */
@Command(
    name = "down",
    mixinStandardHelpOptions = true,
    description = "Stops the stack that `up` started, and nothing else.")
public final class DownCommand implements Callable<Integer> {
  private static final Duration WITHIN = Duration.ofSeconds(20);

  @Option(names = "--instance", defaultValue = "up", description = "Name of the stack.")
  private String instance = "up";

  /**
   * Exit code 0 if nothing runs any more.
   *
   * @throws LaunchFailure if the state could not be read
   */
  @Override
  public Integer call() throws LaunchFailure, InterruptedException {
    Path directory = Installation.current().runDirectory().resolve(instance);
    Optional<StackState> state = StackState.read(directory);
    int stopped = state.isPresent() ? state.get().stop(WITHIN) : 0;
    StackState.remove(directory);
    System.out.println(stopped == 0 ? "nothing runs" : "stopped");
    return 0;
  }
}
