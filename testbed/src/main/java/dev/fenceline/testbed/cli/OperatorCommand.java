package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.ProblemException;
import dev.fenceline.client.rest.UnreachableException;
import dev.fenceline.testbed.text.Style;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * A command that asks the coordinator and shows its answer, once or again and again. Confined to
 * the main thread.
 *
 * <p>Failures are exceptions; {@link Failures} turns them into one line and an exit code.
 */
@Command(mixinStandardHelpOptions = true)
abstract class OperatorCommand implements Callable<Integer> {
  @Mixin private ServerOptions server = new ServerOptions();
  @Mixin private OutputOptions output = new OutputOptions();
  private @Nullable DocumentWriter documents;

  /** Whether {@code -o dot} means something. */
  boolean drawsGraphs() {
    return false;
  }

  /** Whether the command shows itself again and again without being asked. */
  boolean lives() {
    return false;
  }

  /** Whether asking again changes nothing. */
  boolean repeats() {
    return true;
  }

  /** What the exit code is when all went well. */
  int exitCode() {
    return ExitCodes.OK;
  }

  /** Asks and shows once. */
  abstract void show(CoordinatorClient coordinator, Screen screen);

  final OutputOptions.Format format() {
    return output.format(drawsGraphs());
  }

  final boolean asTable() {
    return format() == OutputOptions.Format.TABLE;
  }

  /** Where documents go. */
  final DocumentWriter documents() {
    DocumentWriter writer = documents;
    if (writer == null) {
      writer = new DocumentWriter(System.out, format() == OutputOptions.Format.YAML);
      documents = writer;
    }
    return writer;
  }

  @Override
  public final Integer call() throws InterruptedException {
    format();
    if (output.watches() && !repeats()) {
      throw new IllegalArgumentException("--watch would do it again and again");
    }
    Screen screen = Screen.standard(output.noColor());
    try (CoordinatorClient coordinator = server.client()) {
      if (output.watches() || lives()) {
        watch(coordinator, screen, output.watches() ? output.watchMillis() : 1000);
      } else {
        show(coordinator, screen);
        screen.flush();
      }
    }
    return exitCode();
  }

  /** Goes on through failures that may pass, which people watch for. */
  private void watch(CoordinatorClient coordinator, Screen screen, long millis)
      throws InterruptedException {
    screen.begin();
    while (screen.open()) {
      screen.measure();
      if (asTable()) {
        screen.line(Style.FAINT, heading(coordinator));
      }
      try {
        show(coordinator, screen);
      } catch (ProblemException | UnreachableException e) {
        if (ExitCodes.of(e) != ExitCodes.UNREACHABLE) {
          throw e;
        }
        screen.line(Style.BAD, Failures.sentence(e));
      }
      screen.redraw();
      Thread.sleep(millis);
    }
  }

  private static String heading(CoordinatorClient coordinator) {
    return LocalTime.now().truncatedTo(ChronoUnit.SECONDS) + "  " + coordinator.server();
  }
}
