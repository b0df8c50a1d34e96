package dev.fenceline.testbed.launch;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The file by which another process finds the processes of a running stack: a line {@code pid
 * start-in-millis name gRPC-address HTTP-address} for each, the launcher first. The addresses are
 * {@code -} until the service is ready. Immutable.
 *
 * <p>A pid alone proves nothing, since it is given out again; together with the time at which the
 * process began it names exactly one.
 */
public record StackState(List<Entry> entries) {
  private static final String FILE = "stack.state";
  private static final String LAUNCHER = "launcher";
  private static final String COORDINATOR = "coordinator";
  private static final String DEFAULT_INSTANCE = "up";
  private static final String NONE = "-";

  public StackState {
    entries = List.copyOf(entries);
  }

  /** One process; its addresses are host:port, or {@code -} if it has none yet. */
  public record Entry(
      long pid, long startMillis, String name, String grpcAddress, String httpAddress) {
    /** A process without addresses. */
    Entry(long pid, long startMillis, String name) {
      this(pid, startMillis, name, NONE, NONE);
    }

    /** From a line of the file, which an older launcher may have written without addresses. */
    static Entry parse(String line) {
      String[] words = line.split(" ");
      return new Entry(
          Long.parseLong(words[0]),
          Long.parseLong(words[1]),
          words[2],
          words.length > 3 ? words[3] : NONE,
          words.length > 4 ? words[4] : NONE);
    }

    /** The process, if it still runs. */
    Optional<ProcessHandle> handle() {
      return ProcessHandle.of(pid)
          .filter(ProcessHandle::isAlive)
          .filter(handle -> startMillis == millis(handle.info().startInstant()));
    }

    String line() {
      return String.join(
          " ", Long.toString(pid), Long.toString(startMillis), name, grpcAddress, httpAddress);
    }
  }

  private static long millis(Optional<Instant> instant) {
    return instant.map(Instant::toEpochMilli).orElse(0L);
  }

  static void write(Path directory, Stack stack) throws LaunchFailure {
    List<String> lines = new ArrayList<>();
    ProcessHandle self = ProcessHandle.current();
    lines.add(new Entry(self.pid(), millis(self.info().startInstant()), LAUNCHER).line());
    for (ServiceProcess process : stack.processes()) {
      long start = process.startInstant().toEpochMilli();
      lines.add(
          new Entry(
                  process.pid(),
                  start,
                  process.name(),
                  process.ready() ? process.grpcAddress() : NONE,
                  process.ready() ? process.httpAddress() : NONE)
              .line());
    }
    Path next = directory.resolve(FILE + ".next");
    try {
      Files.write(next, lines);
      Files.move(next, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new LaunchFailure("cannot write " + directory.resolve(FILE), e);
    }
  }

  /** Reads the state of a directory; empty if no stack was started there. */
  public static Optional<StackState> read(Path directory) throws LaunchFailure {
    Path file = directory.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      List<Entry> entries = new ArrayList<>();
      for (String line : Files.readAllLines(file)) {
        entries.add(Entry.parse(line));
      }
      return Optional.of(new StackState(entries));
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new LaunchFailure("cannot understand " + file + "; remove it if nothing runs", e);
    }
  }

  /** The stack that `up` started in this tree, if it runs: the default one before others. */
  public static Optional<StackState> running(Installation installation) throws LaunchFailure {
    Path runs = installation.runDirectory();
    Optional<StackState> usual = alive(runs.resolve(DEFAULT_INSTANCE));
    if (usual.isPresent() || !Files.isDirectory(runs)) {
      return usual;
    }
    try (DirectoryStream<Path> instances = Files.newDirectoryStream(runs, Files::isDirectory)) {
      for (Path instance : instances) {
        Optional<StackState> state = alive(instance);
        if (state.isPresent()) {
          return state;
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new LaunchFailure("cannot read " + runs, e);
    }
  }

  private static Optional<StackState> alive(Path directory) throws LaunchFailure {
    return read(directory)
        .filter(state -> state.entries.stream().anyMatch(each -> each.handle().isPresent()));
  }

  /** Where the coordinator's REST interface is, once it is ready. */
  public Optional<String> restAddress() {
    return entries.stream()
        .filter(each -> each.name().equals(COORDINATOR) && !each.httpAddress().equals(NONE))
        .map(each -> "http://" + each.httpAddress())
        .findFirst();
  }

  /**
   * @throws LaunchFailure if a stack runs in the directory
   */
  static void requireFree(Path directory) throws LaunchFailure {
    for (Entry entry : read(directory).map(StackState::entries).orElse(List.of())) {
      if (entry.handle().isPresent()) {
        throw new LaunchFailure(
            "a stack runs in "
                + directory
                + " already ("
                + entry.name()
                + " is pid "
                + entry.pid()
                + "): stop it by ./fenceline down, or name another by --instance");
      }
    }
  }

  static void remove(Path directory) {
    try {
      Files.deleteIfExists(directory.resolve(FILE));
    } catch (IOException e) {
      // A leftover names processes that have ended, which everybody checks.
    }
  }

  /**
   * Stops exactly these processes: the launcher first, which stops its children; what is left after
   * the time is ended by force.
   *
   * @return how many had to be stopped
   */
  public int stop(Duration within) throws InterruptedException {
    long deadline = System.nanoTime() + within.toNanos();
    int stopped = 0;
    for (Entry entry : entries) {
      Optional<ProcessHandle> handle = entry.handle();
      if (handle.isPresent()) {
        stopped++;
        handle.get().destroy();
        awaitEnd(handle.get(), deadline);
      }
    }
    return stopped;
  }

  private static void awaitEnd(ProcessHandle handle, long deadlineNanos)
      throws InterruptedException {
    try {
      long left = Math.max(1, deadlineNanos - System.nanoTime());
      handle.onExit().get(left, TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      handle.destroyForcibly();
    }
  }
}
