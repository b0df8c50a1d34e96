package dev.fenceline.host.runtime;

import static dev.fenceline.host.runtime.RuntimeFixture.BASE;
import static dev.fenceline.host.runtime.RuntimeFixture.BOUND;
import static dev.fenceline.host.runtime.RuntimeFixture.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** CPU accesses as participants of invalidations (A3). */
class CpuAccessTest {
  private RuntimeFixture fixture;
  private HostRuntime host;
  private long space;

  @BeforeEach
  void start() {
    fixture = new RuntimeFixture(256);
    host = fixture.host;
    space = fixture.space;
    fixture.map(BASE, 32, Protection.READ_WRITE);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  @Test
  void unmap_waitsForTheDeviceAndTheCpuAccessor_whicheverIsLast() {
    FakeAgentStream agent = fixture.agent("agent");
    agent.mirror(1, space, BASE, BASE + 4 * PAGE);
    agent.fault(1, BASE, 1, Access.WRITE);
    write(BASE, 42);
    int slot = openCpuAccess(BASE);

    CompletableFuture<OperationOutcome> unmap = fixture.submit(fixture.unmap(1), WaitPolicy.BLOCK);
    assertThat(unmap).isNotDone();
    agent.acknowledge(agent.last(HostMessage.Invalidate.class));
    assertThat(unmap).as("a CPU access still goes through the old translation").isNotDone();
    mirror().close(slot);
    assertThat(unmap.join()).isInstanceOf(OperationOutcome.Done.class);
    assertThat(((OperationOutcome.Done) unmap.join()).timing().fencesWaited()).isEqualTo(2);
  }

  @Test
  void tryWithIdleCpuTranslations_doesNotBackOff() {
    write(BASE, 1);
    assertThat(fixture.submit(fixture.unmap(1), WaitPolicy.TRY).join())
        .isInstanceOf(OperationOutcome.Done.class);
    assertThat(host.cpuEntries()).isZero();
  }

  @Test
  void tryDuringACpuAccess_backsOff_andTheNextTrySucceedsAfterIt() {
    write(BASE, 7);
    int slot = openCpuAccess(BASE);
    assertThat(fixture.submit(fixture.unmap(1), WaitPolicy.TRY).join())
        .isInstanceOf(OperationOutcome.BackedOff.class);
    mirror().close(slot);
    assertThat(word(BASE)).as("a back-off changes nothing").isEqualTo(7);
    assertThat(fixture.submit(fixture.unmap(1), WaitPolicy.TRY).join())
        .isInstanceOf(OperationOutcome.Done.class);
    assertThat(read(BASE, 8)).isEqualTo(Errno.EFAULT);
  }

  @Test
  void zeroPage_readsAsZeros_andSeesTheFirstWriteOfADevice() {
    assertThat(word(BASE)).isZero();
    assertThat(host.pool().available()).as("no frame for a read").isEqualTo(host.pool().total());
    FakeAgentStream agent = fixture.agent("agent");
    agent.mirror(1, space, BASE, BASE + PAGE);
    int generation = agent.fault(1, BASE, 1, Access.WRITE).runs().get(0).generation();
    CompletableFuture<DmaReply> reply = new CompletableFuture<>();
    host.dma(
        new DmaRequest(
            1,
            agent.epoch(),
            agent.sessionId(),
            space,
            0,
            BASE,
            8,
            DmaRequest.Operation.FETCH_ADD,
            new int[] {generation},
            new byte[0],
            5,
            0),
        reply::complete);
    assertThat(reply.join().outcome()).isEqualTo(DmaReply.Outcome.DONE);
    assertThat(word(BASE)).isEqualTo(5);
  }

  @Test
  void accessAcrossPages_movesAllOrNothing() {
    fixture.map(BASE + 2 * PAGE, 1, Protection.READ);
    byte[] data = new byte[3 * PAGE];
    Arrays.fill(data, (byte) 9);
    CpuOutcome outcome = host.cpu().write(space, BASE + 8, data, BOUND);
    assertThat(outcome)
        .isInstanceOfSatisfying(
            CpuOutcome.Refused.class,
            refused -> {
              assertThat(refused.errno()).isEqualTo(Errno.EPERM);
              assertThat(refused.address()).isEqualTo(BASE + 2 * PAGE);
            });
    assertThat(word(BASE + 8)).isZero();

    byte[] whole = new byte[CpuAccess.MAX_LENGTH_BYTES];
    Arrays.fill(whole, (byte) 3);
    long address = BASE + 5 * PAGE + 13;
    assertThat(host.cpu().write(space, address, whole, BOUND)).isEqualTo(CpuOutcome.DONE);
    byte[] back = new byte[whole.length];
    assertThat(host.cpu().read(space, address, back, BOUND)).isEqualTo(CpuOutcome.DONE);
    assertThat(back).isEqualTo(whole);
  }

  @Test
  void accessDuringAnInvalidation_waits_upToItsBound() {
    FakeAgentStream agent = fixture.agent("agent");
    agent.mirror(1, space, BASE, BASE + PAGE);
    agent.fault(1, BASE, 1, Access.WRITE);
    fixture.submit(new SpaceOperation.Invalidate(space, BASE, PAGE), WaitPolicy.BLOCK);
    assertThat(host.cpu().read(space, BASE, new byte[8], 1_000_000))
        .isInstanceOfSatisfying(
            CpuOutcome.Refused.class,
            refused -> assertThat(refused.errno()).isEqualTo(Errno.ETIME));
    agent.acknowledge(agent.last(HostMessage.Invalidate.class));
    assertThat(word(BASE)).isZero();
  }

  @Test
  void atomics_answerTheWordBefore_andRefuseOddAddresses() {
    assertThat(host.cpu().getAndAdd(space, BASE, 3, BOUND)).isEqualTo(new CpuOutcome.Done(0));
    assertThat(host.cpu().compareAndSet(space, BASE, 3, 8, BOUND))
        .isEqualTo(new CpuOutcome.Done(3));
    assertThat(host.cpu().compareAndSet(space, BASE, 3, 9, BOUND))
        .isEqualTo(new CpuOutcome.Done(8));
    assertThat(word(BASE)).isEqualTo(8);
    assertThat(host.cpu().getAndAdd(space, BASE + 4, 3, BOUND))
        .isInstanceOf(CpuOutcome.Refused.class);
  }

  @Test
  void unknownSpaceAndBadAddresses_areTypedRefusals() {
    assertThat(refusal(host.cpu().read(space + 40, BASE, new byte[8], BOUND)))
        .isEqualTo(Errno.ENOENT);
    assertThat(read(BASE + 64L * PAGE, 8)).isEqualTo(Errno.EFAULT);
    assertThat(read(-8, 8)).isEqualTo(Errno.EFAULT);
    assertThat(read(Pages.ADDRESS_LIMIT - 4, 8)).isEqualTo(Errno.EFAULT);
    assertThat(refusal(host.cpu().read(space, BASE, new byte[0], BOUND))).isEqualTo(Errno.EINVAL);
  }

  private Errno read(long address, int length) {
    return refusal(host.cpu().read(space, address, new byte[length], BOUND));
  }

  private static Errno refusal(CpuOutcome outcome) {
    return ((CpuOutcome.Refused) outcome).errno();
  }

  private void write(long address, long word) {
    assertThat(host.cpu().getAndAdd(space, address, word, BOUND))
        .isInstanceOf(CpuOutcome.Done.class);
  }

  private long word(long address) {
    byte[] bytes = new byte[8];
    assertThat(host.cpu().read(space, address, bytes, BOUND)).isEqualTo(CpuOutcome.DONE);
    return bytes[0];
  }

  private MirrorAccess mirror() {
    MirrorAccess mirror = host.shard(0).cpuMirrors().of(space);
    if (mirror == null) {
      throw new AssertionError("the CPU holds nothing");
    }
    return mirror;
  }

  private int openCpuAccess(long address) {
    long result = mirror().open(0, Pages.number(address), 1, MirrorEntry.READ, new long[1]);
    assertThat(MirrorAccess.isOpen(result)).isTrue();
    return MirrorAccess.slot(result);
  }
}
