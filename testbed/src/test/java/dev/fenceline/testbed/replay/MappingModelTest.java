package dev.fenceline.testbed.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MappingModelTest {
  private static final int RW = Protections.READ_WRITE;
  private static final int R = 1;

  private final MappingModel model = new MappingModel();

  private static PageRange pages(long first, long end) {
    return PageRange.between(first * 4096, end * 4096);
  }

  private List<String> layout() {
    return model.normalized().stream().map(MappingModel.Mapped::toString).toList();
  }

  @Test
  void unmapInTheMiddle_leavesBothEnds() {
    model.map(pages(10, 20), RW);
    model.unmap(pages(13, 15));
    assertThat(layout()).containsExactly("[0xa000, 0xd000) rw-", "[0xf000, 0x14000) rw-");
  }

  @Test
  void protectAcrossAHole_changesOnlyWhatIsMapped() {
    model.map(pages(10, 12), RW);
    model.map(pages(14, 16), RW);
    model.protect(pages(11, 15), R);
    assertThat(layout())
        .containsExactly(
            "[0xa000, 0xb000) rw-",
            "[0xb000, 0xc000) r--",
            "[0xe000, 0xf000) r--",
            "[0xf000, 0x10000) rw-");
  }

  @Test
  void mapOverAMapping_replacesIt() {
    model.map(pages(10, 20), RW);
    model.map(pages(12, 14), R);
    assertThat(layout())
        .containsExactly("[0xa000, 0xc000) rw-", "[0xc000, 0xe000) r--", "[0xe000, 0x14000) rw-");
    assertThat(model.protectionAt(12 * 4096)).isEqualTo(R);
    assertThat(model.protectionAt(20 * 4096)).isEqualTo(-1);
  }

  @Test
  void neighboursOfTheSameProtection_countAsOne() {
    model.map(pages(10, 12), RW);
    model.map(pages(12, 14), RW);
    assertThat(layout()).containsExactly("[0xa000, 0xe000) rw-");
  }

  @Test
  void unalignedLength_coversWholePages() {
    model.map(new PageRange(0xa000, 1), RW);
    assertThat(layout()).containsExactly("[0xa000, 0xb000) rw-");
  }

  @Test
  void holes_areWhatIsNotMapped() {
    model.map(pages(11, 12), RW);
    assertThat(model.holes(pages(10, 14))).containsExactly(pages(10, 11), pages(12, 14));
    assertThat(model.holes(pages(11, 12))).isEmpty();
  }

  @Test
  void copy_doesNotFollowTheOriginal() {
    model.map(pages(10, 12), RW);
    MappingModel copy = model.copy();
    model.unmap(pages(10, 12));
    assertThat(copy.normalized()).hasSize(1);
  }
}
