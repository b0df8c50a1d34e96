package dev.fenceline.security;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How gRPC is secured: the settings below {@code fenceline.security}, checked. Immutable. */
public sealed interface SecuritySettings {
  String PREFIX = "fenceline.security";
  String DEFAULT_TRUST_DOMAIN = "fenceline.local";
  Pattern TRUST_DOMAIN = Pattern.compile("[a-z0-9._-]{1,255}");

  /**
   * Both sides show certificates.
   *
   * @param certificate PEM: the service's own, then its intermediates
   * @param privateKey PEM: PKCS#8, PKCS#1 or SEC 1, not encrypted
   * @param trustedCa PEM: the authorities whose certificates are believed
   */
  record MutualTls(Path certificate, Path privateKey, Path trustedCa, String trustDomain)
      implements SecuritySettings {}

  /**
   * Nobody shows anything.
   *
   * @param networkAllowed whether a server may bind an address that is not loopback
   */
  record Plaintext(boolean networkAllowed) implements SecuritySettings {}

  /** The settings as they are written; a null is an absent one. Immutable. */
  record Written(
      @Nullable String mode,
      @Nullable String certificate,
      @Nullable String privateKey,
      @Nullable String trustedCa,
      @Nullable String trustDomain,
      @Nullable Boolean allowPlaintextNetwork) {
    public static final Written NOTHING = new Written(null, null, null, null, null, null);

    /**
     * What the settings mean: without a mode, certificates mean mTLS, and nothing means plaintext.
     *
     * @throws SecurityRefusal if they contradict each other or one is missing
     */
    public SecuritySettings resolve() {
      boolean paths = present(certificate) || present(privateKey) || present(trustedCa);
      String chosen = present(mode) ? String.valueOf(mode) : paths ? "mtls" : "plaintext";
      return switch (chosen) {
        case "mtls" -> mutualTls();
        case "plaintext" -> {
          if (paths) {
            throw new SecurityRefusal(
                PREFIX + ".mode is plaintext although certificates are given",
                "Set the mode to mtls, or leave out the certificates.");
          }
          yield new Plaintext(Boolean.TRUE.equals(allowPlaintextNetwork));
        }
        default ->
            throw new SecurityRefusal(
                PREFIX + ".mode is '" + chosen + "'", "Set it to mtls or to plaintext.");
      };
    }

    private MutualTls mutualTls() {
      List<String> missing = new ArrayList<>();
      Path ownCertificate = path("certificate", certificate, missing);
      Path key = path("private-key", privateKey, missing);
      Path authorities = path("trusted-ca", trustedCa, missing);
      if (!missing.isEmpty()) {
        throw new SecurityRefusal(
            "mTLS needs " + String.join(" and ", missing) + ", which is not set",
            "Give the path of the PEM file; ./fenceline certs makes files for a test installation.");
      }
      String domain = present(trustDomain) ? String.valueOf(trustDomain) : DEFAULT_TRUST_DOMAIN;
      if (!TRUST_DOMAIN.matcher(domain).matches()) {
        throw new SecurityRefusal(
            PREFIX + ".trust-domain is '" + domain + "'",
            "Use letters a-z, digits, '.', '_' and '-', as in " + DEFAULT_TRUST_DOMAIN + ".");
      }
      return new MutualTls(ownCertificate, key, authorities, domain);
    }

    private static Path path(String name, @Nullable String value, List<String> missing) {
      try {
        if (value != null && present(value)) {
          return Path.of(value);
        }
      } catch (InvalidPathException e) {
        throw new SecurityRefusal(
            PREFIX + "." + name + " is not a path: " + e.getMessage(), "Give a file's path.");
      }
      missing.add(PREFIX + "." + name);
      return Path.of("");
    }

    private static boolean present(@Nullable String value) {
      return value != null && !value.isBlank();
    }
  }
}
