package dev.fenceline.security.issue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What a certificate shall say. Immutable.
 *
 * @param commonName for people only
 * @param uris URI names: the identity
 * @param hostNames DNS names, or IP addresses, of the machine
 */
public record CertificateRequest(
    String commonName,
    List<String> uris,
    List<String> hostNames,
    Instant notBefore,
    Instant notAfter) {
  /** Clocks of an installation differ by less. */
  private static final Duration CLOCK_ERROR = Duration.ofMinutes(5);

  public CertificateRequest {
    uris = List.copyOf(uris);
    hostNames = List.copyOf(hostNames);
  }

  /** Valid from now on. */
  public static CertificateRequest of(String commonName, List<String> uris, Duration validity) {
    Instant now = Instant.now();
    return new CertificateRequest(
        commonName,
        uris,
        List.of("localhost", "127.0.0.1"),
        now.minus(CLOCK_ERROR),
        now.plus(validity));
  }

  public CertificateRequest withHostNames(List<String> names) {
    return new CertificateRequest(commonName, uris, names, notBefore, notAfter);
  }

  public CertificateRequest valid(Instant from, Instant until) {
    return new CertificateRequest(commonName, uris, hostNames, from, until);
  }
}
