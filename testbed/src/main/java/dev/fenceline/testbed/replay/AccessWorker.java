package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.RefusedException;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.device.v1.AccessBatch;
import dev.fenceline.device.v1.HistoryEntry;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.testbed.check.History;
import dev.fenceline.wire.CommonCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Repeats slices of a recorded program's loads and stores, on a device or on the CPU side. Confined
 * to its thread; its history is read after the thread's end.
 */
final class AccessWorker implements Runnable {
  private static final int WRITER_SHIFT = 40;
  private static final long POLL_MILLIS = 20;

  private final Workload workload;
  private final LiveSpace space;
  private final BlockingQueue<long[]> slices;
  private final BooleanSupplier complete;
  private final int actor;
  private final Cluster.@Nullable Device device;
  private final History history = new History();
  private long nextCounter = 1;

  /**
   * Where the work comes from.
   *
   * @param complete whether no more slices will come
   */
  record Source(LiveSpace space, BlockingQueue<long[]> slices, BooleanSupplier complete) {}

  /**
   * @param device null for the CPU side
   */
  AccessWorker(Workload workload, Source source, int actor, Cluster.@Nullable Device device) {
    this.workload = workload;
    this.space = source.space();
    this.slices = source.slices();
    this.complete = source.complete();
    this.actor = actor;
    this.device = device;
  }

  History history() {
    return history;
  }

  @Override
  public void run() {
    try {
      while (workload.goesOn()) {
        boolean last = complete.getAsBoolean();
        long[] slice = slices.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
        if (slice == null && last) {
          return;
        }
        if (slice != null) {
          perform(slice);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void perform(long[] slice) {
    Cluster.Device onDevice = device;
    if (onDevice != null) {
      onDevice(onDevice, slice);
      return;
    }
    for (long access : slice) {
      if (!onCpu(access & -Long.BYTES, (int) access & AccessSlices.KIND_MASK)) {
        return;
      }
    }
  }

  private void onDevice(Cluster.Device on, long[] slice) {
    AccessBatch.Builder batch =
        AccessBatch.newBuilder().setWriter(actor).setFirstCounter(nextCounter);
    for (long access : slice) {
      batch.addAccesses(access);
    }
    nextCounter += slice.length;
    long began = System.nanoTime();
    try {
      ProgramResult result =
          on.client()
              .run(
                  RunProgramRequest.newBuilder()
                      .setDeviceIndex(on.index())
                      .setSpaceId(space.hostId())
                      .setAccessBatch(batch)
                      .build());
      workload.tally().count("device access batch", 1);
      result.getHistoryList().forEach(this::record);
      if (result.getErrno() != Errno.ERRNO_UNSPECIFIED) {
        refused(result.getErrno(), result.getFaultAddress(), began, result.getMessage());
      }
    } catch (RefusedException e) {
      refused(CommonCodec.encode(e.errno()), LiveSpace.STEADY.start(), began, e.getMessage());
    } catch (CallFailedException e) {
      // Unknown stores may have happened on every page of the slice.
      for (long access : slice) {
        workload.suspicions().spoiled(space, new PageRange(access & -Long.BYTES, Long.BYTES));
      }
      workload.interrupted(e);
    }
  }

  private void record(HistoryEntry entry) {
    long word = History.word(space.key(), entry.getAddress());
    long ended = entry.getInDoubt() ? History.IN_DOUBT : entry.getRespondedNanos();
    if (entry.getKind() == HistoryEntry.Kind.KIND_WRITE) {
      workload.tally().count("device write", 1);
      history.write(word, entry.getValue(), entry.getInvokedNanos(), ended, actor);
    } else {
      workload.tally().count("device read", 1);
      history.read(word, entry.getValue(), entry.getInvokedNanos(), ended, actor);
    }
  }

  /** False if the rest of the slice makes no sense. */
  private boolean onCpu(long address, int kind) {
    HostClient host = workload.cluster().host();
    long word = History.word(space.key(), address);
    long began = System.nanoTime();
    try {
      if (kind != AccessSlices.STORE) {
        byte[] bytes = host.space(space.hostId()).read(address, Long.BYTES);
        long value = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        history.read(word, value, began, System.nanoTime(), actor);
        workload.tally().count("cpu read", 1);
      }
      if (kind != AccessSlices.LOAD) {
        write(host, address, word);
      }
      return true;
    } catch (RefusedException e) {
      refused(CommonCodec.encode(e.errno()), address, began, e.getMessage());
      return false;
    } catch (CallFailedException e) {
      workload.interrupted(e);
      return false;
    }
  }

  private void write(HostClient host, long address, long word) {
    long value = ((long) actor << WRITER_SHIFT) + nextCounter++;
    byte[] bytes =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    long began = System.nanoTime();
    try {
      host.space(space.hostId()).write(address, bytes);
      history.write(word, value, began, System.nanoTime(), actor);
      workload.tally().count("cpu write", 1);
    } catch (CallFailedException e) {
      history.write(word, value, began, History.IN_DOUBT, actor);
      throw e;
    }
  }

  private void refused(Errno errno, long address, long began, @Nullable String message) {
    String who = device == null ? "cpu" : device.id();
    workload.refused(
        new Workload.Refusal(
            space,
            address,
            new PageEffects.Span(began, System.nanoTime()),
            errno,
            who + ": recorded access: " + message));
  }
}
