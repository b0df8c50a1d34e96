package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static dev.fenceline.host.adapter.grpc.HostUnderTest.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.common.v1.Errno;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.host.runtime.HostEvent;
import dev.fenceline.model.Access;
import dev.fenceline.query.v1.GetSpaceRequest;
import dev.fenceline.query.v1.SpaceInfo;
import dev.fenceline.space.v1.CreateSpaceRequest;
import dev.fenceline.space.v1.DestroySpaceRequest;
import dev.fenceline.space.v1.SetOomScoreAdjustRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Out of memory with the policy to kill, over the public API: on one shard, and over several. */
class OomOverGrpcTest {
  private static final int FRAMES = 16;

  private static long space(HostUnderTest host, int adjust) {
    long id =
        host.spaces()
            .createSpace(
                CreateSpaceRequest.newBuilder().setName("s").setOomScoreAdjust(adjust).build())
            .getSpaceId();
    host.map(id, 2 * FRAMES);
    return id;
  }

  private static SpaceInfo info(HostUnderTest host, long space) {
    return host.queries().getSpace(GetSpaceRequest.newBuilder().setSpaceId(space).build());
  }

  private static void write(HostUnderTest host, long space, int from, int pages) {
    for (int page = from; page < from + pages; page++) {
      host.write(space, BASE + (long) page * PAGE, new byte[] {(byte) (page + 1)});
    }
  }

  private static void assertKilled(ThrowingCallable use) {
    assertThatThrownBy(use)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            refused ->
                assertThat(HostUnderTest.detail(refused).getErrno())
                    .isEqualTo(Errno.ERRNO_OOM_KILLED));
  }

  private static List<HostEvent> events(HostUnderTest host, HostEvent.Kind kind) {
    return host.runtime().events().after(0, 1000).events().stream()
        .filter(event -> event.kind() == kind)
        .toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void whoStarves_livesOnWhatTheVictimHad(int shards) throws IOException {
    try (HostUnderTest host = HostUnderTest.startKilling(shards, FRAMES)) {
      long needy = space(host, -1000);
      long victim = space(host, 0);
      long spared = space(host, -1000);
      write(host, victim, 0, 8);
      write(host, spared, 0, 4);
      write(host, needy, 0, 12); // 4 are left, the others are the victim's
      for (int page = 0; page < 12; page++) {
        assertThat(host.read(needy, BASE + (long) page * PAGE, 1)).containsExactly(page + 1);
      }
      assertThat(host.read(spared, BASE, 1)).containsExactly(1);
      assertThat(info(host, victim).getState()).isEqualTo(SpaceInfo.State.STATE_OOM_KILLED);
      assertThat(info(host, spared).getState()).isEqualTo(SpaceInfo.State.STATE_ALIVE);
      assertKilled(() -> host.read(victim, BASE, 1));
      assertKilled(() -> host.spaces().unmap(HostUnderTest.unmap(victim, 1, block())));
      assertThat(events(host, HostEvent.Kind.OOM_KILL))
          .singleElement()
          .satisfies(
              event -> {
                assertThat(event.spaceId()).isEqualTo(victim);
                assertThat(event.message())
                    .contains("score of 8", "8 pages", "address space " + needy + " starved");
              });
      HostUnderTest.await("its reaping", () -> events(host, HostEvent.Kind.OOM_REAPED).size() == 1);
      assertThat(events(host, HostEvent.Kind.OOM_REAPED).getFirst().message())
          .startsWith("8 frames of address space " + victim);
      host.spaces().destroySpace(DestroySpaceRequest.newBuilder().setSpaceId(victim).build());
    }
  }

  private static WaitPolicy.Mode block() {
    return WaitPolicy.Mode.MODE_BLOCK;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void deviceThatIsSlowToDrain_isNotWaitedFor_andHearsWhyItIsRefused(int shards)
      throws IOException {
    try (HostUnderTest host = HostUnderTest.startKilling(shards, FRAMES);
        FakeAgent agent = new FakeAgent(host, "agent-1", 11).acknowledging(false)) {
      long victim = space(host, 1000);
      long second = space(host, 0);
      long needy = space(host, -1000);
      agent.attach();
      agent.mirror(1, victim, 0, BASE, FRAMES);
      agent.fault(1, BASE, 6, Access.WRITE);
      write(host, second, 0, 6);
      write(host, needy, 0, 6); // two more than there are
      assertThat(info(host, victim).getState()).isEqualTo(SpaceInfo.State.STATE_OOM_KILLED);
      assertThat(info(host, victim).getResidentPages())
          .as("backed off, tried again, left to its end: the device never drained")
          .isEqualTo(6);
      assertThat(info(host, second).getState()).isEqualTo(SpaceInfo.State.STATE_OOM_KILLED);
      assertThat(agent.fault(1, BASE + 8 * PAGE, 1, Access.READ).errno())
          .isEqualTo(dev.fenceline.model.Errno.OOM_KILLED);
      assertThat(events(host, HostEvent.Kind.OOM_REAPED).getFirst().message())
          .contains("0 frames", "6 pages are left until it is destroyed");
    }
  }

  private static Errno refusal(HostUnderTest host, long space, int adjust) {
    try {
      host.spaces()
          .setOomScoreAdjust(
              SetOomScoreAdjustRequest.newBuilder()
                  .setSpaceId(space)
                  .setOomScoreAdjust(adjust)
                  .build());
      return Errno.ERRNO_UNSPECIFIED;
    } catch (StatusRuntimeException refused) {
      return HostUnderTest.detail(refused).getErrno();
    }
  }

  /** The least number has no positive counterpart. */
  @Test
  void adjustmentThatThereIsNot_isATypedError_andChangesNothing() throws IOException {
    try (HostUnderTest host = HostUnderTest.startKilling(1, FRAMES)) {
      long space = space(host, 7);
      for (int adjust : new int[] {-1001, 1001, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
        assertThat(refusal(host, space, adjust)).as("%s", adjust).isEqualTo(Errno.ERRNO_EINVAL);
        assertThatThrownBy(() -> space(host, adjust)).isInstanceOf(StatusRuntimeException.class);
      }
      assertThat(info(host, space).getOomScoreAdjust()).isEqualTo(7);
      for (int adjust : new int[] {-1000, 1000}) {
        assertThat(refusal(host, space, adjust)).isEqualTo(Errno.ERRNO_UNSPECIFIED);
        assertThat(info(host, space).getOomScoreAdjust()).isEqualTo(adjust);
      }
      assertThat(refusal(host, space + 1, 0)).as("no such space").isEqualTo(Errno.ERRNO_ENOENT);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void nobodyKillable_isATypedError_untilSomebodyIs(int shards) throws IOException {
    try (HostUnderTest host = HostUnderTest.startKilling(shards, FRAMES)) {
      long spared = space(host, -1000);
      long needy = space(host, -1000);
      write(host, spared, 0, FRAMES);
      assertThatThrownBy(() -> write(host, needy, 0, 1))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              refused ->
                  assertThat(HostUnderTest.detail(refused).getErrno())
                      .isEqualTo(Errno.ERRNO_RESOURCE_EXHAUSTED));
      host.spaces()
          .setOomScoreAdjust(
              SetOomScoreAdjustRequest.newBuilder()
                  .setSpaceId(spared)
                  .setOomScoreAdjust(-999)
                  .build());
      assertThat(info(host, spared).getOomScoreAdjust()).isEqualTo(-999);
      write(host, needy, 0, 1);
      assertKilled(() -> host.read(spared, BASE, 1));
    }
  }
}
