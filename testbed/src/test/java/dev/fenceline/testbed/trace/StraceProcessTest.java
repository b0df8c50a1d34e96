package dev.fenceline.testbed.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.testbed.trace.TraceEvent.Brk;
import dev.fenceline.testbed.trace.TraceEvent.Clone;
import dev.fenceline.testbed.trace.TraceEvent.Exec;
import dev.fenceline.testbed.trace.TraceEvent.Exit;
import dev.fenceline.testbed.trace.TraceEvent.Mmap;
import dev.fenceline.testbed.trace.TraceEvent.Munmap;
import dev.fenceline.testbed.trace.TraceFiles.Recorded;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Interrupted calls, processes and address spaces. */
class StraceProcessTest {

  private static final String FORK = "clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD";
  private static final String THREAD =
      "clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD, child_tid=0x7f1, stack_size=0xfef80}";

  @TempDir Path directory;

  private Recorded read(String... lines) throws Exception {
    return TraceFiles.strace(TraceFiles.write(directory, lines));
  }

  private static List<Integer> spaces(Recorded recorded) {
    return recorded.events().stream().map(TraceEvent::spaceKey).toList();
  }

  @Test
  void interleavedHalves_arePairedPerThread() throws Exception {
    Recorded recorded =
        read(
            "1 brk(NULL) = 0x1000",
            "1 " + THREAD + " => {parent_tid=[2]}, 88) = 2",
            "1 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished ...>",
            "2 mprotect(0x5000, 4096 <unfinished ...>",
            "1 <... mmap resumed>) = 0x9000",
            "1 futex(0x1, FUTEX_WAIT <unfinished ...>",
            "2 <... mprotect resumed>, PROT_READ) = 0",
            "1 <... futex resumed> ) = 0");
    assertThat(recorded.skipped()).isEmpty();
    assertThat(recorded.only(Mmap.class).getFirst().site()).isEqualTo(new CallSite(5, 1, 0));
    assertThat(recorded.only(TraceEvent.Mprotect.class).getFirst().site())
        .isEqualTo(new CallSite(7, 2, 0));
  }

  @Test
  void rangeGivenOutWhileItsMunmapIsInFlight_ordersTheMunmapFirst() throws Exception {
    Recorded recorded =
        read(
            "1 brk(NULL) = 0x1000",
            "1 " + THREAD + " => {parent_tid=[2]}, 88) = 2",
            "1 munmap(0x9000, 8192 <unfinished ...>",
            "2 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0xa000",
            "2 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x9000",
            "1 <... munmap resumed>) = 0");
    assertThat(recorded.skipped()).isEmpty();
    assertThat(recorded.events().subList(2, 5))
        .satisfiesExactly(
            munmap -> assertThat(munmap).isEqualTo(new Munmap(site(3, 1), 0x9000, 8192)),
            first -> assertThat(first).isInstanceOf(Mmap.class),
            second -> assertThat(second).isInstanceOf(Mmap.class));
    assertThat(recorded.events()).hasSize(5);
  }

  private static CallSite site(long line, int pid) {
    return new CallSite(line, pid, 0);
  }

  @Test
  void threads_shareTheirCreatorsSpaceAndForksDoNot() throws Exception {
    Recorded recorded =
        read(
            "1 brk(NULL) = 0x1000",
            "1 " + THREAD + " => {parent_tid=[2]}, 88) = 2",
            "2 " + FORK + ", child_tidptr=0x1) = 3",
            "3 brk(0x2000) = 0x2000",
            "3 vfork() = 4",
            "4 +++ exited with 0 +++",
            "3 +++ killed by SIGKILL (core dumped) +++",
            "2 +++ exited with 0 +++",
            "1 +++ exited with 0 +++");
    assertThat(recorded.only(Clone.class))
        .containsExactly(
            new Clone(site(2, 1), "clone3", 2, 0, true),
            new Clone(site(3, 2), "clone", 3, 1, false),
            new Clone(new CallSite(5, 3, 1), "vfork", 4, 1, true));
    assertThat(recorded.only(Exit.class))
        .containsExactly(
            new Exit(new CallSite(6, 4, 1), false),
            new Exit(new CallSite(7, 3, 1), true),
            new Exit(site(8, 2), false),
            new Exit(site(9, 1), true));
  }

  @Test
  void childThatSpeaksBeforeItsCloneReturned_belongsToIt() throws Exception {
    Recorded recorded =
        read(
            "1 brk(NULL) = 0x1000",
            "1 " + FORK + " <unfinished ...>",
            "3 brk(0x2000) = 0x2000",
            "1 <... clone resumed>, child_tidptr=0x1) = 3",
            "3 brk(0x3000) = 0x3000");
    assertThat(recorded.skipped()).isEmpty();
    assertThat(recorded.only(Clone.class))
        .containsExactly(new Clone(site(2, 1), "clone", 3, 1, false));
    assertThat(spaces(recorded)).containsExactly(0, 0, 1, 1);
  }

  @Test
  void childThatEndsBeforeItsVforkReturned_isAnnouncedFirst() throws Exception {
    Recorded recorded =
        read(
            "1 brk(NULL) = 0x1000",
            "1 vfork( <unfinished ...>",
            "3 +++ exited with 0 +++",
            "1 <... vfork resumed>) = 3",
            "1 brk(0x2000) = 0x2000");
    assertThat(recorded.skipped()).isEmpty();
    assertThat(recorded.events().subList(1, 3))
        .containsExactly(new Clone(site(2, 1), "vfork", 3, 0, true), new Exit(site(3, 3), false));
  }

  @Test
  void twoClonesInFlight_theOldestGetsTheEarlyChildAndAMistakeIsReported() throws Exception {
    Recorded recorded =
        read(
            "1 brk(NULL) = 0x1000",
            "1 " + THREAD + " => {parent_tid=[2]}, 88) = 2",
            "1 " + FORK + " <unfinished ...>",
            "2 " + THREAD + " <unfinished ...>",
            "4 brk(0x2000) = 0x2000",
            "3 brk(0x3000) = 0x3000",
            "1 <... clone resumed>, child_tidptr=0x1) = 3",
            "2 <... clone3 resumed> => {parent_tid=[4]}, 88) = 4",
            "1 brk(NULL) = 0x1000");
    assertThat(recorded.skipped()).hasSize(1);
    assertThat(recorded.skipped().getFirst().lineNumber()).isEqualTo(7);
    assertThat(recorded.skipped().getFirst().reason()).contains("process 4 spoke early");
    assertThat(recorded.only(Clone.class)).hasSize(3);
  }

  @Test
  void execve_startsAnEmptySpace() throws Exception {
    Recorded recorded =
        read(
            "1 execve(\"/bin/sh\", [\"sh\", \"-c\", \"a) = 0\"], 0x7ff /* 35 vars */) = 0",
            "1 brk(NULL) = 0x1000",
            "1 vfork() = 2",
            "2 execve(\"/nowhere\", [\"x\"], 0x7ff /* 1 var */) = -1 ENOENT (No such file)",
            "2 execve(\"/bin/true\", [\"true\"], 0x7ff /* 1 var */) = 0",
            "2 brk(NULL) = 0x5000",
            "1 execve(\"/bin/true\", [\"true\"], 0x7ff /* 1 var */) = 0",
            "1 brk(NULL) = 0x6000");
    assertThat(recorded.skipped()).isEmpty();
    assertThat(recorded.only(Exec.class))
        .containsExactly(
            new Exec(new CallSite(5, 2, 1), 0, false), new Exec(new CallSite(7, 1, 2), 0, true));
    assertThat(recorded.only(Brk.class)).extracting(TraceEvent::spaceKey).containsExactly(0, 1, 2);
  }

  @Test
  void execveByAThread_takesOverItsLeadersPid() throws Exception {
    Recorded recorded =
        read(
            "1 brk(NULL) = 0x1000",
            "1 " + THREAD + " => {parent_tid=[2]}, 88) = 2",
            "2 execve(\"/bin/true\", [\"true\"], 0x7ff /* 1 var */ <unfinished ...>",
            "1 +++ superseded by execve in pid 2 +++",
            "1 <... execve resumed>) = 0",
            "1 brk(NULL) = 0x5000");
    assertThat(recorded.skipped()).isEmpty();
    assertThat(recorded.events().subList(2, 4))
        .containsExactly(new Exit(site(4, 2), false), new Exec(new CallSite(5, 1, 1), 0, true));
  }

  @Test
  void terminalLog_namesItsFirstProcessLater() throws Exception {
    Recorded recorded =
        read(
            "brk(NULL) = 0x1000",
            FORK + "strace: Process 3 attached",
            ", child_tidptr=0x7fdd) = 3",
            "[pid     3] brk(0x2000) = 0x2000",
            "[pid     1] brk(0x3000 <unfinished ...>",
            "[pid     3] +++ exited with 0 +++",
            "<... brk resumed>) = 0x3000",
            "brk(0x4000) = 0x4000");
    assertThat(recorded.skipped()).isEmpty();
    assertThat(spaces(recorded)).containsExactly(0, 0, 1, 1, 0, 0);
    assertThat(recorded.events().getLast().site().pid()).isEqualTo(1);
  }

  @Test
  void terminalLog_rootIsNamedByResumingItsCall() throws Exception {
    Recorded recorded =
        read(
            "brk(NULL) = 0x1000",
            FORK + "strace: Process 3 attached",
            " <unfinished ...>",
            "[pid     3] brk(0x2000) = 0x2000",
            "[pid     1] <... clone resumed>, child_tidptr=0x1) = 3",
            "[pid     1] brk(0x3000) = 0x3000");
    assertThat(recorded.skipped()).isEmpty();
    assertThat(spaces(recorded)).containsExactly(0, 0, 1, 0);
  }

  @Test
  void pidNamespace_childIsThePidThatStraceUses() throws Exception {
    Recorded recorded =
        read(
            "1 brk(NULL) = 0x1000",
            "1 " + FORK + ", child_tidptr=0x1) = 7 /* 1207 in strace's PID ns */",
            "1207 brk(0x2000) = 0x2000");
    assertThat(recorded.only(Clone.class).getFirst().childPid()).isEqualTo(1207);
    assertThat(spaces(recorded)).containsExactly(0, 0, 1);
  }

  @Test
  void logWithoutProcessCalls_unknownPidsAreThreadsUnlessTheyStartAProgram() throws Exception {
    Recorded recorded =
        read("1 brk(NULL) = 0x1000", "2 munmap(0x1000, 1) = 0", "3 brk(NULL) = 0x9000");
    assertThat(spaces(recorded)).containsExactly(0, 0, 1);
  }

  @Test
  void pidUsedAgain_endsItsFirstOwner() throws Exception {
    Recorded recorded =
        read("1 brk(NULL) = 0x1000", "1 fork() = 2", "1 fork() = 2", "2 brk(NULL) = 0x9000");
    assertThat(recorded.events().subList(1, 4))
        .containsExactly(
            new Clone(site(2, 1), "fork", 2, 1, false),
            new Exit(new CallSite(3, 2, 1), true),
            new Clone(site(3, 1), "fork", 2, 2, false));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "clone(child_stack=NULL, flags=0x1200011, child_tidptr=0x1) = 9; false",
        "clone(child_stack=0x7f, flags=CLONE_VM|CLONE_VFORK|SIGCHLD) = 9; true",
        "clone3({flags=0x3d0f00 /* CLONE_VM */, child_tid=0x7f}, 88) = 9; true",
        "clone3({flags=CLONE_CLEAR_SIGHAND, exit_signal=SIGCHLD}, 88) = 9; false",
        "__clone2(child_stack=NULL, flags=CLONE_VM) = 9; true",
      })
  void cloneFlags_tellWhetherMemoryIsShared(String call, boolean shares) throws Exception {
    Recorded recorded = read("1 brk(NULL) = 0x1000", "1 " + call);
    assertThat(recorded.only(Clone.class).getFirst().sharesMemory()).isEqualTo(shares);
  }

  @Test
  void tooManyUnfinishedCalls_dropTheOldestAndReportIt() throws Exception {
    Path file =
        TraceFiles.write(
            directory,
            "1 brk(NULL) = 0x1000",
            "1 munmap(0x1000, 1 <unfinished ...>",
            "2 munmap(0x2000, 1 <unfinished ...>",
            "3 munmap(0x3000, 1 <unfinished ...>",
            "1 <... munmap resumed>) = 0",
            "3 <... munmap resumed>) = 0");
    Recorded recorded = TraceFiles.strace(file, new TraceLimits(1024, 2, 100, 10));
    assertThat(recorded.skipped()).extracting(SkippedLine::lineNumber).containsExactly(2L, 5L);
    assertThat(recorded.only(Munmap.class)).hasSize(1);
  }

  @Test
  void tooManyProcesses_areSkippedOneByOne() throws Exception {
    Path file =
        TraceFiles.write(
            directory, "1 brk(NULL) = 0x1000", "1 fork() = 2", "1 fork() = 3", "1 brk(NULL) = 1");
    Recorded recorded = TraceFiles.strace(file, new TraceLimits(1024, 2, 2, 10));
    assertThat(recorded.skipped())
        .singleElement()
        .extracting(SkippedLine::lineNumber)
        .isEqualTo(3L);
    assertThat(recorded.only(Brk.class)).hasSize(2);
  }
}
