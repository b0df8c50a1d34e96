package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Program;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import dev.fenceline.client.rest.Query;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/**
 * {@code fenceline program}: submits, follows and cancels programs. Confined to the main thread.
 */
@Command(
    name = "program",
    mixinStandardHelpOptions = true,
    description = "Submits, follows and cancels programs on devices.",
    subcommands = {
      ProgramCommand.Submit.class,
      ProgramCommand.Follow.class,
      ProgramCommand.Cancel.class
    })
final class ProgramCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    if (spec != null) {
      throw new ParameterException(spec.commandLine(), "Name what to do with the program.");
    }
  }

  /** Confined to the main thread. */
  @Command(
      name = "submit",
      description = {
        "Queues a program; prints its id.",
        "Kinds and their arguments: fill address= length= word=; copy source= target= length=;"
            + " add a= b= target= length=; checksum address= length=; pointer-chase start= hops=;"
            + " random-access address= length= operations= writePercent= seed= writer=;"
            + " atomic-add address= times= operand=."
      })
  static final class Submit extends WriteCommand {
    @Parameters(
        index = "0",
        paramLabel = "DEVICE",
        description = "Agent and index, such as agent-1/0.")
    private String device = "";

    @Parameters(
        index = "1",
        paramLabel = "SPACE",
        description = "Host and number, such as host-1.1.")
    private String space = "";

    @Parameters(index = "2", paramLabel = "KIND", description = "fill, copy, add, checksum, ...")
    private String kind = "";

    @Parameters(index = "3..*", paramLabel = "NAME=VALUE", description = "What the program needs.")
    private Map<String, String> arguments = new LinkedHashMap<>();

    @Option(
        names = "--deadline",
        paramLabel = "SECONDS",
        description = "Bound of the whole run (default: 60).")
    private @Nullable Integer deadlineSeconds;

    @Option(
        names = "--after",
        paramLabel = "PROGRAM",
        description = "Waits for the end of this program first; may be repeated.")
    private List<String> after = List.of();

    @Option(
        names = "--after-name",
        paramLabel = "[AGENT:]NAME",
        description = "Waits for the program that signals this name; may be repeated.")
    private List<String> afterNames = List.of();

    @Option(
        names = "--signals",
        paramLabel = "NAME",
        description = "The name that is reached when it ends.")
    private @Nullable String signals;

    @Option(
        names = "--holds",
        paramLabel = "ADDRESS+LENGTH",
        description = "Pages that it keeps in use until it ends.")
    private @Nullable String holds;

    @Option(names = "--replayable", description = "It may be preempted and begin again.")
    private boolean replayable;

    @Option(
        names = "--exclusive",
        description =
            "It takes each page that it accesses for its device alone (private memory only).")
    private boolean exclusive;

    @Override
    JsonNode change(CoordinatorClient coordinator) {
      Map<String, Object> body = new LinkedHashMap<>();
      body.put("device", device);
      body.put("space", space);
      body.put("kind", kind);
      arguments.forEach((name, value) -> body.put(name, argument(name, value)));
      if (deadlineSeconds != null) {
        body.put("deadlineSeconds", deadlineSeconds);
      }
      tie(body);
      return coordinator.post("/programs", body);
    }

    private void tie(Map<String, Object> body) {
      List<Map<String, String>> points = new ArrayList<>();
      after.forEach(program -> points.add(Map.of("program", program)));
      for (String text : afterNames) {
        int colon = text.indexOf(':');
        points.add(
            colon < 0
                ? Map.of("name", text)
                : Map.of("agent", text.substring(0, colon), "name", text.substring(colon + 1)));
      }
      if (!points.isEmpty()) {
        body.put("waitsFor", points);
      }
      if (signals != null) {
        body.put("signals", signals);
      }
      if (holds != null) {
        String[] parts = holds.split("\\+", 2);
        if (parts.length != 2) {
          throw new IllegalArgumentException("--holds needs ADDRESS+LENGTH, not " + holds);
        }
        body.put("holds", Map.of("address", parts[0], "length", Sizes.bytes(parts[1])));
      }
      if (replayable) {
        body.put("replayable", true);
      }
      if (exclusive) {
        body.put("exclusive", true);
      }
    }

    /** Addresses and words are strings, since a JSON number loses bits; counts are numbers. */
    private static Object argument(String name, String value) {
      return switch (name) {
        case "length", "hops", "operations", "writePercent", "times", "writer", "strideWords" ->
            Sizes.bytes(value);
        default -> value;
      };
    }

    @Override
    void confirm(JsonNode answer, CoordinatorClient coordinator, Screen screen) {
      screen.line(answer.path("id").asString(""));
    }
  }

  /** Confined to the main thread. */
  @Command(
      name = "cancel",
      description = "Ends a program at its next access; one that has ended stays as it is.")
  static final class Cancel extends WriteCommand {
    @Parameters(paramLabel = "PROGRAM", description = "Agent and number, such as agent-1.7.")
    private String id = "";

    @Override
    JsonNode change(CoordinatorClient coordinator) {
      return coordinator.delete(Paths.program(id));
    }

    @Override
    void confirm(JsonNode answer, CoordinatorClient coordinator, Screen screen) {
      ProgramsCommand.lines(coordinator.value(answer, Program.class), screen);
    }
  }

  /** Confined to the main thread. */
  @Command(
      name = "follow",
      description =
          "Waits for a program's end and shows it; exit code 1 if it failed or was cancelled.")
  static final class Follow extends WriteCommand {
    private static final long ASK_MILLIS = 300;

    @Parameters(paramLabel = "PROGRAM", description = "Agent and number, such as agent-1.7.")
    private String id = "";

    private boolean succeeded = true;

    @Override
    JsonNode change(CoordinatorClient coordinator) {
      while (true) {
        JsonNode document = coordinator.document(Paths.program(id), Query.all());
        Program program = coordinator.value(document, Program.class);
        if (program.ended()) {
          succeeded = program.state().equals("done");
          return document;
        }
        try {
          Thread.sleep(ASK_MILLIS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return document;
        }
      }
    }

    @Override
    void confirm(JsonNode answer, CoordinatorClient coordinator, Screen screen) {
      ProgramsCommand.lines(coordinator.value(answer, Program.class), screen);
    }

    @Override
    int exitCode() {
      return succeeded ? ExitCodes.OK : ExitCodes.FAILED;
    }
  }
}
