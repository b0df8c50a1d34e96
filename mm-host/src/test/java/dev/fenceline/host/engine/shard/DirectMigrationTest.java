package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Peer;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pages that go from the memory of one device straight to that of another, whatever breaks. */
class DirectMigrationTest extends MigrationStage {
  private static final DeviceId B = new DeviceId("b", 0);

  private final FakeMemory target;

  DirectMigrationTest() {
    super(new ShardFixture(), true);
    target = new FakeMemory(shard, "b", new DeviceDescription(0, "b", 1, 8, "", false));
    target.attach(2);
    shard.mirror(2, 1, space, 0, 0, 32);
    touch(0, 4, Access.WRITE);
    toDevice(0, 4);
  }

  private long direct(long page, int pages) {
    long request =
        shard.submit(
            new SpaceOperation.MigrateToDevice(space, at(page), pages * PAGE, B, null, true),
            WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());
    drainCpu();
    return request;
  }

  private long moved(long request) {
    return ((OperationOutcome.Done) shard.outcome(request)).value();
  }

  private DeviceId whose(long page) {
    assertThat(Pte.type(entry(page))).isEqualTo(PteType.DEVICE_PRIVATE);
    return shard.engine.queries().space(space).memory().devices().owner(entry(page)).device();
  }

  /** INV-8: what agents hold is what the host counts on, each page with one of them. */
  private void assertAllWith(DeviceId device, FakeMemory holder, FakeMemory other) {
    for (int page = 0; page < 4; page++) {
      assertThat(whose(page)).isEqualTo(device);
    }
    assertThat(holder.held).hasSize(4);
    assertThat(other.held).isEmpty();
  }

  @Test
  void sourceHolds_targetFetches_hostCommits_sourceFrees() {
    int left = shard.frames.left();

    long request = direct(0, 4);
    assertThat(memory.lastOut().hold()).isTrue();
    assertThat(target.mine(HostMessage.MigrateIn.class)).as("not before it is held").isEmpty();
    memory.reportOut();
    MigrationRun.In run = target.lastIn().runs().getFirst();
    assertThat(target.lastIn().runs()).hasSize(1);
    assertThat(run.source()).isEqualTo(MigrationRun.Source.PEER);
    assertThat(run.peer()).isEqualTo(new Peer(A, "a:1", true));
    assertThat(run.generation()).isEqualTo(Pte.generation(entry(0)));
    assertThat(shard.ended(request)).isFalse();
    target.reportIn();
    memory.obey();

    assertThat(moved(request)).isEqualTo(4);
    assertAllWith(B, target, memory);
    assertThat(shard.frames.left()).as("no frame of the host was needed").isEqualTo(left);
    assertThat(shard.granted(2, 1, 0, 4, Access.WRITE).firstLocalPage()).isZero();
  }

  @Test
  void notReachable_isLeftToTheWayByTheHost() {
    long there =
        shard.submit(
            new SpaceOperation.MigrateToDevice(space, at(8), PAGE, B, null), WaitPolicy.BLOCK);
    target.reportIn();
    assertThat(moved(there)).isEqualTo(1);

    long back =
        shard.submit(
            new SpaceOperation.MigrateToDevice(space, at(8), PAGE, A, null, true),
            WaitPolicy.BLOCK);

    assertThat(moved(back)).as("b is neither coherent nor of a's group").isZero();
  }

  @Test
  void sourceThatHoldsOnlySome_givesThose() {
    long request = direct(0, 4);
    HostMessage.MigrateOut out = memory.lastOut();
    shard.agent(
        1,
        new AgentMessage.MigrationReport(
            out.migrationId(),
            List.of(
                new MigrationRun.Report(1, MigrationRun.Outcome.FAILED, 0),
                new MigrationRun.Report(3, MigrationRun.Outcome.DONE, 0))));
    target.reportIn();

    assertThat(moved(request)).isEqualTo(3);
    assertThat(whose(0)).isEqualTo(A);
    assertThat(whose(1)).isEqualTo(B);
  }

  @Test
  void targetThatCannotFetch_leavesThePagesWhereTheyAre() {
    long request = direct(0, 4);
    memory.reportOut();
    shard.agent(
        2,
        new AgentMessage.MigrationReport(
            target.lastIn().migrationId(),
            List.of(new MigrationRun.Report(4, MigrationRun.Outcome.FAILED, 0))));
    memory.obey();

    assertThat(moved(request)).isZero();
    assertAllWith(A, memory, target);
  }

  @Test
  void sourceGone_beforeItHolds_thePagesAreStillItsOwn() {
    long request = direct(0, 4);
    shard.end(1, FenceResolution.LEASE_EXPIRED);

    assertThat(moved(request)).isZero();
    assertThat(target.mine(HostMessage.MigrateIn.class)).isEmpty();
    memory.attach(5);
    assertAllWith(A, memory, target);
  }

  @Test
  void sourceGone_whileTheTargetFetches_thePagesAreStillItsOwn() {
    long request = direct(0, 4);
    memory.reportOut();
    shard.end(1, FenceResolution.LEASE_EXPIRED);
    assertThat(moved(request)).isZero();

    target.reportIn(); // too late, and of a migration that it is told of the end of
    target.obey();
    memory.attach(5);

    target.held.clear(); // it freed them, as the commit said
    assertAllWith(A, memory, target);
    HostMessage.MigrationCommit told = target.mine(HostMessage.MigrationCommit.class).getLast();
    assertThat(told.runs()).allMatch(run -> !run.accepted());
  }

  @Test
  void sourceGone_behindTheTargetsReport_isToldToFreeThemAtItsReturn() {
    long request = direct(0, 4);
    memory.reportOut();
    target.reportIn();
    assertThat(moved(request)).isEqualTo(4);

    shard.end(1, FenceResolution.REATTACHED); // the commit never came
    memory.held.clear();
    for (int local = 0; local < 4; local++) {
      memory.held.put(local, 1L);
    }
    memory.attach(5);

    assertAllWith(B, target, memory);
  }

  @Test
  void targetGone_beforeItsReport_thePagesAreTheSources() {
    long request = direct(0, 4);
    memory.reportOut();
    shard.end(2, FenceResolution.LEASE_EXPIRED);
    memory.obey();

    assertThat(moved(request)).isZero();
    target.attach(6);
    assertAllWith(A, memory, target);
    assertThat(memory.mine(HostMessage.MigrationCommit.class).getLast().runs())
        .allMatch(run -> !run.accepted());
  }

  @Test
  void targetGone_behindItsReport_hasThemAtItsReturn() {
    long request = direct(0, 4);
    memory.reportOut();
    target.reportIn();
    memory.obey();
    shard.end(2, FenceResolution.LEASE_EXPIRED);

    assertThat(moved(request)).isEqualTo(4);
    target.attach(6);
    assertAllWith(B, target, memory);
  }

  @Test
  void silence_isGivenUp_onEitherSide() {
    long first = direct(0, 4);
    shard.advance(MigrationConfig.DEFAULT.boundNanos());
    assertThat(((OperationOutcome.Refused) shard.outcome(first)).errno()).isEqualTo(Errno.ETIME);
    assertThat(whose(0)).isEqualTo(A);

    long second = direct(0, 4);
    memory.reportOut();
    shard.advance(MigrationConfig.DEFAULT.boundNanos());
    assertThat(((OperationOutcome.Refused) shard.outcome(second)).errno()).isEqualTo(Errno.ETIME);
    memory.obey();
    assertAllWith(A, memory, target);
  }
}
