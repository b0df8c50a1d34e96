package dev.fenceline.security.boot;

import dev.fenceline.security.SecurityRefusal;
import dev.fenceline.security.SecuritySettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Where a gRPC server listens: never on the network in plaintext by accident. Stateless. */
final class BindAddress {
  private BindAddress() {}

  /**
   * @param configured null means: everywhere if that is safe, else on loopback
   * @throws SecurityRefusal if that would be plaintext on a network
   */
  static InetSocketAddress of(
      SecuritySettings settings, @Nullable InetAddress configured, int port) {
    return switch (settings) {
      case SecuritySettings.MutualTls ignored -> everywhereOr(configured, port);
      case SecuritySettings.Plaintext plaintext -> {
        if (plaintext.networkAllowed()) {
          yield everywhereOr(configured, port);
        }
        if (configured != null && !configured.isLoopbackAddress()) {
          throw new SecurityRefusal(
              "gRPC would be plaintext on %s, which is not loopback"
                  .formatted(configured.getHostAddress()),
              "Give it certificates (fenceline.security.certificate, private-key, trusted-ca), or"
                  + " set fenceline.security.allow-plaintext-network: true where the network itself"
                  + " is trusted.");
        }
        yield new InetSocketAddress(
            configured == null ? InetAddress.getLoopbackAddress() : configured, port);
      }
    };
  }

  private static InetSocketAddress everywhereOr(@Nullable InetAddress configured, int port) {
    return configured == null
        ? new InetSocketAddress(port)
        : new InetSocketAddress(configured, port);
  }
}
