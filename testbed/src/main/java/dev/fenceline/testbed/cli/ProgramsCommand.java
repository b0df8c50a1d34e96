package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Program;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code fenceline programs}: programs of all agents. Confined to the main thread. */
@Command(
    name = "programs",
    description = "Programs on devices, newest first; with an id: one, and what came of it.")
final class ProgramsCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();

  @Option(names = "--device", paramLabel = "DEVICE", description = "Only of this device.")
  private @Nullable String device;

  @Option(names = "--pending", description = "Only those that are queued or running.")
  private boolean pending;

  @Parameters(
      arity = "0..1",
      paramLabel = "PROGRAM",
      description = "Agent and number, such as agent-1.7.")
  private @Nullable String id;

  static TextTable table() {
    return TextTable.of("PROGRAM", "DEVICE", "KIND", "SPACE", "STATE", ">DONE", ">TOOK", "~REMARK");
  }

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    String program = id;
    if (program != null) {
      JsonNode document = coordinator.document(Paths.program(program), Query.all());
      if (asTable()) {
        lines(coordinator.value(document, Program.class), screen);
      } else {
        documents().write(document);
      }
      return;
    }
    Query query =
        Query.all()
            .with("device", device)
            .with("state", pending ? "pending" : null)
            .limit(list.pageItems(ListOptions.NEWEST));
    new ListPrinter<Program>(
            this, pending ? "pending programs" : "programs", table(), ProgramsCommand::row)
        .show(coordinator.programs(query), list.most(ListOptions.NEWEST), screen);
  }

  static void row(TextTable table, Program program) {
    table.row(
        program.id(),
        program.device(),
        program.kind(),
        program.addressSpaceId(),
        States.cell(program.state()),
        done(program),
        took(program),
        remark(program));
  }

  private static String done(Program program) {
    return program.operationsTotal() > 0
        ? Math.min(100, program.operationsDone() * 100 / program.operationsTotal()) + " %"
        : Quantities.count(program.operationsDone());
  }

  private static String took(Program program) {
    Instant started = program.startedAt();
    if (started == null) {
      return "-";
    }
    Instant ended = program.endedAt();
    Duration took = Duration.between(started, ended == null ? Instant.now() : ended);
    return States.millis(Math.max(0, took.toMillis()));
  }

  private static Object remark(Program program) {
    String address = program.waitsAtAddress();
    if (address != null) {
      return Style.DOUBTFUL.cell(
          "waits at " + address + " for " + States.micros(program.waitsElapsedMicros()));
    }
    Program.Result result = program.result();
    String errno = result == null ? null : result.errno();
    return errno == null || result == null ? "" : Style.BAD.cell(errno + ": " + result.message());
  }

  static void lines(Program program, Screen screen) {
    screen.format(
        "program   %s, %s on %s in %s",
        program.id(), program.kind(), program.device(), program.addressSpaceId());
    screen.format(
        "state     %s, %s operations%s, %s",
        screen.paint(States.style(program.state()), program.state()),
        Quantities.count(program.operationsDone()),
        program.operationsTotal() > 0 ? " of " + Quantities.count(program.operationsTotal()) : "",
        took(program));
    String address = program.waitsAtAddress();
    if (address != null) {
      screen.line(
          Style.DOUBTFUL,
          "waits     at " + address + " for " + States.micros(program.waitsElapsedMicros()));
    }
    Program.Result result = program.result();
    if (result == null) {
      return;
    }
    String errno = result.errno();
    if (errno != null) {
      String where = result.faultAddress() == null ? "" : " at " + result.faultAddress();
      screen.line(Style.BAD, "failed    " + errno + where + ": " + result.message());
    }
    screen.format(
        "faults    %s, %s retried after a collision",
        Quantities.count(result.faults()), Quantities.count(result.faultRetries()));
    if (errno == null) {
      value(program.kind(), result, screen);
    }
  }

  private static void value(String kind, Program.Result result, Screen screen) {
    switch (kind) {
      case "checksum" ->
          screen.line("result    sum " + result.sum() + ", CRC-32C " + result.crc32c());
      case "pointer-chase", "atomic-add" -> screen.line("result    " + result.value());
      default -> {
        // The others answer with the memory itself.
      }
    }
  }
}
