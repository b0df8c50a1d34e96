package dev.fenceline.testbed.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextTableTest {
  @Test
  void columns_areAlignedAndNumbersToTheRight() {
    TextTable table = TextTable.of("NAME", ">SIZE", "STATE");
    table.row("a", 5, "live");
    table.row("longer", 12_345, Style.BAD.cell("lost"));
    assertThat(print(table, 80))
        .isEqualTo(
            """
            NAME     SIZE  STATE
            a           5  live
            longer  12345  lost
            """);
  }

  @Test
  void narrowTerminal_cutsOnlyWhatMayBeCut() {
    TextTable table = TextTable.of("ID", "~REMARK", ">N");
    table.row("agent-1/0", "a very long remark that nobody needs in full", 7);
    assertThat(print(table, 30))
        .isEqualTo("ID         REMARK            N\nagent-1/0  a very long rem…  7\n");
  }

  @Test
  void portions_keepTheWidthsOfBefore() {
    TextTable table = TextTable.of("A", ">B");
    table.row("wide cell", 1);
    print(table, 80);
    table.clear();
    table.row("x", 2);
    StringBuilder out = new StringBuilder();
    table.continueTo(out, 80, false);
    assertThat(out).hasToString("x          2\n");
    assertThat(table.isEmpty()).isTrue();
  }

  @Test
  void colours_doNotCount() {
    TextTable table = TextTable.of("A", "B");
    table.row(Style.GOOD.cell("live"), "x");
    StringBuilder out = new StringBuilder();
    table.appendTo(out, 80, true);
    assertThat(out.toString()).endsWith("\u001b[32mlive\u001b[0m  x\n");
  }

  @Test
  void quantities_haveUnitsThatAPersonReads() {
    assertThat(Quantities.duration(12.34)).isEqualTo("12.3 µs");
    assertThat(Quantities.duration(1_500)).isEqualTo("1.50 ms");
    assertThat(Quantities.age(61_000)).isEqualTo("1 min 1 s");
    assertThat(Quantities.age(26L * 3600 * 1000)).isEqualTo("26 h 0 min");
    assertThat(Quantities.age(72L * 3600 * 1000)).isEqualTo("3 d 0 h");
    assertThat(Quantities.bytes(65536)).isEqualTo("64.0 KiB");
  }

  private static String print(TextTable table, int width) {
    StringBuilder out = new StringBuilder();
    table.appendTo(out, width, false);
    return out.toString();
  }
}
