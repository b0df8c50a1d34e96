package dev.fenceline.security;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Reads certificates, keys and authorities from PEM files; each refusal names the file. Stateless.
 */
final class PemFiles {
  private static final long MAX_FILE_BYTES = 1 << 20;

  private PemFiles() {}

  /**
   * @param property below {@code fenceline.security}, for the refusal
   * @throws SecurityRefusal if the file cannot be read
   */
  static byte[] read(Path file, String property) {
    String name = SecuritySettings.PREFIX + "." + property;
    try {
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new SecurityRefusal(
            name + ": " + file + " is larger than " + MAX_FILE_BYTES + " bytes",
            "Name a PEM file.");
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new SecurityRefusal(
          name + ": there is no file " + file,
          "Correct the path, or make the file: ./fenceline certs --out DIR.");
    } catch (AccessDeniedException e) {
      throw new SecurityRefusal(
          name + ": " + file + " may not be read by this process",
          "Make it readable for the service's user, and for nobody else if it is the key.");
    } catch (IOException e) {
      throw new SecurityRefusal(
          name + ": " + file + " cannot be read: " + e.getMessage(), "Correct the path.");
    }
  }

  static List<X509Certificate> certificates(byte[] pem, Path file) {
    List<X509Certificate> certificates = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Certificate each : factory.generateCertificates(new ByteArrayInputStream(pem))) {
        certificates.add((X509Certificate) each);
      }
    } catch (CertificateException e) {
      throw notPem(file, "certificates");
    }
    if (certificates.isEmpty()) {
      throw notPem(file, "certificates");
    }
    return List.copyOf(certificates);
  }

  static PrivateKey privateKey(byte[] pem, Path file) {
    try {
      return PrivateKeyPem.parse(new String(pem, StandardCharsets.US_ASCII));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new SecurityRefusal(
          file + " holds no private key that can be used: " + e.getMessage(),
          "Use an RSA or EC key in PEM, not encrypted (PKCS#8, PKCS#1 or SEC 1).");
    }
  }

  /** Believes what one of the authorities has signed. */
  static X509ExtendedTrustManager trust(List<X509Certificate> authorities)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    for (int i = 0; i < authorities.size(); i++) {
      store.setCertificateEntry("authority-" + i, authorities.get(i));
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(store);
    for (TrustManager trust : factory.getTrustManagers()) {
      if (trust instanceof X509ExtendedTrustManager extended) {
        return extended;
      }
    }
    throw new GeneralSecurityException("no trust manager for X.509");
  }

  private static SecurityRefusal notPem(Path file, String what) {
    return new SecurityRefusal(
        file + " holds no " + what + " in PEM", "Give a file with BEGIN CERTIFICATE blocks.");
  }
}
