package dev.fenceline.agent.engine;

import static dev.fenceline.agent.engine.LinkByHand.SPACE;
import static dev.fenceline.agent.engine.LinkByHand.invalidate;
import static dev.fenceline.agent.engine.LinkByHand.last;
import static dev.fenceline.agent.engine.LinkByHand.only;
import static dev.fenceline.agent.engine.LinkByHand.refusal;
import static dev.fenceline.agent.engine.LinkByHand.reply;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FaultTest {
  private static final FaultOutcome SERVED = new FaultOutcome.Served();
  private LinkByHand link = new LinkByHand();

  @BeforeEach
  void attach() {
    link.attached();
    link.mirror(0);
  }

  @Test
  void servedFault_isInstalledBeforeItIsAnswered() {
    long ticket = link.want(0, 10, 2, Access.WRITE);
    AgentMessage.FaultRequest request = link.asked().getFirst();
    assertThat(request.address()).isEqualTo(Pages.address(10));
    assertThat(request.pageCount()).isEqualTo(2);

    assertThat(link.hear(reply(request.faultId(), 0, 2, true)))
        .containsExactly(
            new AgentEffect.InstallEntries(
                SPACE, 0, 10, List.of(new PageRun(2, 9, true, PageRun.State.PRESENT))),
            new AgentEffect.FaultDone(ticket, SERVED));
  }

  @Test
  void sameAndNeighbouringPages_areAskedForOnce() {
    link.want(0, 10, 2, Access.READ);
    link.want(0, 10, 1, Access.READ);
    link.want(0, 11, 3, Access.READ);
    link.want(0, 14, 1, Access.READ);
    link.want(0, 20, 1, Access.READ);

    List<AgentMessage.FaultRequest> asked = link.asked();

    assertThat(asked).hasSize(2);
    assertThat(asked.get(0).pageCount()).isEqualTo(5);
    assertThat(asked.get(1).address()).isEqualTo(Pages.address(20));
    assertThat(
            only(
                link.hear(reply(asked.get(0).faultId(), 0, 5, false)), AgentEffect.FaultDone.class))
        .hasSize(4);
  }

  @Test
  void ranges_endAt512Pages() {
    for (int i = 0; i < 3; i++) {
      link.want(0, i * 256L, 256, Access.READ);
    }

    assertThat(link.asked())
        .extracting(AgentMessage.FaultRequest::pageCount)
        .containsExactly(512, 256);
  }

  @Test
  void strongerAccessOfTheSamePage_winsBeforeItIsSent() {
    link.want(0, 10, 1, Access.READ);
    link.want(0, 10, 1, Access.WRITE);

    assertThat(link.asked())
        .singleElement()
        .extracting(AgentMessage.FaultRequest::access)
        .isEqualTo(Access.WRITE);
  }

  @Test
  void weakerAccessInFlight_isJoinedButAnUpgradeIsNeverDropped() {
    link.want(0, 10, 1, Access.READ);
    long first = link.asked().getFirst().faultId();
    long joined = link.want(0, 10, 1, Access.READ);
    long upgrade = link.want(0, 10, 1, Access.WRITE);

    List<AgentMessage.FaultRequest> asked = link.asked();
    assertThat(asked)
        .singleElement()
        .extracting(AgentMessage.FaultRequest::access)
        .isEqualTo(Access.WRITE);
    assertThat(link.hear(reply(first, 0, 1, false)))
        .contains(new AgentEffect.FaultDone(joined, SERVED))
        .doesNotContain(new AgentEffect.FaultDone(upgrade, SERVED));
    assertThat(link.hear(reply(asked.getFirst().faultId(), 0, 1, true)))
        .contains(new AgentEffect.FaultDone(upgrade, SERVED));
  }

  @Test
  void refusedUpgrade_doesNotFailTheReader() {
    long reader = link.want(0, 10, 1, Access.READ);
    long writer = link.want(0, 10, 1, Access.WRITE);
    long id = link.asked().getFirst().faultId();

    List<AgentEffect> effects = link.hear(refusal(id, Errno.EPERM));

    assertThat(only(effects, AgentEffect.FaultDone.class))
        .extracting(AgentEffect.FaultDone::ticket)
        .containsExactly(writer);
    AgentMessage.FaultRequest again = link.asked().getFirst();
    assertThat(again.access()).isEqualTo(Access.READ);
    assertThat(link.hear(reply(again.faultId(), 0, 1, false)))
        .contains(new AgentEffect.FaultDone(reader, SERVED));
  }

  @Test
  void replyOlderThanAnOverlappingInvalidation_isNotInstalledAndAskedAgainAtOnce() {
    link.want(0, 10, 1, Access.READ);
    long id = link.asked().getFirst().faultId();
    link.hear(invalidate(1, 6, 10, 11));

    List<AgentEffect> effects = link.hear(reply(id, 5, 1, true));

    assertThat(effects).isEmpty();
    assertThat(link.engine.counter(LinkCounter.COLLISIONS)).isEqualTo(1);
    assertThat(link.asked()).hasSize(1);
  }

  @Test
  void replyThatCollides_pagesThatItMadeTheDevicesAlone_loseTheirOlderTranslations() {
    link.want(0, 10, 3, Access.EXCLUSIVE);
    long id = link.asked().getFirst().faultId();
    link.hear(invalidate(1, 6, 11, 12));

    List<PageRun> runs = List.of(new PageRun(3, 7, true, PageRun.State.EXCLUSIVE, 0, null, 0));
    List<AgentEffect> effects = link.hear(new HostMessage.FaultReply(id, 5, runs, 0, null, ""));

    assertThat(effects)
        .singleElement()
        .isInstanceOfSatisfying(
            AgentEffect.DropEntries.class,
            drop -> {
              assertThat(drop.start()).isEqualTo(10 * Pages.SIZE_BYTES);
              assertThat(drop.end()).isEqualTo(13 * Pages.SIZE_BYTES);
            });
  }

  @Test
  void replyOfTheInvalidationsSequenceOrOfOtherPages_isInstalled() {
    link.want(0, 10, 1, Access.READ);
    link.want(0, 30, 1, Access.READ);
    List<AgentMessage.FaultRequest> asked = link.asked();
    link.hear(invalidate(1, 6, 10, 11));

    assertThat(
            only(
                link.hear(reply(asked.get(0).faultId(), 6, 1, true)),
                AgentEffect.InstallEntries.class))
        .hasSize(1);
    assertThat(
            only(
                link.hear(reply(asked.get(1).faultId(), 5, 1, true)),
                AgentEffect.InstallEntries.class))
        .hasSize(1);
  }

  @Test
  void moreInvalidationsThanAreRemembered_collideWithEverythingOlder() {
    link.want(0, 10, 1, Access.READ);
    long id = link.asked().getFirst().faultId();
    for (int i = 0; i <= InvalidationRing.SIZE; i++) {
      link.hear(invalidate(i, 100 + i, 500, 501));
    }

    assertThat(only(link.hear(reply(id, 99, 1, true)), AgentEffect.InstallEntries.class)).isEmpty();
    long again = link.asked().getFirst().faultId();
    assertThat(only(link.hear(reply(again, 100, 1, true)), AgentEffect.InstallEntries.class))
        .hasSize(1);
  }

  @Test
  void endlessCollisions_areRetriedWithGrowingBoundedWaitsAndNeverFail() {
    link.want(0, 10, 1, Access.READ);
    long sequence = 10;
    for (int i = 0; i < 50; i++) {
      List<AgentMessage.FaultRequest> asked = link.asked();
      while (asked.isEmpty()) {
        long wait = link.engine.nextDeadlineNanos() - link.now;
        assertThat(wait).isBetween(1L, 20 * LinkByHand.MILLISECOND);
        link.after(wait, new AgentInput.Tick());
        asked = only(link.said(), AgentMessage.FaultRequest.class);
      }
      link.hear(invalidate(i, ++sequence, 10, 11));
      link.hear(reply(asked.getFirst().faultId(), sequence - 1, 1, true));
      link.hear(
          new HostMessage.HeartbeatAck(
              link.engine.counter(LinkCounter.HEARTBEATS_ACKNOWLEDGED) + 1));
    }
    assertThat(link.engine.waitingFaults()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Errno.class,
      names = {"EAGAIN", "EBUSY", "STALE", "UNAVAILABLE", "ETIME"})
  void transientRefusal_isRetried(Errno errno) {
    link.want(0, 10, 1, Access.READ);

    List<AgentEffect> effects = link.hear(refusal(link.asked().getFirst().faultId(), errno));

    assertThat(effects).isEmpty();
    assertThat(link.asked()).hasSize(1);
  }

  @Test
  void typedRefusal_failsTheFirstPageAndAsksForTheRest() {
    long bad = link.want(0, 10, 1, Access.READ);
    long good = link.want(0, 11, 1, Access.READ);

    List<AgentEffect> effects = link.hear(refusal(link.asked().getFirst().faultId(), Errno.EFAULT));

    assertThat(effects)
        .containsExactly(
            new AgentEffect.FaultDone(
                bad, new FaultOutcome.Refused(Errno.EFAULT, "no", Pages.address(10))));
    AgentMessage.FaultRequest rest = link.asked().getFirst();
    assertThat(rest.address()).isEqualTo(Pages.address(11));
    assertThat(link.hear(reply(rest.faultId(), 0, 1, false)))
        .contains(new AgentEffect.FaultDone(good, SERVED));
  }

  @Test
  void servedPrefix_asksForTheRestAtOnce() {
    link.want(0, 10, 1, Access.READ);
    long behind = link.want(0, 11, 4, Access.READ);
    long id = link.asked().getFirst().faultId();

    List<AgentEffect> effects = link.hear(reply(id, 0, 1, false));

    assertThat(only(effects, AgentEffect.FaultDone.class))
        .extracting(AgentEffect.FaultDone::ticket)
        .doesNotContain(behind);
    assertThat(link.asked())
        .singleElement()
        .extracting(AgentMessage.FaultRequest::pageCount)
        .isEqualTo(4);
  }

  @Test
  void writeServedReadOnly_isNotAnsweredButAskedAgain() {
    link.want(0, 10, 1, Access.WRITE);

    List<AgentEffect> effects = link.hear(reply(link.asked().getFirst().faultId(), 0, 1, false));

    assertThat(only(effects, AgentEffect.FaultDone.class)).isEmpty();
    assertThat(link.asked()).hasSize(1);
  }

  @Test
  void snapshot_installsNothing() {
    long ticket = link.want(0, 10, 3, Access.SNAPSHOT);
    long id = link.asked().getFirst().faultId();
    List<PageRun> runs = List.of(new PageRun(3, 0, false, PageRun.State.HOLE));

    assertThat(link.hear(new HostMessage.FaultReply(id, 0, runs, null, "")))
        .containsExactly(new AgentEffect.FaultDone(ticket, new FaultOutcome.Reported(runs)));
  }

  @Test
  void requests_stayWithinTheCreditOfTheSession() {
    LinkByHand poor = new LinkByHand();
    poor.faultCredit = 2;
    poor.attached();
    poor.mirror(0);
    for (int i = 0; i < 5; i++) {
      poor.want(0, i * 10L, 1, Access.READ);
    }

    List<AgentMessage.FaultRequest> asked = poor.asked();
    assertThat(asked).hasSize(2);
    assertThat(poor.asked()).isEmpty();
    poor.hear(reply(asked.getFirst().faultId(), 0, 1, false));
    assertThat(poor.asked()).hasSize(1);
  }

  @Test
  void devices_takeTurnsWhenCreditIsShort() {
    LinkByHand poor = new LinkByHand();
    poor.faultCredit = 1;
    poor.attached();
    int first = poor.mirror(0);
    int second = poor.mirror(1);
    for (int i = 0; i < 4; i++) {
      poor.want(0, i * 10L, 1, Access.READ);
      poor.want(1, i * 10L, 1, Access.READ);
    }

    AgentMessage.FaultRequest one = poor.asked().getFirst();
    poor.hear(reply(one.faultId(), 0, 1, false));
    AgentMessage.FaultRequest two = poor.asked().getFirst();

    assertThat(List.of(one.mirrorId(), two.mirrorId())).containsExactly(first, second);
  }

  @Test
  void fullQueue_refusesWithAType() {
    LinkSettings few =
        new LinkSettings("a", 1, List.of(new DeviceDescription(0, "d", 1)), 0, 1, 1, 1, 1, 1, 1, 1);
    LinkByHand small = new LinkByHand(few);
    small.attached();
    small.mirror(0);
    small.want(0, 1, 1, Access.READ);

    List<AgentEffect> effects =
        small.give(new AgentInput.FaultWanted(77, SPACE, 0, 2, 1, Access.READ));

    assertThat(last(effects, AgentEffect.FaultDone.class).outcome())
        .isInstanceOfSatisfying(
            FaultOutcome.Refused.class,
            refused -> assertThat(refused.errno()).isEqualTo(Errno.RESOURCE_EXHAUSTED));
  }

  @Test
  void faultOutsideOfEveryMirror_isEfault() {
    List<AgentEffect> effects =
        link.give(new AgentInput.FaultWanted(77, SPACE, 1, 2, 1, Access.READ));

    assertThat(last(effects, AgentEffect.FaultDone.class).outcome())
        .isInstanceOfSatisfying(
            FaultOutcome.Refused.class,
            refused -> assertThat(refused.errno()).isEqualTo(Errno.EFAULT));
  }

  @Test
  void abandonedFault_isNeitherAskedNorAnswered() {
    long ticket = link.want(0, 10, 1, Access.READ);
    link.give(new AgentInput.FaultAbandoned(ticket));

    assertThat(link.asked()).isEmpty();
    assertThat(link.engine.waitingFaults()).isZero();
  }

  @Test
  void brokenSession_asksAgainInTheNextOne() {
    long ticket = link.want(0, 10, 1, Access.READ);
    long stale = link.asked().getFirst().faultId();
    AgentEffect.DropEverything drop =
        last(
            link.give(new AgentInput.StreamEnded(link.attempt(), "broken")),
            AgentEffect.DropEverything.class);
    link.give(new AgentInput.Drained(drop.drainId()));
    link.now = link.engine.nextDeadlineNanos();
    link.give(new AgentInput.Tick());
    link.session = 101;
    link.attached();

    AgentMessage.AddMirror readded = last(link.said(), AgentMessage.AddMirror.class);
    assertThat(link.hear(reply(stale, 0, 1, true))).isEmpty();
    link.hear(new HostMessage.MirrorAdded(readded.mirrorId(), 3));
    long id = link.asked().getFirst().faultId();
    assertThat(link.hear(reply(id, 3, 1, true)))
        .contains(new AgentEffect.FaultDone(ticket, SERVED));
  }

  @Test
  void releasedSpace_failsWhoWaits() {
    long sent = link.want(0, 10, 1, Access.READ);
    link.asked();
    long queued = link.want(0, 90, 1, Access.READ);

    List<AgentEffect> effects = link.hear(new HostMessage.SpaceReleased(SPACE));

    assertThat(only(effects, AgentEffect.FaultDone.class))
        .extracting(AgentEffect.FaultDone::ticket)
        .containsExactly(sent, queued);
    assertThat(only(effects, AgentEffect.DropEntries.class)).hasSize(1);
    assertThat(effects).contains(new AgentEffect.SpaceGone(SPACE));
    assertThat(link.engine.mirrors()).isZero();
  }
}
