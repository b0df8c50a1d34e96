package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.RangeAttributes;
import dev.fenceline.model.RangeAttributes.AtomicMode;
import dev.fenceline.model.RangeAttributes.Granularity;
import dev.fenceline.model.RangeAttributes.MigrationPolicy;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Attributes of ranges steer faults and migrations. */
class PlacementTest extends MigrationStage {
  private static final DeviceId OTHER = new DeviceId("other", 0);

  private void set(long page, int pages, RangeAttributes attributes) {
    long request =
        shard.submit(
            new SpaceOperation.SetAttributes(space, at(page), pages * PAGE, attributes),
            WaitPolicy.BLOCK);
    assertThat(shard.ended(request)).isTrue();
  }

  private static RangeAttributes preferred(@Nullable DeviceId device, Granularity granularity) {
    return new RangeAttributes(
        device, List.of(), false, granularity, MigrationPolicy.ALLOWED, AtomicMode.UNSPECIFIED);
  }

  private static RangeAttributes policy(MigrationPolicy policy) {
    return new RangeAttributes(
        null, List.of(), false, Granularity.UNSPECIFIED, policy, AtomicMode.UNSPECIFIED);
  }

  private HostMessage.MigrateReply wish(long page, int pages) {
    long id = 900 + page;
    shard.agent(1, new AgentMessage.MigrateRequest(id, 1, at(page), pages));
    if (shard.sent(HostMessage.MigrateReply.class).stream().noneMatch(r -> r.requestId() == id)) {
      drainCpu();
      memory.reportIn();
    }
    return shard.sent(HostMessage.MigrateReply.class).stream()
        .filter(reply -> reply.requestId() == id)
        .findFirst()
        .orElseThrow();
  }

  /** The device lets go of its translation, and takes the page in. */
  private void arrive() {
    drainCpu();
    shard.ack(1, 0, shard.lastInvalidation());
    memory.reportIn();
  }

  private boolean onDevice(long page) {
    return Pte.type(entry(page)) == PteType.DEVICE_PRIVATE;
  }

  @Test
  void preferredDeviceThatFaults_getsThePageWithItsBlock() {
    set(0, 32, preferred(A, Granularity.PAGE_64K));
    shard.fault(1, 1, 3, 1, Access.WRITE);
    arrive();
    assertThat(onDevice(0) && onDevice(3) && onDevice(15)).isTrue();
    assertThat(onDevice(16)).isFalse();
  }

  @Test
  void preferredDeviceThatFaults_prefetchesWhereMuchIsThere() {
    set(0, 32, preferred(A, Granularity.UNSPECIFIED));
    shard.fault(1, 1, 3, 1, Access.WRITE);
    arrive();
    assertThat(onDevice(15)).isTrue();
    assertThat(onDevice(16)).isFalse();
    shard.fault(1, 1, 20, 1, Access.WRITE);
    arrive();
    assertThat(onDevice(31)).isTrue();
  }

  @Test
  void pageThatPrefersAnother_staysWhenADeviceWishesIt() {
    set(0, 4, preferred(OTHER, Granularity.UNSPECIFIED));
    set(4, 4, preferred(DeviceId.CPU, Granularity.UNSPECIFIED));
    shard.fault(1, 1, 0, 8, Access.WRITE);
    assertThat(wish(0, 8).movedPages()).isZero();
    assertThat(wish(8, 2).movedPages()).isEqualTo(2);
  }

  @Test
  void forbiddenMigration_staysForFaultsAndNotForItsUser() {
    set(0, 4, policy(MigrationPolicy.FORBIDDEN));
    assertThat(wish(0, 4).movedPages()).isZero();
    toDevice(0, 4);
    assertThat(onDevice(0)).isTrue();
  }

  @Test
  void accessedByAndReadDuplication_keepThePageWhereAllReachIt() {
    set(
        0,
        2,
        new RangeAttributes(
            null,
            List.of(A),
            false,
            Granularity.UNSPECIFIED,
            MigrationPolicy.ALLOWED,
            AtomicMode.UNSPECIFIED));
    set(
        2,
        2,
        new RangeAttributes(
            null,
            List.of(),
            true,
            Granularity.UNSPECIFIED,
            MigrationPolicy.ALLOWED,
            AtomicMode.UNSPECIFIED));
    assertThat(wish(0, 4).movedPages()).isZero();
  }

  @Test
  void granularity_saysWhatComesHomeTogether() {
    toDevice(0, 32);
    set(0, 16, preferred(null, Granularity.PAGE_4K));
    set(16, 16, preferred(null, Granularity.PAGE_2M));
    touch(3, 1, Access.READ);
    memory.reportOut();
    assertThat(onDevice(2) && onDevice(4)).isTrue();
    assertThat(onDevice(3)).isFalse();
    touch(20, 1, Access.READ);
    memory.reportOut();
    assertThat(onDevice(4) || onDevice(16) || onDevice(31)).isFalse();
  }

  @Test
  void atomicsOfTheCpu_refuseExclusiveAccess() {
    set(
        0,
        1,
        new RangeAttributes(
            null,
            List.of(),
            false,
            Granularity.UNSPECIFIED,
            MigrationPolicy.ALLOWED,
            AtomicMode.CPU));
    touch(0, 1, Access.WRITE);
    assertThat(shard.reply(shard.fault(1, 1, 0, 1, Access.EXCLUSIVE)).errno())
        .isEqualTo(Errno.EPERM);
  }

  @Test
  void willNeed_prefetchesToThePreferredDevice() {
    set(0, 8, preferred(A, Granularity.UNSPECIFIED));
    shard.submit(
        new SpaceOperation.Advise(space, at(0), 32 * PAGE, SpaceOperation.Advice.WILLNEED),
        WaitPolicy.BLOCK);
    drainCpu();
    memory.reportIn();
    assertThat(onDevice(0) && onDevice(7)).isTrue();
    assertThat(onDevice(8)).isFalse();
  }
}
