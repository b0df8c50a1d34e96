package dev.fenceline.concurrent;

import static org.assertj.core.api.Assertions.assertThatCode;

import dev.fenceline.concurrent.Mailbox.Draining;
import dev.fenceline.concurrent.Mailbox.Offer;
import dev.fenceline.concurrent.Mailbox.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Lincheck explores interleavings of small scenarios and looks for results that no sequential order
 * explains. It assumes sequential consistency: what weaker modes allow is the business of {@link
 * DekkerStressTest}.
 */
@Timeout(900) // seconds of a processor that others may want as well
class ConcurrentLincheckTest {
  private static ModelCheckingOptions bounded() {
    return new ModelCheckingOptions()
        .iterations(8)
        .invocationsPerIteration(200)
        .threads(2)
        .actorsPerThread(3)
        .actorsBefore(1)
        .actorsAfter(1)
        .minimizeFailedScenario(false);
  }

  /** Single pages only: a range is cleared entry by entry, so that a reader may see half of it. */
  @Param(name = "vpn", gen = IntGen.class, conf = "511:513")
  public static class Table {
    private final MirrorTable table = new MirrorTable();

    @Operation
    public long get(@Param(name = "vpn") int vpn) {
      return table.get(vpn);
    }

    @Operation(nonParallelGroup = "writer")
    public long set(@Param(name = "vpn") int vpn, @Param(gen = IntGen.class) int entry) {
      return table.set(vpn, Math.abs(entry) + 1);
    }

    @Operation(nonParallelGroup = "writer")
    public long clear(@Param(name = "vpn") int vpn) {
      return table.clear(vpn, vpn + 1L);
    }
  }

  @Test
  void mirrorTable_isLinearizable() {
    assertThatCode(() -> bounded().check(Table.class)).doesNotThrowAnyException();
  }

  /**
   * An access reports whether the frame that it reached was reused under it: never, in any order.
   */
  public static class Access {
    private static final int VPN = 511;

    private final MirrorAccess access = new MirrorAccess(new MirrorTable(), new AccessSlots(1, 1));
    private final boolean[] reusable = new boolean[16];
    private final List<Drain> drains = new ArrayList<>();
    private int frame;
    private final AtomicInteger drained = new AtomicInteger();

    @Operation(nonParallelGroup = "owner of slot 0")
    public boolean accessOwned() {
      long[] entries = new long[2];
      return reached(access.openAt(0, VPN, 2, MirrorEntry.READ, entries), entries);
    }

    @Operation
    public boolean accessShared() {
      long[] entries = new long[1];
      return reached(access.open(0, VPN, 1, MirrorEntry.READ, entries), entries);
    }

    private boolean reached(long result, long[] entries) {
      if (!MirrorAccess.isOpen(result)) {
        return false;
      }
      boolean reused = reusable[MirrorEntry.frame(entries[0])];
      access.close(MirrorAccess.slot(result));
      return reused;
    }

    @Operation(nonParallelGroup = "writer")
    public void map() {
      frame++;
      access.table().set(VPN, MirrorEntry.pack(frame, frame, true));
      access.table().set(VPN + 1, MirrorEntry.pack(frame, frame, true));
    }

    @Operation(nonParallelGroup = "writer")
    public void invalidate() {
      int old = frame;
      drains.add(
          access.invalidate(
              VPN,
              VPN + 2,
              () -> {
                reusable[old] = true;
                drained.incrementAndGet();
              }));
    }

    @Validate
    public void eachDrainHasEndedOnce() {
      if (drained.get() != drains.size() || !drains.stream().allMatch(Drain::isDrained)) {
        throw new IllegalStateException(drained + " ends of " + drains.size() + " drains");
      }
    }
  }

  @Test
  void accessAgainstInvalidation_neverReachesAReusedFrame() {
    assertThatCode(() -> bounded().threads(3).actorsPerThread(2).iterations(5).check(Access.class))
        .doesNotThrowAnyException();
  }

  /** Whoever drains, nothing that was accepted is left behind. */
  public static class Box {
    private final List<Integer> handled = new ArrayList<>();
    private final Mailbox<Integer> mailbox =
        new Mailbox<>(
            new Settings(100, 2, Draining.BY_CALLER),
            Runnable::run,
            handled::add,
            (input, failure) -> {
              throw new IllegalStateException(failure);
            });
    private final AtomicInteger accepted = new AtomicInteger();

    @Operation
    public Offer offer(@Param(gen = IntGen.class) int input) {
      Offer offer = mailbox.offer(input);
      if (offer == Offer.ACCEPTED) {
        accepted.incrementAndGet();
      }
      return offer;
    }

    @Operation
    public void stop() {
      mailbox.stop();
    }

    @Validate
    public void everyAcceptedInputWasHandled() {
      if (accepted.get() != handled.size() || mailbox.depth() != 0) {
        throw new IllegalStateException("accepted " + accepted + ", handled " + handled);
      }
    }
  }

  @Test
  void mailbox_strandsNoInput() {
    assertThatCode(() -> bounded().check(Box.class)).doesNotThrowAnyException();
  }
}
