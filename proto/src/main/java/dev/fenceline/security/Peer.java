package dev.fenceline.security;

import io.grpc.Context;
import org.jspecify.annotations.Nullable;

/** Whoever is at the other end of the call that is being served. Immutable. */
public sealed interface Peer {
  /** The transport is plaintext: nobody has shown who it is, and nobody is asked. */
  record Unverified() implements Peer {
    @Override
    public @Nullable String objectionTo(PeerRole role, String id) {
      return null;
    }
  }

  /** The certificate that the handshake proved says this. */
  record Verified(PeerIdentity identity) implements Peer {
    @Override
    public @Nullable String objectionTo(PeerRole role, String id) {
      return identity.maySpeakFor(role, id)
          ? null
          : "the certificate of %s does not speak for %s/%s"
              .formatted(identity, role.word(), id.length() > 128 ? id.substring(0, 128) : id);
    }
  }

  /** Set by the {@link PeerInterceptor} of a server that uses mTLS. */
  Context.Key<Peer> KEY = Context.keyWithDefault("fenceline-peer", new Unverified());

  /** The peer of the call in whose context this runs. */
  static Peer current() {
    return KEY.get();
  }

  /** Why the peer may not call itself so; null if it may. */
  @Nullable String objectionTo(PeerRole role, String id);
}
