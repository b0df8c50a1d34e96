package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.DeadlockView;
import dev.fenceline.coordinator.engine.graph.DeadlockBook.Deadlock;
import dev.fenceline.coordinator.runtime.DeadlockBreaker;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Circles of waits that were found, and the switch of what breaks them. Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1/deadlocks", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "waits", description = "What waits at the moment, and how long it took lately")
class DeadlockController {
  private final DeadlockBreaker breaker;

  DeadlockController(DeadlockBreaker breaker) {
    this.breaker = breaker;
  }

  @GetMapping
  @Operation(
      operationId = "listDeadlocks",
      summary = "Circles of waits: those that stand, and the last ones that are over")
  DeadlockView.Listing deadlocks() {
    return new DeadlockView.Listing(
        breaker.enabled(), breaker.deadlocks().stream().map(DeadlockController::view).toList());
  }

  @PutMapping(path = "/breaker", consumes = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      operationId = "setDeadlockBreaker",
      summary = "Switches the breaking of circles on or off, until the coordinator restarts")
  DeadlockView.Breaker setBreaker(
      @RequestBody DeadlockView.Breaker body, HttpServletRequest request) {
    boolean enabled = Members.needed("enabled", body.enabled());
    Audit.about(
        request,
        new Audit.Subject(
            null, null, null, 0, "switched the deadlock breaker " + (enabled ? "on" : "off")));
    breaker.enable(enabled);
    return new DeadlockView.Breaker(enabled);
  }

  private static DeadlockView view(Deadlock deadlock) {
    return new DeadlockView(
        deadlock.number(),
        Views.word(deadlock.state()),
        Instant.ofEpochMilli(deadlock.firstSeenMillis()),
        Instant.ofEpochMilli(deadlock.lastSeenMillis()),
        deadlock.nodeIds(),
        deadlock.why(),
        deadlock.remedy() == null ? null : String.valueOf(deadlock.remedy()),
        deadlock.attempts());
  }
}
