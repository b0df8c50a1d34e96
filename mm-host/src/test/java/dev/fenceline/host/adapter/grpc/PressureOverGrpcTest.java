package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static dev.fenceline.host.adapter.grpc.HostUnderTest.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.common.v1.Errno;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.model.Access;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** A working set twice the frames, over the public API. */
class PressureOverGrpcTest {
  private static final int FRAMES = 32;
  private static final int PAGES = 64;

  private static byte[] word(long value) {
    return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
  }

  private static long word(HostUnderTest host, long space, int page) {
    return ByteBuffer.wrap(host.read(space, BASE + (long) page * PAGE, Long.BYTES)).getLong();
  }

  @Test
  void workingSetTwiceTheFrames_keepsEveryValue() throws IOException {
    try (HostUnderTest host = HostUnderTest.startSwapping(FRAMES, 2 * PAGES);
        FakeAgent agent = new FakeAgent(host, "agent-1", 11)) {
      long space = host.createSpace();
      host.map(space, PAGES);
      agent.attach();
      agent.mirror(1, space, 0, BASE, PAGES);
      for (int round = 0; round < 3; round++) {
        for (int page = 0; page < PAGES; page++) {
          host.write(space, BASE + (long) page * PAGE, word(1000L * round + page));
          if (page % 3 == 0) {
            agent.fault(1, BASE + (long) page * PAGE, 1, Access.READ);
          }
        }
        for (int page = 0; page < PAGES; page++) {
          assertThat(word(host, space, page)).isEqualTo(1000L * round + page);
        }
      }
    }
  }

  @Test
  void framesAndSwapFull_isATypedError_andWhatIsThereStays() throws IOException {
    try (HostUnderTest host = HostUnderTest.startSwapping(4, 4)) {
      long space = host.createSpace();
      host.map(space, PAGES);
      assertThatThrownBy(
              () -> {
                for (int page = 0; page < PAGES; page++) {
                  host.write(space, BASE + (long) page * PAGE, word(page));
                }
              })
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              refused ->
                  assertThat(HostUnderTest.detail(refused).getErrno())
                      .isEqualTo(Errno.ERRNO_RESOURCE_EXHAUSTED));
      host.spaces().unmap(HostUnderTest.unmap(space, 1, WaitPolicy.Mode.MODE_BLOCK));
      assertThat(word(host, space, 1)).isEqualTo(1);
    }
  }
}
