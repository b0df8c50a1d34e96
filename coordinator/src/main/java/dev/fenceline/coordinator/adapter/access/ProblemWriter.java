package dev.fenceline.coordinator.adapter.access;

import dev.fenceline.coordinator.adapter.rest.ProblemType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** Problem+json for what never reaches a controller. Thread-safe. */
final class ProblemWriter {
  private final JsonMapper json;

  ProblemWriter(JsonMapper json) {
    this.json = json;
  }

  void write(
      HttpServletRequest request, HttpServletResponse response, ProblemType type, String detail)
      throws IOException {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("type", type.uri().toString());
    body.put("title", type.title());
    body.put("status", type.status());
    body.put("detail", detail);
    body.put("instance", request.getRequestURI());
    if (type == ProblemType.RATE_LIMITED || type == ProblemType.OVERLOADED) {
      body.put("retryAfterSeconds", 1);
      response.setHeader("Retry-After", "1");
    }
    byte[] bytes = json.writeValueAsString(body).getBytes(StandardCharsets.UTF_8);
    response.setStatus(type.status());
    response.setContentType("application/problem+json");
    response.setContentLength(bytes.length);
    response.getOutputStream().write(bytes);
  }
}
