package dev.fenceline.testbed.containers;

import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.RefusalObserver;
import dev.fenceline.security.SecuritySettings;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.testbed.certs.CertificateDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;

/**
 * A directory to mount for each container, with the key of that service and no other; and what the
 * suite itself shows. Confined to one thread.
 */
final class ContainerCertificates implements AutoCloseable {
  /** What the suite shows over REST. */
  static final String TOKEN = "a-token-of-the-suite-of-containers-0123456789";

  private static final Duration VALIDITY = Duration.ofDays(1);

  private final Path directory;
  private final CertificateDirectory issuer;
  private final TransportSecurity caller;

  private ContainerCertificates(Path directory, CertificateDirectory issuer) throws IOException {
    this.directory = directory;
    this.issuer = issuer;
    PeerIdentity admin = CertificateDirectory.admin();
    this.caller =
        TransportSecurity.open(
            issuer.issue(admin, List.of(), VALIDITY), admin, RefusalObserver.NONE);
  }

  static ContainerCertificates in(Path directory) throws IOException {
    return new ContainerCertificates(
        directory,
        CertificateDirectory.open(
            directory.resolve("authority"), SecuritySettings.DEFAULT_TRUST_DOMAIN));
  }

  /** How the suite itself dials. */
  TransportSecurity caller() {
    return caller;
  }

  /** The directory for one service; the user in the container is another than the suite's. */
  Path of(PeerIdentity identity) {
    try {
      SecuritySettings.MutualTls files = issuer.issue(identity, List.of(), VALIDITY);
      Path place =
          Files.createDirectories(directory.resolve(identity.role() + "-" + identity.id()));
      readable(directory, "rwxr-xr-x");
      readable(place, "rwxr-xr-x");
      readable(Files.copy(files.certificate(), place.resolve("tls.crt")), "rw-r--r--");
      readable(Files.copy(files.privateKey(), place.resolve("tls.key")), "rw-r--r--");
      readable(Files.copy(files.trustedCa(), place.resolve("ca.crt")), "rw-r--r--");
      if (identity.role() == PeerRole.COORDINATOR) {
        String tokens = "tokens:\n- {name: suite, role: admin, token: " + TOKEN + "}\n";
        readable(Files.writeString(place.resolve("tokens.yaml"), tokens), "rw-r--r--");
      }
      return place;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void readable(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  @Override
  public void close() {
    caller.close();
  }
}
