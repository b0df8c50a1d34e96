package dev.fenceline.security.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.security.SecurityRefusal;
import dev.fenceline.security.SecuritySettings;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BindAddressTest {
  private static final SecuritySettings PLAINTEXT = new SecuritySettings.Plaintext(false);
  private static final SecuritySettings ALLOWED = new SecuritySettings.Plaintext(true);
  private static final SecuritySettings TLS =
      new SecuritySettings.MutualTls(Path.of("c"), Path.of("k"), Path.of("a"), "d");

  @Test
  void withoutAnAddress_onlyLoopbackServesPlaintext() {
    assertThat(BindAddress.of(PLAINTEXT, null, 7).getAddress().isLoopbackAddress()).isTrue();
    assertThat(BindAddress.of(ALLOWED, null, 7).getAddress().isAnyLocalAddress()).isTrue();
    assertThat(BindAddress.of(TLS, null, 7).getAddress().isAnyLocalAddress()).isTrue();
  }

  @Test
  void networkAddress_needsCertificatesOrAPermission() throws UnknownHostException {
    for (String address : new String[] {"0.0.0.0", "::", "192.0.2.1"}) {
      InetAddress network = InetAddress.getByName(address);
      assertThatThrownBy(() -> BindAddress.of(PLAINTEXT, network, 7))
          .isInstanceOf(SecurityRefusal.class)
          .hasMessageContaining("plaintext on");
      assertThat(BindAddress.of(ALLOWED, network, 7).getAddress()).isEqualTo(network);
      assertThat(BindAddress.of(TLS, network, 7).getAddress()).isEqualTo(network);
    }
    for (String address : new String[] {"127.0.0.1", "::1", "127.0.0.2"}) {
      InetAddress loopback = InetAddress.getByName(address);
      assertThat(BindAddress.of(PLAINTEXT, loopback, 7).getAddress()).isEqualTo(loopback);
    }
  }
}
