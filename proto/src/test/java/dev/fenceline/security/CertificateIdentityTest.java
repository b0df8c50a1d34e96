package dev.fenceline.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.security.CertificateIdentity.Reading;
import dev.fenceline.security.issue.CertificateAuthority;
import dev.fenceline.security.issue.CertificateRequest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class CertificateIdentityTest {
  private static final String DOMAIN = "fenceline.local";

  private final CertificateAuthority authority =
      CertificateAuthority.create("test", Duration.ofHours(1));

  @Test
  void uriName_isTheIdentity() {
    assertThat(uri("spiffe://fenceline.local/fenceline/agent/agent-1"))
        .isEqualTo(known(PeerRole.AGENT, "agent-1"));
    assertThat(uri("spiffe://fenceline.local/fenceline/host/*"))
        .isEqualTo(known(PeerRole.HOST, "*"));
    assertThat(uri("spiffe://fenceline.local/fenceline/coordinator/a_B.9-"))
        .isEqualTo(known(PeerRole.COORDINATOR, "a_B.9-"));
  }

  @Test
  void uriNameOfAnotherKind_isNone() {
    for (String name :
        List.of(
            "spiffe://elsewhere.local/fenceline/agent/agent-1",
            "spiffe://fenceline.local.evil/fenceline/agent/agent-1",
            "https://fenceline.local/fenceline/agent/agent-1",
            "spiffe://fenceline.local/fenceline/root/agent-1",
            "spiffe://fenceline.local/fenceline/AGENT/agent-1",
            "spiffe://fenceline.local/fenceline/agent/",
            "spiffe://fenceline.local/fenceline/agent",
            "spiffe://fenceline.local/fenceline/agent/agent-1/x",
            "spiffe://fenceline.local/fenceline/agent/agent%2d1",
            "spiffe://fenceline.local/fenceline/agent/**",
            "spiffe://fenceline.local/fenceline/agent/" + "a".repeat(129))) {
      assertThat(uri(name)).as(name).isInstanceOf(Reading.Unusable.class);
    }
  }

  @Test
  void twoUriNames_areNone() {
    assertThat(
            read(
                List.of(
                    "spiffe://fenceline.local/fenceline/agent/agent-1",
                    "spiffe://fenceline.local/fenceline/host/host-1"),
                List.of()))
        .isEqualTo(new Reading.Unusable("has 2 URI names; one identity is allowed"));
  }

  @Test
  void dnsName_isTheIdentityWhereThereIsNoUriName() {
    assertThat(dns("localhost", "agent-1.agent.id.fenceline"))
        .isEqualTo(known(PeerRole.AGENT, "agent-1"));
    assertThat(dns("any.host.id.fenceline")).isEqualTo(known(PeerRole.HOST, "*"));
    assertThat(dns("rack.7.host.id.fenceline")).isEqualTo(known(PeerRole.HOST, "rack.7"));
  }

  @Test
  void dnsName_isNothingBesideAUriName() {
    assertThat(read(List.of("https://example.com/"), List.of("agent-1.agent.id.fenceline")))
        .isInstanceOf(Reading.Unusable.class);
    assertThat(
            read(
                List.of("spiffe://fenceline.local/fenceline/client/bob"),
                List.of("any.host.id.fenceline")))
        .isEqualTo(known(PeerRole.CLIENT, "bob"));
  }

  @Test
  void dnsNamesThatSayTooLittleOrTooMuch_areNone() {
    assertThat(dns("localhost")).isInstanceOf(Reading.Unusable.class);
    assertThat(dns("agent.id.fenceline")).isInstanceOf(Reading.Unusable.class);
    assertThat(dns("agent-1.root.id.fenceline")).isInstanceOf(Reading.Unusable.class);
    assertThat(dns("a.agent.id.fenceline", "b.agent.id.fenceline"))
        .isEqualTo(new Reading.Unusable("states several identities"));
  }

  private Reading uri(String name) {
    return read(List.of(name), List.of());
  }

  private Reading dns(String... names) {
    return read(List.of(), List.of(names));
  }

  private Reading read(List<String> uris, List<String> dnsNames) {
    X509Certificate certificate =
        authority
            .issue(CertificateRequest.of("x", uris, Duration.ofHours(1)).withHostNames(dnsNames))
            .certificate();
    return CertificateIdentity.read(certificate, DOMAIN);
  }

  private static Reading known(PeerRole role, String id) {
    return new Reading.Known(new PeerIdentity(role, id));
  }
}
