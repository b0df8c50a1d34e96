package dev.fenceline.coordinator.adapter.access;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;

/** What one may do; each role may do what those before it may; immutable. */
public enum Role {
  /** Reads. */
  VIEWER,
  /** Changes address spaces, programs and standings. */
  OPERATOR,
  /** Sets policies and takes pins back. */
  ADMIN;

  /** The role that is spelled so, in any case. */
  public static Optional<Role> of(String word) {
    return Arrays.stream(values())
        .filter(role -> role.name().equals(word.toUpperCase(Locale.ROOT)))
        .findFirst();
  }

  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Its own authority and those of the roles before it. */
  List<GrantedAuthority> authorities() {
    return Arrays.stream(values())
        .filter(role -> role.compareTo(this) <= 0)
        .<GrantedAuthority>map(role -> new SimpleGrantedAuthority("ROLE_" + role.name()))
        .toList();
  }
}
