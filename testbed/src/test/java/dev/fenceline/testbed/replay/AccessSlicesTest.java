package dev.fenceline.testbed.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessSlicesTest {
  @TempDir private Path directory = Path.of("");

  private AccessSlices scanned(String text, long maxAccesses) throws Exception {
    AccessSlices slices = new AccessSlices(write(text));
    slices.scan(maxAccesses, skipped -> {});
    return slices;
  }

  private Path write(String text) throws IOException {
    return Files.writeString(directory.resolve("trace"), text);
  }

  private static List<long[]> dealt(AccessSlices slices) throws Exception {
    List<long[]> all = new ArrayList<>();
    slices.deal(all::add);
    return all;
  }

  @Test
  void accesses_becomeWordsWithTheirKind() throws Exception {
    AccessSlices slices =
        scanned("I  04001000,3\n L 10004,4\n S 10010,8\n M 10018,8\n L 1001c,8\n", 100);
    assertThat(dealt(slices))
        .singleElement()
        .isEqualTo(new long[] {0x10000, 0x10011, 0x1001a, 0x10018, 0x10020});
    assertThat(slices.wordsByPage()).containsOnlyKeys(0x10000L);
  }

  @Test
  void longTrace_isThinnedOutEvenly() throws Exception {
    String text = " L 10000,8\n".repeat(AccessSlices.SLICE * 10);
    AccessSlices slices = scanned(text, AccessSlices.SLICE * 5L);
    assertThat(slices.keepEvery()).isEqualTo(2);
    assertThat(dealt(slices)).hasSize(5);
  }

  @Test
  void accessOutsideOfUserSpace_isCountedAndLeftOut() throws Exception {
    AccessSlices slices = scanned(" L 10000,8\n L ffffffffff600000,8\n", 100);
    assertThat(slices.outside()).isEqualTo(1);
    assertThat(dealt(slices)).singleElement().isEqualTo(new long[] {0x10000});
  }
}
