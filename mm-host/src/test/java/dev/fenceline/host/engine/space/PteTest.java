package dev.fenceline.host.engine.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fenceline.host.engine.SeededRuns;
import org.junit.jupiter.api.Test;

class PteTest {

  @Test
  void zeroLong_isNoneOfGenerationZero() {
    assertThat(Pte.type(0)).isEqualTo(PteType.NONE);
    assertThat(Pte.generation(0)).isZero();
    assertThat(Pte.none(0)).isZero();
  }

  @Test
  void extremeValues_areKeptApart() {
    long entry = Pte.present(Pte.MAX_FRAME, true, Pte.MAX_GENERATION);
    assertThat(Pte.type(entry)).isEqualTo(PteType.PRESENT);
    assertThat(Pte.frame(entry)).isEqualTo(Pte.MAX_FRAME);
    assertThat(Pte.generation(entry)).isEqualTo(Pte.MAX_GENERATION);
    assertThat(Pte.writable(entry)).isTrue();
    assertThat(Pte.dirty(entry)).isFalse();
    assertThat(Pte.accessed(entry)).isFalse();
  }

  @Test
  void everyField_changesAlone() {
    SeededRuns.forSeeds(
        "PteTest#everyField_changesAlone",
        200,
        random -> {
          long entry = random.nextLong();
          int frame = random.nextInt(Pte.MAX_NUMBER + 1);
          int generation = random.nextInt(Pte.MAX_GENERATION + 1);
          boolean flag = random.nextBoolean();
          PteType type = PteType.values()[random.nextInt(8)];
          long changed =
              Pte.withType(Pte.withGeneration(Pte.withFrame(entry, frame), generation), type);
          assertThat(Pte.frame(changed)).isEqualTo(frame);
          assertThat(Pte.generation(changed)).isEqualTo(generation);
          assertThat(Pte.type(changed)).isEqualTo(type);
          assertThat(Pte.writable(changed)).isEqualTo(Pte.writable(entry));
          assertThat(Pte.dirty(changed)).isEqualTo(Pte.dirty(entry));
          assertThat(Pte.accessed(changed)).isEqualTo(Pte.accessed(entry));
          assertThat(Pte.writable(Pte.withWritable(entry, flag))).isEqualTo(flag);
          assertThat(Pte.dirty(Pte.withDirty(entry, flag))).isEqualTo(flag);
          assertThat(Pte.accessed(Pte.withAccessed(entry, flag))).isEqualTo(flag);
          long allTrue = Pte.withAccessed(Pte.withDirty(Pte.withWritable(entry, true), true), true);
          assertThat(allTrue & ~0b111000).isEqualTo(entry & ~0b111000);
        });
  }

  @Test
  void invalidatingEntry_restoresFrameAndFlags_butNotTheGeneration() {
    long present = Pte.withDirty(Pte.present(77, true, 9), true);
    long held = Pte.invalidating(present);
    assertThat(Pte.type(held)).isEqualTo(PteType.INVALIDATING);
    assertThat(Pte.frame(held)).isEqualTo(77);
    assertThat(Pte.generation(held)).isEqualTo(10);
    assertThat(Pte.restored(held)).isEqualTo(Pte.withGeneration(present, 10));
  }

  @Test
  void invalidatingZeroPage_restoresTheZeroPage() {
    long held = Pte.invalidating(Pte.zero(3));
    assertThat(Pte.isInvalidating(held)).isTrue();
    assertThat(Pte.restored(held)).isEqualTo(Pte.zero(4));
  }

  @Test
  void invalidatingDevicePage_staysOnItsDevice() {
    long held = Pte.invalidating(Pte.devicePrivate(Pte.MAX_NUMBER, true, 3));
    assertThat(Pte.isInvalidating(held)).isTrue();
    assertThat(Pte.hasFrame(held)).isFalse();
    assertThat(Pte.restored(held)).isEqualTo(Pte.devicePrivate(Pte.MAX_NUMBER, true, 4));
  }

  @Test
  void invalidatingExclusivePage_comesBackAsAnOrdinaryOne() {
    long present = Pte.withDirty(Pte.present(5, true, 3), true);
    long held = Pte.invalidating(Pte.withType(present, PteType.EXCLUSIVE));
    assertThat(Pte.hasFrame(held)).isTrue();
    assertThat(Pte.restored(held)).isEqualTo(Pte.withGeneration(present, 4));
  }

  @Test
  void swappedPage_isMappedByNobodyAndHasNoFrame() {
    long swapped = Pte.swapped(7, 3);
    assertThat(Pte.isMapped(swapped)).isFalse();
    assertThat(Pte.hasFrame(swapped)).isFalse();
    assertThat(Pte.frame(swapped)).isEqualTo(7);
  }

  @Test
  void lastGeneration_wrapsToZeroAndLeavesTheRest() {
    long held = Pte.invalidating(Pte.present(5, true, Pte.MAX_GENERATION));
    assertThat(Pte.generation(held)).isZero();
    assertThat(Pte.frame(held)).isEqualTo(5);
    assertThat(Pte.cleared(Pte.zero(Pte.MAX_GENERATION))).isEqualTo(Pte.none(0));
  }

  @Test
  void valuesThatDoNotFit_areNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pte.present(1 << 28, false, 0))
        .withMessageContaining("268435456");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pte.present(Pte.ZERO_PAGE_FRAME, false, 0))
        .withMessageContaining("zero page");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pte.none(-1))
        .withMessageContaining("generation -1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pte.invalidating(Pte.none(6)))
        .withMessageContaining("NONE[--- frame 0 gen 6]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Pte.restored(Pte.zero(6)))
        .withMessageContaining("ZERO");
  }
}
