package dev.fenceline.coordinator.adapter.rest;

import java.net.URI;

/** The kinds of problems that REST answers; immutable. Slugs and statuses are part of the API. */
enum ProblemType {
  RECOVERING("recovering", 503, "The coordinator is rebuilding its state"),
  OVERLOADED("overloaded", 503, "The coordinator is overloaded"),
  UNKNOWN_HOST("unknown-host", 404, "No such host"),
  UNKNOWN_AGENT("unknown-agent", 404, "No such agent"),
  UNKNOWN_DEVICE("unknown-device", 404, "No such device"),
  UNKNOWN_SPACE("unknown-address-space", 404, "No such address space"),
  UNKNOWN_FENCE("unknown-fence", 404, "No such fence, or it has left the host's history"),
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

  URI uri() {
    return URI.create(BASE + slug);
  }

  int status() {
    return status;
  }

  String title() {
    return title;
  }

  /** For what the web framework or the server itself refuses. */
  static ProblemType ofStatus(int status) {
    return switch (status) {
      case 400 -> BAD_REQUEST;
      case 404 -> NOT_FOUND;
      case 405 -> METHOD_NOT_ALLOWED;
      case 406 -> NOT_ACCEPTABLE;
      case 415 -> UNSUPPORTED_MEDIA_TYPE;
      case 503 -> OVERLOADED;
      default -> status >= 500 ? INTERNAL : REQUEST_REFUSED;
    };
  }
}
