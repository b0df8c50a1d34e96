package dev.fenceline.host.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.HostMessage;
import dev.fenceline.model.HostMessage.Invalidate;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.PageRun;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutboundQueueTest {
  private static final int PAGE = 4096;
  private static final HostMessage REPLY =
      new HostMessage.FaultReply(
          1, 7, List.of(new PageRun(1, 0, true, PageRun.State.PRESENT)), null, "");

  private final FakeAgentStream.NumberingEncoder encoder = new FakeAgentStream.NumberingEncoder();
  private final OutboundQueue queue =
      new OutboundQueue(new OutboundQueue.Limits(4, 12, 1 << 20, 1 << 19), encoder);

  @Test
  void messages_leaveInTheirOrder_behindOneHeader() {
    add(invalidate(1, 5, 0, 1));
    add(REPLY);
    byte[] header = {1, 2};
    List<byte[]> parts = queue.takeMessage(header);
    assertThat(parts).hasSize(3);
    assertThat(parts.get(0)).isSameAs(header);
    assertThat(encoder.decode(parts.get(1))).isEqualTo(invalidate(1, 5, 0, 1));
    assertThat(queue.isEmpty()).isTrue();
    assertThat(queue.bytes()).isZero();
  }

  @Test
  void whatReceiversDoNotTakeInOneMessage_goesAsSeveral() {
    OutboundQueue narrow =
        new OutboundQueue(new OutboundQueue.Limits(100, 100, 1 << 20, 9), encoder);
    for (int i = 1; i <= 5; i++) {
      narrow.add(invalidate(i, 5, 0, 1), encoder.event(invalidate(i, 5, 0, 1)));
    }
    byte[] header = {};
    assertThat(narrow.takeMessage(header)).hasSize(3);
    assertThat(narrow.bytes()).isEqualTo(12);
    assertThat(narrow.takeMessage(header)).hasSize(3);
    List<byte[]> last = narrow.takeMessage(header);
    assertThat(encoder.decode(last.get(1))).isEqualTo(invalidate(5, 5, 0, 1));
    assertThat(narrow.isEmpty()).isTrue();
    assertThat(narrow.bytes()).isZero();
  }

  @Test
  void laggingAgent_getsACoarserInvalidation_atThePlaceOfTheEarliest() {
    add(REPLY);
    add(invalidate(1, 5, 2, 3));
    add(REPLY);
    add(invalidate(2, 5, 8, 9));
    assertThat(add(invalidate(3, 6, 0, 1))).isEqualTo(OutboundQueue.Offer.COLLAPSED);
    assertThat(queue.mergedByLastCollapse()).isEqualTo(1);
    assertThat(content())
        .containsExactly(
            REPLY,
            new Invalidate(
                List.of(1L, 2L),
                5,
                2 * PAGE,
                9 * PAGE,
                2,
                InvalidationKind.UNMAP,
                Invalidate.ALL_DEVICES),
            REPLY,
            invalidate(3, 6, 0, 1));
  }

  @Test
  void nothingIsMerged_acrossMirrorAdded() {
    add(invalidate(1, 5, 2, 3));
    add(new HostMessage.MirrorAdded(4, 1));
    add(invalidate(2, 5, 2, 3));
    add(REPLY);
    assertThat(add(REPLY)).isEqualTo(OutboundQueue.Offer.QUEUED);
    assertThat(content()).hasSize(5);
  }

  @Test
  void release_isNotMerged_andIsABarrier() {
    Invalidate release =
        new Invalidate(
            List.of(2L), 5, 0, 9 * PAGE, 2, InvalidationKind.RELEASE, Invalidate.ALL_DEVICES);
    add(invalidate(1, 5, 2, 3));
    add(release);
    add(REPLY);
    add(REPLY);
    add(REPLY);
    assertThat(content()).contains(release, invalidate(1, 5, 2, 3));
  }

  @Test
  void invalidationsOfDifferentDevices_stayApart() {
    add(forDevice(1, 0));
    add(forDevice(2, 1));
    add(forDevice(3, 0));
    add(REPLY);
    add(REPLY);
    assertThat(content())
        .filteredOn(Invalidate.class::isInstance)
        .extracting(message -> ((Invalidate) message).invalidationIds())
        .containsExactly(List.of(1L, 3L), List.of(2L));
  }

  @Test
  void differentKinds_mergeIntoClear() {
    add(invalidate(1, 5, 2, 3));
    add(
        new Invalidate(
            List.of(2L), 5, 0, PAGE, 2, InvalidationKind.PROTECTION, Invalidate.ALL_DEVICES));
    add(REPLY);
    add(REPLY);
    add(REPLY);
    assertThat(((Invalidate) content().get(0)).kind()).isEqualTo(InvalidationKind.CLEAR);
  }

  @Test
  void invalidationsOfOneSpace_neverOverflow() {
    for (int i = 1; i <= 1_000; i++) {
      assertThat(add(invalidate(i, 5, i, i + 1))).isNotEqualTo(OutboundQueue.Offer.OVERFLOWED);
    }
    assertThat(queue.length()).isLessThanOrEqualTo(12);
    assertThat(
            content().stream()
                .mapToInt(message -> ((Invalidate) message).invalidationIds().size())
                .sum())
        .isEqualTo(1_000);
  }

  @Test
  void whatCannotBeMerged_overflowsAtTheHardBound() {
    OutboundQueue.Offer last = OutboundQueue.Offer.QUEUED;
    int added = 0;
    while (last != OutboundQueue.Offer.OVERFLOWED && added < 100) {
      last = add(REPLY);
      added++;
    }
    assertThat(last).isEqualTo(OutboundQueue.Offer.OVERFLOWED);
    assertThat(added).isLessThanOrEqualTo(17);
  }

  private OutboundQueue.Offer add(HostMessage message) {
    return queue.add(message, encoder.event(message));
  }

  private List<HostMessage> content() {
    return queue.takeMessage(new byte[0]).stream().skip(1).map(encoder::decode).toList();
  }

  private static Invalidate invalidate(long id, long space, int fromPage, int toPage) {
    return new Invalidate(
        List.of(id),
        space,
        (long) fromPage * PAGE,
        (long) toPage * PAGE,
        id,
        InvalidationKind.UNMAP,
        Invalidate.ALL_DEVICES);
  }

  private static Invalidate forDevice(long id, int device) {
    return new Invalidate(List.of(id), 5, 0, PAGE, id, InvalidationKind.CLEAR, device);
  }
}
