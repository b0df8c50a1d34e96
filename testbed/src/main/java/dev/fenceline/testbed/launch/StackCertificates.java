package dev.fenceline.testbed.launch;

import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.SecuritySettings;
import dev.fenceline.testbed.certs.CertificateDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The certificates of one stack, in its own directory. Confined to one thread. */
final class StackCertificates {
  private static final Duration VALIDITY = Duration.ofDays(30);
  private static final List<String> HERE = List.of("localhost", "127.0.0.1");

  private final CertificateDirectory directory;
  private final SecuritySettings.MutualTls caller;

  private StackCertificates(CertificateDirectory directory, SecuritySettings.MutualTls caller) {
    this.directory = directory;
    this.caller = caller;
  }

  static StackCertificates make(Path path) throws LaunchFailure {
    try {
      CertificateDirectory directory =
          CertificateDirectory.open(path, SecuritySettings.DEFAULT_TRUST_DOMAIN);
      return new StackCertificates(
          directory, directory.issue(CertificateDirectory.admin(), HERE, VALIDITY));
    } catch (IOException e) {
      throw new LaunchFailure("cannot make certificates in " + path, e);
    }
  }

  SecuritySettings.MutualTls caller() {
    return caller;
  }

  /** Issues a service's certificate and says where it is. */
  List<String> options(PeerIdentity identity) throws LaunchFailure {
    try {
      SecuritySettings.MutualTls files = directory.issue(identity, HERE, VALIDITY);
      return List.of(
          "--fenceline.security.certificate=" + files.certificate(),
          "--fenceline.security.private-key=" + files.privateKey(),
          "--fenceline.security.trusted-ca=" + files.trustedCa());
    } catch (IOException e) {
      throw new LaunchFailure("cannot issue a certificate for " + identity, e);
    }
  }
}
