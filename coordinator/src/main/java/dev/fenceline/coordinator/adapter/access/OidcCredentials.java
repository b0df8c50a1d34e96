package dev.fenceline.coordinator.adapter.access;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;

/**
 * Callers by tokens of an OpenID provider: signature, issuer and times are checked, roles come from
 * a claim. Thread-safe.
 */
public final class OidcCredentials implements Credentials {
  private final JwtDecoder decoder;
  private final List<String> roleClaim;

  /**
   * @param roleClaim with dots into objects, as realm_access.roles
   */
  public OidcCredentials(JwtDecoder decoder, String roleClaim) {
    this.decoder = decoder;
    this.roleClaim = List.of(roleClaim.split("\\."));
  }

  @Override
  public Optional<Known> check(String token) {
    try {
      Jwt jwt = decoder.decode(token);
      Instant until = jwt.getExpiresAt();
      return role(jwt)
          .filter(role -> until != null)
          .map(
              role ->
                  new Known(new Caller(name(jwt), role), until == null ? 0 : until.toEpochMilli()));
    } catch (BadJwtException worthless) {
      return Optional.empty();
    } catch (JwtException | IllegalArgumentException cannotTell) {
      throw new ProviderUnreachable(cannotTell);
    }
  }

  private static String name(Jwt jwt) {
    String preferred = jwt.getClaimAsString("preferred_username");
    String subject = jwt.getSubject();
    String name = preferred != null ? preferred : subject == null ? "unnamed" : subject;
    return name.replaceAll("\\p{Cntrl}", "?");
  }

  /** The greatest of the roles that the claim names. */
  private Optional<Role> role(Jwt jwt) {
    Object value = jwt.getClaims();
    for (String step : roleClaim) {
      value = value instanceof Map<?, ?> members ? members.get(step) : null;
    }
    return words(value).stream()
        .flatMap(word -> Role.of(word).stream())
        .max(Comparator.naturalOrder());
  }

  private static List<String> words(@Nullable Object value) {
    if (value instanceof String text) {
      return List.of(text.split(" "));
    }
    List<String> words = new ArrayList<>();
    if (value instanceof Collection<?> many) {
      many.forEach(each -> words.add(String.valueOf(each)));
    }
    return words;
  }
}
