package dev.fenceline.testbed.trace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.testbed.trace.TraceEvent.Brk;
import dev.fenceline.testbed.trace.TraceEvent.Failed;
import dev.fenceline.testbed.trace.TraceEvent.Madvise;
import dev.fenceline.testbed.trace.TraceEvent.Mmap;
import dev.fenceline.testbed.trace.TraceEvent.Mprotect;
import dev.fenceline.testbed.trace.TraceEvent.Mremap;
import dev.fenceline.testbed.trace.TraceEvent.Munmap;
import dev.fenceline.testbed.trace.TraceFiles.Recorded;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls, arguments and line forms; processes are {@link StraceProcessTest}'s. */
class StraceReaderTest {

  @TempDir Path directory;

  private Recorded read(String... lines) throws Exception {
    return TraceFiles.strace(TraceFiles.write(directory, lines));
  }

  private TraceEvent one(String line) throws Exception {
    Recorded recorded = read(line);
    assertThat(recorded.skipped()).isEmpty();
    assertThat(recorded.events()).hasSize(1);
    return recorded.events().getFirst();
  }

  @ParameterizedTest
  @CsvSource({
    "python.strace, 1542, 1001 mmap 94 munmap 150 mprotect 171 brk 41 clone 42 exit",
    "node.strace, 1122, 367 mmap 355 munmap 56 mprotect 23 brk 6 clone 7 exit",
    "java.strace, 327, 131 mmap 13 munmap 134 mprotect 4 brk 12 clone 13 exit",
    "sort.strace, 51, 24 mmap 4 munmap 5 mprotect 7 brk 3 clone 4 exit",
  })
  void shippedTraces_readWithoutASkippedLine(String name, long lines, String counts)
      throws Exception {
    Recorded recorded = TraceFiles.strace(TraceFiles.SHIPPED.resolve(name));
    assertThat(recorded.skipped()).isEmpty();
    assertThat(recorded.summary().lines()).isEqualTo(lines);
    assertThat(recorded.summary().events()).isEqualTo(recorded.events().size());
    assertThat(
            String.format(
                "%d mmap %d munmap %d mprotect %d brk %d clone %d exit",
                recorded.only(Mmap.class).size(),
                recorded.only(Munmap.class).size(),
                recorded.only(Mprotect.class).size(),
                recorded.only(Brk.class).size(),
                recorded.only(TraceEvent.Clone.class).size(),
                recorded.only(TraceEvent.Exit.class).size()))
        .isEqualTo(counts);
  }

  @Test
  void mmapOfAFile_carriesEveryArgument() throws Exception {
    var request = new Mmap.Request(0x7f01000, 69632, 5, 0x812, 3, 0x3000);
    assertThat(
            one(
                "14054 1795198585.251870 mmap(0x7f01000, 69632, PROT_READ|PROT_EXEC,"
                    + " MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, 3, 0x3000) = 0x7f01000"))
        .isEqualTo(new Mmap(new CallSite(1, 14054, 0), request, 0x7f01000));
    assertThat(request.fixed()).isTrue();
    assertThat(request.anonymous()).isFalse();
  }

  @Test
  void memoryCalls_becomeTheirEvents() throws Exception {
    Recorded recorded =
        read(
            "5 munmap(0x1000, 8192) = 0",
            "5 mprotect(0x1000, 4096, PROT_READ) = 0",
            "5 pkey_mprotect(0x2000, 4096, PROT_NONE, 1) = 0",
            "5 mremap(0x3000, 4096, 8192, MREMAP_MAYMOVE) = 0x9000",
            "5 mremap(0x3000, 4096, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0xa000) = 0xa000",
            "5 madvise(0x4000, 4096, MADV_DONTNEED) = 0",
            "5 brk(NULL) = 0x5000",
            "5 brk(0x7000) = 0x7000",
            "5 old_mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x8000");
    assertThat(recorded.skipped()).isEmpty();
    assertThat(recorded.events())
        .containsExactly(
            new Munmap(at(1), 0x1000, 8192),
            new Mprotect(at(2), 0x1000, 4096, LinuxFlags.PROT_READ),
            new Mprotect(at(3), 0x2000, 4096, LinuxFlags.PROT_NONE),
            new Mremap(
                at(4), new Mremap.Range(0x3000, 4096), new Mremap.Target(8192, 1, 0), 0x9000),
            new Mremap(
                at(5), new Mremap.Range(0x3000, 4096), new Mremap.Target(8192, 3, 0xa000), 0xa000),
            new Madvise(at(6), 0x4000, 4096, LinuxFlags.MADV_DONTNEED),
            new Brk(at(7), 0, 0x5000),
            new Brk(at(8), 0x7000, 0x7000),
            new Mmap(at(9), new Mmap.Request(0, 4096, 0, 0x22, -1, 0), 0x8000));
  }

  private static CallSite at(long line) {
    return new CallSite(line, 5, 0);
  }

  static Stream<String> lineForms() {
    String call = "munmap(0x1000, 4096) = 0";
    return Stream.of(
        call,
        "munmap(0x1000, 4096)    = 0",
        "munmap(0x1000, 0x1000) = 0 <0.000012>",
        "munmap(0x1000, 4096 /* one page */) = 0",
        "123 " + call,
        "123   " + call,
        "123<python3> " + call,
        "[pid   123] " + call,
        "[pid   123<python3>] " + call,
        "1795198585.251870 " + call,
        "12:34:56 " + call,
        "12:34:56.123456 " + call,
        "     0.000123 " + call,
        "123      0.000123 " + call,
        "123 12:34:56.123456 " + call,
        "12:34:56.123456 (+     0.000599) " + call,
        "123  00:27:57.468215 [00007f55ec0fcad7] " + call,
        "123  [  11] " + call,
        "  " + call + "  ",
        call + "\r");
  }

  @ParameterizedTest
  @MethodSource("lineForms")
  void everyLineForm_isUnderstood(String line) throws Exception {
    TraceEvent event = one(line);
    assertThat(event).isInstanceOf(Munmap.class);
    assertThat(((Munmap) event).address()).isEqualTo(0x1000);
    assertThat(((Munmap) event).lengthBytes()).isEqualTo(4096);
    boolean hasPid = line.startsWith("123") || line.startsWith("[pid");
    assertThat(event.site().pid()).isEqualTo(hasPid ? 123 : 0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "PROT_READ|PROT_WRITE; MAP_PRIVATE|MAP_ANONYMOUS; 3; 34",
        "0x3; 0x22; 3; 34",
        "3; 34; 3; 34",
        "0x3 /* PROT_READ|PROT_WRITE */; 0x22 /* MAP_PRIVATE|MAP_ANONYMOUS */; 3; 34",
        "PROT_READ|0x40; MAP_SHARED|0x4000000; 65; 67108865",
        "PROT_READ|PROT_NOVELTY; MAP_PRIVATE|MAP_NOVELTY|MAP_FIXED; 1; 18",
        "PROT_NONE; MAP_PRIVATE|MAP_HUGETLB|21<<MAP_HUGE_SHIFT; 0; 1409548290",
      })
  void flags_areSymbolicOrNumeric(String prot, String flags, int wantedProt, int wantedFlags)
      throws Exception {
    Mmap mmap = (Mmap) one("mmap(NULL, 4096, " + prot + ", " + flags + ", -1, 0) = 0x1000");
    assertThat(mmap.request().protection()).isEqualTo(wantedProt);
    assertThat(mmap.request().flags()).isEqualTo(wantedFlags);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "3</usr/lib/x86_64-linux-gnu/libc.so.6>",
        "3</odd, (path) = 0x1/\"quoted>",
        "3<UNIX-STREAM:[31323->31324]>",
        "3<TCP:[127.0.0.1:5->127.0.0.1:80]>"
      })
  void descriptorsWithPaths_areNumbers(String descriptor) throws Exception {
    Mmap mmap = (Mmap) one("mmap(NULL, 4096, 0x1, 0x2, " + descriptor + ", 0) = 0x1000");
    assertThat(mmap.request().fileDescriptor()).isEqualTo(3);
    assertThat(mmap.resultAddress()).isEqualTo(0x1000);
  }

  @Test
  void failedCalls_areCarriedAsSuch() throws Exception {
    assertThat(
            one("mmap(NULL, 1, PROT_READ, MAP_PRIVATE, 3, 0) = -1 ENODEV (No such device) <0.1>"))
        .isEqualTo(new Failed(new CallSite(1, 0, 0), "mmap", "ENODEV"));
    assertThat(one("munmap(0x1, 0) = -22")).isEqualTo(failed("munmap", "-22"));
  }

  private static Failed failed(String call, String error) {
    return new Failed(new CallSite(1, 0, 0), call, error);
  }

  @Test
  void unknownAdvice_isMarkedNotSkipped() throws Exception {
    assertThat(one("madvise(0x1000, 4096, MADV_FROM_THE_FUTURE) = 0"))
        .isEqualTo(new Madvise(new CallSite(1, 0, 0), 0x1000, 4096, LinuxFlags.MADV_UNKNOWN));
  }

  @Test
  void callsOfNoInterest_areIgnoredNotBad() throws Exception {
    Recorded recorded =
        read(
            "7 brk(NULL) = 0x1000",
            "7 mlock(0x1000, 4096) = 0",
            "7 mincore(0x1000, 4096, [1]) = 0",
            "7 msync(0x1000, 4096, MS_SYNC) = 0",
            "7 membarrier(MEMBARRIER_CMD_QUERY, 0) = 0x1ff (MEMBARRIER_CMD_GLOBAL|0x2)",
            "7 mbind(0x1000, 4096, MPOL_BIND, [0x1], 64, 0) = -1 EPERM (Operation not permitted)",
            "7 get_mempolicy([MPOL_DEFAULT], NULL, 0, NULL, 0) = 0",
            "7 read(3, \"a = 0x1) <unfinished ...>\\\"\", 32) = 26",
            "7 exit_group(0) = ?",
            "7 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=9} ---",
            "7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = ?",
            " > /usr/lib/ld.so(_dl_catch_error+0x26f0) [0x1ab70]",
            "strace: Process 9 attached",
            "",
            "strace: [ Process PID=9 runs in 32 bit mode. ]");
    assertThat(recorded.skipped()).isEmpty();
    assertThat(recorded.events()).hasSize(1);
    assertThat(recorded.summary().ignoredLines()).isEqualTo(14);
  }

  @Test
  void sharedSegments_areMappingsOfTheirSize() throws Exception {
    Recorded recorded =
        read(
            "7 shmget(IPC_PRIVATE, 16384, IPC_CREAT|0600) = 5",
            "7 shmat(5, NULL, SHM_RDONLY) = 0x7f0000",
            "7 shmdt(0x7f0000) = 0",
            "7 shmat(6, NULL, 0) = 0x8f0000",
            "7 shmdt(0x8f0000) = 0");
    assertThat(recorded.events())
        .containsExactly(
            new Mmap(
                new CallSite(2, 7, 0),
                new Mmap.Request(0, 16384, LinuxFlags.PROT_READ, 0x21, -1, 0),
                0x7f0000),
            new Munmap(new CallSite(3, 7, 0), 0x7f0000, 16384));
    assertThat(recorded.skipped()).extracting(SkippedLine::lineNumber).containsExactly(4L, 5L);
    assertThat(recorded.skipped().getFirst().reason()).contains("shmget was not recorded");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE; the line ends inside the arguments",
        "7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0); no result",
        "7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) =; empty result",
        "7 mmap(NULL, 4096) = 0x1000; argument 3 is missing",
        "7 munmap(0xzz, 4096) = 0; not a number: 0xzz",
        "7 munmap(99999999999999999999, 4096) = 0; not a number: 99999999999999999999",
        "7 mprotect(0x1000, 4096, lots of it) = 0; not a flag: lots of it",
        "7 remap_file_pages(0x1000, 4096, 0, 0, 0) = 0; remap_file_pages is not supported",
        "7 <... munmap resumed>) = 0; resumes a call that never began",
        "7 <... munmap; bad resumed marker",
        "[pid x] munmap(0x1000, 4096) = 0; bad [pid] column",
        "99999999999 munmap(0x1000, 4096) = 0; bad pid column",
        "% time     seconds  usecs/call; not an strace line",
      })
  void badLine_isReportedWithItsNumberAndSkipped(String line, String reason) throws Exception {
    Recorded recorded = read("7 brk(NULL) = 0x1000", line, "7 brk(0x2000) = 0x2000");
    assertThat(recorded.events()).hasSize(2);
    assertThat(recorded.skipped()).hasSize(1);
    SkippedLine skipped = recorded.skipped().getFirst();
    assertThat(skipped.lineNumber()).isEqualTo(2);
    assertThat(skipped.reason()).isEqualTo(reason);
    assertThat(skipped.excerpt()).isEqualTo(line.strip());
    assertThat(recorded.summary().skippedLines()).isEqualTo(1);
  }
}
