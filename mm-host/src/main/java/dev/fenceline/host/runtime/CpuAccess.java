package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.concurrent.Transfers;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.DmaRequest.Operation;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The CPU's own accesses to address spaces, in the caller's thread, through the CPU's mirror: the
 * same announcements, faults and drains as on a device (A3). Thread-safe; blocks its callers for at
 * most the bound that they give.
 *
 * <p>All pages of an access are announced together and accessed only once all their translations
 * are there, so that a refused access has moved no byte.
 *
 * <p>Pages of coherent devices are accessed where they are, by asking the owner's agent, which
 * checks as for any peer. An access that crosses from one memory into another is done in parts,
 * each an access of its own, as on a device; words never cross, so they stay whole (INV-13).
 */
public final class CpuAccess {
  /** Most bytes of one access. */
  public static final int MAX_LENGTH_BYTES = 65_536;

  private static final int SPINS_BEFORE_YIELD = 32;

  /** An agent that is silent must not hold up the drain of the access that asks it. */
  private static final long ANNOUNCED_NANOS = 500_000_000;

  private static final long FIRST_PAUSE_NANOS = 50_000;
  private static final int MAX_PAUSE_DOUBLINGS = 6;

  private final HostRuntime host;

  CpuAccess(HostRuntime host) {
    this.host = host;
  }

  /** Reads {@code into.length} bytes, 1 to {@link #MAX_LENGTH_BYTES}. */
  public CpuOutcome read(long spaceId, long address, byte[] into, long boundNanos) {
    return access(CpuRequest.bytes(spaceId, address, Operation.READ, into), boundNanos);
  }

  /** Writes 1 to {@link #MAX_LENGTH_BYTES} bytes. */
  public CpuOutcome write(long spaceId, long address, byte[] data, long boundNanos) {
    return access(CpuRequest.bytes(spaceId, address, Operation.WRITE, data), boundNanos);
  }

  /** Adds to the 8-byte word at a multiple of 8; answers the word before. */
  public CpuOutcome getAndAdd(long spaceId, long address, long operand, long boundNanos) {
    return access(CpuRequest.atomic(spaceId, address, Operation.FETCH_ADD, operand, 0), boundNanos);
  }

  /** Stores if the 8-byte word at a multiple of 8 is as expected; answers the word before. */
  public CpuOutcome compareAndSet(
      long spaceId, long address, long expected, long operand, long boundNanos) {
    return access(
        CpuRequest.atomic(spaceId, address, Operation.COMPARE_AND_SET, operand, expected),
        boundNanos);
  }

  private interface Piece {
    void move(int page, int offset, int at, int length);
  }

  /** How an attempt ended; immutable. */
  private sealed interface Attempt {
    /** The first bytes of what was left have moved. */
    record Moved(int length, long previous) implements Attempt {}

    /** No translation of the page was found; negative: no slot was free for the announcement. */
    record Missed(long vpn) implements Attempt {}

    /** The owner of the pages would not, or could not; nothing of it was done. */
    record Stale() implements Attempt {}

    /** Nobody knows whether the owner of the pages did it. */
    record Doubtful(String reason) implements Attempt {}

    record Refused(CpuOutcome outcome) implements Attempt {}
  }

  private CpuOutcome access(CpuRequest request, long boundNanos) {
    CpuOutcome malformed = malformed(request);
    if (malformed != null) {
      return malformed;
    }
    Shard shard = host.shardOf(request.spaceId());
    Bound bound = new Bound(System.nanoTime() + boundNanos, boundNanos);
    long[] entries = new long[request.pages()];
    CpuRequest left = request;
    int collisions = 0;
    int stale = 0;
    long lastMissed = -1;
    for (int attempts = 0; ; attempts++) {
      CpuOutcome refused = null;
      switch (attempt(shard, left, entries, bound)) {
        case Attempt.Moved moved -> {
          left = left.behind(moved.length());
          if (left.length() == 0) {
            return new CpuOutcome.Done(moved.previous());
          }
          continue;
        }
        case Attempt.Missed missed -> {
          if (missed.vpn() >= 0) {
            collisions = missed.vpn() == lastMissed ? collisions + 1 : 0;
            lastMissed = missed.vpn();
            refused = fault(shard, left, new Miss(missed.vpn(), collisions), bound);
          }
          pause(missed.vpn() < 0 ? SPINS_BEFORE_YIELD : attempts);
        }
        case Attempt.Stale none -> {
          // The host may know more by now: that the page has moved, or whom it is lost with.
          refused = fault(shard, left, new Miss(left.vpn(), 0), bound);
          LockSupport.parkNanos(FIRST_PAUSE_NANOS << Math.min(stale++, MAX_PAUSE_DOUBLINGS));
        }
        case Attempt.Doubtful doubtful -> {
          refused = fault(shard, left, new Miss(left.vpn(), 0), bound);
          refused = refused != null ? refused : inDoubt(left, Errno.UNAVAILABLE, doubtful.reason());
        }
        case Attempt.Refused no -> refused = no.outcome();
      }
      if (refused != null) {
        return refused;
      }
      if (System.nanoTime() - bound.deadlineNanos() >= 0) {
        return left.refused(Errno.ETIME, "the access found no time between invalidations");
      }
    }
  }

  private Attempt attempt(Shard shard, CpuRequest request, long[] entries, Bound bound) {
    MirrorAccess mirror = shard.cpuMirrors().of(request.spaceId());
    if (mirror == null) {
      return new Attempt.Missed(request.vpn());
    }
    long needed = request.operation().writes() ? MirrorEntry.WRITE : MirrorEntry.READ;
    int hint = (int) Thread.currentThread().threadId();
    long opened = mirror.open(hint, request.vpn(), request.pages(), needed, entries);
    if (!MirrorAccess.isOpen(opened)) {
      return new Attempt.Missed(MirrorAccess.isMiss(opened) ? MirrorAccess.missedVpn(opened) : -1);
    }
    CompletableFuture<Transfers.Result> asked;
    CpuRequest part;
    try {
      part = request.onFirst(alike(entries, request.pages()));
      if (!CpuMirrors.isRemote(MirrorEntry.frame(entries[0]))) {
        return local(part, entries);
      }
      asked = ask(shard, part, entries);
      Transfers.Result result = await(asked, Math.min(ANNOUNCED_NANOS, bound.leftNanos()));
      if (result != null || !part.operation().writes()) {
        return result == null ? new Attempt.Stale() : answered(part, result);
      }
    } finally {
      mirror.close(MirrorAccess.slot(opened));
    }
    // Whoever takes the page away waits for this access no longer; it may still succeed, since the
    // owner's own announcement protects the bytes.
    Transfers.Result late = await(asked, bound.leftNanos());
    return late == null
        ? new Attempt.Refused(inDoubt(part, Errno.ETIME, "no answer in time"))
        : answered(part, late);
  }

  /** How many pages from the first one on are in the same memory. */
  private static int alike(long[] entries, int pages) {
    int first = MirrorEntry.frame(entries[0]);
    int count = 1;
    while (count < pages) {
      int frame = MirrorEntry.frame(entries[count]);
      boolean remote = CpuMirrors.isRemote(frame) || CpuMirrors.isRemote(first);
      if (remote && frame != first) {
        break;
      }
      count++;
    }
    return count;
  }

  private Attempt local(CpuRequest request, long[] entries) {
    FrameStore store = host.store();
    int frame = MirrorEntry.frame(entries[0]);
    long previous =
        switch (request.operation()) {
          case READ -> {
            eachPage(
                request,
                (page, offset, at, length) ->
                    store.read(
                        MirrorEntry.frame(entries[page]), offset, request.bytes(), at, length));
            yield 0;
          }
          case WRITE -> {
            eachPage(
                request,
                (page, offset, at, length) ->
                    store.write(
                        MirrorEntry.frame(entries[page]), offset, request.bytes(), at, length));
            yield 0;
          }
          case FETCH_ADD -> store.getAndAdd(frame, request.offset(), request.operand());
          case COMPARE_AND_SET ->
              store.compareAndExchange(
                  frame, request.offset(), request.expected(), request.operand());
        };
    return new Attempt.Moved(request.length(), previous);
  }

  private CompletableFuture<Transfers.Result> ask(Shard shard, CpuRequest request, long[] entries) {
    Peer peer = shard.cpuMirrors().peer(MirrorEntry.frame(entries[0]));
    int[] generations = new int[request.pages()];
    Arrays.setAll(generations, i -> MirrorEntry.generation(entries[i]));
    CoherentMemory memory = host.coherent();
    return memory.begin(
        peer,
        new DmaRequest(
            memory.nextId(),
            host.settings().hostEpoch(),
            memory.sessionId(),
            request.spaceId(),
            peer.device().deviceIndex(),
            request.address(),
            request.length(),
            request.operation(),
            generations,
            request.data(),
            request.operand(),
            request.expected()));
  }

  private static Attempt answered(CpuRequest request, Transfers.Result result) {
    return switch (result) {
      case Transfers.Result.Answered answered -> answered(request, answered.reply());
      case Transfers.Result.Lost lost ->
          request.operation().writes() ? new Attempt.Doubtful(lost.reason()) : new Attempt.Stale();
    };
  }

  private static Attempt answered(CpuRequest request, DmaReply reply) {
    return switch (reply.outcome()) {
      case DONE -> {
        if (request.operation() == Operation.READ) {
          if (reply.data().length != request.length()) {
            yield new Attempt.Refused(
                request.refused(
                    Errno.EINVAL,
                    "the owner answered %d of %d bytes"
                        .formatted(reply.data().length, request.length())));
          }
          System.arraycopy(reply.data(), 0, request.bytes(), request.at(), request.length());
        }
        yield new Attempt.Moved(request.length(), reply.previous());
      }
      case STALE_PAGE, READ_ONLY, STALE_SESSION -> new Attempt.Stale();
      case MALFORMED -> new Attempt.Refused(request.refused(Errno.EINVAL, reply.message()));
    };
  }

  private static CpuOutcome inDoubt(CpuRequest request, Errno errno, String reason) {
    return request.refused(
        errno,
        "page 0x%x is with a device that did not answer (%s): whether the write took effect is not known"
            .formatted(Pages.address(request.vpn()), reason));
  }

  /** Null if the time is over, or the caller was interrupted, first. */
  private static Transfers.@Nullable Result await(
      CompletableFuture<Transfers.Result> asked, long nanos) {
    try {
      return asked.get(nanos, TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a request's future never fails", e);
    }
  }

  private static @Nullable CpuOutcome malformed(CpuRequest request) {
    boolean atomic =
        request.operation() == Operation.FETCH_ADD
            || request.operation() == Operation.COMPARE_AND_SET;
    if (atomic && (request.address() & (Long.BYTES - 1)) != 0) {
      return request.refused(
          Errno.EINVAL,
          "address 0x%x of an atomic is not a multiple of 8".formatted(request.address()));
    }
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

  /** Until when an access may take, and how long that is in all. */
  private record Bound(long deadlineNanos, long boundNanos) {
    long leftNanos() {
      return Math.max(0, deadlineNanos - System.nanoTime());
    }
  }

  /** The page that an access found no translation of, and how often one was gone again. */
  private record Miss(long vpn, int collisions) {}

  /** Brings translations from the missed page on; null if some came, else why none can. */
  private @Nullable CpuOutcome fault(Shard shard, CpuRequest request, Miss miss, Bound bound) {
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
      return switch (ended.get(bound.leftNanos(), TimeUnit.NANOSECONDS)) {
        case CpuFaultOutcome.Installed installed -> null;
        case CpuFaultOutcome.Refused refused ->
            new CpuOutcome.Refused(refused.errno(), refused.message(), Pages.address(missed));
      };
    } catch (TimeoutException e) {
      return request.refused(
          Errno.ETIME,
          "page 0x%x is still being invalidated after %d ms"
              .formatted(Pages.address(missed), bound.boundNanos() / 1_000_000));
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

  private static void eachPage(CpuRequest request, Piece piece) {
    int done = 0;
    int page = 0;
    int offset = request.offset();
    while (done < request.length()) {
      int size = Math.min(Pages.SIZE_BYTES - offset, request.length() - done);
      piece.move(page++, offset, request.at() + done, size);
      done += size;
      offset = 0;
    }
  }
}
