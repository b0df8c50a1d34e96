package dev.fenceline.testbed.replay;

import dev.fenceline.testbed.launch.Installation;
import dev.fenceline.testbed.launch.StackSpec;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code fenceline demo}: the main job on the recording that is shipped with the project. Confined
 * to the main thread.
 */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Starts a coordinator, a host and three agents as processes, replays a recorded Python",
      "program while the devices compute on its memory, checks every value read, and reports."
    })
public final class DemoCommand implements Callable<Integer> {
  private static final int AGENTS = 3;

  /** Half of what the recording and the devices' work on it have in use when it is most. */
  private static final String ARENA_KIBIBYTES = "600";

  /** Whatever finds no frame finds a place here. */
  private static final int SWAP_KIBIBYTES = 64 << 10;

  /** Less than what migrates there, so that devices evict. */
  private static final int DEVICE_PAGES = 24;

  @Option(
      names = "--arena",
      paramLabel = "KIB",
      defaultValue = ARENA_KIBIBYTES,
      description =
          "Memory of the host for page frames (default: ${DEFAULT-VALUE}, half the working set).")
  private int arenaKibibytes;

  @Option(names = "--report", description = "Write the result as JSON to this file.")
  private @Nullable Path report;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of all random choices (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--tls", description = "mTLS between the services.")
  private boolean tls;

  @Override
  public Integer call() throws InterruptedException {
    Path trace = Installation.current().root().resolve("testbed/traces/python.strace");
    ReplayRun run = new ReplayRun(System.out, System.err, report);
    return run.run(
        new ReplayRun.OwnStack(
            "demo",
            AGENTS,
            1,
            new StackSpec.Memory(arenaKibibytes, SWAP_KIBIBYTES, DEVICE_PAGES),
            tls),
        AGENTS,
        rest -> new ReplaySession.Plan("demo", trace, seed, 1, 1, true, rest));
  }
}
