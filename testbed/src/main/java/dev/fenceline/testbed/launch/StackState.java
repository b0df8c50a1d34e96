package dev.fenceline.testbed.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * start-in-millis name} for each, the launcher first. Immutable.
 *
 * <p>A pid alone proves nothing, since it is given out again; together with the time at which the
 * process began it names exactly one.
 */
public record StackState(List<Entry> entries) {
  private static final String FILE = "stack.state";
  private static final String LAUNCHER = "launcher";

  public StackState {
    entries = List.copyOf(entries);
  }

  /** One process. */
  public record Entry(long pid, long startMillis, String name) {
    /** The process, if it still runs. */
    Optional<ProcessHandle> handle() {
      return ProcessHandle.of(pid)
          .filter(ProcessHandle::isAlive)
          .filter(handle -> startMillis == millis(handle.info().startInstant()));
    }

    String line() {
      return pid + " " + startMillis + " " + name;
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
      lines.add(new Entry(process.pid(), start, process.name()).line());
    }
    try {
      Files.write(directory.resolve(FILE), lines);
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
        String[] words = line.split(" ", 3);
        entries.add(new Entry(Long.parseLong(words[0]), Long.parseLong(words[1]), words[2]));
      }
      return Optional.of(new StackState(entries));
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new LaunchFailure("cannot understand " + file + "; remove it if nothing runs", e);
    }
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
