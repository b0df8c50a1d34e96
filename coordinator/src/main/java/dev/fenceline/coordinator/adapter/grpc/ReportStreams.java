package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.engine.Refusal;
import dev.fenceline.coordinator.engine.RegistryUpdate;
import dev.fenceline.coordinator.runtime.StreamPort;
import io.grpc.Status;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/** The open report streams by id. Thread-safe. */
public final class ReportStreams implements StreamPort {
  private final ConcurrentHashMap<Long, ReportStream> open = new ConcurrentHashMap<>();
  private final AtomicBoolean closing = new AtomicBoolean();

  /** False if the coordinator is about to end: the stream is not kept. */
  boolean add(long streamId, ReportStream stream) {
    open.put(streamId, stream);
    if (closing.get()) {
      open.remove(streamId);
      return false;
    }
    return true;
  }

  void remove(long streamId) {
    open.remove(streamId);
  }

  @Override
  public void send(long streamId, RegistryUpdate update) {
    ReportStream stream = open.get(streamId);
    if (stream != null) {
      stream.send(RegistryCodec.encode(update));
    }
  }

  @Override
  public void refuse(long streamId, Refusal refusal) {
    ReportStream stream = open.remove(streamId);
    if (stream != null) {
      stream.end(ErrorTrailer.of(refusal));
    }
  }

  @Override
  public void complete(long streamId) {
    ReportStream stream = open.remove(streamId);
    if (stream != null) {
      stream.end(null);
    }
  }

  /** Ends all streams, and those to come, so that the server can stop at once; nodes dial again. */
  public void closeAll() {
    closing.set(true);
    open.values().forEach(stream -> stream.end(goingAway()));
    open.clear();
  }

  static RuntimeException goingAway() {
    return Status.UNAVAILABLE.withDescription("the coordinator stops").asRuntimeException();
  }
}
