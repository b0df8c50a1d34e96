package dev.fenceline.coordinator.adapter.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.fenceline.coordinator.support.RunningCoordinator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class OidcTokensTest {
  private static RSAKey key;
  private static HttpServer provider;
  private static String issuer;
  private static RunningCoordinator coordinator;

  @BeforeAll
  static void start() throws IOException, JOSEException {
    key = new RSAKeyGenerator(2048).keyID("k1").generate();
    provider = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    issuer = "http://127.0.0.1:" + provider.getAddress().getPort();
    serve(
        "/.well-known/openid-configuration",
        "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\",\"subject_types_supported\":[\"public\"]}"
            .formatted(issuer, issuer));
    serve("/keys", new JWKSet(key.toPublicJWK()).toString());
    provider.start();
    coordinator =
        RunningCoordinator.start(
            "--fenceline.rest.auth.mode=oidc",
            "--fenceline.rest.auth.role-claim=realm_access.roles",
            "--spring.security.oauth2.resourceserver.jwt.issuer-uri=" + issuer);
  }

  @AfterAll
  static void stop() {
    coordinator.close();
    provider.stop(0);
  }

  @Test
  void tokenOfTheIssuer_isWorthItsGreatestRole() throws JOSEException {
    var answer = session(token(issuer, 60, List.of("viewer", "operator", "other"), key));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.body().path("role").asString()).isEqualTo("operator");
    assertThat(answer.body().path("name").asString()).isEqualTo("alice");
    assertThat(answer.body().path("authentication").asString()).isEqualTo("oidc");
  }

  @Test
  void tokenWithoutARole_OfAnotherIssuer_Expired_OrForged_isWorthless() throws JOSEException {
    RSAKey forger = new RSAKeyGenerator(2048).keyID("k1").generate();
    assertThat(session(token(issuer, 60, List.of("cook"), key)).status()).isEqualTo(401);
    assertThat(session(token("http://other", 60, List.of("admin"), key)).status()).isEqualTo(401);
    assertThat(session(token(issuer, -600, List.of("admin"), key)).status()).isEqualTo(401);
    assertThat(session(token(issuer, 60, List.of("admin"), forger)).status()).isEqualTo(401);
    assertThat(session("eyJhbGciOiJub25lIn0.eyJyb2xlcyI6ImFkbWluIn0.").status()).isEqualTo(401);
    assertThat(session("nonsense").status()).isEqualTo(401);
  }

  private static RunningCoordinator.Answer session(String token) {
    return coordinator.send("GET", "/api/v1/session", "Authorization", "Bearer " + token);
  }

  private static String token(String from, long seconds, List<String> roles, RSAKey signer)
      throws JOSEException {
    JWTClaimsSet claims =
        new JWTClaimsSet.Builder()
            .issuer(from)
            .subject("0815")
            .claim("preferred_username", "alice")
            .claim("realm_access", Map.of("roles", roles))
            .expirationTime(Date.from(Instant.now().plusSeconds(seconds)))
            .build();
    SignedJWT jwt =
        new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("k1").build(), claims);
    jwt.sign(new RSASSASigner(signer));
    return jwt.serialize();
  }

  private static void serve(String path, String body) {
    provider.createContext(
        path,
        exchange -> {
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }
}
