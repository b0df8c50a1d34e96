package dev.fenceline.coordinator.adapter.access;

import dev.fenceline.coordinator.adapter.rest.ProblemType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Bounds how often a caller asks and how much he sends. Thread-safe. Stands behind the filter that
 * finds out who asks: callers are counted by name, and by address while nobody knows them.
 */
final class LimitFilter extends OncePerRequestFilter {
  private final RequestRates rates;
  private final ProblemWriter problems;

  LimitFilter(RequestRates rates, ProblemWriter problems) {
    this.rates = rates;
    this.problems = problems;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String who = request.getRemoteUser();
    boolean anonymous = who == null || who.equals(Caller.ANYBODY.name());
    if (!rates.take(anonymous ? "address " + request.getRemoteAddr() : "caller " + who)) {
      problems.write(
          request, response, ProblemType.RATE_LIMITED, "too many requests; ask more slowly");
      return;
    }
    if (request.getContentLengthLong() > BoundedBody.MAX_BYTES) {
      problems.write(
          request,
          response,
          ProblemType.BODY_TOO_LARGE,
          "a body has at most " + BoundedBody.MAX_BYTES + " bytes");
      return;
    }
    chain.doFilter(new BoundedBody(request), response);
  }
}
