package dev.fenceline.security;

import dev.fenceline.security.issue.CertificateAuthority;
import dev.fenceline.security.issue.CertificateAuthority.Issued;
import dev.fenceline.security.issue.CertificateRequest;
import dev.fenceline.security.issue.PemWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/** An authority in a directory, and files of it for whoever a test needs. Thread-safe. */
public final class TestAuthority {
  private final Path directory;
  private final CertificateAuthority authority =
      CertificateAuthority.create("test authority", Duration.ofDays(1));

  public TestAuthority(Path directory) {
    this.directory = directory;
    write(() -> PemWriter.write(caFile(), PemWriter.pem(authority.certificate())));
  }

  public Path caFile() {
    return directory.resolve("ca.crt");
  }

  /** A certificate that says this identity, in files; a second one replaces the first. */
  public SecuritySettings.MutualTls settings(PeerRole role, String id) {
    return settings(role, id, request -> request);
  }

  /** A certificate that differs from what is right. */
  public SecuritySettings.MutualTls settings(
      PeerRole role, String id, UnaryOperator<CertificateRequest> change) {
    String uri =
        CertificateIdentity.uri(SecuritySettings.DEFAULT_TRUST_DOMAIN, new PeerIdentity(role, id))
            .toString();
    CertificateRequest request =
        CertificateRequest.of(role + " " + id, List.of(uri), Duration.ofHours(1));
    String name = fileName(role, id);
    Issued issued = authority.issue(change.apply(request));
    write(() -> PemWriter.write(directory, name, issued));
    return new SecuritySettings.MutualTls(
        directory.resolve(name + ".crt"),
        directory.resolve(name + ".key"),
        caFile(),
        SecuritySettings.DEFAULT_TRUST_DOMAIN);
  }

  public TransportSecurity open(PeerRole role, String id) {
    return TransportSecurity.open(
        settings(role, id), new PeerIdentity(role, id), RefusalObserver.NONE);
  }

  /** As command line arguments of a service. */
  public List<String> arguments(PeerRole role, String id) {
    SecuritySettings.MutualTls files = settings(role, id);
    return List.of(
        "--fenceline.security.certificate=" + files.certificate(),
        "--fenceline.security.private-key=" + files.privateKey(),
        "--fenceline.security.trusted-ca=" + files.trustedCa());
  }

  private static String fileName(PeerRole role, String id) {
    return role.word() + "-" + id.replace('*', '_');
  }

  private interface Writing {
    void run() throws IOException;
  }

  private void write(Writing writing) {
    try {
      Files.createDirectories(directory);
      writing.run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
