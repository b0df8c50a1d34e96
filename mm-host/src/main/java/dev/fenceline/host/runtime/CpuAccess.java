package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The CPU's own accesses to address spaces, in the caller's thread, through the CPU's mirror: the
 * same announcements, faults and drains as on a device (A3). Thread-safe; blocks its callers for at
 * most the bound that they give.
 *
 * <p>All pages of an access are announced together and read only once all their translations are
 * there, so that a refused access has moved no byte.
 */
public final class CpuAccess {
  /** Most bytes of one access. */
  public static final int MAX_LENGTH_BYTES = 65_536;

  private static final int SPINS_BEFORE_YIELD = 32;

  private final HostRuntime host;

  CpuAccess(HostRuntime host) {
    this.host = host;
  }

  /** Reads {@code into.length} bytes, 1 to {@link #MAX_LENGTH_BYTES}. */
  public CpuOutcome read(long spaceId, long address, byte[] into, long boundNanos) {
    FrameStore store = host.store();
    return access(
        new Request(spaceId, address, into.length, Access.READ, boundNanos),
        entries -> {
          eachPage(
              address,
              into.length,
              (page, offset, at, length) ->
                  store.read(MirrorEntry.frame(entries[page]), offset, into, at, length));
          return CpuOutcome.DONE;
        });
  }

  /** Writes 1 to {@link #MAX_LENGTH_BYTES} bytes. */
  public CpuOutcome write(long spaceId, long address, byte[] data, long boundNanos) {
    FrameStore store = host.store();
    return access(
        new Request(spaceId, address, data.length, Access.WRITE, boundNanos),
        entries -> {
          eachPage(
              address,
              data.length,
              (page, offset, at, length) ->
                  store.write(MirrorEntry.frame(entries[page]), offset, data, at, length));
          return CpuOutcome.DONE;
        });
  }

  /** Adds to the 8-byte word at a multiple of 8; answers the word before. */
  public CpuOutcome getAndAdd(long spaceId, long address, long operand, long boundNanos) {
    return atomic(
        spaceId,
        address,
        boundNanos,
        (frame, offset) -> host.store().getAndAdd(frame, offset, operand));
  }

  /** Stores if the 8-byte word at a multiple of 8 is as expected; answers the word before. */
  public CpuOutcome compareAndSet(
      long spaceId, long address, long expected, long operand, long boundNanos) {
    return atomic(
        spaceId,
        address,
        boundNanos,
        (frame, offset) -> host.store().compareAndExchange(frame, offset, expected, operand));
  }

  private record Request(long spaceId, long address, int length, Access access, long boundNanos) {
    long vpn() {
      return Pages.number(address);
    }

    int pages() {
      return Pages.touched(address, length);
    }

    CpuOutcome.Refused refused(Errno errno, String message) {
      return new CpuOutcome.Refused(errno, message, address);
    }
  }

  /** What is done while the access is announced; must not block. */
  private interface Move {
    CpuOutcome with(long[] entries);
  }

  private interface WordChange {
    long apply(int frame, int offset);
  }

  private interface Piece {
    void move(int page, int offset, int at, int length);
  }

  private CpuOutcome atomic(long spaceId, long address, long boundNanos, WordChange change) {
    Request request = new Request(spaceId, address, Long.BYTES, Access.WRITE, boundNanos);
    if ((address & (Long.BYTES - 1)) != 0) {
      return request.refused(
          Errno.EINVAL, "address 0x%x of an atomic is not a multiple of 8".formatted(address));
    }
    int offset = (int) (address & (Pages.SIZE_BYTES - 1));
    return access(
        request,
        entries -> new CpuOutcome.Done(change.apply(MirrorEntry.frame(entries[0]), offset)));
  }

  private CpuOutcome access(Request request, Move move) {
    CpuOutcome malformed = malformed(request);
    if (malformed != null) {
      return malformed;
    }
    long deadline = System.nanoTime() + request.boundNanos();
    long needed = request.access() == Access.WRITE ? MirrorEntry.WRITE : MirrorEntry.READ;
    long[] entries = new long[request.pages()];
    int hint = (int) Thread.currentThread().threadId();
    Shard shard = host.shardOf(request.spaceId());
    int collisions = 0;
    long lastMissed = -1;
    for (int attempt = 0; ; attempt++) {
      MirrorAccess mirror = shard.cpuMirrors().of(request.spaceId());
      long missed = request.vpn();
      if (mirror != null) {
        long result = mirror.open(hint, request.vpn(), request.pages(), needed, entries);
        if (MirrorAccess.isOpen(result)) {
          try {
            return move.with(entries);
          } finally {
            mirror.close(MirrorAccess.slot(result));
          }
        }
        missed = MirrorAccess.isMiss(result) ? MirrorAccess.missedVpn(result) : -1;
      }
      if (missed >= 0) {
        collisions = missed == lastMissed ? collisions + 1 : 0;
        lastMissed = missed;
      }
      CpuOutcome refused =
          missed < 0 ? null : fault(shard, request, new Miss(missed, collisions), deadline);
      if (refused != null) {
        return refused;
      }
      if (System.nanoTime() - deadline >= 0) {
        return request.refused(Errno.ETIME, "the access found no time between invalidations");
      }
      pause(missed < 0 ? SPINS_BEFORE_YIELD : attempt);
    }
  }

  private static @Nullable CpuOutcome malformed(Request request) {
    if (request.length() < 1 || request.length() > MAX_LENGTH_BYTES) {
      return request.refused(
          Errno.EINVAL, "length " + request.length() + " is not in [1, " + MAX_LENGTH_BYTES + "]");
    }
    if (request.address() < 0 || request.address() > Pages.ADDRESS_LIMIT - request.length()) {
      return request.refused(
          Errno.EFAULT,
          "[0x%x, +%d) is not within the address space"
              .formatted(request.address(), request.length()));
    }
    return null;
  }

  /** The page that an access found no translation of, and how often one was gone again. */
  private record Miss(long vpn, int collisions) {}

  /** Brings translations from the missed page on; null if some came, else why none can. */
  private @Nullable CpuOutcome fault(Shard shard, Request request, Miss miss, long deadline) {
    long missed = miss.vpn();
    CompletableFuture<CpuFaultOutcome> ended = new CompletableFuture<>();
    int pages = (int) (request.vpn() + request.pages() - missed);
    shard.cpuMiss(
        new ShardMessage.CpuMiss(
            request.spaceId(),
            Pages.address(missed),
            pages,
            request.access(),
            miss.collisions(),
            ended::complete));
    try {
      long left = Math.max(0, deadline - System.nanoTime());
      return switch (ended.get(left, TimeUnit.NANOSECONDS)) {
        case CpuFaultOutcome.Installed installed -> null;
        case CpuFaultOutcome.Refused refused ->
            new CpuOutcome.Refused(refused.errno(), refused.message(), Pages.address(missed));
      };
    } catch (TimeoutException e) {
      return request.refused(
          Errno.ETIME,
          "page 0x%x is still being invalidated after %d ms"
              .formatted(Pages.address(missed), request.boundNanos() / 1_000_000));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return request.refused(Errno.ETIME, "the caller was interrupted");
    } catch (ExecutionException e) {
      throw new IllegalStateException("a CPU fault ends with an outcome", e);
    }
  }

  private static void pause(int attempt) {
    if (attempt < SPINS_BEFORE_YIELD) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
  }

  private static void eachPage(long address, int length, Piece piece) {
    int at = 0;
    int page = 0;
    int offset = (int) (address & (Pages.SIZE_BYTES - 1));
    while (at < length) {
      int size = Math.min(Pages.SIZE_BYTES - offset, length - at);
      piece.move(page++, offset, at, size);
      at += size;
      offset = 0;
    }
  }
}
