package dev.fenceline.security;

import dev.fenceline.security.CertificateIdentity.Reading;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Believes a peer whose chain leads to a current authority and, where somebody is expected, whose
 * identity is the expected one. Thread-safe.
 *
 * <p>Names of machines are not compared: the identity is what a caller wants to reach, and
 * addresses in a cluster come and go.
 */
final class PeerTrust extends X509ExtendedTrustManager {
  private final LiveCredentials live;
  private final String trustDomain;
  private final @Nullable PeerIdentity expected;

  /**
   * @param expected who must answer; null on the server's side, where an interceptor decides
   */
  PeerTrust(LiveCredentials live, String trustDomain, @Nullable PeerIdentity expected) {
    this.live = live;
    this.trustDomain = trustDomain;
    this.expected = expected;
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    live.credentials().trust().checkClientTrusted(chain, authType);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    live.credentials().trust().checkServerTrusted(chain, authType);
    if (expected == null) {
      return;
    }
    switch (CertificateIdentity.read(chain[0], trustDomain)) {
      case Reading.Known known -> {
        if (!known.identity().matches(expected)) {
          throw new CertificateException(
              "expected " + expected + ", but " + known.identity() + " answers");
        }
      }
      case Reading.Unusable unusable ->
          throw new CertificateException(
              "expected " + expected + ", but the certificate " + unusable.why());
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    checkClientTrusted(chain, authType);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    checkClientTrusted(chain, authType);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    checkServerTrusted(chain, authType);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    checkServerTrusted(chain, authType);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return live.credentials().trust().getAcceptedIssuers();
  }
}
