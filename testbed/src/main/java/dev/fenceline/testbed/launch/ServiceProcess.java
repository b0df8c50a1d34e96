package dev.fenceline.testbed.launch;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One service as a child process, its output in a log file. Confined to one thread, except that
 * {@link #stop} may come from any.
 *
 * <p>A child never outlives its launcher: it runs beside a shell that waits for the end of a pipe
 * which only the launcher holds open, and which the kernel closes however the launcher ends.
 */
public final class ServiceProcess {
  private static final Pattern READY =
      Pattern.compile("fenceline-[a-z-]+ ready grpc=(\\d+) http=(\\d+)");
  private static final int LAST_LINES = 25;
  private static final long POLL_MILLIS = 20;
  private static final long FORCED_END_SECONDS = 10;
  private static final String FAREWELL = "bye\n";

  /**
   * Ends the shell, which has become the service by then, when the pipe ends. Ctrl-C goes to the
   * launcher alone, which stops the services in order.
   */
  private static final String GUARDED =
      "trap '' INT; exec 3<&0; (read -r word <&3 || kill -TERM $$) & exec 3<&- </dev/null; exec \"$@\"";

  private final String name;
  private final Path log;
  private final Process process;
  private int grpcPort;
  private int httpPort;

  private ServiceProcess(String name, Path log, Process process) {
    this.name = name;
    this.log = log;
    this.process = process;
  }

  /**
   * Starts a process.
   *
   * @param command the program and its arguments
   * @throws LaunchFailure if there is no such program or the log cannot be written
   */
  static ServiceProcess start(String name, Path log, List<String> command) throws LaunchFailure {
    List<String> guarded = new ArrayList<>(List.of("/bin/sh", "-c", GUARDED, "fenceline"));
    guarded.addAll(command);
    try {
      Process process =
          new ProcessBuilder(guarded)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      return new ServiceProcess(name, log, process);
    } catch (IOException e) {
      throw new LaunchFailure("cannot start " + name + ": " + e.getMessage(), e);
    }
  }

  public String name() {
    return name;
  }

  public long pid() {
    return process.pid();
  }

  /** When the process began, by which it is told from a later one with the same pid. */
  Instant startInstant() {
    return process.info().startInstant().orElse(Instant.EPOCH);
  }

  public Path log() {
    return log;
  }

  /** host:port of its gRPC server. */
  public String grpcAddress() {
    return "127.0.0.1:" + grpcPort;
  }

  /** host:port of its HTTP server. */
  public String httpAddress() {
    return "127.0.0.1:" + httpPort;
  }

  /** Whether it has said that it is ready, so that its addresses are known. */
  boolean ready() {
    return httpPort != 0;
  }

  public boolean alive() {
    return process.isAlive();
  }

  /**
   * Waits until the service says that it is ready.
   *
   * @param deadlineNanos on {@link System#nanoTime}
   * @throws LaunchFailure if it ends or stays silent, with its exit code and last words
   */
  void awaitReady(long deadlineNanos) throws LaunchFailure, InterruptedException {
    while (!readReadyLine()) {
      if (!process.isAlive() && !readReadyLine()) {
        throw new LaunchFailure(
            name + " ended with exit code " + process.exitValue() + lastWords());
      }
      if (System.nanoTime() - deadlineNanos > 0) {
        throw new LaunchFailure(name + " was not ready in time" + lastWords());
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private boolean readReadyLine() throws LaunchFailure {
    for (String line : lines()) {
      Matcher matcher = READY.matcher(line);
      if (matcher.find()) {
        grpcPort = Integer.parseInt(matcher.group(1));
        httpPort = Integer.parseInt(matcher.group(2));
        return true;
      }
    }
    return false;
  }

  private List<String> lines() throws LaunchFailure {
    try {
      return new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new LaunchFailure("cannot read the log of " + name + ": " + log, e);
    }
  }

  /** What went wrong, in its own words; for messages. */
  String lastWords() throws LaunchFailure {
    List<String> lines = lines();
    int from = Math.max(0, lines.size() - LAST_LINES);
    String tail = String.join("\n  ", lines.subList(from, lines.size()));
    return "; its log " + log + " ends with\n  " + (tail.isEmpty() ? "(nothing)" : tail);
  }

  /** Asks the process to end. */
  void terminate() {
    process.destroy();
  }

  /** Waits for the end that {@link #terminate} asked for, and forces it when the time is over. */
  void stop(long deadlineNanos) {
    boolean ended = false;
    try {
      ended = process.waitFor(Math.max(1, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!ended) {
      process.destroyForcibly();
      awaitForcedEnd();
    }
    dismissGuard();
  }

  /** What the system does at once unless it is busy. */
  private void awaitForcedEnd() {
    try {
      process.waitFor(FORCED_END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Without the farewell the guard would send a signal to whoever has the pid by then. */
  private void dismissGuard() {
    try (OutputStream pipe = process.getOutputStream()) {
      pipe.write(FAREWELL.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // The guard has gone already.
    }
  }
}
