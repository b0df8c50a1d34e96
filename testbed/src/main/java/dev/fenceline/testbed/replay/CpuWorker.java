package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.RefusedException;
import dev.fenceline.testbed.check.History;
import dev.fenceline.wire.CommonCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * The recorded program's own loads and stores: reads, writes and counts on the host's CPU side
 * while devices compute. Confined to its thread; its history is read after the thread's end.
 */
final class CpuWorker implements Runnable {
  private static final int WRITER_SHIFT = 40;
  private static final int ACCESSES = 8;

  private final Workload workload;
  private final HostClient host;
  private final int actor;
  private final SplittableRandom random;
  private final History history = new History();
  private long nextCounter = 1;

  CpuWorker(Workload workload, int actor, SplittableRandom random) {
    this.workload = workload;
    this.host = workload.cluster().host();
    this.actor = actor;
    this.random = random;
  }

  History history() {
    return history;
  }

  @Override
  public void run() {
    while (workload.goesOn()) {
      CheckedWindow window = workload.book().pick(random);
      if (window == null) {
        Workload.pause();
      } else if (window.space().enter()) {
        try {
          access(window);
        } finally {
          window.space().leave();
        }
      }
    }
  }

  private void access(CheckedWindow window) {
    for (int i = 0; i < ACCESSES && workload.goesOn(); i++) {
      int choice = random.nextInt(100);
      long address = window.word(random.nextInt(window.wordCount()));
      long began = System.nanoTime();
      try {
        if (choice < 10 && window.space().counting()) {
          address = LiveSpace.counterAddress(random.nextInt(LiveSpace.COUNTERS));
          count(window.space(), address, began);
        } else if (choice < 50) {
          write(window.space(), address, began);
        } else {
          read(window.space(), address, began);
        }
      } catch (RefusedException e) {
        workload.refused(
            new Workload.Refusal(
                window.space(),
                address,
                new PageEffects.Span(began, System.nanoTime()),
                CommonCodec.encode(e.errno()),
                "cpu: " + e.getMessage()));
        return;
      }
    }
  }

  private void read(LiveSpace space, long address, long began) {
    try {
      byte[] bytes = host.space(space.hostId()).read(address, Long.BYTES);
      long value = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
      history.read(History.word(space.key(), address), value, began, System.nanoTime(), actor);
      workload.tally().count("cpu read", 1);
    } catch (CallFailedException e) {
      workload.interrupted(e);
    }
  }

  private void write(LiveSpace space, long address, long began) {
    long value = ((long) actor << WRITER_SHIFT) + nextCounter++;
    byte[] bytes =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    long word = History.word(space.key(), address);
    try {
      host.space(space.hostId()).write(address, bytes);
      history.write(word, value, began, System.nanoTime(), actor);
      workload.tally().count("cpu write", 1);
    } catch (CallFailedException e) {
      history.write(word, value, began, History.IN_DOUBT, actor);
      workload.interrupted(e);
    }
  }

  private void count(LiveSpace space, long address, long began) {
    int counter = (int) ((address - LiveSpace.counterAddress(0)) / 512);
    try {
      long previous = host.space(space.hostId()).atomicAdd(address, 1);
      space.counted(counter, previous, began, System.nanoTime());
      workload.tally().count("cpu atomic add", 1);
    } catch (CallFailedException e) {
      space.countedInDoubt(counter, began);
      workload.interrupted(e);
    }
  }
}
