package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.migration.SkippedPages;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

class MigrationSessionTest extends MigrationStage {
  @Test
  void sessionEndingBeforeTheReport_leavesTheFrameThePage() {
    touch(0, 1, Access.WRITE);
    long request = migrate(0, 1);
    drainCpu();

    shard.end(1, FenceResolution.LEASE_EXPIRED);

    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Refused.class);
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.PRESENT);
  }

  @Test
  void commitLostWithTheSession_isSettledByHello() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    shard.end(1, FenceResolution.REATTACHED);
    memory.attach(5);

    assertThat(memory.held).hasSize(1);
    shard.mirror(5, 1, space, 0, 0, 32);
    assertThat(shard.granted(5, 1, 0, 1, Access.READ).state())
        .isEqualTo(PageRun.State.DEVICE_LOCAL);
  }

  @Test
  void crashBetweenCommitAndReleaseOnTheWayHome_leavesOneCopy() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    touch(0, 1, Access.READ);
    HostMessage.MigrateOut out = memory.lastOut();
    shard.agent(
        1,
        new AgentMessage.MigrationReport(
            out.migrationId(), List.of(new MigrationRun.Report(1, MigrationRun.Outcome.DONE, 0))));
    // The commit is lost: the agent still holds the page, which has been written at home since.
    shard.end(1, FenceResolution.REATTACHED);
    memory.attach(5);

    assertThat(Pte.type(entry(0))).isEqualTo(PteType.PRESENT);
    assertThat(memory.held).isEmpty();
  }

  @Test
  void vanishedAgent_isWaitedForAndComesBack() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    shard.end(1, FenceResolution.LEASE_EXPIRED);
    int faults = cpuFaults().size();

    touch(0, 1, Access.READ);
    assertThat(cpuFaults()).hasSize(faults);
    memory.attach(5);
    memory.reportOut();

    assertThat(cpuFaults()).hasSize(faults + 1);
    assertThat(cpuFaults().getLast().errno()).isNull();
  }

  @Test
  void agentThatDoesNotComeBack_costsItsPages() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    shard.end(1, FenceResolution.LEASE_EXPIRED);
    int faults = cpuFaults().size();
    touch(0, 1, Access.READ);

    shard.advance(MigrationConfig.DEFAULT.graceNanos());

    assertThat(cpuFaults()).hasSize(faults + 1);
    assertThat(cpuFaults().getLast().errno()).isEqualTo(Errno.DATA_LOSS);
    memory.attach(5);
    assertThat(memory.held).as("what was reported lost stays lost").isEmpty();
    touch(0, 1, Access.READ);
    assertThat(cpuFaults().getLast().errno()).isEqualTo(Errno.DATA_LOSS);
  }

  @Test
  void pageThatTheAgentDoesNotHoldAnyMore_isLost() {
    touch(0, 2, Access.WRITE);
    toDevice(0, 2);
    shard.end(1, FenceResolution.REATTACHED);
    memory.held.remove(1);
    memory.attach(5);
    int faults = cpuFaults().size();

    touch(1, 1, Access.READ);

    assertThat(cpuFaults()).hasSize(faults + 1);
    assertThat(cpuFaults().getLast().errno()).isEqualTo(Errno.DATA_LOSS);
    touch(0, 1, Access.READ);
    memory.reportOut();
    assertThat(cpuFaults().getLast().errno()).isNull();
  }

  /** INV-12: the device maps nothing there, and so nobody counts on its hearing of anything. */
  @Test
  void mirrorRemovedBeforeTheReport_makesTheDeviceNoHolder() {
    shard.mirror(1, 2, space, 0, 1, 4);
    touch(0, 2, Access.WRITE);
    long request = migrate(0, 2);
    drainCpu();
    shard.agent(1, new AgentMessage.RemoveMirror(1));

    memory.reportIn();

    assertThat(shard.ended(request)).isTrue();
    DeviceView view = shard.engine.queries().session(1).view(space, 0);
    assertThat(view.holders().holdsAny(Pages.number(at(0)), Pages.number(at(1)))).isFalse();
    assertThat(view.holders().holdsAny(Pages.number(at(1)), Pages.number(at(2)))).isTrue();
  }

  /** INV-12: its acknowledgement would say that it does not hold what the commit gave it since. */
  @Test
  void deviceThatOwesAnEarlierFence_takesNoPageThere() {
    touch(0, 1, Access.WRITE);
    shard.granted(1, 1, 0, 1, Access.WRITE);
    shard.submit(new SpaceOperation.Invalidate(space, at(0), PAGE), new WaitPolicy.Deadline(500));
    long late = shard.lastInvalidation();
    drainCpu();
    shard.advance(600);

    long request = migrate(0, 1);
    drainCpu();
    shard.ack(1, 0, shard.lastInvalidation());

    assertThat(shard.sent(HostMessage.MigrateIn.class)).isEmpty();
    assertThat(((OperationOutcome.Done) shard.outcome(request)).skipped())
        .containsExactly(new SkippedPages(SkippedPages.Reason.BUSY, 1));
    shard.ack(1, 0, late);
    toDevice(0, 1);
    DeviceView view = shard.engine.queries().session(1).view(space, 0);
    assertThat(view.holders().holdsAny(Pages.number(at(0)), Pages.number(at(1)))).isTrue();
  }

  /** INV-12: what a migration's end lets begin is not told to the session that ended it. */
  @Test
  void operationThatWaitedForTheMigration_isNotToldToTheSessionThatEnds() {
    touch(0, 1, Access.WRITE);
    migrate(0, 1);
    drainCpu();
    int told = shard.broadcasts().size();
    long unmap = shard.submit(new SpaceOperation.Unmap(space, at(0), PAGE), WaitPolicy.BLOCK);

    shard.end(1, FenceResolution.REATTACHED);
    drainCpu();

    assertThat(shard.broadcasts()).hasSize(told);
    assertThat(shard.ended(unmap)).isTrue();
  }

  @Test
  void deviceThatDoesNotReport_isGivenUp() {
    touch(0, 1, Access.WRITE);
    long request = migrate(0, 1);
    drainCpu();

    shard.advance(MigrationConfig.DEFAULT.boundNanos());

    assertThat(((OperationOutcome.Refused) shard.outcome(request)).errno()).isEqualTo(Errno.ETIME);
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.PRESENT);
    memory.reportIn();
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.PRESENT);
  }
}
