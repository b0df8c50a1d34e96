package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.RangeAttributes;
import dev.fenceline.model.RangeAttributes.AtomicMode;
import dev.fenceline.model.RangeAttributes.Granularity;
import dev.fenceline.model.RangeAttributes.MigrationPolicy;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

class AttributesTest {
  private static final RangeAttributes ON_A =
      new RangeAttributes(
          new DeviceId("a", 0),
          List.of(),
          false,
          Granularity.PAGE_2M,
          MigrationPolicy.FROM_HOST_ONLY,
          AtomicMode.DEVICE);

  private final ShardFixture shard = new ShardFixture();
  private final long space = shard.createSpace();

  @Test
  void unmappedPages_areForgotten() {
    shard.map(space, 0, 8, Protection.READ_WRITE);
    assertThat(set(0, 8)).isInstanceOf(OperationOutcome.Done.class);
    shard.unmap(space, 2, 2, WaitPolicy.BLOCK);
    shard.map(space, 2, 2, Protection.READ_WRITE);
    assertThat(at(1)).isEqualTo(ON_A);
    assertThat(at(2)).isEqualTo(RangeAttributes.NONE);
    assertThat(at(4)).isEqualTo(ON_A);
  }

  @Test
  void hole_isRefusedAsMadviseDoes() {
    shard.map(space, 0, 2, Protection.READ_WRITE);
    assertThat(set(0, 3))
        .isInstanceOfSatisfying(
            OperationOutcome.Refused.class,
            refused -> assertThat(refused.errno()).isEqualTo(Errno.ENOMEM));
    assertThat(at(0)).isEqualTo(RangeAttributes.NONE);
  }

  private OperationOutcome set(long page, int pages) {
    return shard.outcome(
        shard.submit(
            new SpaceOperation.SetAttributes(
                space, ShardFixture.BASE + page * 4096, pages * 4096L, ON_A),
            WaitPolicy.BLOCK));
  }

  private RangeAttributes at(long page) {
    AddressSpace owner = shard.engine.queries().space(space);
    return owner == null
        ? RangeAttributes.NONE
        : owner.attributes().at(Pages.number(ShardFixture.BASE) + page);
  }
}
