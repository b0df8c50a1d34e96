package dev.fenceline.testbed.certs;

import dev.fenceline.security.CertificateIdentity;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.SecuritySettings;
import dev.fenceline.security.issue.CertificateAuthority;
import dev.fenceline.security.issue.CertificateRequest;
import dev.fenceline.security.issue.PemReader;
import dev.fenceline.security.issue.PemWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;

/**
 * A directory with an authority and what it issued: {@code ca.crt}, {@code ca.key}, and for each
 * identity {@code <role>/<id>.crt} and {@code .key}. Confined to one thread.
 */
public final class CertificateDirectory {
  /** The authority outlives the certificates, which are issued anew from it. */
  private static final Duration AUTHORITY_VALIDITY = Duration.ofDays(3650);

  private static final String ANY_FILE = "any";

  private final Path directory;
  private final String trustDomain;
  private final CertificateAuthority authority;

  private CertificateDirectory(Path directory, String trustDomain, CertificateAuthority authority) {
    this.directory = directory;
    this.trustDomain = trustDomain;
    this.authority = authority;
  }

  /**
   * Opens a directory; makes an authority if there is none in it.
   *
   * @throws IOException if the directory cannot be written, or its authority not be read
   */
  public static CertificateDirectory open(Path directory, String trustDomain) throws IOException {
    makeOwn(directory);
    Path certificate = directory.resolve("ca.crt");
    Path key = directory.resolve("ca.key");
    if (Files.exists(certificate) && Files.exists(key)) {
      try {
        return new CertificateDirectory(
            directory, trustDomain, PemReader.authority(certificate, key));
      } catch (GeneralSecurityException e) {
        throw new IOException("the authority in " + directory + " cannot be used", e);
      }
    }
    CertificateAuthority authority =
        CertificateAuthority.create("Fenceline test authority", AUTHORITY_VALIDITY);
    PemWriter.write(key, PemWriter.pem(authority.key()));
    PemWriter.write(certificate, PemWriter.pem(authority.certificate()));
    return new CertificateDirectory(directory, trustDomain, authority);
  }

  /**
   * Issues a certificate, in place of the one there was.
   *
   * @param hostNames DNS names and IP addresses that it shall name besides
   * @return where it is, as a service is told
   */
  public SecuritySettings.MutualTls issue(
      PeerIdentity identity, List<String> hostNames, Duration validity) throws IOException {
    Path place = directory.resolve(identity.role().word());
    makeOwn(place);
    String name = identity.id().equals(PeerIdentity.ANY) ? ANY_FILE : identity.id();
    String uri = CertificateIdentity.uri(trustDomain, identity).toString();
    PemWriter.write(
        place,
        name,
        authority.issue(
            CertificateRequest.of(identity.toString(), List.of(uri), validity)
                .withHostNames(hostNames)));
    return new SecuritySettings.MutualTls(
        place.resolve(name + ".crt"),
        place.resolve(name + ".key"),
        directory.resolve("ca.crt"),
        trustDomain);
  }

  /** The identity under which tools call. */
  public static PeerIdentity admin() {
    return new PeerIdentity(PeerRole.CLIENT, "admin");
  }

  /** Where the certificate for tools is in a directory made earlier. */
  public static SecuritySettings.MutualTls admin(Path directory) {
    Path place = directory.resolve(PeerRole.CLIENT.word());
    return new SecuritySettings.MutualTls(
        place.resolve("admin.crt"),
        place.resolve("admin.key"),
        directory.resolve("ca.crt"),
        SecuritySettings.DEFAULT_TRUST_DOMAIN);
  }

  private static void makeOwn(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }
}
