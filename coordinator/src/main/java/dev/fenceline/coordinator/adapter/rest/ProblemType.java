package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.model.Errno;
import java.net.URI;

/** The kinds of problems that REST answers; immutable. Slugs and statuses are part of the API. */
public enum ProblemType {
  RECOVERING("recovering", 503, "The coordinator is rebuilding its state"),
  OVERLOADED("overloaded", 503, "The coordinator is overloaded"),
  UNKNOWN_HOST("unknown-host", 404, "No such host"),
  UNKNOWN_AGENT("unknown-agent", 404, "No such agent"),
  UNKNOWN_DEVICE("unknown-device", 404, "No such device"),
  UNKNOWN_SPACE("unknown-address-space", 404, "No such address space"),
  UNKNOWN_FENCE("unknown-fence", 404, "No such fence, or it has left the host's history"),
  UNKNOWN_PROGRAM("unknown-program", 404, "No such program, or its agent has forgotten it"),
  UNKNOWN_PIN("unknown-pin", 404, "No such pin"),
  AGENT_LEFT("agent-left", 410, "The agent has left"),
  AGENT_UNREACHABLE("agent-unreachable", 502, "The agent cannot be reached"),
  AGENT_SILENT("agent-unreachable", 504, "The agent does not answer in time"),
  AGENT_ANSWER_UNUSABLE("agent-answer-unusable", 502, "The agent's answer cannot be used"),
  HOST_LEFT("host-left", 410, "The host has left"),
  HOST_UNREACHABLE("host-unreachable", 502, "The host cannot be reached"),
  HOST_SILENT("host-unreachable", 504, "The host does not answer in time"),
  HOST_ANSWER_UNUSABLE("host-answer-unusable", 502, "The host's answer cannot be used"),
  INVALID_PARAMETER("invalid-parameter", 400, "A parameter cannot be used"),
  BAD_REQUEST("bad-request", 400, "The request cannot be understood"),
  NOT_FOUND("not-found", 404, "No such resource"),
  METHOD_NOT_ALLOWED("method-not-allowed", 405, "The resource does not take this method"),
  NOT_ACCEPTABLE("not-acceptable", 406, "The resource has no such representation"),
  UNSUPPORTED_MEDIA_TYPE("unsupported-media-type", 415, "The resource does not take such a body"),
  REQUEST_REFUSED("request-refused", 400, "The request was refused"),
  REQUEST_IN_CONFLICT("request-refused", 409, "The request was refused as things stand"),
  NODE_BUSY("request-refused", 503, "The request was refused for want of room"),
  IDEMPOTENCY_CONFLICT(
      "idempotency-conflict", 422, "The idempotency key was used for another request"),
  REQUEST_UNDER_WAY("request-under-way", 409, "The first request with the key is still under way"),
  UNAUTHENTICATED("unauthenticated", 401, "Nobody knows who asks"),
  FORBIDDEN("forbidden", 403, "The role does not permit it"),
  CROSS_SITE("cross-site-request", 403, "The request comes from another site"),
  RATE_LIMITED("rate-limited", 429, "Too many requests"),
  BODY_TOO_LARGE("body-too-large", 413, "The body is too large"),
  URI_TOO_LONG("uri-too-long", 414, "The address is too long"),
  HEADERS_TOO_LARGE("headers-too-large", 431, "The headers are too large"),
  INTERNAL("internal-error", 500, "The coordinator failed");

  private static final String BASE = "https://fenceline.dev/problems/";

  private final String slug;
  private final int status;
  private final String title;

  ProblemType(String slug, int status, String title) {
    this.slug = slug;
    this.status = status;
    this.title = title;
  }

  public URI uri() {
    return URI.create(BASE + slug);
  }

  public int status() {
    return status;
  }

  public String title() {
    return title;
  }

  /** For what a host or an agent refuses. */
  static ProblemType ofRefusal(Errno errno) {
    return switch (errno) {
      case EINVAL, ENOENT -> REQUEST_REFUSED;
      case EFAULT, EPERM, ENOMEM, EEXIST, EBUSY, DATA_LOSS, STALE, ETIME, OOM_KILLED ->
          REQUEST_IN_CONFLICT;
      case EAGAIN, RESOURCE_EXHAUSTED, UNAVAILABLE -> NODE_BUSY;
    };
  }

  /** For what the web framework or the server itself refuses. */
  static ProblemType ofStatus(int status) {
    return switch (status) {
      case 400 -> BAD_REQUEST;
      case 401 -> UNAUTHENTICATED;
      case 403 -> FORBIDDEN;
      case 413 -> BODY_TOO_LARGE;
      case 414 -> URI_TOO_LONG;
      case 429 -> RATE_LIMITED;
      case 431 -> HEADERS_TOO_LARGE;
      case 404 -> NOT_FOUND;
      case 405 -> METHOD_NOT_ALLOWED;
      case 406 -> NOT_ACCEPTABLE;
      case 415 -> UNSUPPORTED_MEDIA_TYPE;
      case 503 -> OVERLOADED;
      default -> status >= 500 ? INTERNAL : REQUEST_REFUSED;
    };
  }
}
