package dev.fenceline.testbed.replay;

import dev.fenceline.testbed.launch.StackSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code fenceline replay}: a recording on a stack of its own or a running one. Confined to the
 * main thread.
 */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    description = {
      "Replays a recorded program on an address space while devices compute on the same memory,",
      "and checks every value read. Exit code 0 only without a violation, 2 if the recording or",
      "the stack is unusable."
    })
public final class ReplayCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "TRACE",
      description = "An strace memory log or a Valgrind lackey trace, plain or .gz.")
  private Path trace = Path.of("");

  @Option(
      names = "--devices",
      defaultValue = "4",
      description = "Devices that compute (default: ${DEFAULT-VALUE}).")
  private int devices;

  @Option(names = "--report", description = "Write the result as JSON to this file.")
  private @Nullable Path report;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of all random choices (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--passes",
      defaultValue = "1",
      description = "How many times to replay (default: ${DEFAULT-VALUE}).")
  private int passes;

  @Option(
      names = "--max-accesses",
      defaultValue = "200000",
      description =
          "Lackey: repeat at most so many loads and stores, taken evenly from the trace in slices"
              + " (default: ${DEFAULT-VALUE}).")
  private long maxAccesses;

  @Option(names = "--no-compare", description = "Leave out split against sequential.")
  private boolean noCompare;

  @Option(names = "--host", description = "host:port of a running host's gRPC server.")
  private @Nullable String host;

  @Option(
      names = "--agent",
      description = "host:port of a running agent's gRPC server; may be repeated. Needs --host.")
  private List<String> agents = List.of();

  @Option(names = "--coordinator", description = "host:port of its REST interface, for the report.")
  private @Nullable String coordinator;

  @Option(
      names = "--certs",
      paramLabel = "DIR",
      description = "Certificates of a running stack, as fenceline certs or up --tls makes them.")
  private @Nullable Path certificates;

  @Option(names = "--tls", description = "mTLS between the services that are started.")
  private boolean tls;

  @Override
  public Integer call() throws InterruptedException {
    ReplayRun run = new ReplayRun(System.out, System.err, report);
    ReplayRun.Target target =
        host == null
            ? new ReplayRun.OwnStack(
                "replay", Math.min(2, devices), (devices + 1) / 2, StackSpec.DEFAULT_MEMORY, tls)
            : new ReplayRun.RunningStack(host, agents, coordinator, certificates);
    return run.run(
        target,
        devices,
        rest ->
            new ReplaySession.Plan("replay", trace, seed, passes, maxAccesses, !noCompare, rest));
  }
}
