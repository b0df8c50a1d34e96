package dev.fenceline.coordinator.config;

import dev.fenceline.coordinator.adapter.access.AccessSettings;
import dev.fenceline.coordinator.adapter.access.AccessSettings.Mode;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.boot.web.server.autoconfigure.ServerProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Decides who is asked who he is, and refuses to serve a network where nobody is. Stateless. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(RestProperties.class)
class RestAccessConfiguration {
  private static final Logger LOG = LoggerFactory.getLogger(RestAccessConfiguration.class);
  private static final int REQUESTS_PER_SECOND = 500;
  private static final String ISSUER = "spring.security.oauth2.resourceserver.jwt.issuer-uri";
  private static final String KEYS = "spring.security.oauth2.resourceserver.jwt.jwk-set-uri";

  @Bean
  AccessSettings accessSettings(RestProperties properties, Environment environment) {
    RestProperties.Auth auth = properties.auth();
    boolean hasIssuer = environment.containsProperty(ISSUER) || environment.containsProperty(KEYS);
    Mode mode = auth.mode();
    if (mode == null) {
      mode = auth.tokensFile() != null ? Mode.STATIC : hasIssuer ? Mode.OIDC : Mode.OFF;
    }
    if (mode == Mode.STATIC && auth.tokensFile() == null) {
      throw new ContradictoryConfiguration(
          "fenceline.rest.auth.mode is static, but there is no fenceline.rest.auth.tokens-file",
          "Make a token by `./fenceline token --role admin --name YOU` and name the file.");
    }
    if (mode == Mode.OIDC && !hasIssuer) {
      throw new ContradictoryConfiguration(
          "fenceline.rest.auth.mode is oidc, but there is no " + ISSUER,
          "Name the issuer of the bearer tokens.");
    }
    Integer perSecond = properties.limits().requestsPerSecond();
    return new AccessSettings(
        mode,
        auth.tokensFile(),
        auth.openMetrics(),
        auth.roleClaim(),
        perSecond == null ? (mode == Mode.OFF ? 0 : REQUESTS_PER_SECOND) : perSecond,
        properties.limits().burst());
  }

  /** Without access control REST stays on this machine unless somebody says otherwise. */
  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> loopbackUnlessGuarded(
      AccessSettings settings,
      RestProperties properties,
      ServerProperties server,
      Environment environment) {
    return factory -> {
      if (settings.mode() != Mode.OFF) {
        return;
      }
      boolean allowed =
          properties.auth().allowOpenNetwork()
              || environment.getProperty(
                  "fenceline.security.allow-plaintext-network", Boolean.class, false);
      InetAddress address = server.getAddress();
      refuseOpenNetwork(address, allowed);
      if (address == null && !allowed) {
        factory.setAddress(InetAddress.getLoopbackAddress());
      }
      LOG.warn(
          allowed
              ? "REST asks nobody who he is, on the network, as configured: whoever reaches it may"
                  + " do everything"
              : "development mode: REST asks nobody who he is, on loopback only;"
                  + " docs/SECURITY.md tells how to guard it");
    };
  }

  private static void refuseOpenNetwork(@Nullable InetAddress address, boolean allowed) {
    if (address != null && !address.isLoopbackAddress() && !allowed) {
      throw new ContradictoryConfiguration(
          "fenceline.rest.auth.mode is off and server.address is "
              + address.getHostAddress()
              + ", which is not loopback: whoever reaches it could unmap memory",
          "Set fenceline.rest.auth.tokens-file, or an issuer; or fenceline.rest.auth."
              + "allow-open-network: true where the network itself is guarded.");
    }
  }
}
