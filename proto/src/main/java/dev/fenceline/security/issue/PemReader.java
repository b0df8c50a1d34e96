package dev.fenceline.security.issue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

/** Reads what {@link PemWriter} wrote. Stateless. */
public final class PemReader {
  private PemReader() {}

  /** The authority of an earlier run. */
  public static CertificateAuthority authority(Path certificate, Path key)
      throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(certificate)) {
      X509Certificate read =
          (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
      String base64 =
          Files.readString(key, StandardCharsets.US_ASCII).replaceAll("-----[A-Z ]+-----|\\s", "");
      byte[] der;
      try {
        der = Base64.getDecoder().decode(base64);
      } catch (IllegalArgumentException e) {
        throw new GeneralSecurityException(key + " is not PEM", e);
      }
      return CertificateAuthority.of(
          read, KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der)));
    }
  }
}
