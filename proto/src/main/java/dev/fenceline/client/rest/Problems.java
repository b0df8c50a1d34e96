package dev.fenceline.client.rest;

import dev.fenceline.client.rest.ProblemException.Problem;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Reads problem documents, and makes the best of answers that are none. Stateless. */
final class Problems {
  private static final long MAX_RETRY_AFTER_SECONDS = 600;

  private Problems() {}

  static ProblemException of(int status, HttpResponse<byte[]> response) {
    return of(status, response.body(), response.headers().firstValue("Retry-After").orElse(null));
  }

  static ProblemException of(int status, byte[] body, @Nullable String retryAfterHeader) {
    JsonNode document = document(body);
    String type = document.path("type").asString("");
    String slug = type.isEmpty() ? "unexpected" : type.substring(type.lastIndexOf('/') + 1);
    return new ProblemException(
        new Problem(
            slug,
            status,
            document.path("title").asString("the server answered " + status),
            document.path("detail").asString(""),
            field(document),
            retryAfter(status, retryAfterHeader),
            document));
  }

  private static JsonNode document(byte[] body) {
    try {
      JsonNode document = RestConnection.MAPPER.readTree(body);
      return document.isObject() ? document : RestConnection.MAPPER.createObjectNode();
    } catch (JacksonException e) {
      return RestConnection.MAPPER.createObjectNode();
    }
  }

  private static @Nullable String field(JsonNode document) {
    for (String name : new String[] {"field", "parameter", "member"}) {
      JsonNode value = document.path(name);
      if (value.isString()) {
        return value.asString();
      }
    }
    return null;
  }

  /** Null unless the answer says that asking again may help: a host's EAGAIN is an answer, too. */
  private static @Nullable Duration retryAfter(int status, @Nullable String header) {
    if (status != 503 && status != 429) {
      return null;
    }
    if (header == null || !header.matches("[0-9]{1,6}")) {
      return null;
    }
    return Duration.ofSeconds(Math.min(Long.parseLong(header), MAX_RETRY_AFTER_SECONDS));
  }
}
