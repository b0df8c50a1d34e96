package dev.fenceline.agent.engine;

import dev.fenceline.model.HostMessage.Invalidate;
import dev.fenceline.model.InvalidationKind;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Takes invalidations in and acknowledges them. Confined to its engine.
 *
 * <p>Each device that mirrors there drops and drains by itself, in parallel, and acknowledges when
 * it has. If nothing mirrors there, nothing has to drain: every device that may be meant
 * acknowledges at once.
 */
final class InvalidationDesk {
  private final int devices;
  private final MirrorBook mirrors;
  private final DrainBook drains;
  private final Outbox outbox;
  private final LinkCounters counters;

  InvalidationDesk(
      int devices, MirrorBook mirrors, DrainBook drains, Outbox outbox, LinkCounters counters) {
    this.devices = devices;
    this.mirrors = mirrors;
    this.drains = drains;
    this.outbox = outbox;
    this.counters = counters;
  }

  /** False if it names a device that does not exist. */
  boolean invalidated(Invalidate invalidate) {
    int named = invalidate.deviceIndex();
    counters.add(LinkCounter.INVALIDATIONS, 1);
    if (named >= devices) {
      return false;
    }
    boolean anyone = false;
    for (int device :
        mirrors.devicesAt(invalidate.spaceId(), invalidate.start(), invalidate.end())) {
      if (named == Invalidate.ALL_DEVICES || named == device) {
        anyone = true;
        drains.drop(
            new DeviceSpace(invalidate.spaceId(), device),
            invalidate.start(),
            invalidate.end(),
            discards(invalidate.kind()),
            new DrainBook.AckDuty(device, invalidate.invalidationIds()));
      }
    }
    if (!anyone) {
      IntStream meant =
          named == Invalidate.ALL_DEVICES ? IntStream.range(0, devices) : IntStream.of(named);
      meant.forEach(device -> acknowledge(device, invalidate.invalidationIds()));
    }
    return true;
  }

  private static boolean discards(InvalidationKind kind) {
    return kind == InvalidationKind.UNMAP || kind == InvalidationKind.RELEASE;
  }

  void acknowledge(int deviceIndex, List<Long> invalidationIds) {
    counters.add(LinkCounter.ACKNOWLEDGEMENTS, invalidationIds.size());
    outbox.acknowledge(deviceIndex, invalidationIds);
  }
}
