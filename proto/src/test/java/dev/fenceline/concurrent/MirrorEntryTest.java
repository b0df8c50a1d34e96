package dev.fenceline.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MirrorEntryTest {
  private static final int LAST_FRAME = MirrorEntry.FRAME_LIMIT - 1;
  private static final int LAST_GENERATION = MirrorEntry.GENERATION_LIMIT - 1;

  @Test
  void packedFields_areRead() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 1_000; i++) {
      int frame = random.nextInt(MirrorEntry.FRAME_LIMIT);
      int generation = random.nextInt(MirrorEntry.GENERATION_LIMIT);
      boolean writable = random.nextBoolean();

      long entry = MirrorEntry.pack(frame, generation, writable);

      assertThat(MirrorEntry.frame(entry)).isEqualTo(frame);
      assertThat(MirrorEntry.generation(entry)).isEqualTo(generation);
      assertThat(MirrorEntry.isWritable(entry)).isEqualTo(writable);
      assertThat(MirrorEntry.isPresent(entry)).isTrue();
    }
  }

  @Test
  void extremeFields_doNotTouchEachOther() {
    long frameOnly = MirrorEntry.pack(LAST_FRAME, 0, false);
    long generationOnly = MirrorEntry.pack(0, LAST_GENERATION, false);

    assertThat(MirrorEntry.generation(frameOnly)).isZero();
    assertThat(MirrorEntry.frame(generationOnly)).isZero();
    assertThat(MirrorEntry.isWritable(frameOnly | generationOnly)).isFalse();
    assertThat(frameOnly).isPositive();
  }

  @Test
  void absentEntry_grantsNothing() {
    assertThat(MirrorEntry.grants(0, MirrorEntry.READ)).isFalse();
    assertThat(MirrorEntry.grants(0, MirrorEntry.WRITE)).isFalse();
    assertThat(MirrorEntry.isPresent(0)).isFalse();
  }

  @Test
  void readOnlyEntry_grantsReadsOnly() {
    long entry = MirrorEntry.pack(1, 2, false);

    assertThat(MirrorEntry.grants(entry, MirrorEntry.READ)).isTrue();
    assertThat(MirrorEntry.grants(entry, MirrorEntry.WRITE)).isFalse();
  }

  @Test
  void fieldsOutOfRange_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MirrorEntry.pack(LAST_FRAME + 1, 0, true));
    assertThatIllegalArgumentException().isThrownBy(() -> MirrorEntry.pack(-1, 0, true));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MirrorEntry.pack(0, LAST_GENERATION + 1, true));
    assertThatIllegalArgumentException().isThrownBy(() -> MirrorEntry.pack(0, -1, true));
  }
}
