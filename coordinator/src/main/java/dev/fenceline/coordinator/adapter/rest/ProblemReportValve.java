package dev.fenceline.coordinator.adapter.rest;

import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports what the server refuses before any servlet sees it (a path that cannot be decoded, ...)
 * as problem+json. Thread-safe.
 */
final class ProblemReportValve extends ErrorReportValve {
  private static final Logger LOG = LoggerFactory.getLogger(ProblemReportValve.class);

  @Override
  protected void report(Request request, Response response, Throwable failure) {
    int status = response.getStatus();
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    ProblemType type = ProblemType.ofStatus(status);
    String body =
        "{\"type\":\"%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"the server refused the request\"}"
            .formatted(type.uri(), type.title(), status);
    try {
      response.setContentType("application/problem+json");
      response.getReporter().write(body);
      response.finishResponse();
    } catch (IOException gone) {
      LOG.debug("nobody is left to hear of status {}", status, gone);
    }
  }
}
