package dev.fenceline.testbed.certs;

import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.SecuritySettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code fenceline certs}: an authority and certificates for a test installation. Confined to the
 * main thread.
 */
@Command(
    name = "certs",
    mixinStandardHelpOptions = true,
    description = {
      "Makes an authority and certificates for mTLS, readable by you alone. The authority in the",
      "directory is used again if there is one; certificates are issued anew. For laptops and",
      "tests: docs/SECURITY.md tells what an installation needs."
    })
public final class CertsCommand implements Callable<Integer> {
  private static final int FAILED = 2;
  private static final int MAX_DAYS = 3650;

  @Option(names = "--out", required = true, description = "The directory.")
  private Path out = Path.of("");

  @Option(
      names = "--agent",
      paramLabel = "ID",
      description = "An agent's id, or * for any; repeat it (default: agent-1 to agent-3).")
  private List<String> agents = new ArrayList<>();

  @Option(
      names = "--host",
      paramLabel = "ID",
      description = "A host's id, or * for any; repeat it (default: host-1).")
  private List<String> hosts = new ArrayList<>();

  @Option(
      names = "--client",
      paramLabel = "ID",
      description = "A caller's id; repeat it (default: admin).")
  private List<String> clients = new ArrayList<>();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = {
        "A DNS name or IP address that the certificates shall bear; repeat it (default: localhost",
        "and 127.0.0.1). Fenceline itself compares identities, not machines."
      })
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--days",
      defaultValue = "30",
      description = "Validity of the certificates (default: ${DEFAULT-VALUE}).")
  private int days;

  @Option(
      names = "--trust-domain",
      defaultValue = SecuritySettings.DEFAULT_TRUST_DOMAIN,
      description = "As in fenceline.security.trust-domain (default: ${DEFAULT-VALUE}).")
  private String trustDomain = SecuritySettings.DEFAULT_TRUST_DOMAIN;

  @Spec private CommandSpec spec = CommandSpec.create();

  /** Exit code 0, or 2 if the files could not be written. */
  @Override
  public Integer call() {
    if (days < 1 || days > MAX_DAYS) {
      throw new ParameterException(
          spec.commandLine(), "--days is " + days + "; it must be in [1, " + MAX_DAYS + "]");
    }
    List<PeerIdentity> identities = identities();
    try {
      CertificateDirectory directory = CertificateDirectory.open(out, trustDomain);
      for (PeerIdentity identity : identities) {
        SecuritySettings.MutualTls files =
            directory.issue(
                identity,
                names.isEmpty() ? List.of("localhost", "127.0.0.1") : names,
                Duration.ofDays(days));
        System.out.printf("%-20s %s%n", identity, files.certificate());
      }
      System.out.printf("%-20s %s%n", "authority", out.resolve("ca.crt"));
      return 0;
    } catch (IOException | UncheckedIOException e) {
      System.err.println("fenceline: cannot write the certificates: " + e);
      return FAILED;
    }
  }

  private List<PeerIdentity> identities() {
    List<PeerIdentity> all = new ArrayList<>();
    all.add(identity(PeerRole.COORDINATOR, "coordinator"));
    orDefault(hosts, "host-1").forEach(id -> all.add(identity(PeerRole.HOST, id)));
    orDefault(agents, "agent-1", "agent-2", "agent-3")
        .forEach(id -> all.add(identity(PeerRole.AGENT, id)));
    orDefault(clients, "admin").forEach(id -> all.add(identity(PeerRole.CLIENT, id)));
    return all;
  }

  private static List<String> orDefault(List<String> given, String... otherwise) {
    return given.isEmpty() ? List.of(otherwise) : given;
  }

  private PeerIdentity identity(PeerRole role, String id) {
    try {
      return new PeerIdentity(role, id);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "--" + role.word() + ": " + e.getMessage(), e);
    }
  }
}
