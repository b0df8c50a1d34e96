package dev.fenceline.testbed.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReportPrinterTest {

  @Test
  void demo_readsLikeThis() {
    assertThat(new ReportPrinter(false).print(SampleReports.demo()))
        .isEqualTo(
            """
            demo: passed
              duration          12.3 s
              trace             traces/python.strace
              skipped lines     3
              checks            1,000,000
              invalidations     1,234
              back-offs         5
              fault retries     6
              frames in use     3,000 of 4,096 at most
              frames pinned     12 at most
              pages swapped     700 out, 650 in
              pages migrated    320 to devices, 300 home, 24 evicted
              range state       http://localhost:8080/x

            operations
              kind    count
              brk       171
              mmap    1,001
              munmap    328
              all     1,500

            phases of an invalidation
              phase           p50      p99     max  count
              A schedule  1.25 µs  12.5 µs  125 µs  1,234
              B unmap     1.25 µs  12.5 µs  125 µs  1,234
              C wait      1.10 ms  9.00 ms  1.50 s  1,234

            split against sequential
              mode            p50      p99      max  count
              split       1.10 ms  9.00 ms   1.50 s  1,234
              sequential  8.80 ms  9.90 ms  10.0 ms     10
              sequential takes 8.00 x split (p50)

            devices
              device            ack p50  ack p99  ack max  faults  retries  DMA read  DMA written
              agent-1/device-1  1.25 µs  12.5 µs   125 µs   1,000       20  4.00 KiB     4.77 MiB
              agent-2/device-1        -        -        -       0        0       0 B          0 B
            """);
  }

  @Test
  void failures_areShownWithTheirReplayLines() {
    String text = new ReportPrinter(false).print(SampleReports.failedSimulation());
    assertThat(text)
        .startsWith("sim: FAILED with 2 violations\n")
        .contains("\n  seeds per minute  1,235\n")
        .endsWith("\nfailures\n  INV-3 broken; replay: sim --seed 7\n  INV-5 broken\n");
  }

  @Test
  void colours_areForTerminalsOnly() {
    assertThat(new ReportPrinter(true).print(SampleReports.demo())).contains("\u001b[32mpassed");
    assertThat(new ReportPrinter(false).print(SampleReports.failedSimulation()))
        .doesNotContain("\u001b");
  }
}
