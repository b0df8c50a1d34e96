package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.CoordinatorClient;
import dev.fenceline.testbed.launch.Installation;
import dev.fenceline.testbed.launch.LaunchFailure;
import dev.fenceline.testbed.launch.StackState;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which coordinator to ask, and as whom. Confined to the main thread. */
final class ServerOptions {
  private static final String DEFAULT_SERVER = "http://localhost:8080";

  @Option(
      names = "--server",
      paramLabel = "URL",
      defaultValue = "${env:FENCELINE_SERVER}",
      description =
          "The coordinator. Else $FENCELINE_SERVER, else what `up` started here, else "
              + DEFAULT_SERVER
              + ".")
  private @Nullable String server;

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      defaultValue = "${env:FENCELINE_TOKEN}",
      description =
          "Bearer token; else $FENCELINE_TOKEN. Others on this machine can see it: prefer --token-file.")
  private @Nullable String token;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "File whose first line is the bearer token.")
  private @Nullable Path tokenFile;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description = "Certificates (PEM) to trust besides none other, for https.")
  private @Nullable Path ca;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description = "Bound of each request (default: ${DEFAULT-VALUE}).")
  private int timeoutSeconds = 10;

  /**
   * A client that has dialled nobody yet.
   *
   * @throws IllegalArgumentException if an option cannot be used
   */
  CoordinatorClient client() {
    if (timeoutSeconds < 1) {
      throw new IllegalArgumentException(
          "--timeout is " + timeoutSeconds + "; it must be 1 or more");
    }
    return CoordinatorClient.builder(address())
        .token(readToken())
        .tls(trust())
        .bound(Duration.ofSeconds(timeoutSeconds))
        .build();
  }

  private URI address() {
    String given = server;
    String text = given != null && !given.isBlank() ? given : startedHere().orElse(DEFAULT_SERVER);
    try {
      return URI.create(text.contains("://") ? text : "http://" + text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--server is no URL: " + text, e);
    }
  }

  /** The coordinator of the stack that runs in this checkout, if one does. */
  private static Optional<String> startedHere() {
    try {
      return StackState.running(Installation.current()).flatMap(StackState::restAddress);
    } catch (LaunchFailure e) {
      return Optional.empty();
    }
  }

  private @Nullable String readToken() {
    Path file = tokenFile;
    if (file == null) {
      return token == null || token.isBlank() ? null : token;
    }
    try {
      String first = Files.readString(file).lines().findFirst().orElse("").strip();
      if (first.isEmpty()) {
        throw new IllegalArgumentException("--token-file " + file + " is empty");
      }
      return first;
    } catch (IOException e) {
      throw new IllegalArgumentException("--token-file " + file + " cannot be read", e);
    }
  }

  private @Nullable SSLContext trust() {
    Path file = ca;
    if (file == null) {
      return null;
    }
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      int number = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        trusted.setCertificateEntry("ca-" + number++, each);
      }
      if (number == 0) {
        throw new IllegalArgumentException("--ca " + file + " has no certificate");
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("--ca " + file + ": there is no such file", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("--ca " + file + " holds no certificate in PEM", e);
    } catch (IOException e) {
      throw new IllegalArgumentException("--ca " + file + " cannot be read: " + e.getMessage(), e);
    }
  }
}
