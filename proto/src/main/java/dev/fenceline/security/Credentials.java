package dev.fenceline.security;

import dev.fenceline.security.CertificateIdentity.Reading;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * What one reading of the three files gave: a certificate that fits its key, and whom it believes.
 * Immutable.
 *
 * @param identity as the certificate states it
 */
record Credentials(
    List<X509Certificate> chain,
    PrivateKey key,
    X509ExtendedTrustManager trust,
    PeerIdentity identity) {

  /** The bytes of the three files, by which a change is noticed. Immutable by convention. */
  record Files(byte[] certificate, byte[] key, byte[] authorities) {
    static Files read(SecuritySettings.MutualTls settings) {
      return new Files(
          PemFiles.read(settings.certificate(), "certificate"),
          PemFiles.read(settings.privateKey(), "private-key"),
          PemFiles.read(settings.trustedCa(), "trusted-ca"));
    }

    boolean sameAs(Files other) {
      return java.util.Arrays.equals(certificate, other.certificate)
          && java.util.Arrays.equals(key, other.key)
          && java.util.Arrays.equals(authorities, other.authorities);
    }
  }

  /**
   * @param self what the service is called by its own settings
   * @throws SecurityRefusal naming the file that is wrong, and how
   */
  static Credentials of(
      Files files, SecuritySettings.MutualTls settings, PeerIdentity self, Instant now) {
    Path file = settings.certificate();
    List<X509Certificate> chain = PemFiles.certificates(files.certificate(), file);
    PrivateKey key = PemFiles.privateKey(files.key(), settings.privateKey());
    List<X509Certificate> authorities =
        PemFiles.certificates(files.authorities(), settings.trustedCa());
    X509Certificate leaf = chain.getFirst();
    requireValid(leaf, file, now);
    requirePair(leaf, key, settings);
    PeerIdentity identity =
        switch (CertificateIdentity.read(leaf, settings.trustDomain())) {
          case Reading.Known known -> known.identity();
          case Reading.Unusable unusable ->
              throw new SecurityRefusal(
                  "the certificate in " + file + " " + unusable.why(),
                  "Issue one that says "
                      + CertificateIdentity.uri(settings.trustDomain(), self)
                      + " as its only URI name.");
        };
    if (!identity.matches(self)) {
      throw new SecurityRefusal(
          "the certificate in " + file + " is that of " + identity + "; this process is " + self,
          "Issue one for " + self + ", or correct the id in the settings.");
    }
    try {
      return new Credentials(chain, key, PemFiles.trust(authorities), identity);
    } catch (GeneralSecurityException | IOException e) {
      throw new SecurityRefusal(
          settings.trustedCa() + " cannot be used: " + e.getMessage(),
          "Name a file of authorities.");
    }
  }

  Instant expiry() {
    return chain.getFirst().getNotAfter().toInstant();
  }

  private static void requireValid(X509Certificate leaf, Path file, Instant now) {
    if (now.isAfter(leaf.getNotAfter().toInstant())) {
      throw new SecurityRefusal(
          "the certificate in " + file + " expired at " + leaf.getNotAfter().toInstant(),
          "Issue a new one; ./fenceline certs does so for a test installation.");
    }
    if (now.isBefore(leaf.getNotBefore().toInstant())) {
      throw new SecurityRefusal(
          "the certificate in " + file + " is not valid before " + leaf.getNotBefore().toInstant(),
          "Wait, correct this machine's clock, or issue a new one.");
    }
  }

  /** A key of another certificate would only show at the first handshake, at the peer. */
  private static void requirePair(
      X509Certificate leaf, PrivateKey key, SecuritySettings.MutualTls settings) {
    boolean fits;
    try {
      String algorithm =
          switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> key.getAlgorithm();
          };
      byte[] sample = leaf.getSerialNumber().toByteArray();
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(key);
      signer.update(sample);
      Signature verifier = Signature.getInstance(algorithm);
      verifier.initVerify(leaf.getPublicKey());
      verifier.update(sample);
      fits = verifier.verify(signer.sign());
    } catch (GeneralSecurityException e) {
      fits = false;
    }
    if (!fits) {
      throw new SecurityRefusal(
          "the key in %s does not belong to the certificate in %s"
              .formatted(settings.privateKey(), settings.certificate()),
          "Give the two files that were issued together.");
    }
  }
}
