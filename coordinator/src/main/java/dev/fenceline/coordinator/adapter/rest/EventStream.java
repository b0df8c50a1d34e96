package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.EventView;
import dev.fenceline.coordinator.engine.event.Event;
import dev.fenceline.coordinator.engine.event.EventLog;
import dev.fenceline.coordinator.runtime.EventHub;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import tools.jackson.databind.json.JsonMapper;

/**
 * One client that follows the events; confined to its request's thread, which it keeps. A client
 * that reads slowly slows only this thread, and finds a gap when it has fallen behind the log; one
 * that does not read at all is cut off by the server's write time-out.
 */
final class EventStream {
  private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);
  private static final long HEARTBEAT_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int BATCH = 256;

  private final EventHub events;
  private final long bootToken;
  private final JsonMapper json;
  private final HttpServletResponse response;

  EventStream(EventHub events, long bootToken, JsonMapper json, HttpServletResponse response) {
    this.events = events;
    this.bootToken = bootToken;
    this.json = json;
    this.response = response;
  }

  /** Returns when the client or the coordinator is gone. */
  void send(@Nullable EventId from, Predicate<Event> wanted) throws InterruptedException {
    response.setContentType("text/event-stream;charset=UTF-8");
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    response.setHeader("X-Accel-Buffering", "no");
    try {
      follow(from, wanted);
    } catch (IOException gone) {
      LOG.debug("a client that followed the events is gone", gone);
    }
  }

  private void follow(@Nullable EventId from, Predicate<Event> wanted)
      throws IOException, InterruptedException {
    OutputStream out = response.getOutputStream();
    write(out, "retry: 2000\n: events of coordinator " + Views.token(bootToken) + "\n\n");
    boolean anotherStart = from != null && from.bootToken() != bootToken;
    long position =
        from == null ? events.read(EventLog::newestNumber) : anotherStart ? 0 : from.number();
    EventLog.Batch batch = events.await(position, wanted, BATCH, 0);
    while (true) {
      EventView.Gap gap = EventController.gap(bootToken, anotherStart, batch);
      anotherStart = false;
      if (gap != null) {
        write(out, "event: gap\ndata: " + json.writeValueAsString(gap) + "\n\n");
      }
      for (Event event : batch.events()) {
        EventView view = LiveViews.event(bootToken, event);
        write(out, "id: " + view.id() + "\ndata: " + json.writeValueAsString(view) + "\n\n");
      }
      out.flush();
      position = batch.position();
      if (events.isClosed()) {
        return;
      }
      batch = events.await(position, wanted, BATCH, HEARTBEAT_NANOS);
      if (batch.events().isEmpty() && batch.lostTo() == 0) {
        write(out, ": still here\n\n");
      }
    }
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }
}
