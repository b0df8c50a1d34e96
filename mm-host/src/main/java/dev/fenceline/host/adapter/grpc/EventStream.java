package dev.fenceline.host.adapter.grpc;

import dev.fenceline.host.runtime.EventLog;
import dev.fenceline.host.runtime.HostEvent;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.query.v1.HostEvents;
import dev.fenceline.query.v1.LostEvents;
import dev.fenceline.query.v1.WatchEventsRequest;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One watcher's stream of events: it is written to while it is ready, and what turns out of the
 * ring meanwhile is lost to it and counted. Thread-safe: writes are guarded by its lock.
 */
final class EventStream {
  /** Streams that a host serves at once. */
  static final int MAX_WATCHERS = 64;

  private static final int EVENTS_PER_BATCH = 256;

  private final EventLog log;
  private final long hostEpoch;
  private final ServerCallStreamObserver<HostEvents> call;
  private final AtomicBoolean wanted = new AtomicBoolean();
  private final Runnable watcher = this::wake;

  // Guarded by this.
  private long seen;
  private boolean greeted;
  private boolean ended;

  EventStream(
      HostRuntime host, WatchEventsRequest request, ServerCallStreamObserver<HostEvents> call) {
    this.log = host.events();
    this.hostEpoch = host.settings().hostEpoch();
    this.call = call;
    // A number of another start of the host, or one that it has not reached, says nothing here.
    long after = request.getHostEpoch() == hostEpoch ? request.getAfterNumber() : 0;
    this.seen = after < 0 || after > log.newestNumber() ? 0 : after;
  }

  void start() {
    call.setOnReadyHandler(this::pump);
    call.setOnCancelHandler(this::stop);
    call.setOnCloseHandler(this::stop);
    log.watch(watcher);
    wake();
  }

  /** Called inside mailboxes: the writing is left to a thread of its own, one at a time. */
  private void wake() {
    if (wanted.compareAndSet(false, true)) {
      Thread.ofVirtual().name("fenceline-events").start(this::pump);
    }
  }

  private synchronized void pump() {
    wanted.set(false);
    while (!ended && call.isReady()) {
      EventLog.Batch batch = log.after(seen, EVENTS_PER_BATCH);
      if (batch.events().isEmpty() && greeted) {
        break;
      }
      greeted = true;
      seen = batch.events().isEmpty() ? seen : batch.events().getLast().number();
      call.onNext(encode(batch));
    }
    if (log.closed() && !ended) {
      stop();
      call.onCompleted();
    }
  }

  private synchronized void stop() {
    ended = true;
    log.unwatch(watcher);
  }

  private HostEvents encode(EventLog.Batch batch) {
    HostEvents.Builder events =
        HostEvents.newBuilder()
            .setHostEpoch(hostEpoch)
            .setLost(batch.lost())
            .setNewestNumber(batch.newestNumber());
    batch.events().forEach(event -> events.addEvents(encode(event)));
    batch
        .lostByKind()
        .forEach(
            (kind, count) ->
                events.addLostByKind(LostEvents.newBuilder().setKind(kind(kind)).setCount(count)));
    return events.build();
  }

  private static dev.fenceline.query.v1.HostEvent encode(HostEvent event) {
    dev.fenceline.query.v1.HostEvent.Builder encoded =
        dev.fenceline.query.v1.HostEvent.newBuilder()
            .setNumber(event.number())
            .setAtMillis(event.atMillis())
            .setKind(kind(event.kind()))
            .setSpaceId(event.spaceId())
            .setInvalidationId(event.invalidationId())
            .setMessage(event.message());
    if (event.device() != null) {
      encoded.setDevice(SpaceReads.ref(event.device()));
    }
    return encoded.build();
  }

  private static dev.fenceline.query.v1.HostEvent.Kind kind(HostEvent.Kind kind) {
    return switch (kind) {
      case SPACE_CREATED -> dev.fenceline.query.v1.HostEvent.Kind.KIND_SPACE_CREATED;
      case SPACE_DESTROYED -> dev.fenceline.query.v1.HostEvent.Kind.KIND_SPACE_DESTROYED;
      case SPACE_FORKED -> dev.fenceline.query.v1.HostEvent.Kind.KIND_SPACE_FORKED;
      case NOTIFICATION_MODE_SET ->
          dev.fenceline.query.v1.HostEvent.Kind.KIND_NOTIFICATION_MODE_SET;
      case AGENT_ATTACHED -> dev.fenceline.query.v1.HostEvent.Kind.KIND_AGENT_ATTACHED;
      case AGENT_DETACHED -> dev.fenceline.query.v1.HostEvent.Kind.KIND_AGENT_DETACHED;
      case AGENT_LEFT -> dev.fenceline.query.v1.HostEvent.Kind.KIND_AGENT_LEFT;
      case LEASE_EXPIRED -> dev.fenceline.query.v1.HostEvent.Kind.KIND_LEASE_EXPIRED;
      case AGENT_REFUSED -> dev.fenceline.query.v1.HostEvent.Kind.KIND_AGENT_REFUSED;
      case AGENT_QUARANTINED -> dev.fenceline.query.v1.HostEvent.Kind.KIND_AGENT_QUARANTINED;
      case AGENT_RETURNED -> dev.fenceline.query.v1.HostEvent.Kind.KIND_AGENT_RETURNED;
      case FENCE_OVERDUE -> dev.fenceline.query.v1.HostEvent.Kind.KIND_FENCE_OVERDUE;
      case INVALIDATION_BACKED_OFF ->
          dev.fenceline.query.v1.HostEvent.Kind.KIND_INVALIDATION_BACKED_OFF;
      case FRAMES_EXHAUSTED -> dev.fenceline.query.v1.HostEvent.Kind.KIND_FRAMES_EXHAUSTED;
      case POLICY_SET -> dev.fenceline.query.v1.HostEvent.Kind.KIND_POLICY_SET;
      case PIN_ASKED_BACK -> dev.fenceline.query.v1.HostEvent.Kind.KIND_PIN_ASKED_BACK;
      case PIN_OVER_AGE -> dev.fenceline.query.v1.HostEvent.Kind.KIND_PIN_OVER_AGE;
      case OOM_KILL -> dev.fenceline.query.v1.HostEvent.Kind.KIND_OOM_KILL;
      case OOM_REAPED -> dev.fenceline.query.v1.HostEvent.Kind.KIND_OOM_REAPED;
    };
  }
}
