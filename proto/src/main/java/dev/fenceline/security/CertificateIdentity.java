package dev.fenceline.security;

import java.net.URI;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the identity in a certificate. Stateless.
 *
 * <p>It is the URI name {@code spiffe://<trust-domain>/fenceline/<role>/<id>}, and it is the only
 * URI name, as SPIFFE has it. A certificate without any URI name may say {@code
 * <id>.<role>.id.fenceline} as a DNS name instead, {@code any} standing for every id: some
 * generators can make no URI names.
 */
public final class CertificateIdentity {
  private static final int DNS_NAME = 2;
  private static final int URI_NAME = 6;
  private static final String DNS_SUFFIX = ".id.fenceline";
  private static final String DNS_ANY = "any";

  /** What a certificate says about its holder. */
  public sealed interface Reading {
    record Known(PeerIdentity identity) implements Reading {}

    /**
     * @param why a clause that goes on from "the certificate"
     */
    record Unusable(String why) implements Reading {}
  }

  private CertificateIdentity() {}

  /** The identity, if the certificate states exactly one of the trust domain. */
  public static Reading read(X509Certificate certificate, String trustDomain) {
    List<String> uris;
    List<String> dnsNames;
    try {
      uris = names(certificate, URI_NAME);
      dnsNames = names(certificate, DNS_NAME);
    } catch (CertificateParsingException e) {
      return new Reading.Unusable("has alternative names that cannot be read");
    }
    if (uris.size() > 1) {
      return new Reading.Unusable("has " + uris.size() + " URI names; one identity is allowed");
    }
    return uris.isEmpty() ? fromDns(dnsNames) : fromUri(uris.getFirst(), trustDomain);
  }

  private static Reading fromUri(String text, String trustDomain) {
    Reading.Unusable unusable =
        new Reading.Unusable(
            "has the URI name '%s', which is not spiffe://%s/fenceline/<role>/<id>"
                .formatted(text, trustDomain));
    String prefix = "spiffe://" + trustDomain + "/fenceline/";
    if (!text.startsWith(prefix)) {
      return unusable;
    }
    String[] parts = text.substring(prefix.length()).split("/", -1);
    PeerIdentity identity = parts.length == 2 ? identity(parts[0], parts[1]) : null;
    return identity == null ? unusable : new Reading.Known(identity);
  }

  private static Reading fromDns(List<String> names) {
    List<PeerIdentity> found = new ArrayList<>();
    for (String name : names) {
      if (name.endsWith(DNS_SUFFIX)) {
        String rest = name.substring(0, name.length() - DNS_SUFFIX.length());
        int dot = rest.lastIndexOf('.');
        String id = rest.substring(0, Math.max(0, dot));
        PeerIdentity identity =
            identity(rest.substring(dot + 1), id.equals(DNS_ANY) ? PeerIdentity.ANY : id);
        if (identity == null) {
          return new Reading.Unusable(
              "has the name '" + name + "', which is not <id>.<role>" + DNS_SUFFIX);
        }
        found.add(identity);
      }
    }
    if (found.size() == 1) {
      return new Reading.Known(found.getFirst());
    }
    return new Reading.Unusable(
        found.isEmpty() ? "states no identity of Fenceline" : "states several identities");
  }

  private static @Nullable PeerIdentity identity(String roleWord, String id) {
    PeerRole role = PeerRole.of(roleWord);
    return role == null || !PeerIdentity.validId(id) ? null : new PeerIdentity(role, id);
  }

  /** The name that states an identity. */
  public static URI uri(String trustDomain, PeerIdentity identity) {
    return URI.create("spiffe://" + trustDomain + "/fenceline/" + identity);
  }

  private static List<String> names(X509Certificate certificate, int kind)
      throws CertificateParsingException {
    Collection<List<?>> all = certificate.getSubjectAlternativeNames();
    List<String> names = new ArrayList<>();
    for (List<?> name : all == null ? List.<List<?>>of() : all) {
      if (name.get(0) instanceof Integer type && type == kind) {
        names.add(String.valueOf(name.get(1)));
      }
    }
    return names;
  }
}
