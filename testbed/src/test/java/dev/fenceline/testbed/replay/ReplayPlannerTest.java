package dev.fenceline.testbed.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.testbed.trace.CallSite;
import dev.fenceline.testbed.trace.LinuxFlags;
import dev.fenceline.testbed.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplayPlannerTest {
  private static final int PID = 7;
  private static final long PAGE = 4096;

  private final ReplayPlanner planner = new ReplayPlanner();
  private final List<ReplayStep> steps = new ArrayList<>();

  private static CallSite site(int pid, int space) {
    return new CallSite(1, pid, space);
  }

  private void replay(TraceEvent event) {
    steps.clear();
    steps.addAll(planner.plan(event));
  }

  private List<String> kinds() {
    return steps.stream().map(ReplayStep::kind).toList();
  }

  private static TraceEvent.Mmap mmap(long result, long length) {
    return new TraceEvent.Mmap(
        site(PID, 0),
        new TraceEvent.Mmap.Request(
            0,
            length,
            LinuxFlags.PROT_READ | LinuxFlags.PROT_WRITE,
            LinuxFlags.MAP_PRIVATE | LinuxFlags.MAP_ANONYMOUS,
            -1,
            0),
        result);
  }

  @Test
  void firstMapping_createsItsSpaceAndGoesWhereTheKernelPutIt() {
    replay(mmap(0x7000_0000, 100));
    assertThat(kinds()).containsExactly("create", "map");
    ReplayStep.Map map = (ReplayStep.Map) steps.getLast();
    assertThat(map.range()).isEqualTo(new PageRange(0x7000_0000, 100));
    assertThat(map.replaces()).isFalse();
    assertThat(map.takenAway()).isNull();
  }

  @Test
  void mappingOverAMapping_takesAway() {
    replay(mmap(0x7000_0000, 2 * PAGE));
    replay(mmap(0x7000_1000, PAGE));
    assertThat(steps.getFirst().takenAway()).isEqualTo(new PageRange(0x7000_1000, PAGE));
  }

  @Test
  void protectingMemoryThatWasNeverMapped_mapsItFirst() {
    replay(new TraceEvent.Mprotect(site(PID, 0), 0x5000_0000, PAGE, LinuxFlags.PROT_READ));
    assertThat(kinds()).containsExactly("create", "map (older than the recording)", "protect");
  }

  @Test
  void heap_isFoundedThenGrowsAndShrinksByPages() {
    replay(new TraceEvent.Brk(site(PID, 0), 0, 0x5000_0010));
    assertThat(steps.getLast()).isEqualTo(new ReplayStep.Brk(0, 0x5000_0010, null, null));
    replay(new TraceEvent.Brk(site(PID, 0), 0x5000_2010, 0x5000_2010));
    assertThat(steps.getLast())
        .isEqualTo(
            new ReplayStep.Brk(0, 0x5000_2010, PageRange.between(0x5000_1000, 0x5000_3000), null));
    replay(new TraceEvent.Brk(site(PID, 0), 0x5000_1010, 0x5000_1010));
    assertThat(steps.getLast().takenAway()).isEqualTo(PageRange.between(0x5000_2000, 0x5000_3000));
    replay(new TraceEvent.Brk(site(PID, 0), 0, 0x5000_1010));
    assertThat(steps).isEmpty();
  }

  @Test
  void refusedBreak_changesNothing() {
    replay(new TraceEvent.Brk(site(PID, 0), 0, 0x5000_0000));
    replay(new TraceEvent.Brk(site(PID, 0), 0x6000_0000, 0x5000_0000));
    assertThat(steps).isEmpty();
  }

  @Test
  void forkedChildWithAnotherBreak_hasBeenReplacedAndStartsEmpty() {
    replay(new TraceEvent.Brk(site(PID, 0), 0, 0x5000_0000));
    replay(new TraceEvent.Clone(site(PID, 0), "clone", 8, 1, false));
    assertThat(steps).containsExactly(new ReplayStep.Fork(0, 1));
    replay(new TraceEvent.Brk(site(8, 1), 0, 0x6000_0000));
    assertThat(kinds()).containsExactly("destroy", "create", "brk");
    int own = steps.getLast().space();
    assertThat(own).isNotEqualTo(1);
    replay(new TraceEvent.Exit(site(8, 1), true));
    assertThat(kinds()).containsExactly("destroy");
    assertThat(steps.getFirst().space()).isEqualTo(own);
  }

  @Test
  void vforkedChildWithAnotherBreak_leavesItsCreatorAlone() {
    replay(new TraceEvent.Brk(site(PID, 0), 0, 0x5000_0000));
    replay(new TraceEvent.Clone(site(PID, 0), "vfork", 8, 0, true));
    assertThat(steps).isEmpty();
    replay(new TraceEvent.Brk(site(8, 0), 0, 0x6000_0000));
    assertThat(kinds()).containsExactly("create", "brk");
    replay(new TraceEvent.Exit(site(8, 0), false));
    assertThat(kinds()).containsExactly("destroy");
    replay(new TraceEvent.Brk(site(PID, 0), 0x5000_1000, 0x5000_1000));
    assertThat(steps.getLast().space()).isZero();
  }

  @Test
  void moveByMremap_isRepeatedToTheRecordedPlace() {
    replay(mmap(0x7000_0000, 2 * PAGE));
    replay(
        new TraceEvent.Mremap(
            site(PID, 0),
            new TraceEvent.Mremap.Range(0x7000_0000, 2 * PAGE),
            new TraceEvent.Mremap.Target(4 * PAGE, LinuxFlags.MREMAP_MAYMOVE, 0),
            0x6000_0000));
    ReplayStep.Remap remap = (ReplayStep.Remap) steps.getFirst();
    assertThat(remap.moves()).isTrue();
    ReplayStep.Destroy end = (ReplayStep.Destroy) planner.finish().getFirst();
    assertThat(end.expected()).hasToString("[[0x60000000, 0x60004000) rw-]");
  }

  @Test
  void adviceWithoutEffectOnBytes_isLeftOut() {
    replay(mmap(0x7000_0000, 2 * PAGE));
    replay(new TraceEvent.Madvise(site(PID, 0), 0x7000_0000, PAGE, 14));
    assertThat(steps).isEmpty();
    replay(new TraceEvent.Madvise(site(PID, 0), 0x7000_0000, PAGE, LinuxFlags.MADV_DONTNEED));
    assertThat(kinds()).containsExactly("advise dontneed");
  }

  @Test
  void recordedExec_endsTheOldSpaceAndBeginsANewOne() {
    replay(mmap(0x7000_0000, PAGE));
    replay(new TraceEvent.Exec(site(PID, 3), 0, true));
    assertThat(kinds()).containsExactly("destroy", "create");
    assertThat(steps.getLast().space()).isEqualTo(3);
  }
}
