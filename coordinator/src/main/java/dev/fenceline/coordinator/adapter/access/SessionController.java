package dev.fenceline.coordinator.adapter.access;

import dev.fenceline.coordinator.adapter.rest.AnsweredWhileRecovering;
import dev.fenceline.coordinator.adapter.rest.ProblemException;
import dev.fenceline.coordinator.adapter.rest.ProblemType;
import dev.fenceline.coordinator.adapter.rest.model.SessionBody;
import dev.fenceline.coordinator.adapter.rest.model.SessionView;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Login and logout at the console, and who one is. Thread-safe. */
@RestController
@RequestMapping(path = "/api/v1/session", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "session", description = "Who one is; the console's login")
class SessionController {
  private static final Logger LOG = LoggerFactory.getLogger(SessionController.class);
  private static final int MAX_TOKEN_LENGTH = 8192;

  private final AccessSettings settings;
  private final Access access;

  SessionController(AccessSettings settings, Access access) {
    this.settings = settings;
    this.access = access;
  }

  @AnsweredWhileRecovering
  @GetMapping
  @Operation(summary = "Who one is, and what one may do", operationId = "getSession")
  SessionView session() {
    Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
    if (authentication != null && authentication.getPrincipal() instanceof Caller caller) {
      return view(caller);
    }
    throw new ProblemException(ProblemType.UNAUTHENTICATED, "log in, or send a bearer token");
  }

  @AnsweredWhileRecovering
  @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  @Operation(
      summary = "Logs in: the token goes into a session, the session into a cookie",
      operationId = "logIn")
  @ApiResponse(responseCode = "200", description = "Logged in")
  @ApiResponse(responseCode = "429", description = "Too many wrong tokens from this address")
  ResponseEntity<SessionView> logIn(@RequestBody SessionBody body, HttpServletRequest request) {
    String token = body.token();
    if (token == null || token.isBlank() || token.length() > MAX_TOKEN_LENGTH) {
      throw ProblemException.invalidParameter(
          "token", token == null ? "null" : "...", "a token of 1 to 8192 characters");
    }
    Credentials credentials = access.credentials();
    if (credentials == null) {
      return ResponseEntity.ok(view(Caller.ANYBODY));
    }
    if (request.getHeader(HttpHeaders.ORIGIN) != null && !CallerFilter.isSameOrigin(request)) {
      throw new ProblemException(ProblemType.CROSS_SITE, "log in from the coordinator's own page");
    }
    String address = request.getRemoteAddr();
    if (access.failures().isUsedUp(address)) {
      throw new ProblemException(
              ProblemType.RATE_LIMITED, "too many wrong tokens from this address")
          .with("retryAfterSeconds", 1);
    }
    Optional<Credentials.Known> known = credentials.check(token.strip());
    if (known.isEmpty()) {
      access.failures().take(address);
      LOG.info("a login with a token that is not known was refused, from {}", address);
      throw new ProblemException(
          ProblemType.UNAUTHENTICATED, "the token is not known, has expired, or names no role");
    }
    CallerFilter.cookie(request).ifPresent(access.sessions()::close);
    LOG.info("{} logged in from {}", known.get().caller().name(), address);
    String value = access.sessions().open(token.strip(), known.get().untilMillis());
    return ResponseEntity.ok()
        .header(HttpHeaders.SET_COOKIE, cookie(value, -1, request).toString())
        .header(HttpHeaders.CACHE_CONTROL, "no-store")
        .body(view(known.get().caller()));
  }

  @AnsweredWhileRecovering
  @DeleteMapping
  @Operation(summary = "Logs out", operationId = "logOut")
  @ApiResponse(responseCode = "204", description = "Logged out")
  ResponseEntity<Void> logOut(HttpServletRequest request) {
    CallerFilter.cookie(request).ifPresent(access.sessions()::close);
    return ResponseEntity.noContent()
        .header(HttpHeaders.SET_COOKIE, cookie("", 0, request).toString())
        .build();
  }

  /** For the whole browser session; the server's side of it ends after twelve hours. */
  private static ResponseCookie cookie(
      String value, long maxAgeSeconds, HttpServletRequest request) {
    return ResponseCookie.from(CallerFilter.COOKIE, value)
        .httpOnly(true)
        .sameSite("Strict")
        .secure(request.isSecure())
        .path("/")
        .maxAge(maxAgeSeconds)
        .build();
  }

  private SessionView view(Caller who) {
    AccessSettings.Mode mode = settings.mode();
    return new SessionView(
        who.name(),
        who.role().word(),
        mode == AccessSettings.Mode.OFF ? "none" : mode.name().toLowerCase(Locale.ROOT),
        mode != AccessSettings.Mode.OFF);
  }
}
