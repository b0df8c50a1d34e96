package dev.fenceline.security;

import java.util.regex.Pattern;

/**
 * A role and an id within it, as a certificate states or a caller expects. Immutable.
 *
 * @param id as in host-id or agent-id; {@link #ANY} stands for every id of the role
 */
public record PeerIdentity(PeerRole role, String id) {
  /** Every id of the role: one certificate for a whole set of agents. */
  public static final String ANY = "*";

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,128}|\\*");

  /**
   * @throws IllegalArgumentException if the id cannot be one
   */
  public PeerIdentity {
    if (!validId(id)) {
      throw new IllegalArgumentException(
          "id '" + id + "' is not made of 1 to 128 characters of A-Z a-z 0-9 . _ -");
    }
  }

  public static PeerIdentity any(PeerRole role) {
    return new PeerIdentity(role, ANY);
  }

  /**
   * Whether whoever has this identity is one that the pattern means, whose id may be {@link #ANY}.
   */
  public boolean matches(PeerIdentity pattern) {
    return pattern.id.equals(ANY) ? role == pattern.role : maySpeakFor(pattern.role, pattern.id);
  }

  /** Whether whoever has this identity may call itself so; the name may be anything. */
  public boolean maySpeakFor(PeerRole claimedRole, String claimedId) {
    return role == claimedRole && (id.equals(ANY) || id.equals(claimedId));
  }

  static boolean validId(String id) {
    return ID.matcher(id).matches();
  }

  /** {@code role/id}, as logs write it. */
  @Override
  public String toString() {
    return role.word() + "/" + id;
  }
}
