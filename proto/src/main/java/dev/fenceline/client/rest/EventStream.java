package dev.fenceline.client.rest;

import dev.fenceline.client.resource.Notice;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The events of an installation as they happen. It resumes behind the last event that arrived when
 * its connection breaks or falls silent, for as long as it is open. Iterated by one thread; may be
 * closed by any.
 *
 * <p>A slow reader is not run over: no more than a few events wait here, the others wait at the
 * coordinator, which says by a {@link Notice.Gap} when it could not keep them.
 */
public final class EventStream implements AutoCloseable {
  private static final int BUFFERED = 256;
  private static final long PUT_MILLIS = 100;

  private final RestConnection connection;
  private final Query query;
  private final Duration silence;
  private final BlockingQueue<Arrival> arrivals = new ArrayBlockingQueue<>(BUFFERED);
  private volatile boolean closed;
  private @Nullable String lastId;
  private @Nullable Link link;
  private int failures;

  /**
   * @param silence after this time without a word, the connection counts as broken
   */
  EventStream(RestConnection connection, Query query, Duration silence) {
    this.connection = connection;
    this.query = query;
    this.silence = silence;
  }

  /** What the reading thread hands over. */
  private sealed interface Arrival {}

  private record Said(Link by, SseParser.Message message) implements Arrival {}

  private record Breath(Link by) implements Arrival {}

  private record Broke(Link by, String why) implements Arrival {}

  /**
   * Waits for what happens next.
   *
   * @throws ProblemException if the coordinator refuses, unless it says that it will not for long
   * @throws NoSuchElementException if the stream was closed
   * @throws InterruptedException if the caller should end
   */
  public Notice next() throws InterruptedException {
    while (!closed) {
      Link current = link;
      if (current == null) {
        Notice.Interrupted failure = open();
        if (failure != null) {
          return failure;
        }
        continue;
      }
      Arrival arrival = arrivals.poll(silence.toMillis(), TimeUnit.MILLISECONDS);
      Notice notice =
          arrival == null
              ? broken(current, "nothing was heard for " + silence.toSeconds() + " s")
              : take(arrival, current);
      if (notice != null) {
        return notice;
      }
    }
    throw new NoSuchElementException("the stream of events is closed");
  }

  private @Nullable Notice take(Arrival arrival, Link current) {
    return switch (arrival) {
      // What an earlier connection said late: the present one says it again.
      case Said said when said.by() != current -> null;
      case Said said -> notice(said.message());
      case Breath breath -> null;
      case Broke broke -> broke.by() == current ? broken(current, broke.why()) : null;
    };
  }

  private Notice notice(SseParser.Message message) {
    failures = 0;
    if (message.name().equals("gap")) {
      return connection.value(RestConnection.MAPPER.readTree(message.data()), Notice.Gap.class);
    }
    Notice.Event event =
        connection.value(RestConnection.MAPPER.readTree(message.data()), Notice.Event.class);
    lastId = event.id();
    return event;
  }

  private Notice.Interrupted broken(Link current, String why) {
    current.close();
    link = null;
    failures++;
    return new Notice.Interrupted(why);
  }

  /** Null if the stream is open; what happened if not, after the pause that is due. */
  private Notice.@Nullable Interrupted open() throws InterruptedException {
    if (failures > 0) {
      connection.pause().sleep(connection.retries().pauseBefore(failures + 1, Duration.ZERO));
    }
    try {
      HttpResponse<InputStream> response =
          connection.stream("/events", query, Optional.ofNullable(lastId));
      if (response.statusCode() != 200) {
        try (InputStream body = response.body()) {
          throw Problems.of(
              response.statusCode(),
              body.readNBytes(1 << 16),
              response.headers().firstValue("Retry-After").orElse(null));
        }
      }
      link = Link.reading(response.body(), this);
      return null;
    } catch (ProblemException e) {
      if (e.problem().retryAfter() == null || failures++ >= connection.retries().attempts()) {
        throw e;
      }
      return new Notice.Interrupted(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      failures++;
      return new Notice.Interrupted(
          String.valueOf(connection.unreachable("nobody answers there", e).getMessage()));
    }
  }

  @Override
  public void close() {
    closed = true;
    Link current = link;
    if (current != null) {
      current.close();
    }
  }

  /** One connection, read by a thread of its own that dies with it. */
  private static final class Link {
    private final InputStream body;
    private final EventStream stream;
    private volatile boolean closed;

    private Link(InputStream body, EventStream stream) {
      this.body = body;
      this.stream = stream;
    }

    static Link reading(InputStream body, EventStream stream) {
      Link link = new Link(body, stream);
      Thread.ofVirtual().name("fenceline-events").start(link::read);
      return link;
    }

    private void read() {
      String why = "the coordinator ended the stream";
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
        SseParser parser = new SseParser();
        String line = SseParser.readLine(lines);
        while (line != null && !closed) {
          SseParser.Message message = parser.take(line);
          put(message == null ? new Breath(this) : new Said(this, message));
          line = SseParser.readLine(lines);
        }
      } catch (IOException e) {
        why = String.valueOf(e.getMessage());
      }
      put(new Broke(this, why));
    }

    /** Waits for room, so that the coordinator feels a slow reader; not for one that has gone. */
    private void put(Arrival arrival) {
      try {
        while (!closed && !stream.arrivals.offer(arrival, PUT_MILLIS, TimeUnit.MILLISECONDS)) {
          // Nobody reads yet.
        }
      } catch (InterruptedException e) {
        closed = true;
      }
    }

    void close() {
      closed = true;
      try {
        body.close();
      } catch (IOException e) {
        // It is gone, which was the wish.
      }
    }
  }
}
