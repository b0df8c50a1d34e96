package dev.fenceline.coordinator.adapter.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.SecuritySettings;
import dev.fenceline.security.TestAuthority;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** REST and the console with a certificate, set as docs/REST.md tells. */
class RestOverTlsTest {
  @TempDir private Path directory = Path.of("");

  @Test
  void https_isServedWithTheCertificate_andPlaintextIsNot() throws Exception {
    TestAuthority authority = new TestAuthority(directory);
    SecuritySettings.MutualTls files =
        authority.settings(
            PeerRole.COORDINATOR,
            "coordinator",
            request -> request.withHostNames(List.of("localhost")));
    String bundle = "--spring.ssl.bundle.pem.rest.";
    try (RunningCoordinator coordinator =
            RunningCoordinator.start(
                "--server.ssl.bundle=rest",
                bundle + "keystore.certificate=file:" + files.certificate(),
                bundle + "keystore.private-key=file:" + files.privateKey(),
                bundle + "reload-on-update=true");
        HttpClient trusting =
            HttpClient.newBuilder().sslContext(trust(authority.caFile())).build();
        HttpClient stranger = HttpClient.newHttpClient()) {
      String place = "://localhost:" + coordinator.httpPort();
      for (String path : new String[] {"/", "/api/v1/status", "/actuator/health/liveness"}) {
        HttpResponse<String> answer = ask(trusting, "https" + place + path);
        assertThat(answer.statusCode()).as(path).isEqualTo(200);
        assertThat(answer.headers().firstValue("Strict-Transport-Security")).as(path).isPresent();
      }
      assertThat(ask(stranger, "http" + place + "/api/v1/status").statusCode()).isEqualTo(400);
      assertThatThrownBy(() -> ask(stranger, "https" + place + "/api/v1/status"))
          .isInstanceOf(SSLException.class);
    }
  }

  private static HttpResponse<String> ask(HttpClient client, String address) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(address)).timeout(Duration.ofSeconds(60)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static SSLContext trust(Path ca) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (InputStream in = Files.newInputStream(ca)) {
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }
}
