package dev.fenceline.security;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a process is in an installation. Immutable. */
public enum PeerRole {
  COORDINATOR,
  HOST,
  AGENT,
  /** A caller that is no service: the command line, a program of a user. */
  CLIENT;

  /** As certificates write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The role that certificates write so, or null if there is none. */
  static @Nullable PeerRole of(String word) {
    for (PeerRole role : values()) {
      if (role.word().equals(word)) {
        return role;
      }
    }
    return null;
  }
}
