package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Attributes;
import dev.fenceline.client.resource.SpaceOperation;
import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.client.rest.Paths;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code fenceline space attributes}: wishes for a range. Confined to the main thread. */
@Command(
    name = "attributes",
    description =
        "Says where the pages of a range should be, instead of what was said before; without"
            + " options: no wish any more.")
final class SpaceAttributesCommand extends SpaceCommand.Change {
  @Parameters(index = "1", paramLabel = "ADDRESS", description = "0x... or decimal.")
  private String address = "";

  @Parameters(
      index = "2",
      paramLabel = "LENGTH",
      description = "4096, 64KiB, 2MiB, or 16p for pages.")
  private String length = "";

  @Option(
      names = "--preferred",
      paramLabel = "DEVICE",
      description = "Where pages should be: agent-1/0, or cpu/0 for the host.")
  private @Nullable String preferred;

  @Option(
      names = "--accessed-by",
      paramLabel = "DEVICE",
      split = ",",
      description = "Devices that should reach the pages where they are.")
  private List<String> accessedBy = List.of();

  @Option(names = "--read-duplication", description = "Readers do not move pages.")
  private boolean readDuplication;

  @Option(
      names = "--granularity",
      paramLabel = "SIZE",
      description = "What moves together: page-4k, page-64k or page-2m.")
  private String granularity = "unspecified";

  @Option(
      names = "--migration",
      paramLabel = "POLICY",
      description = "What faults may move: allowed, from-host-only or forbidden.")
  private String migration = "allowed";

  @Option(
      names = "--atomics",
      paramLabel = "MODE",
      description = "Where they have to work: device, global or cpu.")
  private String atomics = "unspecified";

  @Override
  JsonNode change(CoordinatorClient coordinator) {
    SpaceOperation set =
        new SpaceOperation.SetAttributes(
            Sizes.address(address),
            Sizes.bytes(length),
            new Attributes(
                "", "", preferred, accessedBy, readDuplication, granularity, migration, atomics));
    return coordinator.post(Paths.space(space) + "/operations", set.body());
  }
}
