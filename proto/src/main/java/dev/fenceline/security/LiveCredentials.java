package dev.fenceline.security;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The credentials of this process as the files last gave them. Thread-safe.
 *
 * <p>A handshake asks for the chain and for the key in two steps, and a reload may come between; so
 * the name under which it asks tells the version, and the version before the last is kept.
 */
final class LiveCredentials extends X509ExtendedKeyManager {
  private static final Logger LOG = LoggerFactory.getLogger(LiveCredentials.class);

  private record Version(int number, Credentials.Files files, Credentials credentials) {
    String alias() {
      return "fenceline-" + number;
    }
  }

  /** What a look at the files found. */
  enum Reload {
    UNCHANGED,
    RELOADED,
    /** The old ones stay in use. */
    UNUSABLE
  }

  private final SecuritySettings.MutualTls settings;
  private final PeerIdentity self;
  private final Clock clock;
  private volatile Version current;
  private volatile Version previous;

  /** Guarded by this: what the log has been told of. */
  private String lastFlaw = "";

  LiveCredentials(SecuritySettings.MutualTls settings, PeerIdentity self, Clock clock) {
    this.settings = settings;
    this.self = self;
    this.clock = clock;
    Credentials.Files files = Credentials.Files.read(settings);
    this.current = new Version(1, files, Credentials.of(files, settings, self, clock.instant()));
    this.previous = current;
  }

  Credentials credentials() {
    return current.credentials();
  }

  /** Takes the files' new content into use, if it is any good. */
  synchronized Reload reload() {
    try {
      Credentials.Files files = Credentials.Files.read(settings);
      if (files.sameAs(current.files())) {
        lastFlaw = "";
        return Reload.UNCHANGED;
      }
      Credentials credentials = Credentials.of(files, settings, self, clock.instant());
      previous = current;
      current = new Version(previous.number() + 1, files, credentials);
      lastFlaw = "";
      LOG.info(
          "new certificate of {} in use for new connections; it expires at {}",
          credentials.identity(),
          credentials.expiry());
      return Reload.RELOADED;
    } catch (SecurityRefusal e) {
      // The files of a rotation may come one by one, so a flaw may mend itself with the next look.
      String flaw = String.valueOf(e.getMessage());
      if (!flaw.equals(lastFlaw)) {
        lastFlaw = flaw;
        LOG.warn("the old certificate stays in use: {}. {}", flaw, e.action());
      }
      return Reload.UNUSABLE;
    }
  }

  private @Nullable Version version(@Nullable String alias) {
    Version now = current;
    Version before = previous;
    return now.alias().equals(alias) ? now : before.alias().equals(alias) ? before : null;
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
    Version version = version(alias);
    return version == null ? null : version.credentials().chain().toArray(new X509Certificate[0]);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
    Version version = version(alias);
    return version == null ? null : version.credentials().key();
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    Version now = current;
    return keyType.equals(now.credentials().key().getAlgorithm()) ? now.alias() : null;
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    for (String keyType : keyTypes) {
      String alias = chooseEngineServerAlias(keyType, issuers, engine);
      if (alias != null) {
        return alias;
      }
    }
    return null;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return chooseEngineServerAlias(keyType, issuers, null);
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return chooseEngineClientAlias(keyTypes, issuers, null);
  }

  @Override
  public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return new String[] {current.alias()};
  }

  @Override
  public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return new String[] {current.alias()};
  }
}
