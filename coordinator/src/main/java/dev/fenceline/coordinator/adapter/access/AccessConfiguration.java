package dev.fenceline.coordinator.adapter.access;

import dev.fenceline.coordinator.adapter.rest.ProblemType;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.annotation.web.configurers.AuthorizeHttpRequestsConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.core.userdetails.UsernameNotFoundException;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.AnonymousAuthenticationFilter;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;
import org.springframework.security.web.servletapi.SecurityContextHolderAwareRequestFilter;
import tools.jackson.databind.json.JsonMapper;

/**
 * The order in which a request is looked at, and which role each path needs: what is not named is
 * denied. Stateless.
 */
@Configuration(proxyBeanMethods = false)
class AccessConfiguration {
  private static final Logger LOG = LoggerFactory.getLogger(AccessConfiguration.class);
  private static final int WRONG_TOKENS_PER_SECOND = 1;
  private static final int WRONG_TOKENS_AT_ONCE = 20;

  private static final String[] CONSOLE = {
    "/", "/index.html", "/favicon.svg", "/favicon.ico", "/css/**", "/js/**", "/vendor/**"
  };
  private static final String[] DOCUMENTATION = {
    "/swagger-ui.html", "/swagger-ui/**", "/v3/api-docs/**", "/v3/api-docs.yaml", "/webjars/**"
  };
  private static final String[] SCRAPED = {
    "/sd/prometheus", "/api/v1/sd/prometheus", "/actuator/prometheus"
  };

  @Bean
  Access access(AccessSettings settings, ObjectProvider<JwtDecoder> decoder) {
    return new Access(
        credentials(settings, decoder),
        new LoginSessions(InstantSource.system()),
        new RequestRates(WRONG_TOKENS_PER_SECOND, WRONG_TOKENS_AT_ONCE));
  }

  private static @Nullable Credentials credentials(
      AccessSettings settings, ObjectProvider<JwtDecoder> decoder) {
    return switch (settings.mode()) {
      case OFF -> null;
      case STATIC -> {
        Path path = settings.tokensFile();
        if (path == null) {
          throw new UnusableTokenFile("mode static needs fenceline.rest.auth.tokens-file", null);
        }
        TokenFile file = new TokenFile(path, System::nanoTime);
        yield token ->
            file.caller(token).map(caller -> new Credentials.Known(caller, Long.MAX_VALUE));
      }
      case OIDC -> new OidcCredentials(decoder.getObject(), settings.roleClaim());
    };
  }

  /** There are no passwords; without this bean the framework would invent a user with one. */
  @Bean
  UserDetailsService noUsers() {
    return name -> {
      throw new UsernameNotFoundException("there are no passwords");
    };
  }

  @Bean
  SecurityFilterChain accessChain(
      HttpSecurity http, AccessSettings settings, Access access, JsonMapper json) {
    ProblemWriter problems = new ProblemWriter(json);
    CallerFilter callers =
        new CallerFilter(access.credentials(), access.sessions(), access.failures(), problems);
    LimitFilter limits =
        new LimitFilter(new RequestRates(settings.requestsPerSecond(), settings.burst()), problems);
    return http.csrf(AbstractHttpConfigurer::disable) // CallerFilter checks the origin instead
        .httpBasic(AbstractHttpConfigurer::disable)
        .formLogin(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .requestCache(AbstractHttpConfigurer::disable)
        .sessionManagement(it -> it.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .headers(
            headers ->
                headers
                    .addHeaderWriter(new ContentPolicy())
                    .referrerPolicy(it -> it.policy(ReferrerPolicy.NO_REFERRER))
                    .frameOptions(it -> it.deny()))
        .addFilterBefore(callers, SecurityContextHolderAwareRequestFilter.class)
        .addFilterBefore(limits, AnonymousAuthenticationFilter.class)
        .authorizeHttpRequests(it -> rules(it, settings.openMetrics()))
        .exceptionHandling(
            it ->
                it.authenticationEntryPoint(
                        (request, response, failure) -> unknown(problems, request, response))
                    .accessDeniedHandler(
                        (request, response, failure) -> forbidden(problems, request, response)))
        .build();
  }

  private static void rules(
      AuthorizeHttpRequestsConfigurer<HttpSecurity>.AuthorizationManagerRequestMatcherRegistry
          paths,
      boolean openMetrics) {
    paths
        .dispatcherTypeMatchers(DispatcherType.ERROR, DispatcherType.ASYNC, DispatcherType.FORWARD)
        .permitAll();
    for (HttpMethod read : new HttpMethod[] {HttpMethod.GET, HttpMethod.HEAD}) {
      paths.requestMatchers(read, CONSOLE).permitAll();
      paths.requestMatchers(read, "/actuator/health", "/actuator/health/**").permitAll();
      if (openMetrics) {
        paths.requestMatchers(read, SCRAPED).permitAll();
      }
      paths.requestMatchers(read, SCRAPED).hasRole(Role.VIEWER.name());
    }
    paths.requestMatchers("/api/v1/session").permitAll();
    for (HttpMethod read : new HttpMethod[] {HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS}) {
      paths.requestMatchers(read, DOCUMENTATION).hasRole(Role.VIEWER.name());
      paths.requestMatchers(read, "/api/v1/**").hasRole(Role.VIEWER.name());
    }
    paths.requestMatchers(HttpMethod.PUT, "/api/v1/**").hasRole(Role.ADMIN.name());
    paths.requestMatchers(HttpMethod.DELETE, "/api/v1/pins/**").hasRole(Role.ADMIN.name());
    paths.requestMatchers("/api/v1/**").hasRole(Role.OPERATOR.name());
    paths.requestMatchers(HttpMethod.GET, "/actuator/**").hasRole(Role.ADMIN.name());
    paths.anyRequest().denyAll();
  }

  private static void unknown(
      ProblemWriter problems, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"fenceline\"");
    problems.write(
        request,
        response,
        ProblemType.UNAUTHENTICATED,
        "send a bearer token, or log in at the console");
  }

  private static void forbidden(
      ProblemWriter problems, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    LOG.warn(
        "{} from {} may not {} {}",
        request.getRemoteUser(),
        request.getRemoteAddr(),
        request.getMethod(),
        request.getRequestURI());
    problems.write(
        request,
        response,
        ProblemType.FORBIDDEN,
        request.getRemoteUser() + " has no role that may do this");
  }
}
