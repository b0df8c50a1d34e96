package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.HUGE_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.done;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static dev.fenceline.testbed.catalogue.Pattern.rising;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.agent.engine.memory.MigrationPolicy;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Protection;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Pages go from device to device past the host, within an agent and between two. */
class DirectMigrationTest {
  private static final long PAGES = HUGE_BYTES / 4096;
  private static final DeviceId FIRST = new DeviceId("agent-1", 0);
  private static final DeviceId SECOND = new DeviceId("agent-1", 1);
  private static final DeviceId OF_ANOTHER_AGENT = new DeviceId("agent-2", 0);
  private static final DeviceId OF_ANOTHER_GROUP = new DeviceId("agent-2", 1);

  private static CatalogueRig rig;

  private static DeviceDescription device(int index, String ownerGroup) {
    return new DeviceDescription(index, "device-" + index, 2, 1024, ownerGroup, false);
  }

  @BeforeAll
  static void start() throws IOException {
    rig =
        new CatalogueRig(List.of(device(0, "linked"), device(1, "linked")), MigrationPolicy.NEVER);
    rig.addAgent("agent-2", List.of(device(0, "linked"), device(1, "alone")));
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  private static long onFirst(SpaceClient process) {
    long address = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ_WRITE));
    Pattern.write(process, address, rising(HUGE_BYTES));
    assertThat(process.migrate(address, HUGE_BYTES, FIRST).getMovedPages()).isEqualTo(PAGES);
    return address;
  }

  @Test
  void betweenAgents_thereAndBack_theHostMovesNoByte() {
    SpaceClient process = rig.process("direct");
    long address = onFirst(process);
    long sum = rig.open(0, process).sum(address, HUGE_BYTES).getCrc32C();
    double before = rig.hostMovedBytes();

    assertThat(process.migrate(address, HUGE_BYTES, OF_ANOTHER_AGENT).getMovedPages())
        .isEqualTo(PAGES);
    assertThat(process.migrate(address, HUGE_BYTES, FIRST).getMovedPages()).isEqualTo(PAGES);

    assertThat(rig.open(0, process).sum(address, HUGE_BYTES).getCrc32C()).isEqualTo((int) sum);
    assertThat(rig.hostMovedBytes()).isEqualTo(before);
    assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
    done(process.destroy());
  }

  @Test
  void withinAnAgent_theHostMovesNoByte() {
    SpaceClient process = rig.process("direct_within");
    long address = onFirst(process);
    double before = rig.hostMovedBytes();

    assertThat(process.migrate(address, HUGE_BYTES, SECOND).getMovedPages()).isEqualTo(PAGES);

    assertThat(rig.open(1, process).read(address, HUGE_BYTES).mirror())
        .isEqualTo(rising(HUGE_BYTES));
    assertThat(rig.hostMovedBytes()).isEqualTo(before);
    done(process.destroy());
  }

  @Test
  void ofAnotherOwnerGroup_goesByWayOfTheHost() {
    SpaceClient process = rig.process("bounced");
    long address = onFirst(process);
    double before = rig.hostMovedBytes();

    assertThat(process.migrate(address, HUGE_BYTES, OF_ANOTHER_GROUP).getMovedPages())
        .isEqualTo(PAGES);

    assertThat(rig.hostMovedBytes()).isEqualTo(before + 2 * HUGE_BYTES);
    assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
    done(process.destroy());
  }
}
