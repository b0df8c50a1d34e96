package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Device;
import dev.fenceline.client.resource.Unavailable;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import dev.fenceline.client.rest.Query;
import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/**
 * {@code fenceline devices}: devices of all agents, or one with its counters. Confined to the main
 * thread.
 */
@Command(
    name = "devices",
    description = "Devices of all agents; with an id: one, with its counters.")
final class DevicesCommand extends OperatorCommand {
  @Mixin private ListOptions list = new ListOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "DEVICE",
      description = "Agent and index, such as agent-1/0.")
  private @Nullable String id;

  static TextTable table() {
    return TextTable.of(
        "DEVICE", "~NAME", "AGENT", "STANDING", ">UNITS", ">RUNNING", ">TRANSLATIONS");
  }

  @Override
  void show(CoordinatorClient coordinator, Screen screen) {
    String device = id;
    if (device != null) {
      one(coordinator, device, screen);
      return;
    }
    new ListPrinter<Device>(this, "devices", table(), DevicesCommand::row)
        .show(
            coordinator.devices(Query.all().limit(list.pageItems(ListOptions.USUAL))),
            list.most(ListOptions.USUAL),
            screen);
  }

  static void row(TextTable table, Device device) {
    table.row(
        device.id(),
        device.name(),
        States.cell(device.agentState()),
        States.cell(device.standing()),
        device.units(),
        device.runningPrograms(),
        Quantities.count(device.mirrorEntries()));
  }

  private void one(CoordinatorClient coordinator, String device, Screen screen) {
    JsonNode document = coordinator.document(Paths.device(device), Query.all());
    if (!asTable()) {
      documents().write(document);
      return;
    }
    Device.Detail detail = coordinator.value(document, Device.Detail.class);
    TextTable table = table();
    row(table, detail.device());
    screen.table(table).line("");
    Device.Counters counters = detail.counters();
    if (counters != null) {
      counters(counters, screen);
    }
    Unavailable unavailable = detail.unavailable();
    if (unavailable != null) {
      screen.line(Style.BAD, "its agent does not answer: " + unavailable.reason());
    }
  }

  private static void counters(Device.Counters counters, Screen screen) {
    screen.format(
        "programs       %d running, %d queued",
        counters.runningPrograms(), counters.queuedPrograms());
    screen.format(
        "faults         %s, %s retried after a collision",
        Quantities.count(counters.faults()), Quantities.count(counters.faultRetries()));
    screen.format("invalidations  %s", Quantities.count(counters.invalidations()));
    screen.format(
        "DMA            %s read, %s written, %s refused as stale",
        Quantities.bytes(counters.dmaReadBytes()),
        Quantities.bytes(counters.dmaWrittenBytes()),
        Quantities.count(counters.staleRefusals()));
    screen.format(
        "delays         drain %s, DMA %s, fault %s",
        States.micros(counters.drainDelayMicros()),
        States.micros(counters.dmaDelayMicros()),
        States.micros(counters.faultDelayMicros()));
  }
}
