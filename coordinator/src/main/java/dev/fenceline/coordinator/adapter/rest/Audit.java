package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.engine.event.EventDraft;
import dev.fenceline.coordinator.engine.event.EventKind;
import dev.fenceline.coordinator.runtime.EventHub;
import dev.fenceline.model.DeviceId;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.HandlerInterceptor;

/**
 * Writes into log and events who changed what over REST, and with which outcome. Thread-safe. What
 * the coordinator itself refused changed nothing and is not told.
 */
@Component
class Audit implements HandlerInterceptor {
  private static final Logger LOG = LoggerFactory.getLogger("dev.fenceline.coordinator.audit");
  private static final String SUBJECT = Audit.class.getName() + ".subject";
  private static final String OUTCOME = Audit.class.getName() + ".outcome";
  private static final Set<String> HARMLESS = Set.of("GET", "HEAD", "OPTIONS", "TRACE");

  /** What is changed; immutable. Null and 0 for what it is not about. */
  record Subject(
      @Nullable String hostId,
      @Nullable String agentId,
      @Nullable DeviceId device,
      long spaceId,
      String deed) {
    static Subject host(String hostId, String deed) {
      return new Subject(hostId, null, null, 0, deed);
    }

    static Subject space(Parameters.CompositeId space, String deed) {
      return new Subject(space.hostId(), null, null, space.number(), deed);
    }

    static Subject agent(String agentId, String deed) {
      return new Subject(null, agentId, null, 0, deed);
    }

    static Subject device(DeviceId device, String deed) {
      return new Subject(null, device.agentId(), device, 0, deed);
    }
  }

  private final EventHub events;

  Audit(EventHub events) {
    this.events = events;
  }

  /** Says what the request is about to do. */
  static void about(HttpServletRequest request, Subject subject) {
    request.setAttribute(SUBJECT, subject);
  }

  /** Says what came of it, where the status of the answer does not. */
  static void outcome(HttpServletRequest request, String outcome) {
    request.setAttribute(OUTCOME, outcome);
  }

  private static String outcome(HttpServletRequest request, HttpServletResponse response) {
    if (response.getHeader(IdempotentAnswers.REPLAYED) != null) {
      return "answered again";
    }
    if (request.getAttribute(OUTCOME) instanceof String said) {
      return said;
    }
    int status = response.getStatus();
    return switch (status) {
      case HttpServletResponse.SC_ACCEPTED -> "begun";
      case HttpServletResponse.SC_GATEWAY_TIMEOUT -> "unknown, no answer in time";
      default -> status < HttpServletResponse.SC_BAD_REQUEST ? "done" : "failed with " + status;
    };
  }

  @Override
  public void afterCompletion(
      HttpServletRequest request,
      HttpServletResponse response,
      Object handler,
      @Nullable Exception failure) {
    if (!HARMLESS.contains(request.getMethod())
        && request.getAttribute(SUBJECT) instanceof Subject subject) {
      String user = request.getRemoteUser();
      String actor = user == null ? "anonymous" : user;
      String outcome = outcome(request, response);
      LOG.info("{} from {}: {}: {}", actor, request.getRemoteAddr(), subject.deed(), outcome);
      events.append(
          new EventDraft(
              System.currentTimeMillis(),
              EventKind.OPERATOR_ACTION,
              subject.hostId(),
              subject.agentId(),
              subject.device(),
              subject.spaceId(),
              0,
              actor,
              actor + ": " + subject.deed() + ": " + outcome));
    }
  }
}
