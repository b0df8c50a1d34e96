package dev.fenceline.testbed.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.SecuritySettings;
import dev.fenceline.testbed.certs.CertificateDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** What stands before a coordinator in a cluster: takes https and hands it on. Thread-safe. */
final class TlsGate implements AutoCloseable {
  private static final char[] NO_PASSWORD = {};

  private final HttpsServer server;
  private final String behind;
  private final Path authority;
  private final HttpClient http = HttpClient.newHttpClient();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  private TlsGate(HttpsServer server, String behind, Path authority) {
    this.server = server;
    this.behind = behind;
    this.authority = authority;
  }

  /**
   * Opens a gate with a certificate of an authority that it makes.
   *
   * @param directory for the authority
   * @param behind the coordinator's address
   */
  static TlsGate open(Path directory, String behind) throws Exception {
    SecuritySettings.MutualTls files =
        CertificateDirectory.open(directory, "fenceline.local")
            .issue(
                new PeerIdentity(PeerRole.COORDINATOR, "gate"),
                List.of("localhost"),
                Duration.ofDays(1));
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    server.setHttpsConfigurator(new HttpsConfigurator(context(files)));
    TlsGate gate = new TlsGate(server, behind, directory.resolve("ca.crt"));
    server.setExecutor(gate.threads);
    server.createContext("/", gate::handOn);
    server.start();
    return gate;
  }

  private static SSLContext context(SecuritySettings.MutualTls files)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(files.certificate())) {
      store.setKeyEntry(
          "gate",
          key(files.privateKey()),
          NO_PASSWORD,
          CertificateFactory.getInstance("X.509")
              .generateCertificates(in)
              .toArray(Certificate[]::new));
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, NO_PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private static PrivateKey key(Path file) throws IOException, GeneralSecurityException {
    String body =
        Files.readAllLines(file).stream()
            .filter(line -> !line.startsWith("-----"))
            .collect(Collectors.joining());
    return KeyFactory.getInstance("EC")
        .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body)));
  }

  private void handOn(HttpExchange exchange) throws IOException {
    try (exchange) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(behind + exchange.getRequestURI()))
              .method(
                  exchange.getRequestMethod(),
                  HttpRequest.BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()))
              .build();
      HttpResponse<byte[]> answer = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
      answer
          .headers()
          .firstValue("Content-Type")
          .ifPresent(type -> exchange.getResponseHeaders().set("Content-Type", type));
      byte[] body = answer.body();
      exchange.sendResponseHeaders(answer.statusCode(), body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  String address() {
    return "https://localhost:" + server.getAddress().getPort();
  }

  /** The certificate to trust. */
  Path authority() {
    return authority;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    http.shutdownNow();
  }
}
