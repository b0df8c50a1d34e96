package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.runtime.RegistryBusyException;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.util.Map;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/**
 * Turns everything that goes wrong into problem+json (RFC 9457), whatever the client accepts.
 * Stateless.
 */
@RestControllerAdvice
class ProblemAdvice {
  static final String RETRY_AFTER_SECONDS = "retryAfterSeconds";

  private static final Logger LOG = LoggerFactory.getLogger(ProblemAdvice.class);

  @ExceptionHandler(ProblemException.class)
  ResponseEntity<ProblemDetail> problem(ProblemException problem, HttpServletRequest request) {
    HttpHeaders headers = new HttpHeaders();
    Object retryAfter = problem.properties().get(RETRY_AFTER_SECONDS);
    if (retryAfter != null) {
      headers.set(HttpHeaders.RETRY_AFTER, retryAfter.toString());
    }
    return answer(problem.type(), problem.detail(), headers, problem.properties(), request);
  }

  /** The server reads the query only when somebody asks for it. */
  @ExceptionHandler(InvalidParameterException.class)
  ResponseEntity<ProblemDetail> undecodable(
      InvalidParameterException failure, HttpServletRequest request) {
    return answer(
        ProblemType.BAD_REQUEST,
        "the query must be percent-encoded UTF-8 of at most 1000 parameters",
        new HttpHeaders(),
        Map.of(),
        request);
  }

  /** Names and values with control characters. */
  @ExceptionHandler(RequestRejectedException.class)
  ResponseEntity<ProblemDetail> rejected(
      RequestRejectedException failure, HttpServletRequest request) {
    return answer(
        ProblemType.BAD_REQUEST,
        "names and values of parameters and headers must not have control characters",
        new HttpHeaders(),
        Map.of(),
        request);
  }

  @ExceptionHandler(RegistryBusyException.class)
  ResponseEntity<ProblemDetail> busy(RegistryBusyException failure, HttpServletRequest request) {
    return problem(
        new ProblemException(ProblemType.OVERLOADED, String.valueOf(failure.getMessage()))
            .with(RETRY_AFTER_SECONDS, 1),
        request);
  }

  /** A body that cannot be read: names the member. */
  @ExceptionHandler(HttpMessageNotReadableException.class)
  ResponseEntity<ProblemDetail> unreadable(
      HttpMessageNotReadableException failure, HttpServletRequest request) {
    return problem(UnreadableBody.problem(failure), request);
  }

  /** What the web framework refuses by itself, and what nobody expected. */
  @ExceptionHandler(Exception.class)
  ResponseEntity<ProblemDetail> other(Exception failure, HttpServletRequest request) {
    if (failure instanceof ErrorResponse refusal && !refusal.getStatusCode().is5xxServerError()) {
      String detail = refusal.getBody().getDetail();
      return answer(
          ProblemType.ofStatus(refusal.getStatusCode().value()),
          refusal.getStatusCode(),
          Printable.of(detail == null ? "the request was refused" : detail),
          refusal.getHeaders(),
          request);
    }
    LOG.error("{} {} failed", request.getMethod(), Printable.of(request.getRequestURI()), failure);
    return answer(
        ProblemType.INTERNAL,
        "the request could not be answered; the coordinator's log says why",
        new HttpHeaders(),
        Map.of(),
        request);
  }

  private static ResponseEntity<ProblemDetail> answer(
      ProblemType type,
      String detail,
      HttpHeaders headers,
      Map<String, Object> properties,
      HttpServletRequest request) {
    ResponseEntity<ProblemDetail> answer =
        answer(type, HttpStatusCode.valueOf(type.status()), detail, headers, request);
    ProblemDetail body = answer.getBody();
    if (body != null) {
      properties.forEach(body::setProperty);
    }
    return answer;
  }

  private static ResponseEntity<ProblemDetail> answer(
      ProblemType type,
      HttpStatusCode status,
      String detail,
      HttpHeaders headers,
      HttpServletRequest request) {
    ProblemDetail body = ProblemDetail.forStatusAndDetail(status, detail);
    body.setType(type.uri());
    body.setTitle(type.title());
    body.setInstance(URI.create(request.getRequestURI()));
    return ResponseEntity.status(status)
        .headers(headers)
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .body(body);
  }
}
