package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.EventView;
import dev.fenceline.coordinator.engine.event.Event;
import dev.fenceline.coordinator.engine.event.EventKind;
import dev.fenceline.coordinator.engine.event.EventLog;
import dev.fenceline.coordinator.runtime.EventHub;
import dev.fenceline.coordinator.runtime.RegistryRuntime;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.filter.ShallowEtagHeaderFilter;
import tools.jackson.databind.json.JsonMapper;

/** What happened in the installation: the newest, or live. Thread-safe. */
@RestController
@Tag(name = "events", description = "What happened in the installation")
class EventController {
  private static final String PATH = "/api/v1/events";
  private static final String AFTER =
      "Only events behind this id; default: the newest. An id of an earlier start of the"
          + " coordinator gets everything, and a gap";
  private static final String KINDS =
      "Only these kinds, separated by commas: node-joined, fence-overdue, ...";

  private final EventHub events;
  private final RegistryRuntime runtime;
  private final JsonMapper json;

  EventController(EventHub events, RegistryRuntime runtime, JsonMapper json) {
    this.events = events;
    this.runtime = runtime;
    this.json = json;
  }

  @AnsweredWhileRecovering
  @GetMapping(path = PATH, produces = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      summary = "The newest events, oldest first; or those behind an id",
      operationId = "listEvents")
  EventView.Page list(
      @Parameter(description = AFTER) @RequestParam(name = "after", required = false)
          @Nullable String after,
      @Parameter(description = KINDS) @RequestParam(name = "kind", required = false)
          @Nullable String kind,
      @Parameter(description = "1 to 1000, default 100")
          @RequestParam(name = "limit", required = false)
          @Nullable String limit) {
    EventId from = EventId.parse("after", after);
    Predicate<Event> wanted = wanted(kind);
    int most = Parameters.limit(limit);
    long token = runtime.bootToken();
    return events.read(log -> page(log, token, from, wanted, most));
  }

  @AnsweredWhileRecovering
  @GetMapping(path = PATH, produces = MediaType.TEXT_EVENT_STREAM_VALUE)
  @Operation(
      summary = "Events as they happen (server-sent events)",
      operationId = "streamEvents",
      description =
          "Each event's `id` is its id and its `data` an EventView in one line. What was lost comes"
              + " as an event named `gap`. A comment every 10 s keeps the stream open.")
  @ApiResponse(
      responseCode = "200",
      content =
          @Content(
              mediaType = MediaType.TEXT_EVENT_STREAM_VALUE,
              schema = @Schema(implementation = EventView.class)))
  void stream(
      @Parameter(description = AFTER + "; `Last-Event-ID` goes before it")
          @RequestParam(name = "after", required = false)
          @Nullable String after,
      @Parameter(description = KINDS) @RequestParam(name = "kind", required = false)
          @Nullable String kind,
      @RequestHeader(name = "Last-Event-ID", required = false) @Nullable String lastEventId,
      HttpServletRequest request,
      HttpServletResponse response)
      throws InterruptedException, IOException {
    EventId from =
        lastEventId == null || lastEventId.isEmpty()
            ? EventId.parse("after", after)
            : EventId.parse("Last-Event-ID", lastEventId);
    Predicate<Event> wanted = wanted(kind);
    ShallowEtagHeaderFilter.disableContentCaching(request);
    if (!events.subscribe()) {
      throw new ProblemException(
              ProblemType.OVERLOADED, "as many follow the events as the coordinator serves")
          .with(ProblemAdvice.RETRY_AFTER_SECONDS, 5);
    }
    try {
      new EventStream(events, runtime.bootToken(), json, response).send(from, wanted);
    } finally {
      events.unsubscribe();
    }
  }

  private static EventView.Page page(
      EventLog log, long token, @Nullable EventId from, Predicate<Event> wanted, int limit) {
    boolean anotherStart = from != null && from.bootToken() != token;
    List<Event> found;
    long position;
    EventView.Gap gap = null;
    if (from == null) {
      found = log.newest(wanted, limit);
      position = log.newestNumber();
    } else {
      EventLog.Batch batch = log.after(anotherStart ? 0 : from.number(), wanted, limit);
      found = batch.events();
      position = batch.position();
      gap = gap(token, anotherStart, batch);
    }
    return new EventView.Page(
        found.stream().map(each -> LiveViews.event(token, each)).toList(),
        log.oldestNumber() == 0 ? null : EventId.text(token, log.oldestNumber()),
        log.newestNumber() == 0 ? null : EventId.text(token, log.newestNumber()),
        EventId.text(token, position),
        gap);
  }

  /** Null if nothing was lost. */
  static EventView.@Nullable Gap gap(long token, boolean anotherStart, EventLog.Batch batch) {
    if (anotherStart) {
      return new EventView.Gap(
          null, null, "the coordinator started anew: what it had not told is lost");
    }
    return batch.lostTo() == 0
        ? null
        : new EventView.Gap(
            EventId.text(token, batch.lostFrom()),
            EventId.text(token, batch.lostTo()),
            "more happened than the coordinator keeps");
  }

  private static Predicate<Event> wanted(@Nullable String kinds) {
    if (kinds == null) {
      return event -> true;
    }
    Set<EventKind> chosen = EnumSet.noneOf(EventKind.class);
    for (String word : kinds.split(",", -1)) {
      chosen.add(
          Arrays.stream(EventKind.values())
              .filter(each -> Views.word(each).equals(word))
              .findFirst()
              .orElseThrow(
                  () ->
                      ProblemException.invalidParameter(
                          "kind",
                          kinds,
                          "of "
                              + Arrays.stream(EventKind.values())
                                  .map(Views::word)
                                  .collect(Collectors.joining(", ")))));
    }
    return event -> chosen.contains(event.what().kind());
  }
}
