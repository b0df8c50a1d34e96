package dev.fenceline.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fenceline.model.VirtualRange.Check;
import dev.fenceline.model.VirtualRange.Flaw;
import dev.fenceline.model.VirtualRange.Invalid;
import dev.fenceline.model.VirtualRange.Valid;
import org.junit.jupiter.api.Test;

class VirtualRangeTest {

  @Test
  void wholeAddressSpace_isARange() {
    assertThat(VirtualRange.check(0, Pages.ADDRESS_LIMIT))
        .isEqualTo(new Valid(new VirtualRange(0, Pages.ADDRESS_LIMIT)));
  }

  @Test
  void partsOfPages_areUnaligned() {
    assertInvalid(VirtualRange.check(0x1001, 4096), Flaw.UNALIGNED, "start 0x1001");
    assertInvalid(VirtualRange.check(0x1000, 0x123), Flaw.UNALIGNED, "length 0x123");
    assertInvalid(VirtualRange.checkRoundingUp(0x1fff, 1), Flaw.UNALIGNED, "start 0x1fff");
  }

  @Test
  void lengthZero_isEmpty() {
    assertInvalid(VirtualRange.check(0x4000, 0), Flaw.EMPTY, "length 0 at start 0x4000");
    assertInvalid(VirtualRange.checkRoundingUp(0x4000, 0), Flaw.EMPTY, "length 0");
  }

  @Test
  void endThatDoesNotFit_overflows() {
    long start = Long.MAX_VALUE - 4095;
    assertInvalid(VirtualRange.check(start, 4096), Flaw.OVERFLOWING, "0x7ffffffffffff000");
    assertInvalid(VirtualRange.check(4096, -4096), Flaw.OVERFLOWING, "0xfffffffffffff000");
    assertInvalid(
        VirtualRange.checkRoundingUp(0, Long.MAX_VALUE), Flaw.OVERFLOWING, "7fffffffffffffff");
    assertInvalid(VirtualRange.checkRoundingUp(0, -5000), Flaw.OVERFLOWING, "overflows");
  }

  @Test
  void addressesOutsideTheSpace_areNamed() {
    assertInvalid(
        VirtualRange.check(Pages.ADDRESS_LIMIT - 4096, 8192), Flaw.OUT_OF_SPACE, "0x800000001000");
    assertInvalid(VirtualRange.check(-4096, 4096), Flaw.OUT_OF_SPACE, "0xfffffffffffff000");
  }

  @Test
  void lengthOfPartPages_isRoundedUpWhereAsked() {
    assertThat(VirtualRange.checkRoundingUp(0x1000, 4097))
        .isEqualTo(new Valid(new VirtualRange(0x1000, 0x3000)));
  }

  @Test
  void constructor_refusesWhatIsNoRange() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VirtualRange(0x2000, 0x2000))
        .withMessageContaining("[0x2000, 0x2000)");
  }

  @Test
  void touchingRanges_doNotOverlap() {
    VirtualRange range = new VirtualRange(0x2000, 0x4000);
    assertThat(range.overlaps(new VirtualRange(0x4000, 0x5000))).isFalse();
    assertThat(range.overlaps(new VirtualRange(0x3000, 0x5000))).isTrue();
    assertThat(range.contains(new VirtualRange(0x3000, 0x4000))).isTrue();
    assertThat(range.contains(new VirtualRange(0x3000, 0x5000))).isFalse();
    assertThat(range.contains(0x3fff)).isTrue();
    assertThat(range.contains(0x4000)).isFalse();
    assertThat(range.pages()).isEqualTo(2);
    assertThat(range.firstPage()).isEqualTo(2);
    assertThat(range.endPage()).isEqualTo(4);
  }

  private static void assertInvalid(Check check, Flaw flaw, String offender) {
    assertThat(check).isInstanceOf(Invalid.class);
    Invalid invalid = (Invalid) check;
    assertThat(invalid.flaw()).isEqualTo(flaw);
    assertThat(invalid.detail()).contains(offender);
  }
}
