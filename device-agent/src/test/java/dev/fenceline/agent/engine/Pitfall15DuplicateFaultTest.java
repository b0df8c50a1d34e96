package dev.fenceline.agent.engine;

import static dev.fenceline.agent.engine.LinkByHand.SPACE;
import static dev.fenceline.agent.engine.LinkByHand.only;
import static dev.fenceline.agent.engine.LinkByHand.refusal;
import static dev.fenceline.agent.engine.LinkByHand.reply;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.PageRun;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Pitfall 15: faults that say the same are asked once, but one that asks for more is never dropped.
 */
class Pitfall15DuplicateFaultTest {
  private final LinkByHand link = new LinkByHand();

  @BeforeEach
  void attach() {
    link.attached();
    link.mirror(0);
  }

  @Test
  void hundredFaultsOfOnePage_areOneRequestAndAllAreAnswered() {
    for (int i = 0; i < 50; i++) {
      link.want(0, 10, 1, Access.READ);
    }
    List<AgentMessage.FaultRequest> asked = link.asked();
    for (int i = 0; i < 50; i++) {
      link.want(0, 10, 1, Access.READ);
    }
    assertThat(asked).hasSize(1);
    assertThat(link.asked()).as("joined what is out").isEmpty();
    assertThat(
            only(
                link.hear(reply(asked.getFirst().faultId(), 0, 1, false)),
                AgentEffect.FaultDone.class))
        .hasSize(100);
  }

  @Test
  void eachUpgrade_isAskedForBesideTheWeakerOnes() {
    link.want(0, 10, 1, Access.READ);
    assertThat(link.asked())
        .extracting(AgentMessage.FaultRequest::access)
        .containsExactly(Access.READ);
    link.want(0, 10, 1, Access.WRITE);
    assertThat(link.asked())
        .extracting(AgentMessage.FaultRequest::access)
        .containsExactly(Access.WRITE);
    link.want(0, 10, 1, Access.EXCLUSIVE);
    assertThat(link.asked())
        .extracting(AgentMessage.FaultRequest::access)
        .containsExactly(Access.EXCLUSIVE);
  }

  @Test
  void exclusiveAccess_isServedByNothingLess() {
    long ticket = link.want(0, 10, 1, Access.EXCLUSIVE);
    long id = link.asked().getFirst().faultId();

    assertThat(only(link.hear(reply(id, 0, 1, true)), AgentEffect.FaultDone.class)).isEmpty();
    long again = link.asked().getFirst().faultId();
    HostMessage.FaultReply exclusive =
        new HostMessage.FaultReply(
            again, 0, List.of(new PageRun(1, 9, true, PageRun.State.EXCLUSIVE)), null, "");
    assertThat(link.hear(exclusive))
        .contains(new AgentEffect.FaultDone(ticket, new FaultOutcome.Served()))
        .anyMatch(
            effect ->
                effect instanceof AgentEffect.InstallEntries entries && entries.spaceId() == SPACE);
  }

  /** Who needs less may be who is waited for by those who use the page (DESIGN 3.6). */
  @Test
  void writerBesideAnExclusiveAccess_doesNotWaitForIt() {
    long exclusive = link.want(0, 10, 1, Access.EXCLUSIVE);
    long writer = link.want(0, 10, 1, Access.WRITE);
    List<AgentMessage.FaultRequest> asked = link.asked();
    assertThat(asked)
        .extracting(AgentMessage.FaultRequest::access)
        .containsExactly(Access.EXCLUSIVE, Access.WRITE);
    long late = link.want(0, 10, 1, Access.READ);
    assertThat(link.asked()).isEmpty();

    assertThat(link.hear(reply(asked.getLast().faultId(), 0, 1, true)))
        .contains(
            new AgentEffect.FaultDone(writer, new FaultOutcome.Served()),
            new AgentEffect.FaultDone(late, new FaultOutcome.Served()));
    long refused = asked.getFirst().faultId();
    assertThat(only(link.hear(refusal(refused, Errno.EINVAL)), AgentEffect.FaultDone.class))
        .extracting(AgentEffect.FaultDone::ticket)
        .containsExactly(exclusive);
  }
}
