package dev.fenceline.coordinator.adapter.access;

import dev.fenceline.coordinator.adapter.rest.ProblemType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Finds out who asks: by bearer token, or by the console's cookie, which for writes counts only on
 * requests from the console's own pages. Thread-safe.
 */
final class CallerFilter extends OncePerRequestFilter {
  static final String COOKIE = "fenceline-session";

  private static final Logger LOG = LoggerFactory.getLogger(CallerFilter.class);
  private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");
  private static final String BEARER = "bearer ";
  private static final int MAX_TOKEN_LENGTH = 8192;

  private final @Nullable Credentials credentials;
  private final LoginSessions sessions;
  private final RequestRates failures;
  private final ProblemWriter problems;

  /**
   * @param credentials null if nobody is asked who he is
   * @param failures how often an address may be wrong
   */
  CallerFilter(
      @Nullable Credentials credentials,
      LoginSessions sessions,
      RequestRates failures,
      ProblemWriter problems) {
    this.credentials = credentials;
    this.sessions = sessions;
    this.failures = failures;
    this.problems = problems;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (credentials == null) {
      proceed(Caller.ANYBODY, request, response, chain);
      return;
    }
    String authorization = request.getHeader(HttpHeaders.AUTHORIZATION);
    Optional<String> cookie = authorization == null ? cookie(request) : Optional.empty();
    if (cookie.isPresent() && !READS.contains(request.getMethod()) && !isSameOrigin(request)) {
      LOG.warn("a write by cookie from another site was refused, {}", request.getRemoteAddr());
      problems.write(
          request,
          response,
          ProblemType.CROSS_SITE,
          "a write by cookie needs the Origin of the coordinator itself; other clients use a"
              + " bearer token");
      return;
    }
    try {
      if (authorization != null) {
        byToken(credentials, authorization, request, response, chain);
      } else {
        Optional<Credentials.Known> known =
            cookie.flatMap(sessions::token).flatMap(credentials::check);
        if (known.isPresent()) {
          proceed(known.get().caller(), request, response, chain);
        } else {
          chain.doFilter(request, response);
        }
      }
    } catch (Credentials.ProviderUnreachable unreachable) {
      LOG.error("nobody can be let in: {}", unreachable.getMessage(), unreachable.getCause());
      problems.write(
          request, response, ProblemType.OVERLOADED, "the identity provider does not answer");
    }
  }

  private void byToken(
      Credentials known,
      String authorization,
      HttpServletRequest request,
      HttpServletResponse response,
      FilterChain chain)
      throws ServletException, IOException {
    String address = request.getRemoteAddr();
    if (failures.isUsedUp(address)) {
      problems.write(
          request, response, ProblemType.RATE_LIMITED, "too many wrong tokens from this address");
      return;
    }
    Optional<Credentials.Known> found =
        authorization.toLowerCase(Locale.ROOT).startsWith(BEARER)
                && authorization.length() <= MAX_TOKEN_LENGTH
            ? known.check(authorization.substring(BEARER.length()).strip())
            : Optional.empty();
    if (found.isPresent()) {
      proceed(found.get().caller(), request, response, chain);
      return;
    }
    failures.take(address);
    LOG.info("a token that is not known was refused, from {}", address);
    response.setHeader(
        HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"fenceline\", error=\"invalid_token\"");
    problems.write(
        request,
        response,
        ProblemType.UNAUTHENTICATED,
        "the token is not known, has expired, or names no role");
  }

  private static void proceed(
      Caller caller, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    SecurityContext context = SecurityContextHolder.createEmptyContext();
    context.setAuthentication(
        UsernamePasswordAuthenticationToken.authenticated(
            caller, null, caller.role().authorities()));
    SecurityContextHolder.setContext(context);
    try {
      chain.doFilter(request, response);
    } finally {
      SecurityContextHolder.clearContext();
    }
  }

  static Optional<String> cookie(HttpServletRequest request) {
    Cookie[] cookies = request.getCookies();
    return cookies == null
        ? Optional.empty()
        : Arrays.stream(cookies)
            .filter(cookie -> cookie.getName().equals(COOKIE))
            .map(Cookie::getValue)
            .findFirst();
  }

  /** Browsers say where a write comes from, and pages cannot make them lie. */
  static boolean isSameOrigin(HttpServletRequest request) {
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    String host = request.getHeader(HttpHeaders.HOST);
    if (origin == null || host == null) {
      return "same-origin".equals(request.getHeader("Sec-Fetch-Site"));
    }
    try {
      return host.equalsIgnoreCase(URI.create(origin).getRawAuthority());
    } catch (IllegalArgumentException noOrigin) {
      return false;
    }
  }
}
