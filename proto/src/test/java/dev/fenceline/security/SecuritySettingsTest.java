package dev.fenceline.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.security.SecuritySettings.Written;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SecuritySettingsTest {
  @Test
  void nothing_isPlaintextThatKeepsOffTheNetwork() {
    assertThat(Written.NOTHING.resolve()).isEqualTo(new SecuritySettings.Plaintext(false));
    assertThat(new Written("plaintext", "", "", "", "", true).resolve())
        .isEqualTo(new SecuritySettings.Plaintext(true));
  }

  @Test
  void certificatesWithoutAMode_areMutualTls() {
    SecuritySettings expected =
        new SecuritySettings.MutualTls(
            Path.of("c.pem"), Path.of("k.pem"), Path.of("ca.pem"), "fenceline.local");
    assertThat(new Written(null, "c.pem", "k.pem", "ca.pem", null, null).resolve())
        .isEqualTo(expected);
    assertThat(new Written("mtls", "c.pem", "k.pem", "ca.pem", null, null).resolve())
        .isEqualTo(expected);
  }

  @Test
  void contradictions_areRefusedWithTheProperty() {
    assertRefused(
        new Written("mtls", "c.pem", null, null, null, null), "private-key", "trusted-ca");
    assertRefused(
        new Written(null, null, null, "ca.pem", null, null), "certificate", "private-key");
    assertRefused(new Written("mtls", null, null, null, null, null), "certificate");
    assertRefused(new Written("plaintext", "c.pem", null, null, null, null), "mode is plaintext");
    assertRefused(new Written("tls", null, null, null, null, null), "'tls'");
    assertRefused(new Written("mtls", "c", "k", "a", "Bad Domain", null), "trust-domain");
    assertRefused(new Written("mtls", "c\0", "k", "a", null, null), "certificate is not a path");
  }

  private static void assertRefused(Written written, String... words) {
    assertThatThrownBy(written::resolve)
        .isInstanceOf(SecurityRefusal.class)
        .hasMessageContainingAll(words);
  }
}
