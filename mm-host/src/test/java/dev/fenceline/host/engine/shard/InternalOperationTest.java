package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.PageTable;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.PinPurpose;
import dev.fenceline.model.Access;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import org.junit.jupiter.api.Test;

/** What a fault or an operation needs done first is done by the engine itself, once. */
class InternalOperationTest {
  private static final long VPN = Pages.number(ShardFixture.BASE);

  private final ShardFixture shard = new ShardFixture(8);
  private final long space = shard.createSpace();

  /** Device 0 has the page exclusively; device 1 wants it too. */
  private void exclusivePage() {
    shard.map(space, 0, 4, new Protection(true, true, false));
    shard.open(1, "holder", 1);
    shard.mirror(1, 1, space, 0, 0, 4);
    shard.open(2, "other", 1);
    shard.mirror(2, 1, space, 0, 0, 4);
    shard.granted(1, 1, 0, 1, Access.WRITE);
    pages().set(VPN, Pte.withType(pages().get(VPN), PteType.EXCLUSIVE));
  }

  private PageTable pages() {
    return shard.engine.queries().space(space).memory().pages();
  }

  @Test
  void faultOnAnExclusivePage_revokesIt_andIsServedOnceTheHolderHasDrained() {
    exclusivePage();
    long fault = shard.fault(2, 1, 0, 1, Access.READ);
    assertThat(shard.replied(fault)).isFalse();
    assertThat(Pte.isInvalidating(pages().get(VPN))).isTrue();
    shard.ack(1, 0, shard.lastInvalidation());
    HostMessage.FaultReply reply = shard.reply(fault);
    assertThat(reply.errno()).isNull();
    assertThat(Pte.isPresent(pages().get(VPN))).isTrue();
  }

  @Test
  void twoFaultsThatNeedTheSame_causeOneInvalidation() {
    exclusivePage();
    shard.fault(2, 1, 0, 1, Access.READ);
    long invalidation = shard.lastInvalidation();
    shard.fault(2, 1, 0, 1, Access.WRITE);
    assertThat(shard.lastInvalidation()).isEqualTo(invalidation);
  }

  @Test
  void laterPageThatNeedsSomething_endsTheServedPart() {
    exclusivePage();
    pages().set(VPN + 1, pages().get(VPN));
    pages().set(VPN, Pte.zero(0));
    HostMessage.FaultReply reply = shard.reply(shard.fault(2, 1, 0, 4, Access.READ));
    assertThat(reply.runs()).hasSize(1);
    assertThat(reply.runs().get(0).pageCount()).isEqualTo(1);
  }

  @Test
  void pinThatNeedsARevocation_waitsForItAheadOfItself() {
    exclusivePage();
    long pin =
        shard.submit(
            new SpaceOperation.Pin(
                space,
                ShardFixture.BASE,
                Pages.SIZE_BYTES,
                true,
                new PinPurpose("test", "why", true)),
            WaitPolicy.BLOCK);
    assertThat(shard.ended(pin)).isFalse();
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.outcome(pin)).isInstanceOf(OperationOutcome.Done.class);
  }
}
