package dev.fenceline.agent.engine;

import static dev.fenceline.agent.engine.LinkByHand.SPACE;
import static dev.fenceline.agent.engine.LinkByHand.invalidate;
import static dev.fenceline.agent.engine.LinkByHand.last;
import static dev.fenceline.agent.engine.LinkByHand.only;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.Pages;
import java.util.List;
import org.junit.jupiter.api.Test;

class InvalidationTest {
  private final LinkByHand link = new LinkByHand().attached();

  @Test
  void devices_dropInParallelAndAcknowledgeOnlyWhenDrained() {
    link.mirror(0);
    link.mirror(1);

    List<AgentEffect.DropEntries> drops =
        only(link.hear(invalidate(1, 6, 10, 12)), AgentEffect.DropEntries.class);

    assertThat(drops).extracting(AgentEffect.DropEntries::deviceIndex).containsExactly(0, 1);
    assertThat(drops.getFirst().start()).isEqualTo(Pages.address(10));
    assertThat(link.said()).isEmpty();
    link.give(new AgentInput.Drained(drops.get(1).drainId()));
    assertThat(link.said()).containsExactly(new AgentMessage.InvalidationAck(1, List.of(1L)));
    link.give(new AgentInput.Drained(drops.get(0).drainId()));
    assertThat(link.said()).containsExactly(new AgentMessage.InvalidationAck(0, List.of(1L)));
  }

  @Test
  void acknowledgementsOfOneTurn_arePackedAndComeFirst() {
    link.mirror(0);
    List<AgentEffect.DropEntries> drops =
        only(
            link.hear(invalidate(1, 6, 10, 12), invalidate(2, 7, 90, 91)),
            AgentEffect.DropEntries.class);
    link.want(0, 10, 1, Access.READ);
    drops.forEach(drop -> link.give(new AgentInput.Drained(drop.drainId())));

    List<AgentMessage> said = link.said();

    assertThat(said.get(0)).isEqualTo(new AgentMessage.InvalidationAck(0, List.of(1L, 2L)));
    assertThat(said.get(1)).isInstanceOf(AgentMessage.FaultRequest.class);
  }

  @Test
  void collapsedInvalidation_acknowledgesEveryId() {
    link.mirror(0);
    AgentEffect.DropEntries drop =
        last(
            link.hear(
                new HostMessage.Invalidate(
                    List.of(4L, 5L), SPACE, 0, 4096, 9, InvalidationKind.CLEAR, -1)),
            AgentEffect.DropEntries.class);

    link.give(new AgentInput.Drained(drop.drainId()));

    assertThat(link.said()).containsExactly(new AgentMessage.InvalidationAck(0, List.of(4L, 5L)));
  }

  @Test
  void namedDevice_isTheOnlyOneThatDrops() {
    link.mirror(0);
    link.mirror(1);

    List<AgentEffect> effects =
        link.hear(
            new HostMessage.Invalidate(List.of(1L), SPACE, 0, 4096, 9, InvalidationKind.UNMAP, 1));

    assertThat(only(effects, AgentEffect.DropEntries.class))
        .singleElement()
        .extracting(AgentEffect.DropEntries::deviceIndex)
        .isEqualTo(1);
  }

  @Test
  void nobodyMirrorsThere_everyDeviceAcknowledgesAtOnce() {
    assertThat(link.hear(invalidate(1, 6, 10, 12))).isEmpty();

    assertThat(link.said())
        .containsExactly(
            new AgentMessage.InvalidationAck(0, List.of(1L)),
            new AgentMessage.InvalidationAck(1, List.of(1L)));
  }

  @Test
  void drainOfAnOldSession_isOwedToNobody() {
    link.mirror(0);
    AgentEffect.DropEntries old =
        last(link.hear(invalidate(1, 6, 10, 12)), AgentEffect.DropEntries.class);
    AgentEffect.DropEverything all =
        last(
            link.give(new AgentInput.StreamEnded(link.attempt(), "broken")),
            AgentEffect.DropEverything.class);
    link.give(new AgentInput.Drained(all.drainId()));
    link.now = link.engine.nextDeadlineNanos();
    link.give(new AgentInput.Tick());
    link.session = 101;
    link.attached();
    link.said();

    link.give(new AgentInput.Drained(old.drainId()));

    assertThat(link.said()).isEmpty();
  }

  @Test
  void closedMirror_dropsDrainsAndOnlyThenTellsTheHost() {
    int id = link.mirror(0, 0, Pages.address(100));
    long ticket = link.ticket();

    AgentEffect.DropEntries drop =
        last(link.give(new AgentInput.CloseMirror(ticket, id)), AgentEffect.DropEntries.class);
    assertThat(link.said()).isEmpty();
    assertThat(only(link.hear(invalidate(1, 6, 10, 12)), AgentEffect.DropEntries.class)).hasSize(1);
    link.give(new AgentInput.Drained(drop.drainId()));
    assertThat(link.said()).containsExactly(new AgentMessage.RemoveMirror(id));

    assertThat(link.hear(new HostMessage.MirrorRemoved(id)))
        .containsExactly(new AgentEffect.MirrorClosed(ticket, id));
  }

  @Test
  void faultThroughAClosingMirror_isRefused() {
    int id = link.mirror(0);
    long ticket = link.want(0, 10, 1, Access.READ);
    long request = link.asked().getFirst().faultId();
    link.give(new AgentInput.CloseMirror(link.ticket(), id));

    assertThat(link.hear(LinkByHand.reply(request, 0, 1, true))).isEmpty();

    assertThat(last(link.give(new AgentInput.Flush()), AgentEffect.FaultDone.class).ticket())
        .isEqualTo(ticket);
  }

  @Test
  void openIfNone_sharesTheMirrorThatIsThere() {
    int id = link.mirror(0, 0, Pages.address(100));

    assertThat(link.give(new AgentInput.OpenMirror(77, SPACE, 0, 0, Pages.ADDRESS_LIMIT, true)))
        .containsExactly(new AgentEffect.MirrorOpened(77, id, 0));
  }

  @Test
  void badMirrors_areRefusedWithAType() {
    assertThat(refusalOf(new AgentInput.OpenMirror(1, SPACE, 9, 0, 4096, false)))
        .isEqualTo(Errno.ENOENT);
    assertThat(refusalOf(new AgentInput.OpenMirror(1, SPACE, 0, 0, 0, false)))
        .isEqualTo(Errno.EINVAL);
    assertThat(refusalOf(new AgentInput.OpenMirror(1, SPACE, 0, 1, 4096, false)))
        .isEqualTo(Errno.EINVAL);
    assertThat(refusalOf(new AgentInput.CloseMirror(1, 99))).isEqualTo(Errno.ENOENT);
  }

  private Errno refusalOf(AgentInput input) {
    return last(link.give(input), AgentEffect.MirrorRefused.class).errno();
  }

  @Test
  void mirrorRefusedByTheHost_isForgotten() {
    link.give(new AgentInput.OpenMirror(3, SPACE, 0, 0, 4096, false));
    int id = last(link.said(), AgentMessage.AddMirror.class).mirrorId();

    assertThat(link.hear(new HostMessage.MirrorRefused(id, Errno.ENOENT, "no such space")))
        .containsExactly(new AgentEffect.MirrorRefused(3, Errno.ENOENT, "no such space"));
    assertThat(link.engine.mirrors()).isZero();
  }
}
