package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.HUGE_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.done;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static dev.fenceline.testbed.catalogue.Pattern.rising;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.client.Mapping;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.device.v1.SnapshotReply.PageState;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Cases 30 and 32 of the catalogue: snapshots. */
@ParameterizedClass
@EnumSource(Variant.class)
class SnapshotCatalogueTest {
  private static final int PAGE_BYTES = 4096;

  private static CatalogueRig rig;

  @Parameter Variant variant;

  @BeforeParameterizedClassInvocation
  static void start(Variant variant) throws IOException {
    rig = variant.rig();
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    rig.close();
  }

  @Test
  void case30_mixedmap_aPageOfTheCacheIsReadOnlyForAPrivateMapping() throws IOException {
    rig.file("mixed", new byte[PAGE_BYTES]);
    SpaceClient process = rig.process("mixedmap");
    TestDevice device = rig.open(0, process);
    long address =
        map(
            process,
            Mapping.anywhere(PAGE_BYTES, Protection.READ_WRITE).of("file:mixed", 0, false));
    assertThat(device.snapshot(address, PAGE_BYTES)).containsExactly(PageState.PAGE_STATE_NONE);
    process.read(address, 8);
    assertThat(device.snapshot(address, PAGE_BYTES)).containsExactly(PageState.PAGE_STATE_READ);
    done(process.destroy());
  }

  @Test
  void case32_compound_everyEntryIsWritableThenReadOnly() {
    SpaceClient process = rig.process("compound");
    TestDevice device = rig.open(0, process);
    long address = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ_WRITE));
    Pattern.write(process, address, rising(HUGE_BYTES));
    assertThat(device.snapshot(address, HUGE_BYTES))
        .hasSize(512)
        .containsOnly(PageState.PAGE_STATE_WRITE);
    done(process.protect(address, HUGE_BYTES, Protection.READ, WaitPolicy.BLOCK));
    assertThat(device.snapshot(address, HUGE_BYTES))
        .hasSize(512)
        .containsOnly(PageState.PAGE_STATE_READ);
    done(process.destroy());
  }
}
